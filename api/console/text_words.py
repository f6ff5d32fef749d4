"""What texts, replies and deliveries are called on the console's pages."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "replies": ("短信回复", "Replies by text"),
    "reply_frozen": (
        "已冻结：须执法人员核实后方可升级",
        "Frozen: an officer looks into it before anything is escalated",
    ),
    "reply_note": ("核实情况", "What was found"),
    "reply_contact_wrong": ("不是车主，不再发短信", "Not the owner: no more texts"),
    "reply_contact_right": ("号码无误，可继续发", "The contact is right"),
    "reply_gone": ("内容已按期清除", "emptied when its time was over"),
    "delivery_paused": (
        "短信送达率过低，已停止自动确认",
        "Too few texts arrive: officers confirm every event",
    ),
    "delivery_counts": ("送达", "arrived"),
    "delivery_resume": ("恢复自动确认", "Confirm automatically again"),
    "delivery_test_phone": ("手机号（本人）", "Your own phone"),
    "delivery_test": ("发测试短信", "Send a test text"),
    "delivery_test_sent": (
        "已排队，送达后自动恢复",
        "Queued; when it arrives, confirming goes on by itself",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "join_texted": ("同一次停放已先告知", "the same stay was texted before"),
}

OUTCOMES: dict[str, tuple[str, str]] = {
    "CONTACT_STALE": ("该号码称非车主，不再发送", "this phone said that it is not the owner's"),
    "SECOND_TEXT": ("同一次停放重复告知，撤销", "texted twice for one stay: void"),
    "DELIVERY_PAUSED": ("短信送达率过低，转人工确认", "too few texts arrive: an officer confirms"),
    "SMS_BACKLOG": ("短信排队过长，未再发送", "too many texts were waiting"),
}

FLAGS: dict[str, tuple[str, str]] = {
    "reply": ("有短信回复", "replied by text"),
    "not_mine": ("回复称非本人车辆", "says: not my car"),
    "emergency_reply": ("回复称故障或急救", "says: breakdown or emergency"),
    "notice_tried_twice": ("短信补发过一次", "text tried twice"),
}

MEANINGS: dict[str, tuple[str, str]] = {
    "NOT_MINE": ("非本人车辆", "not my car"),
    "EMERGENCY": ("故障或急救", "breakdown or emergency"),
    "STATEMENT": ("陈述申辩", "a statement"),
    "NO_CALLS": ("请勿打扰", "do not call"),
    "NOTE": ("留言", "a note"),
}

TEXTS: dict[str, tuple[str, str]] = {
    "N8": ("误发致歉", "apology for a mistake"),
    "S1": ("聚集通知（值守人员）", "crowd call (staff)"),
    "S2": ("果壳箱通知（作业人员）", "bin call (staff)"),
    "R1": ("反映受理回执", "report received"),
    "T1": ("通道测试", "channel test"),
    "VC": ("语音电话告知", "voice call"),
}

CALL_STATES: dict[str, tuple[str, str]] = {
    "queued": ("待拨打", "waiting to be made"),
    "sending": ("拨打中", "being made"),
    "unknown": ("结果不明", "outcome unknown"),
    "accepted": ("运营商已受理", "taken by the provider"),
    "ringing": ("振铃中", "ringing"),
    "sent": ("通话中", "under way"),
    "in-progress": ("通话中", "picked up"),
    "completed": ("已接通", "picked up, completed"),
    "delivered": ("已接通", "picked up, completed"),
    "busy": ("占线", "busy"),
    "no-answer": ("无人接听", "no answer"),
    "undelivered": ("未接通", "not picked up"),
    "failed": ("呼叫失败", "failed"),
    "canceled": ("呼叫已取消", "cancelled by the provider"),
    "cancelled": ("未拨打", "not made"),
}
"""What became of a call, in the provider's words where it gives some."""

REFUSALS: dict[str, str] = {
    "REPLY_OPEN": "当事人回复称非本人车辆或有紧急情况，须先核实",
}
