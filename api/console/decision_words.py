"""Words for what surrounds a decision: lease, recusal, void, pre-notice and hand-over."""

from __future__ import annotations

from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]

WORDS: dict[str, Pair] = {
    "before_photo": ("整改前照片", "Photo before"),
    "after_photo": ("整改后照片", "Photo after"),
    "patrol_page": ("现场", "On the spot"),
    "held_by": ("正在审核", "under review by"),
    "held_until": ("最晚释放", "free again by"),
    "give_back": ("放回队列", "Back to the queue"),
    "recusal": ("回避", "Recusal"),
    "recused_officers": ("已回避", "Recused"),
    "recuse_me": ("我申请回避", "I recuse myself"),
    "recusal_reason": ("回避事由", "Conflict"),
    "recusal_requests": ("当事人的回避申请", "The party asks for recusal"),
    "grant_for": (
        "回避人员用户名（多人用逗号；空为不同意）",
        "Officers who stay out, by user name; none refuses",
    ),
    "answer_it": ("答复", "Answer"),
    "void_record": ("撤销记录", "Cancel the record"),
    "void_reason": ("撤销事由", "Ground"),
    "verify_ground": ("核实属实（三个工作日内撤销）", "Found true (cancel within 3 work days)"),
    "ground_verified": ("撤销事由已核实", "A ground was verified"),
    "void_now": ("撤销", "Cancel it"),
    "handover": ("移交处罚案卷", "Hand-over to the penalty file"),
    "handover_nothing_else": ("本系统不计算、不记录金额", "No amount is computed or kept here"),
    "pre_notice": ("事先告知书", "Pre-notice"),
    "pre_notice_none": ("尚未制作", "not written yet"),
    "sanction": ("拟处罚种类", "Proposed kind"),
    "degree": ("裁量", "Degree"),
    "content": ("拟处罚内容（不得写金额）", "Content (no amount)"),
    "facts": ("事实", "Facts"),
    "reasons": ("理由", "Reasons"),
    "basis": ("依据", "Legal basis"),
    "rights": ("权利", "Rights"),
    "remedies": ("救济途径", "Remedies"),
    "write_sheet": ("保存告知书", "Write the sheet"),
    "how_delivered": ("送达方式", "How it was delivered"),
    "proof": ("送达回证编号", "Number of the receipt"),
    "record_delivery": ("登记送达", "Record the delivery"),
    "waiver": ("放弃陈述申辩的书面记录", "Record of the express waiver"),
    "record_waiver": ("登记放弃", "Record the waiver"),
    "consent": ("电子送达确认书编号", "Number of the consent to electronic service"),
    "record_consent": ("登记确认书", "Record the consent"),
    "reply_until": ("陈述、听证期限至", "Time to speak until"),
    "export_handover": ("移交（下载）", "Hand over (download)"),
    "handed_over": ("已移交", "Handed over"),
    "stands_against": ("尚不能移交", "Not yet"),
    "left_at_place": ("留置送达", "left at the place"),
    "electronic": ("电子送达", "electronically"),
    "NONE": ("不予处罚", "No penalty"),
    "WARNING": ("警告", "Warning"),
    "CRITICISM": ("通报批评", "Public criticism"),
    "FINE": ("罚款", "Fine"),
    "LENIENT": ("从轻、减轻", "Lenient"),
    "ORDINARY": ("一般", "Ordinary"),
    "SEVERE": ("从重", "Severe"),
    "OWN_VEHICLE": ("本人车辆", "my own vehicle"),
    "RELATIVE": ("近亲属", "a relative's"),
    "INTEREST": ("其他利害关系", "another interest"),
    "OTHER_CONFLICT": ("其他（请说明）", "other, please say"),
}
GROUNDS: dict[str, Pair] = {
    "URGENT_DUTY": ("执行紧急任务", "urgent duty"),
    "STOLEN_OR_ABUSED": ("车辆被盗或号牌被盗用", "stolen, or its plate abused"),
    "EMERGENCY_AVOIDANCE": ("紧急避险、救助", "rescue or emergency"),
    "HANDLED_ON_SITE": ("现场已处理", "dealt with on the spot"),
    "CONTRADICTING_SIGNS": ("标志标线不一致", "contradicting signs"),
    "UNCLEAR_RECORD": ("记录不清晰、不完整", "unclear record"),
}
OUTCOMES: dict[str, Pair] = {
    **GROUNDS,
    "FIXED_ON_SPOT": ("现场即改", "mended on the spot"),
    "SEEN_ON_SITE": ("现场复核仍未驶离", "still there, seen on the spot"),
}
STEPS: dict[str, Pair] = {
    "fix_on_spot": ("即查即改，已办结", "mended on the spot and closed"),
    "still_there": ("现场复核：未移动", "second look on the spot: unmoved"),
    "gone_on_site": ("现场查看：已驶离", "seen on the spot: gone"),
}
PICTURES: dict[str, Pair] = {"TOW": ("拖移照片", "photo of the tow")}
FLAGS: dict[str, Pair] = {
    "recusal": ("有人员回避", "an officer is recused"),
    "recusal_request": ("当事人申请回避", "the party asks for recusal"),
    "void_ground": ("撤销事由已核实", "a ground to cancel was verified"),
    "statement_overdue": ("陈述答复超期", "a statement waits too long"),
    "void_overdue": ("撤销超期", "cancelling is overdue"),
    "decide_day_60": ("立案满60日", "60 days since the filing"),
    "decide_day_80": ("立案满80日", "80 days since the filing"),
    "decide_overdue": ("立案满90日", "90 days are over"),
    "service_overdue": ("决定送达超期", "serving the decision is overdue"),
}
