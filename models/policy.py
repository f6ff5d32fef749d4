"""What a city decides for itself: every timer of domain.md 4.1, limits, thresholds and texts.

A `Policy` is a frozen value. The stored form is one `CitySetting` row, key "policy", that holds
only what differs from the defaults below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models.audit import AuditEntry, CitySetting
from models.calendar import WorkCalendar, calendar_of, check_table
from models.errors import BadInput
from models.retention_rules import FLOORS

POLICY_KEY = "policy"

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")
"""China has one zone and no summer time (W54): stored UTC, shown and counted in this one."""

GRACE_POLICIES = ("delivered", "accepted")
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Policy:
    """All durations are seconds; work days are those of the Chinese calendar (L18)."""

    # Timers (domain.md 4.1)
    dwell_seconds: float = 60.0
    """For zones that are drawn without a dwell of their own."""
    confirm_timeout_seconds: float = 120.0
    sms_submit_tries: int = 3
    sms_submit_retry_seconds: float = 10.0
    dlr_timeout_seconds: float = 120.0
    grace_seconds: float = 420.0
    """For zones that keep the standard seven minutes; a zone with its own grace keeps its own."""
    recheck_delay_seconds: float = 10.0
    recheck_window_seconds: float = 180.0
    present_confirm_gap_seconds: float = 10.0
    absent_confirm_seconds: float = 30.0
    return_watch_seconds: float = 600.0
    review_soft_seconds: float = 86_400.0
    """Counted on work days only: 86,400 is the same time on the next work day."""
    review_hard_work_days: int = 5
    """程序规定 art. 19 (L37): five work days from the collection of E1, then never."""
    statement_window_seconds: float = 0.0
    """Least time after the deadline in which the owner may speak before two officers can
    escalate; an open statement blocks them however long it takes (L03, L11)."""
    paper_recheck_seconds: float = 900.0
    """A26: so long after the deadline of a paper notice an officer may photograph that the vehicle
    has not moved."""
    lease_seconds: float = 900.0
    """W42: so long an event stays with the officer who opened it for review and does nothing."""
    appeal_work_days: int = 5
    """程序规定 art. 5 (L40): a statement is answered within five work days."""
    void_work_days: int = 3
    """程序规定 art. 22 (L39): a verified ground cancels the record within three work days."""
    pre_notice_work_days: int = 5
    """行政处罚法 art. 64: so long after the pre-notice a party may ask for a hearing."""
    two_years_warn_days: int = 60
    """行政处罚法 art. 36 (L19): so long before the two years are over an event is on a list."""
    patrol_seconds: float = 14_400.0
    open_limit_days: int = 30
    max_gap_seconds: float = 5.0
    """Looks further apart than this have a gap between them."""
    gap_warning_seconds: float = 60.0
    """W02: a gap longer than this during the grace leaves the event undetermined."""
    place_absent_seconds: float = 60.0
    """B5: what hung or was posted is gone when it was missing for so long ..."""
    place_absent_looks: int = 3
    """... in at least so many looks."""
    place_samples: int = 3
    """B1: seen in at least so many looks during the dwell."""
    place_max_gap_seconds: float = 60.0
    """What hangs is looked at less often than a car: the gap rule of its looks."""
    place_gap_warning_seconds: float = 120.0
    order_least_seconds: int = 14_400
    """B7: the shortest period of a formal order, four hours."""
    order_check_work_days: int = 5
    """B8: so long after the period officers may look on the spot; then it ends."""
    shop_colour_days: int = 30
    """B10: yellow from two reminders in so many days, red from four, green after as many clean."""

    # Gatherings (4.4); the threshold itself belongs to the zone.
    crowd_watch_share: float = 0.8
    crowd_watch_seconds: float = 30.0
    crowd_hold_seconds: float = 60.0
    crowd_calm_share: float = 0.7
    crowd_calm_seconds: float = 120.0
    crowd_least_looks: int = 5
    crowd_max_gap_seconds: float = 30.0
    crowd_answer_seconds: float = 120.0
    crowd_no_responder_seconds: float = 300.0
    crowd_arrive_seconds: float = 420.0
    crowd_arrive_metres: float = 50.0
    crowd_falling_seconds: float = 600.0
    crowd_falling_share: float = 0.10
    crowd_emergency_share: float = 1.5
    crowd_reopen_seconds: float = 900.0

    # Cases: the limits of "7123" that follow the seven minutes (4.1).
    case_limited_work_days: int = 1
    case_coordinated_work_days: int = 3

    followup_valid_seconds: float = 3_600.0
    """A thank-you or a result that could not be sent for so long is not sent at all."""

    # What is sent and granted at most: L88, W26, W27.
    daily_grace_limit: int = 1
    sms_per_plate_per_day: int = 6
    sms_apart_seconds: float = 60.0
    sms_retry_seconds: float = 30.0
    """W16: so long after a report that it did not arrive, a notice is handed over once more."""
    voice_call: bool = False
    """A13: whether an owner whom no text reached is called once, before a patrol comes."""
    sms_per_minute: int = 120
    """W50: no more texts than this are handed over in a minute; what obstructs most goes first."""
    first_text: str = "N1"
    """N1, or its long form N1L that names the law and costs two segments."""

    # W48: where too few texts arrive, nothing confirms itself any more.
    delivery_window_seconds: float = 900.0
    delivery_share: float = 0.80
    delivery_least: int = 5
    """One failure does not stop a city: so many texts must have had their time."""

    repeat_reminder_count: int = 3
    repeat_reminder_days: int = 7

    # The promise and its receipt
    grace_policy: str = "delivered"
    """delivered | accepted (providers without receipts); shown on each event."""
    receipt_resolution_seconds: float = 0.0
    """59 where the provider reports whole minutes: the deadline moves that much later."""
    clock_offset_limit_seconds: float = 1.0
    """GA/T 832 3.2 (L81): beyond it a picture is no evidence."""

    # Gates of A7, and identity at the re-check (4.2)
    gate_detection_share: float = 0.80
    """Share of looks in the dwell with a detection confidence of 0.80 or more."""
    gate_plate_confidence: float = 0.95
    gate_plate_reads: int = 5
    gate_province_confidence: float = 0.95
    drop_confidence: float = 0.50
    """W06: mean detection confidence below this is dropped."""
    recheck_plate_confidence: float = 0.90
    same_place_overlap: float = 0.50
    """Box overlap (IoU) from which two sightings without a plate are one vehicle (A4)."""

    # Calendar (models.calendar): years that the installed package does not reach
    holidays: tuple[str, ...] = ()
    """Days off, as 2027-01-01; whole years, as the State Council publishes them."""
    moved_work_days: tuple[str, ...] = ()
    """Saturdays and Sundays that are worked (调休)."""
    holidays_document: str = ""
    """Which notice they were taken from."""

    # A zone's trial (B11, models.precision)
    trial_answers: int = 50
    """So many events of a zone's rule an officer has answered for before the zone may be live."""
    trial_precision: float = 0.95
    """What the lower bound of their share of right ones must reach."""
    first_officer_days: int = 14
    """8.1: so long an officer confirms every event of a new zone."""
    duty_seconds: float = 1_800.0
    """W23: an official vehicle that stands longer is shown to an officer."""

    # How long data are kept, days (3.6); the floors are in models.retention_rules.
    keep_discarded_days: int = 7
    """Sightings that came to nothing: their pictures, plates and readings."""
    keep_left_days: int = 30
    """Left in time, or corrected: pictures, plate (then a keyed hash), readings."""
    keep_no_penalty_days: int = 60
    """Undetermined, rejected, expired, voided, transferred: the same."""
    keep_case_days: int = 730
    """Escalated or towed: the same, counted from the end of the case."""
    keep_crowd_picture_days: int = 7
    keep_crowd_count_days: int = 180
    keep_repeat_hash_days: int = 365
    """The keyed hash of a plate, counted from the end of the event."""
    keep_sms_days: int = 730
    """Contents, phones and receipts of texts."""
    keep_log_days: int = 400
    """Audit log, viewing log, look-ups of owners, sign-ins."""
    keep_permit_days: int = 365
    """Permits and approvals, after their end."""
    keep_party_contact_days: int = 365
    """Phones of shops and households, after they were taken off the list."""

    # Texts
    city_prefix: str = "HZ"
    signature: str = "下城城管"
    landline: str = "0571-12345678"
    home_prefixes: tuple[str, ...] = ("浙A",)
    language: str = "zh"

    @property
    def calendar(self) -> WorkCalendar:
        return calendar_of(self.holidays, self.moved_work_days)

    @property
    def sms_submit_seconds(self) -> float:
        """How long a notice may take to be accepted before a patrol goes instead."""
        return self.sms_submit_tries * self.sms_submit_retry_seconds


