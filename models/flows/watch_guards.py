"""Guards that turn on what the cameras saw: still there, left in time, stayed, or in doubt.

Every doubt is the owner's: a gap, an unread plate, a missing picture each refuse A17.
"""

from __future__ import annotations

from datetime import timedelta

from models.errors import Refusal
from models.evidence import EvidenceKind
from models.flow import Step
from models.ground import covers, in_bay, masked
from models.looks import Watch, gap_warning, look_back, window_end
from models.zone import ZonePhase


def watch_of(step: Step) -> Watch:
    """The looks so far: judged once by the caller, or now."""
    known = step.inputs.get("watch")
    return known if isinstance(known, Watch) else look_back(step.session, step.event, step.policy)


def not_gone(step: Step) -> Refusal | None:
    """A9: who has left needs no reminder."""
    if watch_of(step).gone:
        return Refusal("GONE", "the vehicle is no longer there")
    return None


def still_there(step: Step) -> Refusal | None:
    """W17: clearly seen within the last minute; in doubt it is not there."""
    last = watch_of(step).last_present_at
    if last is None or watch_of(step).gone:
        return Refusal("NOT_SEEN", "the vehicle is not seen there any more")
    age = (step.at - last).total_seconds()
    if age <= step.policy.gap_warning_seconds:
        return None
    return Refusal("NOT_SEEN", f"the vehicle was last seen {age:g} s ago")


def left_before_promise(step: Step) -> Refusal | None:
    """A2, A9: gone for `absent_confirm_seconds` before any promise was made."""
    if watch_of(step).absence is not None:
        return None
    return Refusal("NOT_ABSENT", "no continuous clear absence was seen")


def left_in_time(step: Step) -> Refusal | None:
    """A14, A16, W08, W10: absence confirmed, and the vehicle was not first shown to have stayed.

    The last sighting decides, not the end of the 30 s. Who was seen once after the deadline,
    but not by two pictures ten seconds apart, is given the benefit of the doubt.
    """
    watch = watch_of(step)
    if watch.absence is None:
        return Refusal("NOT_ABSENT", "no continuous clear absence was seen")
    deadline = step.event.grace_deadline_at
    began_late = deadline is not None and watch.absence.started_at > deadline
    seen_late = deadline is None or (watch.last_present_at or deadline) > deadline
    if began_late and seen_late and watch.presence is not None:
        return Refusal("STAYED", "it was still there after the deadline")
    return None


def deadline_passed(step: Step) -> Refusal | None:
    """A15: the promised instant has come. (What proves a stay must lie strictly after it.)"""
    deadline = step.event.grace_deadline_at
    if deadline is not None and step.at >= deadline:
        return None
    return Refusal("GRACE_RUNNING", "the grace is not over")


def recheck_possible(step: Step) -> Refusal | None:
    """A15, W38: judged late by no more than the re-check window."""
    over = window_end(step.event, step.policy)
    if over is not None and step.at <= over:
        return None
    return Refusal("RECHECK_MISSED", "the time for a re-check has passed")


def recheck_is_over(step: Step) -> Refusal | None:
    """A18: the window has ended."""
    over = window_end(step.event, step.policy)
    if over is not None and step.at >= over:
        return None
    return Refusal("RECHECK_RUNNING", "the re-check window is still open")


def seen_after_deadline(step: Step) -> Refusal | None:
    """A17, W05: the same plate after the deadline, over at least ten seconds."""
    if watch_of(step).presence is not None:
        return None
    return Refusal("NOT_CONFIRMED", "the plate was not seen again after the deadline")


def two_panoramas(step: Step) -> Refusal | None:
    """A17, GA/T 832 3.3.1 and 3.5 b: two pictures after the deadline, ten seconds apart."""
    watch = watch_of(step)
    kinds = {row.kind for row in watch.panoramas}
    apart = watch.panorama_seconds >= step.policy.present_confirm_gap_seconds
    if apart and kinds == {EvidenceKind.E4, EvidenceKind.E6}:
        return None
    return Refusal("PANORAMAS_MISSING", "two panoramas ten seconds apart are not there yet")


def delay_passed(step: Step) -> Refusal | None:
    """4.1 `recheck_delay`: nobody is said to have stayed in the first ten seconds."""
    deadline = step.event.grace_deadline_at
    if deadline is not None:
        earliest = deadline + timedelta(seconds=step.policy.recheck_delay_seconds)
        if step.at >= earliest:
            return None
    return Refusal("TOO_EARLY", "the re-check has only begun")


def seen_throughout(step: Step) -> Refusal | None:
    """W02: after a gap of more than a minute, leaving and returning cannot be excluded."""
    gap = watch_of(step).grace_gap_seconds
    if gap <= gap_warning(step.event, step.policy):
        return None
    return Refusal("GAP_DURING_GRACE", f"the place was out of sight for {gap:g} s")


def gone_at_window_end(step: Step) -> Refusal | None:
    """W09: last seen by the deadline, and the place clearly seen without it since."""
    watch = watch_of(step)
    absent = watch.last_clear_absence_at
    deadline = step.event.grace_deadline_at
    last = watch.last_present_at or step.event.last_seen_at
    if deadline is not None and absent is not None and absent > last and last <= deadline:
        return None
    return Refusal("ABSENCE_NOT_SEEN", "the place was not clearly seen without the vehicle")


def zone_no_longer_covers(step: Step) -> Refusal | None:
    """W31: the zone was retired, or redrawn so that the vehicle stands outside or in a bay, or
    nobody may look at the place any more (L69)."""
    zone, kept = step.event.zone, step.event.zone_version
    now = zone.current
    redrawn = (now.polygon, now.bays, now.bay_hours) != (kept.polygon, kept.bays, kept.bay_hours)
    box = step.event.box
    if zone.retired_at is not None or masked(zone.camera, box):
        return None
    in_new_bay = in_bay(now, box, at=step.at, calendar=step.policy.calendar)
    if redrawn and (not covers(now, box) or in_new_bay):
        return None
    return Refusal("STILL_COVERED", "the zone still covers the place")


def zone_is_live(step: Step) -> Refusal | None:
    """B11: only a live zone may bring an event before an officer."""
    if step.event.zone_version.phase == ZonePhase.LIVE:
        return None
    return Refusal("ZONE_NOT_LIVE", "the zone is still in its warning phase")


def in_warning_phase(step: Step) -> Refusal | None:
    """B11: a warning zone texts, and that is all."""
    if zone_is_live(step) is not None:
        return None
    return Refusal("ZONE_LIVE", "the zone is live")
