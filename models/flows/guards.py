"""Guards of the parking flow: each answers None (go on) or why not, as code and sentence.

Guards change nothing. The rule's source stands in each docstring (domain.md rows).
"""

from __future__ import annotations

from sqlalchemy import func, select

from models import deadlines, delivery
from models.contacts import is_stale
from models.errors import Refusal
from models.event import Event, EventState
from models.evidence import Evidence, EvidenceKind
from models.facts import Contact
from models.flow import Step
from models.flows import ground_guards, texts
from models.flows.hours import in_hours
from models.ground import in_bay
from models.people import Role, User
from models.recusal import is_recused
from models.zone import Authority, ConfirmMode, Surface, ZoneKind, ZonePhase

MOTOR_VEHICLES = frozenset({"car", "van", "truck", "bus"})
PHOTO_SECONDS = 60.0
"""A26: a paper notice is noted so soon after its photo, or the photo is taken again."""
TWO_WHEELERS = frozenset({"motorcycle", "bicycle"})


# Birth and gates


def zone_in_force(step: Step) -> Refusal | None:
    """A1: an active parking zone of a camera in service."""
    zone = step.event.zone
    if zone.retired_at is not None or zone.kind != ZoneKind.PARKING:
        return Refusal("ZONE_NOT_IN_FORCE", "the zone is retired or is no parking zone")
    if not step.event.camera.enabled:
        return Refusal("CAMERA_OFF", "the camera is not in service")
    return None


def is_vehicle(step: Step) -> Refusal | None:
    """A3, W46: car, van, truck or bus (0505), motorcycle or bicycle (0506)."""
    if step.event.object_kind in MOTOR_VEHICLES | TWO_WHEELERS:
        return None
    return Refusal("WRONG_KIND", f"a {step.event.object_kind} is no vehicle of this flow")


def is_two_wheeler(step: Step) -> Refusal | None:
    """W46: motorbike, e-bike, shared bike: another type (0506), somebody walks there, no text."""
    if step.event.object_kind in TWO_WHEELERS:
        return None
    return Refusal("MOTOR_VEHICLE", "it is no two-wheeler")


def dwelt_long_enough(step: Step) -> Refusal | None:
    """A3, L33: a short stop with the driver at hand is allowed. W30: the dwell counts from the
    beginning of the zone's hours."""
    begun = ground_guards.counted_from(step, step.event)
    stood = (step.event.flagged_at - begun).total_seconds()
    if stood >= step.event.zone_version.dwell_seconds:
        return None
    return Refusal("DWELL_TOO_SHORT", f"it stood {stood:g} s only")


def outside_bays(step: Step) -> Refusal | None:
    """A3, L32: 道交法 art. 56 exempts marked bays."""
    event = step.event
    if in_bay(event.zone_version, event.box, at=event.flagged_at, calendar=step.policy.calendar):
        return Refusal("LEGAL_BAY", "it stands in a marked bay")
    return None


def has_master(step: Step) -> Refusal | None:
    """A4: the same plate and area, or the same place, already has an open event."""
    if isinstance(step.inputs.get("master"), Event):
        return None
    return Refusal("NO_MASTER", "no open event of this vehicle is known")


def exemption_proven(step: Step) -> Refusal | None:
    """A5, L43: exempt by a valid permit or a duty, never by the plate alone."""
    if step.inputs.get("exemption"):
        return None
    return Refusal("NOT_EXEMPT", "no exemption is proven")


def in_shadow_phase(step: Step) -> Refusal | None:
    """B11: a zone on trial only counts."""
    if step.event.zone_version.phase == ZonePhase.SHADOW:
        return None
    return Refusal("NOT_SHADOW", "the zone is no longer on trial")


def hardly_seen(step: Step) -> Refusal | None:
    """W06: below 0.50 it is dropped."""
    mean = step.facts.get("confidence_mean", 0.0)
    if mean < step.policy.drop_confidence:
        return None
    return Refusal("SEEN_WELL", f"mean detection confidence is {mean:g}")


def confirms_by_itself(step: Step) -> Refusal | None:
    """A6, A7: the zone's confirm mode."""
    if step.event.zone_version.confirm_mode == ConfirmMode.AUTO:
        return None
    return Refusal("OFFICER_CONFIRMS", "in this zone an officer confirms every event")


def all_gates_pass(step: Step) -> Refusal | None:
    """A7: every gate, each stored with measured and needed."""
    gates = step.event.confirm_gates
    failed = [gate["gate"] for gate in gates if not gate["passed"]]
    if gates and not failed:
        return None
    return Refusal("GATE_FAILED", "gates failed: " + (", ".join(failed) or "none was measured"))


def is_no_case_of_ours(step: Step) -> Refusal | None:
    """A27, W33, W45: another authority's zone, or a suspected clone, goes to the police."""
    version = step.event.zone_version
    foreign = version.authority != Authority.CHENGGUAN or version.surface == Surface.MOTOR_LANE
    if foreign or step.inputs.get("clone_suspected"):
        return None
    return Refusal("OUR_CASE", "the case is ours and no clone is suspected")


# Officers


def by_active_officer(step: Step) -> Refusal | None:
    """A8: an officer, signed in and active."""
    user = step.inputs.get("user")
    if isinstance(user, User) and user.active and user.has(Role.OFFICER):
        return None
    return Refusal("NOT_AN_OFFICER", "only an active officer may do this")