Check = Callable[[Any], str | None]


def _one_of(*allowed: str) -> Check:
    return lambda value: None if value in allowed else f"must be one of {', '.join(allowed)}"


def _at_least(low: float) -> Check:
    return lambda value: None if value >= low else f"must be {low:g} or more"


def _share(value: Any) -> str | None:
    return None if 0.0 <= value <= 1.0 else "must lie between 0 and 1"


def _kept(days: int, why: str) -> Check:
    return lambda value: None if value >= days else f"must be {days} or more days: {why}"


_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}|[48]00-?\d{3}-?\d{4}|9[56]\d{3,4}|1[12]\d|12\d{3}")


def _length(low: int, high: int) -> Check:
    return lambda value: (
        None if low <= len(value) <= high else f"must be {low} to {high} characters long"
    )


def _landline(value: str) -> str | None:
    """L87: what a text may ask to be called: a landline, 400, 95 or 96, or a hotline (12345)."""
    if _LANDLINE.fullmatch(value):
        return None
    return "must be a landline, a 400, 95 or 96 number or a hotline, of at most 13 characters"


_CHECKS: dict[str, Check] = {
    "grace_policy": _one_of(*GRACE_POLICIES),
    "language": _one_of(*LANGUAGES),
    "signature": _length(2, 16),  # L85
    "city_prefix": _length(1, 6),
    "landline": _landline,  # L87
    "sms_submit_tries": _at_least(1),
    "sms_per_minute": _at_least(1),
    "first_text": _one_of("N1", "N1L"),
    "delivery_share": _share,
    "delivery_least": _at_least(1),
    "gate_plate_reads": _at_least(1),
    "review_hard_work_days": _at_least(1),
    "lease_seconds": _at_least(60),
    "appeal_work_days": _at_least(1),
    "void_work_days": _at_least(1),
    "pre_notice_work_days": _at_least(1),
    "open_limit_days": _at_least(1),
    "two_years_warn_days": _at_least(1),
    "trial_answers": _at_least(1),
    "trial_precision": _share,
    "holidays": _length(0, 1000),
    "moved_work_days": _length(0, 1000),
    "holidays_document": _length(0, 120),
    "gate_detection_share": _share,
    "gate_plate_confidence": _share,
    "gate_province_confidence": _share,
    "drop_confidence": _share,
    "recheck_plate_confidence": _share,
    "same_place_overlap": _share,
    "grace_seconds": _at_least(1),
    "place_absent_looks": _at_least(1),
    "place_samples": _at_least(1),
    "order_least_seconds": _at_least(1),
    "order_check_work_days": _at_least(1),
    "shop_colour_days": _at_least(1),
    "case_limited_work_days": _at_least(1),
    "case_coordinated_work_days": _at_least(1),
    "crowd_watch_share": _share,
    "crowd_calm_share": _share,
    "crowd_falling_share": _share,
    "crowd_emergency_share": _at_least(1),
    "crowd_least_looks": _at_least(1),
    **{name: _kept(days, why) for name, (days, why) in FLOORS.items()},
}


