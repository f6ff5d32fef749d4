"""Guards of the officers' decision: what must be true before a record may go on to a case.

Each is one article: the software never fines, and no single person can either.
"""

from __future__ import annotations

from sqlalchemy import func, select

from models import deadlines, fitness
from models.contacts import frozen_by
from models.errors import Refusal
from models.event import Event, EventState
from models.flow import Step
from models.flows.ground_guards import asked
from models.grounds import ground_of
from models.pack import is_broken, pack_status
from models.people import Statement, StatementStatus, User
from models.recusal import open_requests, signers


def pack_complete(step: Step) -> Refusal | None:
    """A19, 2.7: without E1, E3, E4 and E6 nothing goes before an officer."""
    status = pack_status(step.session, step.event, policy=step.policy)
    if status.complete:
        return None
    return Refusal("PACK_INCOMPLETE", "the evidence pack lacks " + ", ".join(status.missing))


def evidence_is_broken(step: Step) -> Refusal | None:
    """W52: a stored file is not what was recorded; nothing may rest on this pack any more."""
    if is_broken(step.session, step.event):
        return None
    return Refusal("EVIDENCE_SOUND", "every stored file is what was recorded")


def evidence_is_sound(step: Step) -> Refusal | None:
    """W52 for what needs no pack of its own: hanging and posters (B8)."""
    if not is_broken(step.session, step.event):
        return None
    return Refusal("EVIDENCE_BROKEN", "a stored file is not what was recorded")


def device_reviewed(step: Step) -> Refusal | None:
    """L01, 行政处罚法 art. 41(1)."""
    return asked(fitness.reviewed, step)


def device_calibrated(step: Step) -> Refusal | None:
    """L35, 程序规定 art. 15: where verification is recorded, it must not have expired."""
    return asked(fitness.calibrated, step)


def zone_has_legal_basis(step: Step) -> Refusal | None:
    """0.8: a zone without a legal basis reminds, and is never evidence."""
    return asked(fitness.has_legal_basis, step)


def our_authority(step: Step) -> Refusal | None:
    """L21: a motor lane or another authority's zone can only be handed over."""
    return asked(fitness.our_authority, step)


def owner_was_told(step: Step) -> Refusal | None:
    """Invariant 1: a delivered notice (or a paper notice), and its deadline passed."""
    event = step.event
    told = event.notified_at is not None and event.grace_deadline_at is not None
    if told and event.grace_deadline_at is not None and step.at > event.grace_deadline_at:
        return None
    return Refusal("NOT_NOTIFIED", "the owner was not told, or the grace is not over")


def within_review_time(step: Step) -> Refusal | None:
    """L37, 程序规定 art. 19: five work days from the collection."""
    count = step.policy.review_hard_work_days
    calendar = step.policy.calendar
    if step.at < deadlines.end_of_work_days(step.event.flagged_at, count, calendar):
        return None
    return Refusal("REVIEW_EXPIRED", f"more than {count} work days have passed")


def review_time_over(step: Step) -> Refusal | None:
    """A22: the other side of `within_review_time`."""
    if within_review_time(step) is not None:
        return None
    return Refusal("REVIEW_OPEN", "the review is still in time")


def no_open_statement(step: Step) -> Refusal | None:
    """L11, W21: what an owner says is heard first."""
    count = step.session.scalar(
        select(func.count(Statement.id)).where(
            Statement.event_id == step.event.id, Statement.status == StatementStatus.OPEN
        )
    )
    if not count:
        return None
    return Refusal("STATEMENT_OPEN", "a statement of the owner is not answered yet")


def no_open_reply(step: Step) -> Refusal | None:
    """W20, W49: "not my car", or an emergency, told by text, is looked into first."""
    if not frozen_by(step.session, step.event):
        return None
    return Refusal("REPLY_OPEN", "a reply of the owner has frozen this until an officer answers it")


def statement_window_over(step: Step) -> Refusal | None:
    """L03, L10: time to speak after the owner was told that an officer will look (N3)."""
    wait = step.policy.statement_window_seconds
    deadline = step.event.grace_deadline_at
    if deadline is not None and (step.at - deadline).total_seconds() >= wait:
        return None
    return Refusal("STATEMENT_WINDOW", "the owner's time for a statement is not over")


def not_escalated_before(step: Step) -> Refusal | None:
    """L07, 行政处罚法 art. 29: one stay, one event, one escalation."""
    event = step.event
    twin = step.session.scalar(
        select(Event.event_no).where(
            Event.id != event.id,
            Event.plate == event.plate,
            Event.area_id == event.area_id,
            Event.state == EventState.ESCALATED,
            Event.first_seen_at <= event.last_seen_at,
            Event.last_seen_at >= event.first_seen_at,
        )
    )
    if twin is None:
        return None
    return Refusal("ALREADY_ESCALATED", f"the same stay was escalated as {twin}")


def officer_licensed(step: Step) -> Refusal | None:
    """L08, 行政处罚法 art. 42: a valid enforcement licence."""
    user = step.inputs.get("user")
    today = deadlines.local(step.at).date()
    if isinstance(user, User) and user.active and user.is_licensed(today):
        return None
    return Refusal("NOT_LICENSED", "only an officer with a valid licence may decide")


def officer_did_not_draw_zone(step: Step) -> Refusal | None:
    """Whoever drew the zone does not judge by it."""
    user = step.inputs.get("user")
    if isinstance(user, User) and user.id != step.event.zone_version.created_by:
        return None
    return Refusal("ZONE_AUTHOR", "who drew the zone may not decide on its events")


def no_open_recusal_request(step: Step) -> Refusal | None:
    """L09: what the party asks of an officer is answered before anybody escalates."""
    if not open_requests(step.session, step.event):
        return None
    return Refusal("RECUSAL_OPEN", "the party's request for recusal is not answered yet")


def no_void_ground(step: Step) -> Refusal | None:
    """L39: what is to be cancelled is not escalated."""
    if ground_of(step.session, step.event) is None:
        return None
    return Refusal("VOID_GROUND", "a ground to cancel the record was verified: void it")


def within_two_years(step: Step) -> Refusal | None:
    """L19, 行政处罚法 art. 36: what nobody found for two years is not punished any more."""
    if step.at < deadlines.years_later(step.event.first_seen_at, 2):
        return None
    return Refusal("TOO_OLD", "more than two years have passed since it happened")


def two_officers(step: Step) -> Refusal | None:
    """L08, L09: reviewer and co-signer, two different persons without a conflict; the database
    holds it too."""
    signed = set(signers(step.session, step.event.id))
    if len(signed) >= 2:
        return None
    return Refusal("CO_SIGNER_MISSING", f"{len(signed)} of 2 officers have signed")