def not_recused(step: Step) -> Refusal | None:
    """L09, W44: who has a conflict has no hand in it, in whatever direction."""
    user = step.inputs.get("user")
    if isinstance(user, User) and not is_recused(step.session, step.event.id, user.id):
        return None
    return Refusal("RECUSED", "a recused officer has no hand in this event")


def plate_known(step: Step) -> Refusal | None:
    """A8, W04: without a plate nobody can be told; send a patrol instead."""
    if step.event.plate or step.inputs.get("plate"):
        return None
    return Refusal("PLATE_UNKNOWN", "the plate is not readable: type it in or send a patrol")


def reason_given(step: Step) -> Refusal | None:
    """A8, A21, A23: no officer's step against the machine without a reason code."""
    if step.reason:
        return None
    return Refusal("REASON_MISSING", "a reason is needed")


# The notice


def vehicle_has_plate(step: Step) -> Refusal | None:
    """A10: without a plate there is nobody to tell."""
    return None if step.event.plate else Refusal("NO_PLATE", "no plate was read")


def still_fresh(step: Step) -> Refusal | None:
    """W50: a backlog older than the confirm time-out is not noticed any more."""
    since = step.event.confirmed_at or step.event.flagged_at
    age = (step.at - since).total_seconds()
    if age <= step.policy.confirm_timeout_seconds:
        return None
    return Refusal("STALE", f"confirmed {age:g} s ago: too old for a notice")


def owner_reachable(step: Step) -> Refusal | None:
    """A11, W19, W49: a contact is known, has agreed to be written to, and is still the owner's."""
    contact = step.inputs.get("contact")
    if not isinstance(contact, Contact) or not contact.phone:
        local = (step.event.plate or "").startswith(step.policy.home_prefixes)
        code = "NO_CONTACT" if local else "NO_CONTACT_NONLOCAL"
        return Refusal(code, "the owner's phone is not known")
    if not contact.authorised:
        return Refusal("CONTACT_NOT_AUTHORISED", "the contact has not agreed to be written to")
    if is_stale(step.session, contact.phone):
        return Refusal("CONTACT_STALE", "whoever has this phone said that the car is not theirs")
    return None


def in_sms_hours(step: Step) -> Refusal | None:
    """L89, W30: the zone's hours for texts, local time, when its turn comes (L88); outside them a
    patrol goes."""
    version = step.event.zone_version
    turn = texts.apart(step.session, step.event, step.at, step.policy)
    if in_hours(version, step.at) and in_hours(version, turn):
        return None
    begin, end = version.sms_from, version.sms_until
    return Refusal("QUIET_HOURS", f"texts are sent from {begin} to {end} only")


def under_sms_limit(step: Step) -> Refusal | None:
    """L88: at most six texts a plate and day."""
    sent = texts.texts_today(step.session, step.event, step.at)
    if sent < step.policy.sms_per_plate_per_day:
        return None
    return Refusal("SMS_LIMIT", f"{sent} texts today are enough")


def outbox_keeps_up(step: Step) -> Refusal | None:
    """W50: what would wait longer for its turn than the confirm time-out is not noticed."""
    wait = texts.backlog_seconds(step.session, step.policy)
    if wait <= step.policy.confirm_timeout_seconds:
        return None
    return Refusal("SMS_BACKLOG", f"the texts before it take {wait:g} s")


def texts_arrive(step: Step) -> Refusal | None:
    """W48: while too few texts arrive, an officer confirms."""
    if delivery.open_pause(step.session) is None:
        return None
    return Refusal("DELIVERY_PAUSED", "too few texts arrive: an officer confirms every event")


def not_on_blind_track(step: Step) -> Refusal | None:
    """4.2, no-grace conditions: a blind track must be free at once."""
    if step.event.zone_version.surface != Surface.BLIND_TRACK:
        return None
    return Refusal("BLIND_TRACK", "on a blind track there is no grace")


def first_grace_today(step: Step) -> Refusal | None:
    """W26: one grace a plate, area and day (`daily_grace_limit`); then text N1b and a patrol."""
    given = graces_today(step)
    if given < step.policy.daily_grace_limit:
        return None
    return Refusal("SAME_DAY_REPEAT", f"{given} grace(s) already given here today")


def graces_today(step: Step) -> int:
    event = step.event
    start, end = deadlines.local_day(step.at)
    count = step.session.scalar(
        select(func.count(Event.id)).where(
            Event.plate == event.plate,
            Event.area_id == event.area_id,
            Event.id != event.id,
            Event.notified_at >= start,
            Event.notified_at < end,
            Event.state != EventState.VOIDED,
        )
    )
    return count or 0


def acceptance_counts(step: Step) -> Refusal | None:
    """0.3: only in a city whose provider gives no receipts does acceptance start the clock."""
    if step.event.grace_policy == "accepted":
        return None
    return Refusal("RECEIPT_NEEDED", "the seven minutes start at the delivery receipt")


def paper_photographed(step: Step) -> Refusal | None:
    """A26, L34: the photo of the paper notice starts the clock; an old one would have eaten it."""
    photo = step.inputs.get("photo")
    fits = (
        isinstance(photo, Evidence)
        and photo.kind == EvidenceKind.PAPER
        and photo.event_id == step.event.id
        and photo.captured_at <= step.at
    )
    if not isinstance(photo, Evidence) or not fits:
        return Refusal("NO_PHOTO", "a photo of the paper notice is needed")
    if (step.at - photo.captured_at).total_seconds() <= PHOTO_SECONDS:
        return None
    return Refusal("PHOTO_OLD", "the photo is too old to start the time: take a new one")
