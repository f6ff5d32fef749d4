"""Effects of the hanging and poster flows: what a step writes besides the new state."""

from __future__ import annotations

from datetime import timedelta

from models import deadlines
from models.event import DeadlineKind
from models.flow import Step
from models.flows import texts
from models.looks import Watch, add_flag
from models.notice import NoticeStatus
from models.place import PlacePermit, ResponsibleParty
from models.place_parties import next_opening, order_of, shop_colour


def note_permit(step: Step) -> None:
    """The document that allows it stands in the log."""
    permit = step.inputs["permit"]
    if isinstance(permit, PlacePermit):
        step.facts["permit"] = permit.document
        step.reason = "PERMITTED"


def name_why_not_flagged(step: Step) -> None:
    """B1: what the rule itself lacked (no permit is not why)."""
    step.reason = step.earlier[-1].code


def note_party(step: Step) -> None:
    """B2, B10: who answers for the frontage, and how often there was something lately."""
    party = step.inputs.get("party")
    if not isinstance(party, ResponsibleParty):
        return
    step.event.party_id = party.id
    step.session.flush()
    colour = shop_colour(step.session, party, at=step.at, policy=step.policy)
    step.facts["party"] = party.id
    step.facts["colour"] = colour
    if colour != "green":
        add_flag(step.event, f"shop_{colour}")


def queue_n7(step: Step) -> None:
    """B3: the reminder; outside business hours it waits for the next opening."""
    event, party = step.event, step.inputs["party"]
    if not isinstance(party, ResponsibleParty) or party.phone is None:
        raise TypeError("guards let only a party with a phone pass")
    event.grace_policy = step.policy.grace_policy
    first_try = next_opening(party, event.zone_version, step.at)
    notice = texts.queue_reminder(
        step.session, event, party, at=step.at, first_try=first_try, policy=step.policy
    )
    if first_try > step.at:
        add_flag(event, "waits_for_opening")
    due = notice.next_attempt_at + timedelta(seconds=step.policy.sms_submit_seconds)
    deadlines.promise(step.session, event, DeadlineKind.SMS_SUBMIT, due)


def withdraw_reminder(step: Step) -> None:
    """A text that has not left the house must not start a clock later."""
    texts.cancel_unsent(step.session, step.event, ("N7",))


def name_why_visit(step: Step) -> None:
    """The first thing that stood against a text is why somebody walks there (B4)."""
    if step.earlier:
        step.reason = step.earlier[0].code


def start_confirmed_review(step: Step) -> None:
    """B6: an officer said that it is one, and whose; now two may write an order."""
    note_party(step)


def start_finding(step: Step) -> None:
    """What was not rectified waits for an officer: five work days from the first picture."""
    event, policy = step.event, step.policy
    soft = deadlines.add_work_seconds(step.at, policy.review_soft_seconds, policy.calendar)
    hard = deadlines.end_of_work_days(
        event.flagged_at, policy.review_hard_work_days, policy.calendar
    )
    deadlines.promise(step.session, event, DeadlineKind.REVIEW_SOFT, soft)
    deadlines.promise(step.session, event, DeadlineKind.REVIEW_HARD, max(hard, step.at))


def tell_not_rectified(step: Step) -> None:
    """N7b: officers will come and order correction; nothing is decided."""
    texts.queue_followup(step.session, step.event, "N7b", at=step.at, policy=step.policy)


def start_order(step: Step) -> None:
    """B7: the period of the order is a deadline of its own (L52)."""
    order = order_of(step.session, step.event)
    if order is None or order.due_at is None:
        raise TypeError("guards let only a served order pass")
    _done(step, DeadlineKind.REVIEW_SOFT, DeadlineKind.REVIEW_HARD)
    deadlines.promise(step.session, step.event, DeadlineKind.ORDER, order.due_at)
    step.facts["order_no"] = order.order_no
    step.facts["order_due_at"] = order.due_at.isoformat()


def end_order_period(step: Step) -> None:
    """The period has ended: from now on somebody may look on the spot, for so many work days."""
    order = order_of(step.session, step.event)
    if order is None or order.due_at is None:
        raise TypeError("an order that was served has an end")
    order.expired_at = step.at
    _done(step, DeadlineKind.ORDER)
    over = deadlines.end_of_work_days(
        order.due_at, step.policy.order_check_work_days, step.policy.calendar
    )
    deadlines.promise(step.session, step.event, DeadlineKind.ORDER_CHECK, over)


def note_removal(step: Step) -> None:
    """B5: since when it is gone."""
    event, watch = step.event, step.inputs.get("watch")
    gone = watch.gone_at if isinstance(watch, Watch) else None
    event.gone_at = gone = gone or step.at
    seen_late = event.grace_deadline_at is not None and gone > event.grace_deadline_at
    if seen_late and step.transition.trigger == "absent":
        step.reason = "CORRECTED_LATE"


def unsent_reminder_ends(step: Step) -> None:
    """It was taken down before the text left: then the text is not sent either."""
    first = texts.notice_of(step.session, step.event, "N7")
    if first is not None and first.status == NoticeStatus.QUEUED:
        first.status = NoticeStatus.CANCELLED


def _done(step: Step, *kinds: DeadlineKind) -> None:
    deadlines.fulfil(step.session, step.event, kinds, at=step.at, result=step.transition.target)
