"""Effects of the parking flow: what a step writes besides the new state, in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import deadlines
from models.event import DeadlineKind, Event
from models.evidence import Evidence
from models.facts import Contact
from models.flow import Step
from models.flows import texts, voice
from models.flows.watch_guards import watch_of
from models.looks import add_flag, gap_warning, window_end
from models.notice import VOICE_CALL
from models.people import Statement
from models.policy import Policy

NO_GRACE = frozenset({"BLIND_TRACK", "SAME_DAY_REPEAT", "STRICT_ROAD"})
"""No-grace conditions of 4.2: a text without a promise, and a patrol."""

MISREAD = "PLATE_MISREAD"

PROMISES = ("N1", "N1L", "N1b", "N7", VOICE_CALL)
"""Texts, and a call, that would be untrue once the event has ended."""


def start_open_limit(step: Step) -> None:
    """Invariant 4: every event ends within 30 days."""
    due = step.event.flagged_at + timedelta(days=step.policy.open_limit_days)
    deadlines.promise(step.session, step.event, DeadlineKind.OPEN_LIMIT, due)


def end_event(step: Step) -> None:
    """The event is over: nothing is waited for and no unsent promise leaves the house."""
    event = step.event
    event.ended_at = step.at
    event.outcome = step.reason
    event.open_plate_key = None
    deadlines.fulfil_all(step.session, event, at=step.at, result=step.transition.target)
    texts.cancel_unsent(step.session, event, PROMISES)


def link_master(step: Step) -> None:
    master = step.inputs["master"]
    step.event.master_id = master.id
    step.facts["master"] = master.event_no


def name_why_dropped(step: Step) -> None:
    """The first refusal of the row above says why it is no offence."""
    step.reason = step.earlier[0].code


def ask_officer(step: Step) -> None:
    due = step.at + timedelta(seconds=step.policy.confirm_timeout_seconds)
    deadlines.promise(step.session, step.event, DeadlineKind.CONFIRM, due)


def mark_confirmed(step: Step) -> None:
    step.event.confirmed_at = step.at
    _done(step, DeadlineKind.CONFIRM)


def correct_plate(step: Step) -> None:
    """A8: the officer's reading counts; what the machine read is kept."""
    plate = step.inputs.get("plate")
    event = step.event
    if plate and plate != event.plate:
        event.plate_original = event.plate
        event.plate = plate
        event.plate_colour = step.inputs.get("plate_colour") or event.plate_colour
        event.plate_kind = step.inputs.get("plate_kind") or event.plate_kind
        add_flag(event, "misread")
    event.open_plate_key = plate_key(event)


def plate_key(event: Event) -> str | None:
    """Unique while the event is open (invariant 3)."""
    return f"{event.area_id}:{event.plate}" if event.plate else None


def queue_n1(step: Step) -> None:
    """The promise goes into the outbox with the state that waits for its receipt (W39)."""
    event, policy = step.event, step.policy
    event.grace_policy = policy.grace_policy
    contact = _contact(step)
    notice = texts.queue_first(
        step.session, event, policy.first_text, contact, at=step.at, policy=policy
    )
    due = notice.valid_until or notice.next_attempt_at
    deadlines.promise(step.session, event, DeadlineKind.SMS_SUBMIT, due)


def send_patrol(step: Step) -> None:
    _done(step, DeadlineKind.CONFIRM, DeadlineKind.SMS_SUBMIT, DeadlineKind.DLR)
    due = step.at + timedelta(seconds=step.policy.patrol_seconds)
    deadlines.promise(step.session, step.event, DeadlineKind.PATROL, due)


def warn_without_promise(step: Step) -> None:
    """N1b, where the only thing against a text with a promise is a no-grace condition."""
    codes = [refusal.code for refusal in step.earlier]
    step.reason = codes[0]
    if set(codes) <= NO_GRACE:
        texts.queue_first(
            step.session, step.event, "N1b", _contact(step), at=step.at, policy=step.policy
        )


def withdraw_unsent(step: Step) -> None:
    """A13: a text that has not left the house must not start a clock later."""
    texts.cancel_unsent(step.session, step.event, texts.FIRST_TEXTS[step.event.flow])


def try_voice_call(step: Step) -> None:
    """A13, where the city calls: once, in the hours of texts, with what the text would have said.
    What speaks against it stands with the step."""
    if step.policy.voice_call:
        step.facts["voice_call"] = voice.queue(
            step.session, step.event, at=step.at, policy=step.policy
        )


def start_grace(step: Step) -> None:
    """A12, 4.1: deadline = max(delivered, submitted) + grace, rounded up (+59 s where the
    provider reports whole minutes). It never moves earlier."""
    started: datetime = step.inputs["grace_start"]
    _promise_grace(step, started)
    _done(
        step, DeadlineKind.CONFIRM, DeadlineKind.SMS_SUBMIT, DeadlineKind.DLR, DeadlineKind.PATROL
    )


def note_plate_on_site(step: Step) -> None:
    """A26: what no camera could read, the officer beside it has read."""
    event, plate = step.event, step.inputs.get("plate")
    if event.plate is None and plate:
        event.plate = plate
        event.open_plate_key = plate_key(event)


