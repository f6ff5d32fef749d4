"""Words of the page about what is kept, held and forgotten."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "keeping": ("保存", "Keeping"),
    "keep_alarms": ("证据校验告警", "Evidence alarms"),
    "keep_requests": ("当事人的申请", "Owners' requests"),
    "keep_holds": ("保全", "Legal holds"),
    "keep_periods": ("保存期限", "How long it is kept"),
    "keep_log": ("清理记录", "What was deleted"),
    "keep_viewings": ("查阅记录", "Who looked at what"),
    "keep_nothing": ("没有。", "Nothing."),
    "keep_days": ("天", "days"),
    "keep_least": ("不少于", "at least"),
    "keep_basis": ("依据", "Basis"),
    "keep_count": ("数量", "Number"),
    "keep_files": ("文件", "Files"),
    "keep_by": ("经办", "By"),
    "keep_at": ("时间", "When"),
    "keep_what": ("内容", "What"),
    "keep_due": ("答复期限", "Answer due"),
    "keep_overdue": ("已逾期", "overdue"),
    "keep_event_no": ("事件编号", "Event number"),
    "keep_reason": ("事由", "Reason"),
    "keep_document": ("文书编号", "Document number"),
    "keep_hold": ("保全", "Hold"),
    "keep_lift": ("解除", "Lift"),
    "keep_answer": ("答复", "Answer"),
    "keep_grant": ("同意", "Grant"),
    "keep_refuse": ("不同意", "Refuse"),
    "keep_decide": ("按保存需要答复", "Answer by retention need"),
    "keep_seen": ("已处理", "Seen to"),
    "keep_access": ("查阅", "see the record"),
    "keep_correction": ("更正", "correct the record"),
    "keep_deletion": ("删除", "delete the record"),
    "keep_unit": ("单位", "Unit"),
    "two_years": ("两年时效将届满", "Two years are nearly over"),
    "two_years_soon": ("件两年时效将届满或已届满，请及时办理", "whose two years are nearly over"),
    "two_years_over": ("已届满", "over"),
    "two_years_until": ("时效至", "until"),
    "FINDING": ("尚未认定", "not established yet"),
    "HANDOVER": ("尚未移交", "not handed over yet"),
    "DECISION": ("尚未登记决定", "no decision recorded yet"),
    "CASE": ("案卷尚未结案", "the case is not closed yet"),
    "change_unit": ("变更单位", "Change somebody's unit"),
    "whose_unit": ("工作人员", "Person"),
    "new_unit": ("现单位", "Unit from now on"),
    "record_unit": ("保存单位", "Record the unit"),
}

FOUND: dict[str, tuple[str, str]] = {
    "file_missing": ("文件丢失", "file missing"),
    "file_changed": ("文件被改动", "file changed"),
    "record_changed": ("记录被改动", "record changed"),
}
"""What an alarm says."""

BASIS: dict[str, str] = {
    "discarded": "个人信息保护法第6、19、47条：未成立",
    "left": "视频条例第17条：不少于30日",
    "no_penalty": "行政复议法第20条：六十日内可申请复议",
    "cases": "行政处罚法第36、47条：结案后两年，含事先告知书、回避申请和整改照片",
    "gatherings": "突发事件应对法第84、85条：人群图片，已遮盖",
    "repeat_hashes": "“多次提醒”规则需要",
    "texts": "通信短信息服务管理规定：不少于五个月",
    "logs": "网络安全法第21条第三项：不少于180日",
    "crowd_counts": "突发事件应对法第84、85条：仅数字",
    "permits": "有效期满后一年，备查",
    "parties": "个人信息保护法第47条：协议已终止",
}
"""Why each period is what it is; the rules themselves say it in English."""
