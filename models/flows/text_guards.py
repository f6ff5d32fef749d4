"""Guards about texts that went out twice (W29). Guards change nothing."""

from __future__ import annotations

from models.errors import Refusal
from models.event import Event
from models.flow import Step


def texted_before(step: Step) -> Refusal | None:
    """W29: the other event is the same vehicle's, at the same time, and its owner was told
    first: only that one counts."""
    master, event = step.inputs.get("master"), step.event
    if not isinstance(master, Event) or master.id == event.id:
        return Refusal("NO_MASTER", "name the other event of this vehicle")
    if master.plate != event.plate or event.plate is None:
        return Refusal("OTHER_VEHICLE", f"{master.event_no} is another vehicle's")
    if master.first_seen_at > event.last_seen_at or master.last_seen_at < event.first_seen_at:
        return Refusal("OTHER_STAY", f"{master.event_no} is another stay")
    told = master.notified_at
    if told is None or (event.notified_at is not None and event.notified_at < told):
        return Refusal("NOT_TOLD_FIRST", f"the owner was not told of {master.event_no} first")
    return None
