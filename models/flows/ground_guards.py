"""Guards about where it happened: the camera's and the zone's standing in law, hours, duty.

Each of the first group is one question of `models.fitness`, asked of the camera as it is now and of
the zone version under which the event was seen.
"""

from __future__ import annotations

from datetime import datetime

from models import fitness, schedule
from models.errors import Refusal
from models.event import Event
from models.facts import OFFICIAL_PLATE_KINDS
from models.flow import Step
from models.ground import in_bay
from models.ground_reference import DOUBT


def device_has_purpose(step: Step) -> Refusal | None:
    """L15, L60."""
    return asked(fitness.has_purpose, step)


def device_filed(step: Step) -> Refusal | None:
    """L69: thirty days after the first use a filing number is needed."""
    return asked(fitness.filed, step)


def detector_approved(step: Step) -> Refusal | None:
    """L60: the camera's approval list."""
    return asked(fitness.detector_approved, step)


def sign_photographed(step: Step) -> Refusal | None:
    """L35: a photo of the sign goes with the zone."""
    return asked(fitness.sign_photographed, step)


def street_designated(step: Step) -> Refusal | None:
    """L50: the document that designates the street."""
    return asked(fitness.designated, step)


def asked(question: fitness.Question, step: Step) -> Refusal | None:
    """One question of `models.fitness`, as a guard's answer."""
    event = step.event
    return question(event.camera, event.zone_version, event.flagged_at)


def told_apart(step: Step) -> Refusal | None:
    """W28, L07: nothing goes on where two cameras may have seen one vehicle, and may not."""
    if DOUBT not in step.event.flags:
        return None
    return Refusal("GROUND_DOUBT", "it may be the vehicle of another event that stands beside it")


# Hours


def zone_on_duty(step: Step) -> Refusal | None:
    """A1, W30: outside the zone's hours nothing is started."""
    event = step.event
    if schedule.holds(event.zone_version.schedule, event.flagged_at, step.policy.calendar):
        return None
    return Refusal("OUTSIDE_HOURS", "parking is not forbidden here at this hour")


def counted_from(step: Step, event: Event) -> datetime:
    """When the dwell began: with the stay, or with the hours where these began later."""
    since = schedule.holds_since(
        event.zone_version.schedule, event.flagged_at, step.policy.calendar
    )
    return event.first_seen_at if since is None else max(since, event.first_seen_at)


def parking_became_legal(step: Step) -> Refusal | None:
    """W30: the zone's hours ended, or those of a bay around it began, before the promised time was
    over. The grace itself is finished; but nobody is blamed for what is allowed by then."""
    event, calendar = step.event, step.policy.calendar
    deadline = event.grace_deadline_at
    until = step.at if deadline is None else min(step.at, deadline)
    ended = schedule.first_break(event.zone_version.schedule, event.flagged_at, until, calendar)
    if ended is not None or bay_opened(step, until):
        return None
    return Refusal("STILL_FORBIDDEN", "parking is forbidden here at this hour")


def bay_opened(step: Step, until: datetime) -> bool:
    """Whether the vehicle stands in a bay whose hours have begun (L32)."""
    event = step.event
    return in_bay(event.zone_version, event.box, at=until, calendar=step.policy.calendar)


def grace_is_granted(step: Step) -> Refusal | None:
    """4.2, no-grace conditions: a strictly managed road must be free at once."""
    reason = step.event.zone_version.no_grace
    if not reason:
        return None
    return Refusal("STRICT_ROAD", f"no minutes are promised here: {reason}")


# Duty


def official_vehicle(step: Step) -> Refusal | None:
    """W23: police, ambulance, fire, rescue by the plate's kind; perhaps on duty."""
    if step.event.plate_kind in OFFICIAL_PLATE_KINDS:
        return None
    return Refusal("NO_OFFICIAL_PLATE", "its plate is no official one")
