"""What was refused, and why, in the language of the person at the page.

Errors carry a code and an English sentence; here the codes that staff meet have their Chinese.
A code without one falls back to the sentence: nothing is refused without a word.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.console import text_words
from models.errors import BadInput, FlowRefused, QifenError, Refusal
from vision.errors import VisionError

CHINESE: Mapping[str, str] = {
    # the flow's guards
    "NO_SUCH_STEP": "当前状态不能这样处理，可能他人已先处理，请刷新查看",
    "WRONG_ACTOR": "您的身份不能执行此操作",
    "GONE": "车辆已不在现场",
    "NOT_AN_OFFICER": "只有在岗执法人员可以执行",
    "PLATE_UNKNOWN": "号牌无法辨认：请输入号牌或派人到场",
    "REASON_MISSING": "请写明理由",
    "PACK_INCOMPLETE": "证据包不完整",
    "DEVICE_NOT_REVIEWED": "设备未经法制和技术审核",
    "DEVICE_EXPIRED": "设备检定已过期",
    "NO_LEGAL_BASIS": "区域未填写法律依据",
    "ZONE_NOT_PROVEN": "试运行尚未达标：须先由执法人员逐件核对，见区域的试运行页",
    "NO_PURPOSE": "设备未填写用途",
    "DEVICE_NOT_FILED": "设备超过三十日未备案",
    "NO_FILING": "设备尚未备案：启用后三十日内须备案",
    "NO_IMPACT_ASSESSMENT": "未填写个人信息保护影响评估编号",
    "CALIBRATION_ENDS": "设备检定即将到期",
    "DETECTOR_NOT_APPROVED": "设备未获准用于此类识别",
    "NO_SIGN_PHOTO": "区域未上传禁停标志照片",
    "NOT_DESIGNATED": "未填写严管街道的公布文件",
    "FORBIDDEN_PLACE": "视频条例第八条：此类场所不得安装",
    "ZONE_TOO_NEW": "新区域前十四天须由执法人员逐件确认",
    "ALREADY_ENDED": "该免责已经终止",
    "MASK_OVER_ZONE": "区域大部分会被遮挡：请缩小遮挡，或先停用、重画该区域",
    "ZONE_UNDER_MASK": "区域大部分在隐私遮挡之下：请画在可以查看的地方，或先缩小遮挡",
    "FOREIGN_AUTHORITY": "此处由其他部门管辖",
    "NOT_NOTIFIED": "车主未收到告知，或宽容期未满",
    "REVIEW_EXPIRED": "已超过审核期限",
    "STATEMENT_OPEN": "当事人的陈述尚未答复",
    **text_words.REFUSALS,
    "STATEMENT_WINDOW": "当事人的陈述期限未满",
    "ALREADY_ESCALATED": "同一次停放已立案",
    "NOT_LICENSED": "须持有效执法证",
    "ZONE_AUTHOR": "绘制该区域的人不能认定其事件",
    "ZONE_NOT_LIVE": "区域尚在提醒阶段，不能升级",
    "SAME_OFFICER": "同一执法人员不能签两次，须另一人复核",
    "EVIDENCE_SOUND": "证据文件与记录一致",
    "EVIDENCE_BROKEN": "证据文件与记录不符，不能作为依据",
    "RECUSED": "您已回避此事件，由其他持证人员处理",
    "RECUSAL_OPEN": "当事人的回避申请尚未答复",
    "OWN_RECUSAL": "本人已签字，回避申请须由同事答复",
    "LEASED": "同事正在审核此事件，最多十五分钟后释放",
    "ALREADY_DECIDED": "您已签署，须由另一名执法人员复核",
    "NOT_IN_REVIEW": "此事件不在待审核状态",
    "VOID_GROUND": "已核实撤销理由，请办理撤销",
    "TOO_OLD": "距违法行为发生已超过两年",
    "PRE_NOTICE_MISSING": "尚未制作事先告知书",
    "PRE_NOTICE_NOT_DELIVERED": "事先告知书尚未送达，也未登记放弃",
    "REPLY_TIME": "陈述、申辩和申请听证的期限未满",
    "SIGNER_RECUSED": "须有两名未回避的人员签字",
    "HARSHER": "当事人陈述申辩后不得加重",
    "NAMES_PLATE": "告知书正文不写完整号牌，打印时自动载明车辆",
    "NUMBER_TAKEN": "该文号已用于另一份告知书",
    "DELIVERED_ALREADY": "告知书已送达或已登记放弃",
    "NOT_HANDED_OVER": "尚未移交",
    "NOT_DECIDED": "尚未登记处罚决定",
    "NO_CHINESE_FONT": "服务器未安装中文字体（fonts-noto-cjk），无法打印",
    "NAMES_MONEY": "不得写明金额，金额在处罚文书中另定",
    "NO_CONSENT": "当事人未签署电子送达确认书",
    "NOT_ESCALATED": "尚未经两名人员认定",
    "NO_PHOTO": "请先拍摄现场照片",
    "PHOTO_OLD": "照片拍摄过久，请重新拍照",
    "PHOTO_USED": "该照片已作为证据使用，请重新拍照",
    "PHOTOS_MISSING": "须在期满十秒后拍两张现场照片，相隔至少十秒",
    "NOT_ON_PAPER": "未贴纸质告知，由摄像机复核",
    "OTHER_PLATE": "车牌与此事件不符，请核对车辆",
    "SAME_VEHICLE": "该车辆此次停放在此处已有事件",
    "GROUND_DOUBT": "可能与旁边车辆为同一辆，无法分清，不告知不处罚",
    "COLLINEAR": "各点几乎在一条直线上或过近：请选取不在同一路缘的四个角",
    "MIRRORED": "点位对调：图上位置与经纬度不能对应，请逐点核对",
    "BAD_FIT": "各点不吻合，请核对所示的点",
    "TOO_FAR_APART": "该点离其他点或摄像头过远，请核对经纬度",
    "NIGHT_OR_HOLIDAY": "夜间和休息日仅限紧急情形，请写明理由",
    "STALE_VERSION": "他人已先处理，页面已更新，请重新查看",
    # people and things
    "NO_DUTY": "该事件不在您的职责范围内",
    "NAME_TAKEN": "该名称已被使用",
    "NOT_FOUND": "找不到",
    "NOT_SIGNED_IN": "请重新登录",
    "UNAVAILABLE": "数据库或存储暂时不可用，请稍后再试",
    # streams
    "STREAM_UNREACHABLE": "连不上视频流：请检查地址、端口和网络",
    "STREAM_UNAUTHORISED": "视频流的用户名或密码不对",
    "STREAM_TIMEOUT": "视频流没有及时给出画面",
    "BAD_VIDEO": "该地址没有可解码的视频",
}
FIELDS: Mapping[str, str] = {
    "photo": "请拍摄JPEG照片",
    "content": "请填写拟处罚内容（500字以内）",
    "facts": "请填写事实（1000字以内）",
    "reasons": "请填写理由（1000字以内）",
    "basis": "请填写法律依据",
    "rights": "请填写当事人的权利",
    "remedies": "请填写救济途径",
    "sanction": "请选择拟处罚种类",
    "proof": "请填写送达回证编号",
    "number": "请填写文号（40字以内）",
    "received_by": "请选择收件人；留置送达须有见证人，公告送达无收件人",
    "delivered_at": "送达时间须在制作之后，且不晚于现在",
    "decision_no": "请填写决定书文号（40字以内，不含金额）",
    "decided_at": "决定时间须在移交之后，且不晚于现在",
    "served_at": "送达时间须在决定之后，且不晚于现在",
    "at": "时间写成 2026-11-22 07:00",
    "waiver": "请填写放弃陈述申辩的书面记录",
    "consent": "请填写确认书编号",
    "reason_code": "请选择事由",
    "unmoved": "请确认车辆未移动、告知单仍在原处；已移动的按驶离处理",
    "is_true": "请勾选“真实”",
    "is_clear": "请勾选“清晰”",
    "is_complete": "请勾选“完整”",
    "is_accurate": "请勾选“准确”",
    "obstruction": "未妨碍通行的不得认定：请勾选或改为不予认定",
    "obstruction_reason": "请写明如何妨碍通行",
    "plate": "这不是完整的号牌：请写成 浙A12345，读不出时请派人到场",
    "reason": "请写明理由（至多300字）",
    "username": "用户名须2至40个字母、数字或 . _ - @",
    "roles": "请至少选择一个角色",
    "unit": "单位至多60字",
    "licence_valid_until": "日期写成 2027-12-31",
    "stream_url": "地址写成 rtsp://用户:密码@主机:554/路径",
    "name": "请填写名称（至多80字）",
    "area": "执法区域名称至多80字",
    "place": "地点至多10字",
    "dwell_seconds": "停留时间须在1至86400秒之间",
    "grace_seconds": "宽容期须为5至3600的整数秒",
    "sms_from": "时间写成 07:00",
    "sms_until": "时间写成 22:00",
    "legal_basis": "法律依据至多200字",
    "text": "请写明答复",
}
"""Where only the field tells what is wrong."""

_POLYGON: Mapping[str, str] = {
    "crosses itself": "区域的边互相交叉：请沿边界依次点出各顶点",
    "no area": "各顶点在一条线上，没有面积：请画宽一些",
    "different points": "顶点不足：区域至少要3个顶点",
    "at least three": "顶点不足：区域至少要3个顶点",
    "outside": "有顶点在画面之外",
}


def told_refusal(refusal: Refusal, language: str) -> str:
    """One thing that is missing, in words."""
    if not language.startswith("zh"):
        return refusal.message
    return CHINESE.get(refusal.code, refusal.message)


def told(error: QifenError | VisionError, language: str) -> str:
    """The refusal in words, with the mend."""
    english = f"{error.message}. {error.hint}".strip() if error.hint else error.message
    if not language.startswith("zh"):
        return english
    if isinstance(error, FlowRefused) and error.refusals:
        return "；".join(dict.fromkeys(CHINESE.get(r.code, r.message) for r in error.refusals))
    if error.code in CHINESE:
        return CHINESE[error.code]
    field = error.field if isinstance(error, BadInput | VisionError) else ""
    if field.startswith(("polygon", "privacy_masks")):
        return next((zh for mark, zh in _POLYGON.items() if mark in error.message), english)
    return FIELDS.get(field, english)
