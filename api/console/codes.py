"""What the codes of an event are called: outcomes, flags, steps, pictures, texts, looks.

The code itself stays readable as a tooltip; a code that stands in no table is shown as it is, for
an officer's own reason comes through the same column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from api.console import decision_words, place_words, text_words
from api.languages import pick

Table: TypeAlias = Mapping[str, tuple[str, str]]
"""Code to its words, Chinese and English."""

OUTCOMES: Table = {
    **decision_words.OUTCOMES,
    **place_words.OUTCOMES,
    **text_words.OUTCOMES,
    "MINOR_CORRECTED": ("按时驶离，轻微已改正，不予处罚", "left in time: minor, corrected"),
    "OTHER_VEHICLE": ("已驶离，原位换了另一辆车", "it left; another vehicle took the place"),
    "LEFT_BEFORE_DWELL": ("停留未满即驶离", "left before it counted"),
    "SAME_VEHICLE": ("同一车辆已有未结事件", "the same vehicle has an open event"),
    "SHADOW_PHASE": ("影子阶段，只统计", "shadow phase: only counted"),
    "OFFICIAL_VEHICLE": ("公务车辆号牌，可能在执行任务", "an official plate, perhaps on duty"),
    "DUTY_UNCLEAR": ("超过半小时，请核实是否执行任务", "half an hour: is it on duty?"),
    "STRICT_ROAD": ("严管路段不设宽容期", "no grace on a strictly managed road"),
    "DISABLED_PERMIT": ("残疾人专用", "disabled driver's permit"),
    "LOADING_PERMIT": ("装卸许可", "loading permit"),
    "FUNERAL": ("殡葬", "funeral"),
    "EXAM_DAY": ("考试保障", "exam day"),
    "SANITATION": ("环卫作业", "sanitation at work"),
    "ROAD_WORK": ("市政养护、抢修", "road work"),
    "OTHER_PERMIT": ("其他许可", "another permit"),
    "LOW_CONFIDENCE": ("识别置信度过低", "hardly seen"),
    "CONFIRM_TIMEOUT": ("超时未确认，派人到场", "not confirmed in time: a patrol goes"),
    "GONE": ("车辆已不在", "the vehicle had gone"),
    "GONE_BEFORE_PATROL": ("人员到场前已驶离", "it left before the patrol came"),
    "NOTICE_FAILED": ("短信未送达", "the text did not arrive"),
    "LATE_RECEIPT": ("回执迟到，自回执起计时", "a late receipt: the time runs from it"),
    "PAPER_NOTICE": ("已贴纸质告知", "a paper notice was left"),
    "PATROL_OVER": ("现场处理超时", "the patrol's time was over"),
    "RECHECK_MISSED": (
        "错过复核时间，不予处罚",
        "the second look was missed: in the owner's favour",
    ),
    "GAP_DURING_GRACE": (
        "宽容期内画面中断过长",
        "the place was out of sight too long during the grace",
    ),
    "NO_CLEAR_VIEW": ("看不清，不予处罚", "no clear view: in the owner's favour"),
    "NO_SECOND_PICTURE": ("缺少第二张现场图", "there is no second picture"),
    "PLATE_NOT_CONFIRMED": ("复核未能确认号牌", "the plate was not seen again"),
    "WARNING_PHASE": ("提醒阶段，不升级", "warning phase: it ends here"),
    "PACK_INCOMPLETE": ("证据包不完整", "the evidence pack is incomplete"),
    "EVIDENCE_BROKEN": ("证据文件校验不符", "an evidence file is not what was recorded"),
    "TWO_OFFICERS": ("两名执法人员认定", "established by two officers"),
    "REVIEW_EXPIRED": ("超过审核期限", "the time for a review is over"),
    "PERMITTED_NOW": ("此处现已允许停放", "parking is allowed here now"),
    "ZONE_LIFTED": ("区域已调整，不再包含此处", "the zone no longer covers the place"),
    "OPEN_LIMIT": ("超过三十日，自动结束", "thirty days are over"),
    "NO_PLATE": ("无号牌", "no plate was read"),
    "NO_CONTACT": ("查不到车主联系方式", "no contact of the owner is known"),
    "CONTACT_NOT_AUTHORISED": ("联系人未同意接收", "the contact has not agreed"),
    "STALE": ("确认过久，未再发短信", "confirmed too long ago for a text"),
    "QUIET_HOURS": ("不在短信时段", "outside the hours for texts"),
    "SMS_LIMIT": ("今日短信已达上限", "enough texts today"),
    "BLIND_TRACK": ("盲道不设宽容期", "no grace on a blind track"),
    "SAME_DAY_REPEAT": ("当日已给过宽容", "a grace was given today already"),
    "WRONG_KIND": ("不属车辆", "no vehicle"),
    "TWO_WHEELER": ("非机动车", "two-wheeler"),
    "DWELL_TOO_SHORT": ("停留未满", "it stood too short"),
    "LEGAL_BAY": ("在合法泊位内", "in a marked bay"),
    "NOT_AN_OFFENCE": ("不构成违法", "not an offence"),
    "NO_OBSTRUCTION": ("未妨碍通行", "no obstruction"),
    "UNCLEAR_EVIDENCE": ("证据不清", "unclear evidence"),
    "PLATE_MISREAD": ("号牌误读", "plate misread"),
    "EMERGENCY": ("紧急避险、救护", "emergency"),
    "MINOR": ("轻微并已改正", "minor and corrected"),
    "OTHER": ("其他", "other"),
    "STATEMENT_UPHELD": ("申辩理由成立", "the owner's statement was upheld"),
}

FLAGS: Table = {
    **decision_words.FLAGS,
    **place_words.FLAGS,
    **text_words.FLAGS,
    "gap_during_grace": ("宽容期内画面中断", "out of sight during the grace"),
    "moved": ("在区域内挪动过", "moved inside the area"),
    "clock_step": ("时钟被调快，宽容期顺延", "clock set forward, grace moved later"),
    "ground_doubt": (
        "可能与旁边车辆为同一辆，不告知不处罚",
        "may be another event's vehicle: no text, no penalty",
    ),
    "seen_by_neighbour": ("同区域另一摄像头看见该车", "seen by another camera of the area"),
    "misread": ("号牌经人工更正", "plate corrected by an officer"),
    "repeat_same_day": ("当日再次", "again on the same day"),
    "repeat_reminder": ("一周内多次提醒", "reminded often this week"),
    "statement": ("有陈述申辩", "the owner has made a statement"),
    "late_receipt": ("回执迟到", "late receipt"),
    "late_receipt_not_seen": ("回执迟到且未见车辆", "late receipt, vehicle not seen"),
    "receipt_after_acceptance": ("已按接收计时后才到回执", "receipt came after acceptance counted"),
    "review_overdue": ("审核逾期", "review overdue"),
    "evidence_broken": ("证据文件校验不符", "an evidence file is not what was recorded"),
    "held_back": ("数据库中断期间暂存", "held back while the database was away"),
}

ACTORS: Table = {
    "SYSTEM": ("系统", "system"),
    "OFFICER": ("执法人员", "officer"),
    "OPERATOR": ("操作员", "operator"),
    "OWNER": ("车主", "owner"),
    "GATEWAY": ("短信通道", "SMS provider"),
    "SENSOR": ("传感器", "sensor"),
}

STEPS: Table = {
    **decision_words.STEPS,
    **place_words.STEPS,
    **text_words.STEPS,
    "first_seen": ("首次看见", "first seen"),
    "dwell": ("停留满时限", "stood long enough"),
    "dedupe": ("并入已有事件", "joined to an open event"),
    "exempt": ("核对免责", "exemption checked"),
    "officer_exempt": ("人工认定免责", "exempted by an officer"),
    "duty_over": ("公务时间到", "time of a duty over"),
    "hours_over": ("管控时段已结束", "the zone's hours ended"),
    "gates": ("自动条件核对", "gates judged"),
    "officer_confirm": ("人工确认", "confirmed by an officer"),
    "officer_discard": ("人工排除", "discarded by an officer"),
    "officer_patrol": ("派人到场", "patrol sent"),
    "confirm_timeout": ("确认超时", "confirmation timed out"),
    "prepare_notice": ("准备短信", "text prepared"),
    "delivered": ("短信送达，开始计时", "text arrived, the time starts"),
    "accepted": ("运营商接收，开始计时", "text accepted, the time starts"),
    "notice_failed": ("短信失败", "text failed"),
    "absent": ("确认已驶离", "seen to have left"),
    "grace_over": ("宽容期满", "grace over"),
    "present": ("期满后仍在", "still there after the deadline"),
    "recheck_over": ("复核时间到", "time for the second look is over"),
    "review": ("交人工审核", "to the officers"),
    "escalate": ("认定", "established"),
    "evidence_broken": ("证据校验不符", "stored evidence found broken"),
    "reject": ("不予认定", "rejected"),
    "review_expired": ("审核期满", "review expired"),
    "void": ("撤销", "voided"),
    "tow": ("拖离", "towed"),
    "paper_notice": ("贴告知单", "paper notice"),
    "transfer": ("移送", "transferred"),
    "permitted": ("现已允许停放", "parking permitted now"),
    "zone_lifted": ("区域调整", "zone changed"),
    "patrol_over": ("现场时限到", "patrol's time over"),
    "open_limit": ("三十日期满", "thirty days over"),
}

PICTURES: Table = {
    **decision_words.PICTURES,
    **place_words.PICTURES,
    "E1": ("全景 发现时（T0）", "overview when flagged (T0)"),
    "E2": ("号牌特写 发现时", "plate close-up when flagged"),
    "E3": ("全景 至少10秒后", "overview at least 10 s later"),
    "E4": ("全景 期满后", "overview after the deadline"),
    "E5": ("号牌特写 期满后", "plate close-up after the deadline"),
    "E6": ("全景 期满后再隔10秒", "second overview, at least 10 s after E4"),
    "LEFT": ("车辆驶离后的现场", "the place after it had left"),
    "PAPER": ("纸质告知照片", "photo of the paper notice"),
    "STATEMENT": ("当事人提交的图片", "picture that came with a statement"),
    "V1": ("发现前后录像", "clip around T0"),
    "V2": ("复核录像", "clip at the second look"),
    "E3_TOO_SOON": ("E3 距 E1 不足10秒", "E3 less than 10 s after E1"),
    "E4_TOO_EARLY": ("E4 早于期限", "E4 not after the deadline"),
    "FILE_BROKEN": ("证据文件校验不符", "a file is not what was recorded"),
    "E6_TOO_SOON": ("E6 距 E4 不足10秒", "E6 less than 10 s after E4"),
}
PICTURE_ORDER = (
    "E1", "E2", "E3", "E4", "E5", "E6", "LEFT", "PAPER", "ON_SITE", "TOW", "STATEMENT",
)  # fmt: skip

TEXTS: Table = {
    **place_words.TEXTS,
    **text_words.TEXTS,
    "N1": ("驶离提醒", "please leave"),
    "N1b": ("驶离提醒（无宽容期）", "please leave (no grace)"),
    "N1L": ("驶离提醒（长）", "please leave (long)"),
    "N2": ("按时驶离致谢", "thank you"),
    "N3": ("已转审核告知", "with the officers now"),
    "N3b": ("不予处罚告知", "no penalty"),
    "N4": ("申辩收悉", "statement received"),
    "N5": ("申辩成立", "statement upheld"),
    "N6": ("申辩不成立", "statement not upheld"),
}

TEXT_STATES: Table = {
    "queued": ("待发送", "waiting to be sent"),
    "sending": ("发送中", "being sent"),
    "unknown": ("结果不明，请人工核实", "outcome unknown: a person must look"),
    "accepted": ("运营商已接收", "accepted by the provider"),
    "sent": ("已发出", "sent"),
    "delivered": ("已送达", "delivered"),
    "undelivered": ("未送达", "not delivered"),
    "failed": ("失败", "failed"),
    "cancelled": ("已取消", "cancelled"),
}

ANSWERS: Table = {
    "present": ("仍在", "still there"),
    "absent": ("不在", "not there"),
    "moved": ("在区域内别处", "elsewhere in the area"),
    "other_vehicle": ("原位是另一辆车", "another vehicle in its place"),
    "unclear": ("看不清", "unclear"),
}

ANSWER_REASONS: Table = {
    "occluded": ("被遮挡", "hidden"),
    "arriving": ("有车正驶入", "a vehicle is arriving"),
    "plate": ("依号牌", "by its plate"),
    "appearance": ("外观不一致", "looks different"),
    "not_detected": ("未检出", "not detected"),
    "no_plate": ("读不到号牌", "no plate readable"),
    "maybe_moved": ("可能在区域内挪动", "may have moved in the area"),
    "passing": ("有物经过", "something passes"),
    "black": ("黑屏", "black picture"),
    "covered": ("镜头被遮挡", "lens covered"),
    "defocused": ("失焦", "out of focus"),
    "frozen": ("画面冻结", "picture frozen"),
    "too_dark": ("过暗", "too dark"),
    "clock_off": ("摄像头时钟不准", "the camera's clock is off"),
}

HEALTH: Table = {
    "up": ("正常", "up"),
    "down": ("离线", "down"),
    "unknown": ("未知", "unknown"),
    "ok": ("正常", "up"),
    "black": ("黑屏", "black picture"),
    "covered": ("被遮挡", "covered"),
    "defocused": ("失焦", "out of focus"),
    "moved": ("视角变动", "view has moved"),
    "frozen": ("画面冻结", "frozen"),
    "too_dark": ("过暗", "too dark"),
    "clock_off": ("时钟不准", "clock is off"),
}

DECISIONS: Table = {
    "escalate": ("认定", "found it established"),
    "reject": ("不予认定", "rejected it"),
}

STATEMENT_STATES: Table = {
    "open": ("待答复", "waits for an answer"),
    "upheld": ("理由成立", "upheld"),
    "not_upheld": ("理由不成立", "not upheld"),
}

SURFACES: Table = {
    "sidewalk": ("人行道", "pavement"),
    "blind_track": ("盲道（不设宽容期）", "blind track (no grace)"),
    "non_motor_lane": ("非机动车道", "cycle lane"),
    "motor_lane": ("机动车道（移交警）", "motor lane (police)"),
    "square": ("广场", "square"),
}

AUTHORITIES: Table = {
    "chengguan": ("城市管理部门", "urban management"),
    "traffic_police": ("公安交管部门", "traffic police"),
}


def coded(table: Table, code: str, language: str) -> str:
    """The words of `code`, or the code itself where it stands in no table."""
    found = table.get(code)
    return code if found is None else pick(found, language)