def load_policy(session: Session) -> Policy:
    """The city's policy; the defaults where it has set none.

    Raises BadInput if a stored value is wrong (the row was written by other hands).
    """
    row = session.get(CitySetting, POLICY_KEY)
    return Policy() if row is None else _applied(Policy(), row.value)


def save_policy(
    session: Session, changes: Mapping[str, Any], *, at: datetime, actor: str
) -> Policy:
    """Change some settings and log who did.

    Raises BadInput naming the field; then nothing was changed.
    """
    policy = _applied(load_policy(session), changes)
    check_table(policy.holidays, policy.moved_work_days)
    default = Policy()
    differing = {
        f.name: _plain(getattr(policy, f.name))
        for f in fields(Policy)
        if getattr(policy, f.name) != getattr(default, f.name)
    }
    row = session.get(CitySetting, POLICY_KEY)
    if row is None:
        row = CitySetting(key=POLICY_KEY, value={}, updated_at=at, updated_by=actor)
        session.add(row)
    row.value, row.updated_at, row.updated_by = differing, at, actor
    details = {name: _plain(getattr(policy, name)) for name in changes}
    session.add(
        AuditEntry(at=at, actor=actor, action="policy.save", subject=POLICY_KEY, details=details)
    )
    session.flush()
    return policy


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _applied(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    known = {f.name for f in fields(Policy)}
    for name in changes:
        if name not in known:
            raise BadInput(f"there is no setting called {name!r}", field=name)
    return replace(policy, **{name: _checked(name, value) for name, value in changes.items()})


def _checked(name: str, value: Any) -> Any:
    value = _typed(name, value, getattr(Policy(), name))
    # Every number of a policy is a duration, a count or a share: none may be negative.
    default = _at_least(0) if isinstance(value, int | float) else _length(0, 40)
    complaint = _CHECKS.get(name, default)(value)
    if complaint:
        raise BadInput(f"{name} {complaint}", field=name)
    return value


def _typed(name: str, value: Any, example: Any) -> Any:
    if isinstance(example, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise BadInput(f"{name} must be a list of texts", field=name)
        return tuple(value)
    if isinstance(example, bool):
        if not isinstance(value, bool):
            raise BadInput(f"{name} must be true or false", field=name)
        return value
    if isinstance(example, str):
        if not isinstance(value, str):
            raise BadInput(f"{name} must be a text", field=name)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{name} must be a number", field=name)
    if isinstance(example, int):
        if value != int(value):
            raise BadInput(f"{name} must be a whole number", field=name)
        return int(value)
    return float(value)
