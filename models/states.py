"""The states of every flow (domain.md 4.0 to 4.4), and which of them end what they describe.

Each flow has a vocabulary of its own; where two flows use one word it means the same, so that a
list over all events can ask for it.
"""

from __future__ import annotations

from enum import StrEnum


class EventState(StrEnum):
    """States of the parking flow (domain.md 4.2). `TERMINAL` lists those that end an event."""

    CANDIDATE = "CANDIDATE"
    FLAGGED = "FLAGGED"
    EXEMPT_PENDING = "EXEMPT_PENDING"
    """An official vehicle, perhaps on duty: nobody is asked for half an hour (W23)."""
    CONFIRM_PENDING = "CONFIRM_PENDING"
    CONFIRMED = "CONFIRMED"
    NOTICE_PENDING = "NOTICE_PENDING"
    GRACE = "GRACE"
    RECHECK = "RECHECK"
    STAYED = "STAYED"
    REVIEW_PENDING = "REVIEW_PENDING"
    PATROL_ASSIGNED = "PATROL_ASSIGNED"
    LEFT_IN_TIME = "LEFT_IN_TIME"
    ESCALATED = "ESCALATED"
    REJECTED = "REJECTED"
    UNDETERMINED = "UNDETERMINED"
    EXEMPT = "EXEMPT"
    DUPLICATE = "DUPLICATE"
    DISCARDED = "DISCARDED"
    EXPIRED_UNREVIEWED = "EXPIRED_UNREVIEWED"
    VOIDED = "VOIDED"
    TRANSFERRED = "TRANSFERRED"
    REMOVED_BY_TOW = "REMOVED_BY_TOW"


TERMINAL = frozenset(
    {
        EventState.LEFT_IN_TIME,
        EventState.ESCALATED,
        EventState.REJECTED,
        EventState.UNDETERMINED,
        EventState.EXEMPT,
        EventState.DUPLICATE,
        EventState.DISCARDED,
        EventState.EXPIRED_UNREVIEWED,
        EventState.VOIDED,
        EventState.TRANSFERRED,
        EventState.REMOVED_BY_TOW,
    }
)


class PlaceState(StrEnum):
    """States of what hangs or is posted in front of a shop or household (domain.md 4.3)."""

    CANDIDATE = "CANDIDATE"
    FLAGGED = "FLAGGED"
    CONFIRM_PENDING = "CONFIRM_PENDING"
    OWNER_LOOKUP = "OWNER_LOOKUP"
    NOTICE_PENDING = "NOTICE_PENDING"
    REMINDED = "REMINDED"
    """The grace runs."""
    DISPATCHED = "DISPATCHED"
    """A grid worker visits (B4), or a crew takes an ownerless poster down (B9)."""
    RECHECK = "RECHECK"
    NOT_RECTIFIED = "NOT_RECTIFIED"
    REVIEW_PENDING = "REVIEW_PENDING"
    FORMAL_ORDER = "FORMAL_ORDER"
    """责令限期改正: a written order of two officers, with a period of its own."""
    ORDER_CHECK = "ORDER_CHECK"
    RECTIFIED = "RECTIFIED"
    ESCALATED = "ESCALATED"
    REJECTED = "REJECTED"
    UNDETERMINED = "UNDETERMINED"
    EXEMPT = "EXEMPT"
    DUPLICATE = "DUPLICATE"
    DISCARDED = "DISCARDED"
    EXPIRED_UNREVIEWED = "EXPIRED_UNREVIEWED"
    VOIDED = "VOIDED"
    TRANSFERRED = "TRANSFERRED"


PLACE_TERMINAL = frozenset(
    {
        PlaceState.RECTIFIED,
        PlaceState.ESCALATED,
        PlaceState.REJECTED,
        PlaceState.UNDETERMINED,
        PlaceState.EXEMPT,
        PlaceState.DUPLICATE,
        PlaceState.DISCARDED,
        PlaceState.EXPIRED_UNREVIEWED,
        PlaceState.VOIDED,
        PlaceState.TRANSFERRED,
    }
)


class CrowdState(StrEnum):
    """States of a gathering (domain.md 4.4). Before WATCH nothing is stored but counts."""

    WATCH = "WATCH"
    ALARM = "ALARM"
    DISPATCHED = "DISPATCHED"
    ON_SITE = "ON_SITE"
    DISPERSING = "DISPERSING"
    ESCALATED_EMERGENCY = "ESCALATED_EMERGENCY"
    """The district command leads; the event goes on until the people have gone home."""
    DISPERSED = "DISPERSED"
    CALMED = "CALMED"
    """It never became an alarm."""
    FALSE_ALARM = "FALSE_ALARM"
    PERMITTED = "PERMITTED"
    UNDETERMINED = "UNDETERMINED"


CROWD_TERMINAL = frozenset(
    {
        CrowdState.DISPERSED,
        CrowdState.CALMED,
        CrowdState.FALSE_ALARM,
        CrowdState.PERMITTED,
        CrowdState.UNDETERMINED,
    }
)

ENDED: frozenset[str] = frozenset(
    str(state) for state in (*TERMINAL, *PLACE_TERMINAL, *CROWD_TERMINAL)
)
"""States in which an event of any flow is over."""


class CaseState(StrEnum):
    """The seven steps of a case (案卷) and its side states (domain.md 4.0)."""

    COLLECTED = "COLLECTED"
    """信息收集"""
    FILED = "FILED"
    """案卷建立"""
    DISPATCHED = "DISPATCHED"
    """任务派遣"""
    IN_PROGRESS = "IN_PROGRESS"
    """任务处理"""
    REPORTED = "REPORTED"
    """处理反馈"""
    CHECKING = "CHECKING"
    """检查"""
    CLOSED = "CLOSED"
    """结案"""
    EVALUATED = "EVALUATED"
    """综合评价"""
    NOT_ACCEPTED = "NOT_ACCEPTED"
    """不予受理"""
    NOT_FILED = "NOT_FILED"
    """不予立案"""
    RETURNED = "RETURNED"
    """回退: the wrong unit had it"""
    REWORK = "REWORK"
    """返工: the check failed"""
    SUSPENDED = "SUSPENDED"
    """挂账"""
    CANCELLED = "CANCELLED"
    """作废"""
    TRANSFERRED = "TRANSFERRED"
    """移送"""


CASE_TERMINAL = frozenset(
    {
        CaseState.EVALUATED,
        CaseState.NOT_ACCEPTED,
        CaseState.NOT_FILED,
        CaseState.CANCELLED,
        CaseState.TRANSFERRED,
    }
)
