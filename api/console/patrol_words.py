"""The patrol's page in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("七分 · 现场", "Qifen · on the spot"),
    "list": ("等待到场", "Waiting for somebody to come"),
    "nothing": ("现在没有需要到场的事件。", "Nothing waits on the spot just now."),
    "back": ("返回列表", "Back to the list"),
    "console": ("控制台", "Console"),
    "not_for_you": ("此页仅供执法人员使用。", "This page is for officers."),
    "plate": ("车牌", "Plate"),
    "unread": ("未能识别", "not read"),
    "place": ("地点", "Place"),
    "seen": ("发现时间", "Seen"),
    "until": ("到场时限", "To be there by"),
    "camera_view": ("监控画面", "The camera's view"),
    "step_paper": ("第一步：贴纸质告知", "Step 1: put the paper notice"),
    "paper_text": (
        "在告知单上写明：号 {number}，码 {code}；自拍照时起{minutes}分钟内驶离，不予处罚；"
        "电话 {landline}。贴好后拍照，照片须同时看清告知单和车牌。",
        "Write on it: number {number}, code {code}; leave within {minutes} minutes of the photo "
        "and there is no penalty; phone {landline}. Then photograph the notice with the plate.",
    ),
    "plate_here": ("您看到的车牌", "The plate you see"),
    "photo": ("照片", "Photo"),
    "placed": ("已贴好，开始计时", "It is there: start the time"),
    "running": ("计时中，请在 {until} 后再看", "The time runs; look again after {until}"),
    "left": ("剩余", "Left"),
    "gone": ("车辆已驶离", "The car has gone"),
    "gone_text": (
        "按时驶离，不予处罚，随即结束。",
        "It left in time: no penalty, and the matter ends.",
    ),
    "step_look": ("第二步：到时再看", "Step 2: the second look"),
    "look_text": (
        "期满十秒之后拍两张，相隔至少十秒，{over} 前完成；须看清告知单仍在原处、车辆未移动。",
        "Two photos, from ten seconds after the time on, at least ten seconds apart, by {over}; "
        "they show the notice where it was and the car unmoved.",
    ),
    "taken": ("已拍", "Taken"),
    "counts": ("有效", "counts"),
    "too_early": ("太早，不计", "too early, does not count"),
    "add_photo": ("提交照片", "Send the photo"),
    "unmoved": (
        "车辆未移动，告知单仍在原处",
        "The car has not moved and the notice is where it was",
    ),
    "still": ("仍在原处，转审核", "Still there: on to the officers"),
    "nothing_here": ("不是违法停放", "No violation"),
    "reason": ("理由", "Reason"),
    "discard": ("结束此事件", "End this event"),
    "tow": ("拖移", "Tow"),
    "tow_no": ("拖移记录编号", "Number of the tow record"),
    "urgent": ("夜间或休息日的紧急理由", "Why it is urgent, at night or on a day off"),
    "record_tow": ("登记拖移", "Record the tow"),
    "ended": ("此事件已不需要到场处理。", "Nothing is left to do here on the spot."),
    "state": ("状态", "State"),
    "other_language": ("English", "中文"),
    "sign_out": ("退出", "Sign out"),
}
