"""The owner's page in Chinese and English: friendly, short, and nothing promised that is not so.

A stage is what an owner has to know of a state; several states of the flow are one stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.event import EventState
from models.zone import Surface


@dataclass(frozen=True, slots=True)
class Stage:
    """`tone` colours the headline: go (please leave), calm, wait, good, serious."""

    tone: str
    title: tuple[str, str]
    """Chinese, English; {deadline}, {left_at} and {landline} are filled in."""
    next: tuple[str, str]


CHECKING = Stage(
    "calm",
    ("正在核对", "We are checking"),
    (
        "系统发现车辆停在禁停区域，正在核对。此时没有处罚。若车辆仍在原处，请尽快驶离。",
        "A camera saw the car where parking is not allowed, and we are checking it. "
        "There is no penalty. If the car is still there, please move it.",
    ),
)
TEXTING = Stage(
    "calm",
    ("提醒短信正在送达", "Our text is on its way"),
    (
        "短信送达后开始计时，时间以送达为准。在限时内驶离，不予处罚。",
        "The time starts when the text arrives on your phone. Leave within it and there is "
        "no penalty.",
    ),
)
GRACE = Stage(
    "go",
    ("请在 {deadline} 前驶离", "Please leave by {deadline}"),
    (
        "按时驶离，不予处罚，本次提醒随即结束。到时我们会再看一眼现场；若车辆仍在，"
        "由执法人员人工审核，不会由系统自动处罚。",
        "Leave in time and there is no penalty: this reminder simply ends. After that we look "
        "again. If the car is still there, an officer reviews it; no machine decides.",
    ),
)
RECHECKING = Stage(
    "wait",
    ("正在复核现场", "We are looking again"),
    (
        "时间已到，我们正在查看车辆是否已驶离。看不清时按有利于您的方式处理。",
        "The time is over and we are checking whether the car has left. If we cannot tell, "
        "we decide in your favour.",
    ),
)
REVIEW = Stage(
    "serious",
    ("已转人工审核，尚未处罚", "With an officer; no penalty decided"),
    (
        "期满后车辆仍在原处，已交执法人员审核。须两名执法人员都确认才会立案。"
        "您可以随时陈述申辩，申辩不会加重处罚。",
        "The car was still there after the time was over, so officers review it. A case is "
        "opened only if two officers agree. You can give your side at any time; it never "
        "makes things worse.",
    ),
)
PATROL = Stage(
    "wait",
    ("执法人员将到现场", "An officer will come by"),
    (
        "请尽快驶离。执法人员到场后会按现场情况处理，目前没有处罚。",
        "Please move the car. An officer will look on the spot; no penalty has been decided.",
    ),
)
LEFT = Stage(
    "good",
    ("感谢您的配合！", "Thank you!"),
    (
        "车辆已于 {left_at} 驶离，本次不予处罚，事项已了结。下次请规范停车，把人行道留给行人。",
        "The car left at {left_at}. There is no penalty and the matter is closed. "
        "Next time please keep the pavement free for people on foot.",
    ),
)
ESCALATED = Stage(
    "serious",
    ("已立案", "A case has been opened"),
    (
        "两名执法人员审核后已立案。作出任何决定之前会另行告知您内容、理由、依据和权利。"
        "您仍可陈述申辩。",
        "Two officers reviewed it and opened a case. Before anything is decided you will be "
        "told what, why, on what basis, and your rights. You can still give your side.",
    ),
)
NO_PENALTY = Stage(
    "good",
    ("本次不予处罚", "No penalty this time"),
    (
        "这件事已经了结，您无需再做什么。请规范停车，谢谢。",
        "This is closed and there is nothing you need to do. Please park legally. Thank you.",
    ),
)
TRANSFERRED = Stage(
    "serious",
    ("已移交公安交警", "Passed on to the traffic police"),
    (
        "此事由公安交通管理部门处理。疑问请拨 {landline}。",
        "The traffic police deal with this now. Questions: {landline}.",
    ),
)
TOWED = Stage(
    "serious",
    ("车辆已被移走", "The car has been towed"),
    (
        "取车请拨 {landline}，我们告诉您车辆所在地点。",
        "Please call {landline}: we will tell you where the car is.",
    ),
)

STAGES: Mapping[str, Stage] = {
    EventState.CANDIDATE: CHECKING,
    EventState.FLAGGED: CHECKING,
    EventState.EXEMPT_PENDING: CHECKING,
    EventState.CONFIRM_PENDING: CHECKING,
    EventState.CONFIRMED: TEXTING,
    EventState.NOTICE_PENDING: TEXTING,
    EventState.GRACE: GRACE,
    EventState.RECHECK: RECHECKING,
    EventState.STAYED: REVIEW,
    EventState.REVIEW_PENDING: REVIEW,
    EventState.PATROL_ASSIGNED: PATROL,
    EventState.LEFT_IN_TIME: LEFT,
    EventState.ESCALATED: ESCALATED,
    EventState.REJECTED: NO_PENALTY,
    EventState.UNDETERMINED: NO_PENALTY,
    EventState.EXEMPT: NO_PENALTY,
    EventState.DUPLICATE: NO_PENALTY,
    EventState.DISCARDED: NO_PENALTY,
    EventState.EXPIRED_UNREVIEWED: NO_PENALTY,
    EventState.VOIDED: NO_PENALTY,
    EventState.TRANSFERRED: TRANSFERRED,
    EventState.REMOVED_BY_TOW: TOWED,
}

_SIDEWALK = (
    "人行道是行人的路：禁止在人行道上停放机动车（施划的停车泊位除外）。"
    "依据：《道路交通安全法》第五十六条第一款。",
    "Pavements are for people on foot: motor vehicles must not be parked on them, except in "
    "marked bays. Law: Road Traffic Safety Law, article 56(1).",
)
RULES: Mapping[str, tuple[str, str]] = {
    Surface.SIDEWALK: _SIDEWALK,
    Surface.SQUARE: _SIDEWALK,
    Surface.BLIND_TRACK: (
        "盲道是视障者的路，任何时候都不能停车。依据：《道路交通安全法》第五十六条第一款、"
        "《无障碍环境建设法》。",
        "Tactile paving guides people who cannot see: nobody may park on it at any time. Law: "
        "Road Traffic Safety Law, article 56(1); Barrier-free Environment Law.",
    ),
    Surface.NON_MOTOR_LANE: (
        "非机动车道是骑行者的路，停车妨碍通行。依据：《道路交通安全法》第五十六条。",
        "Cycle lanes are for cyclists; a parked car blocks them. Law: Road Traffic Safety Law, "
        "article 56.",
    ),
    Surface.MOTOR_LANE: (
        "此路段禁止停车，停车妨碍通行。依据：《道路交通安全法》第五十六条。",
        "Parking is not allowed on this stretch of road. Law: Road Traffic Safety Law, article 56.",
    ),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("七分", "Qifen"),
    "motto": ("七分服务，从提醒开始", "A reminder first"),
    "title": ("停车提醒", "Parking reminder"),
    "intro": (
        "收到提醒短信了？输入短信里的“号”和“码”，看看是怎么回事、还有多少时间。",
        "Did you get a text from us? Enter the number and code from it to see what it is about "
        "and how much time is left.",
    ),
    "number": ("号（查询号）", "Number"),
    "code": ("码（查询码）", "Code"),
    "show": ("查看", "Show"),
    "where": ("它们在短信末尾，例如：号K7Q2码9F3M", "Both are at the end of the text"),
    "wrong": (
        "号或码不对，请对照短信再试一次。",
        "Number or code is wrong; please check the text.",
    ),
    "locked": (
        "输错次数过多，请15分钟后再试，或拨打 {landline}。",
        "Too many wrong tries. Please try again in 15 minutes, or call {landline}.",
    ),
    "over": ("页面已过期，请重新输入号和码。", "This page has expired; please enter both again."),
    "away": ("系统暂时无法访问，请稍后再试。", "The service is away for a moment; try again soon."),
    "plate": ("车牌", "Plate"),
    "place": ("地点", "Place"),
    "time": ("时间", "Time"),
    "reference": ("编号", "Reference"),
    "delivered": ("短信送达", "Text delivered"),
    "on_paper": ("纸质告知", "Paper notice"),
    "left": ("剩余", "Time left"),
    "next": ("接下来", "What happens next"),
    "rule": ("为什么提醒您", "Why we wrote to you"),
    "pictures": ("照片", "Pictures"),
    "blurred": (
        "其他车辆和行人已作模糊处理。",
        "Other cars and people have been made unrecognisable.",
    ),
    "at_flagging": ("发现时", "When it was seen"),
    "after": ("复核时", "At the second look"),
    "gone": ("已驶离", "After it left"),
    "say": ("我要陈述申辩", "Give your side"),
    "say_hint": (
        "不是您停的、车已出售、急救、故障……请告诉我们。申辩不会加重处罚，5个工作日内答复。",
        "Not you, car sold, an emergency, a breakdown: please tell us. It never makes things "
        "worse, and we answer within 5 working days.",
    ),
    "your_words": ("您的陈述（最多2000字）", "Your statement (at most 2000 characters)"),
    "send": ("提交", "Send"),
    "back": ("返回", "Back"),
    "received": ("已收到，谢谢。我们会在5个工作日内答复。", "Received, thank you. We answer soon."),
    "empty": ("请写几句话再提交。", "Please write something first."),
    "too_long": ("超过2000字，请缩短后再提交。", "That is more than 2000 characters."),
    "enough": (
        "您已提交多份陈述，请等待答复或拨打 {landline}。",
        "You have sent several statements; please wait for our answer or call {landline}.",
    ),
    "statements": ("您的陈述", "Your statements"),
    "open": ("正在复核", "Being looked at"),
    "upheld": ("理由成立，已撤销", "Accepted; the record is void"),
    "not_upheld": ("理由不成立", "Not accepted"),
    "photo": (
        "照片（可不传，JPEG或PNG，10MB以内）",
        "A photo, if you like (JPEG or PNG, up to 10 MB)",
    ),
    "bad_photo": (
        "照片无法读取：请用10MB以内的JPEG或PNG。您写的话还在。",
        "We cannot read this photo: JPEG or PNG up to 10 MB, please. Your words are still here.",
    ),
    "ask": ("其他申请", "Other requests"),
    "ask_hint": (
        "申请执法人员回避，或查阅、更正、删除您的记录。回避申请答复前不会作出认定；"
        "其他申请15个工作日内答复。",
        "Ask that an officer stays out of it, or to see, correct or delete your record. Until a "
        "request for recusal is answered nobody decides; the others within 15 working days.",
    ),
    "ask_kind": ("申请内容", "What you ask for"),
    "ask_text": ("说明（谁、为什么，或哪里不对）", "Who and why, or what is wrong"),
    "ask_recusal": ("申请执法人员回避", "An officer should stay out"),
    "ask_access": ("查阅我的记录", "See my record"),
    "ask_correction": ("更正我的记录", "Correct my record"),
    "ask_deletion": ("删除我的记录", "Delete my record"),
    "asked": (
        "已收到您的申请，答复会显示在本页。",
        "Received; the answer will stand on this page.",
    ),
    "too_long_request": (
        "请用1000字以内说明。",
        "Please say it in at most 1000 characters.",
    ),
    "requests": ("您的申请", "Your requests"),
    "request_open": ("处理中", "Being looked at"),
    "request_granted": ("已同意", "Granted"),
    "request_refused": ("未同意", "Refused"),
    "refreshes": ("本页每15秒自动更新", "This page renews itself every 15 seconds"),
    "call": ("咨询电话", "Call us"),
    "no_payment": (
        "我们不会要求您转账、点击链接或提供验证码。",
        "We never ask you to pay, to follow a link or for a one-time password.",
    ),
    "other_language": ("English", "中文"),
    "leave": ("退出", "Close this page"),
}