def start_paper_grace(step: Step) -> None:
    """A26: the time of the photo is the start."""
    photo: Evidence = step.inputs["photo"]
    step.event.grace_policy = "paper"
    _promise_grace(step, photo.captured_at)
    _done(step, DeadlineKind.PATROL)


def grace_deadline(event: Event, started: datetime, policy: Policy) -> datetime:
    """Never earlier than what was promised before."""
    resolution = 0.0 if event.grace_policy == "paper" else policy.receipt_resolution_seconds
    seconds = texts.grace_seconds(event, policy) + resolution
    due = deadlines.round_up_second(started + timedelta(seconds=seconds))
    return due if event.grace_deadline_at is None else max(due, event.grace_deadline_at)


def _promise_grace(step: Step, started: datetime) -> None:
    event = step.event
    event.notified_at = started
    # Whoever is being called now is promised the minutes of that moment.
    heard = voice.over_by(step.session, event)
    latest = started if heard is None else max(started, heard)
    due = event.grace_deadline_at = grace_deadline(event, latest, step.policy)
    deadlines.promise(step.session, event, DeadlineKind.GRACE, due)
    step.facts["grace_started_at"] = started.isoformat()
    step.facts["grace_deadline_at"] = due.isoformat()


def start_recheck(step: Step) -> None:
    _done(step, DeadlineKind.GRACE)
    over = window_end(step.event, step.policy) or step.at
    deadlines.promise(step.session, step.event, DeadlineKind.RECHECK, over)
    _measure_gap(step)


def finish_recheck(step: Step) -> None:
    _done(step, DeadlineKind.RECHECK)
    _measure_gap(step)
    presence = watch_of(step).presence
    step.facts["seen_seconds"] = presence.seconds if presence else 0.0
    step.facts["panorama_seconds"] = watch_of(step).panorama_seconds


def _measure_gap(step: Step) -> None:
    gap = watch_of(step).grace_gap_seconds
    event = step.event
    event.measured = {**event.measured, "longest_gap_seconds": round(gap, 3)}
    step.facts["longest_gap_seconds"] = round(gap, 3)
    if gap > gap_warning(event, step.policy):
        add_flag(event, "gap_during_grace")
    else:
        # Looks that a worker had held back may have filled what seemed a gap at the deadline.
        event.flags = [flag for flag in event.flags if flag != "gap_during_grace"]


def note_departure(step: Step) -> None:
    """When it went, and whether another vehicle stands there now (W14)."""
    watch = watch_of(step)
    step.event.gone_at = watch.gone_at or step.at
    if watch.absence is not None and watch.absence.other_vehicle:
        step.reason = "OTHER_VEHICLE"


def thank(step: Step) -> None:
    """N2, and ten minutes in which a return is known as one (W08)."""
    event, policy = step.event, step.policy
    texts.queue_followup(step.session, event, "N2", at=step.at, policy=policy, time=event.gone_at)
    due = step.at + timedelta(seconds=policy.return_watch_seconds)
    deadlines.promise(step.session, event, DeadlineKind.RETURN_WATCH, due)


def name_doubt(step: Step) -> None:
    """A18: what was missing, most telling first."""
    watch = watch_of(step)
    deadline = step.event.grace_deadline_at
    later = [s for s in watch.spans if deadline is None or s.ended_at > deadline]
    if watch.presence is not None:
        step.reason = "NO_SECOND_PICTURE"
    elif any(s.answer in {"present", "moved"} for s in later):
        step.reason = "PLATE_NOT_CONFIRMED"
    elif later:
        step.reason = (later[-1].reason or "NO_CLEAR_VIEW").upper()


def tell_closed(step: Step) -> None:
    """N3b: closed without a penalty, to those who had the promise; an apology without details
    where the plate had been misread, for it went to somebody else (W32)."""
    template = "N8" if step.reason == MISREAD else "N3b"
    texts.queue_followup(step.session, step.event, template, at=step.at, policy=step.policy)


def tell_stayed(step: Step) -> None:
    """N3: an officer will look, nothing is decided."""
    texts.queue_followup(step.session, step.event, "N3", at=step.at, policy=step.policy)


def tell_voided(step: Step) -> None:
    """N5 answers a statement; without one it is told that it is closed (N3b, N8)."""
    if isinstance(step.inputs.get("statement"), Statement):
        texts.queue_followup(step.session, step.event, "N5", at=step.at, policy=step.policy)
    else:
        tell_closed(step)


def start_review(step: Step) -> None:
    """L37: five work days from the collection of the first picture; a reminder after one."""
    event, policy = step.event, step.policy
    soft = deadlines.add_work_seconds(step.at, policy.review_soft_seconds, policy.calendar)
    hard = deadlines.end_of_work_days(
        event.flagged_at, policy.review_hard_work_days, policy.calendar
    )
    deadlines.promise(step.session, event, DeadlineKind.REVIEW_SOFT, soft)
    deadlines.promise(step.session, event, DeadlineKind.REVIEW_HARD, hard)


def _contact(step: Step) -> Contact:
    contact: Contact = step.inputs["contact"]
    return contact


def _done(step: Step, *kinds: DeadlineKind) -> None:
    deadlines.fulfil(step.session, step.event, kinds, at=step.at, result=step.transition.target)
