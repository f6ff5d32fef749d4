"""Guards of the crowd flow (domain.md 4.4). They look at numbers, calls and permits only."""

from __future__ import annotations

from sqlalchemy import func, select

from models.crowd_view import CrowdView, view_of
from models.errors import Refusal
from models.flow import Step
from models.place import CallAnswer, PlacePermit, ResponderCall
from models.zone import ZoneKind


def view(step: Step) -> CrowdView:
    """The counts so far: read once by the caller, or now."""
    known = step.inputs.get("view")
    if isinstance(known, CrowdView):
        return known
    return view_of(step.session, step.event.zone, policy=step.policy, at=step.at)


def crowd_zone_in_force(step: Step) -> Refusal | None:
    """C1: a crowd zone, not retired, of a camera in service."""
    zone = step.event.zone
    if zone.retired_at is not None or zone.kind != ZoneKind.CROWD:
        return Refusal("ZONE_NOT_IN_FORCE", "the zone is retired or is no crowd zone")
    if not step.event.camera.enabled:
        return Refusal("CAMERA_OFF", "the camera is not in service")
    return None


def near_threshold(step: Step) -> Refusal | None:
    """C1: 0.8 of the threshold for 30 s, or for the zone's hold where that is shorter."""
    policy = step.policy
    seconds = min(policy.crowd_watch_seconds, step.event.zone_version.dwell_seconds)
    if view(step).at_least(policy.crowd_watch_share, seconds):
        return None
    return Refusal("FEW_PEOPLE", "the count was not near the threshold for long enough")


def over_threshold(step: Step) -> Refusal | None:
    """C2: the threshold for the zone's hold (60 s by default), by medians of at least five
    looks."""
    if view(step).at_least(1.0, step.event.zone_version.dwell_seconds):
        return None
    return Refusal("BELOW_THRESHOLD", "the threshold was not held for long enough")


def calmed_down(step: Step) -> Refusal | None:
    """Back below 0.8 of the threshold for as long as it takes to be watched."""
    policy = step.policy
    if view(step).below(policy.crowd_watch_share, policy.crowd_watch_seconds):
        return None
    return Refusal("STILL_WATCHED", "the count is still near the threshold")


def event_permitted(step: Step) -> Refusal | None:
    """C3: an approved event (place, time, number), and no more people than were approved."""
    seen = view(step)
    permit, people = seen.permit, seen.people
    if not isinstance(permit, PlacePermit) or permit.max_people is None:
        return Refusal("NO_PERMIT", "no event is approved here at this time")
    if people is None or people >= permit.max_people:
        return Refusal("OVER_PERMIT", "more people than were approved")
    return None


def dispersed(step: Step) -> Refusal | None:
    """C6: below 0.7 of the threshold for 120 s. C8: where the camera is lost, a responder's own
    count decides."""
    policy, seen = step.policy, view(step)
    if seen.below(policy.crowd_calm_share, policy.crowd_calm_seconds):
        return None
    if seen.manual_below(policy.crowd_calm_share):
        return None
    return Refusal("NOT_DISPERSED", "too many people are still there, or nobody can see")


def responder_reported(step: Step) -> Refusal | None:
    """C6: and a responder has reported, since the last alarm."""
    count = step.session.scalar(
        select(func.count(ResponderCall.id)).where(
            ResponderCall.event_id == step.event.id,
            ResponderCall.round == round_of(step),
            ResponderCall.reported_at.is_not(None),
        )
    )
    return None if count else Refusal("NO_REPORT", "no responder has reported yet")


def falling(step: Step) -> Refusal | None:
    """C6: a tenth fewer than at the dispatch: they are leaving."""
    if not_falling(step) is None:
        return Refusal("NOT_FALLING", "the count is not falling")
    if view(step).latest is None:
        return Refusal("CAMERA_LOST", "nobody sees whether the count is falling")
    return None


def not_falling(step: Step) -> Refusal | None:
    """C7: not a tenth fewer than ten minutes ago. C8: without any count nothing is said."""
    people = view(step).people
    start = step.event.measured.get("falling_from")
    if people is None or start is None:
        return Refusal("CAMERA_LOST", "there is no count to judge by")
    if people > float(start) * (1.0 - step.policy.crowd_falling_share):
        return None
    return Refusal("FALLING", "the count is falling")


def far_over_threshold(step: Step) -> Refusal | None:
    """C7: one and a half times the threshold."""
    if view(step).now_at_least(step.policy.crowd_emergency_share):
        return None
    return Refusal("NOT_THAT_MANY", "the count is below one and a half times the threshold")


def nobody_answered(step: Step) -> Refusal | None:
    """C7: no responder accepted within five minutes."""
    count = step.session.scalar(
        select(func.count(ResponderCall.id)).where(
            ResponderCall.event_id == step.event.id,
            ResponderCall.round == round_of(step),
            ResponderCall.answer == CallAnswer.ACCEPTED,
        )
    )
    return Refusal("ANSWERED", "a responder is on the way") if count else None


def has_arrived(step: Step) -> Refusal | None:
    """C5: one of the responders that were called stands there (button, or GPS within 50 m)."""
    call = step.inputs.get("call")
    if isinstance(call, ResponderCall) and call.arrived_at is not None:
        return None
    return Refusal("NOT_ARRIVED", "no responder that was called has arrived")


def round_of(step: Step) -> int:
    """1, and one more for each time the event was opened again (C9)."""
    return int(step.event.measured.get("round", 1))
