"""Guards of the hanging and poster flows (domain.md 4.3); what parking shares lies in `guards`,
`watch_guards` and `decision_guards`. Guards change nothing."""

from __future__ import annotations

from sqlalchemy import func, select

from models import deadlines
from models.contacts import is_stale
from models.errors import Refusal
from models.event import FlowName
from models.evidence import Evidence, EvidenceKind
from models.flow import Step
from models.notice import Notice, NoticeStatus
from models.place import FormalOrder, PlacePermit, ResponsibleParty, SignatureAct
from models.place_parties import agreement_of, order_of
from models.recusal import place_signers


def place_zone_in_force(step: Step) -> Refusal | None:
    """B1: a zone of this kind, not retired, of a camera in service."""
    event = step.event
    if event.zone.retired_at is not None or event.zone.kind != event.flow:
        return Refusal("ZONE_NOT_IN_FORCE", f"the zone is retired or is no {event.flow} zone")
    if not event.camera.enabled:
        return Refusal("CAMERA_OFF", "the camera is not in service")
    return None


def seen_long_enough(step: Step) -> Refusal | None:
    """B1: the zone's dwell (300 s), over at least three clear looks."""
    event = step.event
    hung = (event.flagged_at - event.first_seen_at).total_seconds()
    if hung < event.zone_version.dwell_seconds:
        return Refusal("DWELL_TOO_SHORT", f"it was there {hung:g} s only")
    samples = int(step.facts.get("samples", 0))
    if samples < step.policy.place_samples:
        return Refusal("TOO_FEW_SAMPLES", f"it was seen in {samples} looks only")
    return None


def permitted_here(step: Step) -> Refusal | None:
    """B1, L51: an approved banner, festival decorations: the permit names place and period."""
    if isinstance(step.inputs.get("permit"), PlacePermit):
        return None
    return Refusal("NO_PERMIT", "no permit covers it")


def not_designated(step: Step) -> Refusal | None:
    """L50, 国务院条例 art. 10: hanging is regulated on designated streets only; the zone names the
    document that designates it, or nothing is asked of anybody."""
    event = step.event
    if event.flow == FlowName.HANGING and not event.zone_version.designation_document.strip():
        return None
    return Refusal("DESIGNATED", "the street is designated, or this is a poster")


def ownerless_poster(step: Step) -> Refusal | None:
    """B9: a poster before nobody's door goes straight to a crew."""
    if step.event.flow == FlowName.POSTER and step.event.party_id is None:
        return None
    return Refusal("OWNER_KNOWN", "somebody answers for the place, or this is no poster")


def party_known(step: Step) -> Refusal | None:
    """B2: exactly one shop or household answers for the place."""
    if isinstance(step.inputs.get("party"), ResponsibleParty):
        return None
    return Refusal("NO_SINGLE_PARTY", "none, or several, answer for this frontage")


def texts_authorised(step: Step) -> Refusal | None:
    """B3, B4: the agreement (门前三包) is in force and allows reminders; a household that gave no
    number for this purpose is visited."""
    party = step.inputs.get("party")
    if not isinstance(party, ResponsibleParty):
        return Refusal("NO_SINGLE_PARTY", "nobody can be written to")
    today = deadlines.local(step.at).date()
    agreement = agreement_of(step.session, party, step.event.camera_id, today)
    if agreement is None:
        return Refusal("NO_AGREEMENT", "no agreement of this party is in force")
    if not agreement.authorises_texts or not party.phone:
        return Refusal("CONTACT_NOT_AUTHORISED", "the agreement allows no reminders by text")
    if is_stale(step.session, party.phone):
        return Refusal("CONTACT_STALE", "whoever has this phone said that it is not theirs (W49)")
    return None


def under_party_limit(step: Step) -> Refusal | None:
    """L88: at most six texts a contact and day."""
    start, end = deadlines.local_day(step.at)
    sent = step.session.scalar(
        select(func.count(Notice.id))
        .join(type(step.event), type(step.event).id == Notice.event_id)
        .where(
            type(step.event).party_id == step.event.party_id,
            Notice.created_at >= start,
            Notice.created_at < end,
            Notice.status != NoticeStatus.CANCELLED,
        )
    )
    if (sent or 0) < step.policy.sms_per_plate_per_day:
        return None
    return Refusal("SMS_LIMIT", f"{sent} texts today are enough")


def responsible_named(step: Step) -> Refusal | None:
    """B6: the officer says who is responsible; nobody is ordered to do anything by a polygon."""
    if step.event.party_id is not None or party_known(step) is None:
        return None
    return Refusal("NO_RESPONSIBLE", "name the shop or household that is responsible")


def order_served(step: Step) -> Refusal | None:
    """B7, L52: a written order, served, with time to correct that nobody cut short."""
    order = order_of(step.session, step.event)
    if order is None or order.served_at is None or order.due_at is None:
        return Refusal("ORDER_NOT_SERVED", "no written order was served")
    given = (order.due_at - order.served_at).total_seconds()
    if order.served_at > step.at or given < step.policy.order_least_seconds:
        return Refusal("ORDER_TOO_SHORT", "the order gives too little time")
    return None


def order_period_over(step: Step) -> Refusal | None:
    """L52: only after the period of the order has ended."""
    order = order_of(step.session, step.event)
    if order is not None and order.due_at is not None and step.at >= order.due_at:
        return None
    return Refusal("ORDER_RUNNING", "the period of the order has not ended")


def photographed_after_order(step: Step) -> Refusal | None:
    """B8: an officer's photo on the spot, taken after the period had ended."""
    order = order_of(step.session, step.event)
    if order is not None and order.due_at is not None and _photo_after(step, order):
        return None
    return Refusal("NO_ON_SITE_PHOTO", "no photo on the spot was taken after the order's period")


def _photo_after(step: Step, order: FormalOrder) -> bool:
    row = step.session.scalar(
        select(Evidence.id).where(
            Evidence.event_id == step.event.id,
            Evidence.kind == EvidenceKind.ON_SITE,
            Evidence.captured_at > order.due_at,
            Evidence.captured_at <= step.at,
        )
    )
    return row is not None


def order_check_over(step: Step) -> Refusal | None:
    """B8: nobody looked in time, so nothing follows."""
    order = order_of(step.session, step.event)
    if order is not None and order.due_at is not None:
        policy = step.policy
        end = deadlines.end_of_work_days(
            order.due_at, policy.order_check_work_days, policy.calendar
        )
        if step.at >= end:
            return None
    return Refusal("ORDER_CHECK_RUNNING", "there is still time to look")


def two_signed_order(step: Step) -> Refusal | None:
    """B7, L08: two different licensed officers sign the order."""
    return _two(step, SignatureAct.ORDER)


def two_signed_escalation(step: Step) -> Refusal | None:
    """B8, L08: two different licensed officers sign; the database holds it too."""
    return _two(step, SignatureAct.ESCALATE)


def _two(step: Step, act: SignatureAct) -> Refusal | None:
    signed = len(place_signers(step.session, step.event.id, act))
    if signed >= 2:
        return None
    return Refusal("CO_SIGNER_MISSING", f"{signed} of 2 officers have signed")
