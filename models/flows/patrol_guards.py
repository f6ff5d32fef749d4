"""Guards of what officers find on the spot: paper notices (A26) and tows (A25, L26, L44)."""

from __future__ import annotations

from sqlalchemy import select

from models import deadlines
from models.errors import Refusal
from models.evidence import Evidence, EvidenceKind
from models.flow import Step
from models.pack import on_site_photos

NIGHT_FROM, NIGHT_UNTIL = 22, 6
"""Local hours that count as night (L26)."""


def told_on_paper(step: Step) -> Refusal | None:
    """A26: the officer's second look follows the officer's notice; a text has the camera's."""
    if step.event.grace_policy == "paper":
        return None
    return Refusal("NOT_ON_PAPER", "the owner was not told by a paper notice")


def unmoved_on_site(step: Step) -> Refusal | None:
    """A26: the officer says which vehicle it is and that it has not moved since the notice."""
    said = step.inputs.get("plate")
    if step.inputs.get("unmoved") is True and said and said == step.event.plate:
        return None
    return Refusal("MOVED_OR_OTHER", "it is another vehicle, or it has moved: that is left in time")


def two_photos_after_deadline(step: Step) -> Refusal | None:
    """A26, invariant 1: two photos on the spot, both at least ten seconds after the deadline and
    ten seconds apart, before the time for the re-check is over."""
    rows = step.session.scalars(
        select(Evidence.captured_at).where(
            Evidence.event_id == step.event.id, Evidence.kind == EvidenceKind.ON_SITE
        )
    )
    taken = on_site_photos(list(rows), step.event, step.policy)
    gap = step.policy.present_confirm_gap_seconds
    if len(taken) >= 2 and (taken[-1] - taken[0]).total_seconds() >= gap:
        return None
    return Refusal(
        "PHOTOS_MISSING", f"two photos are needed, {gap:g} s after the deadline and {gap:g} s apart"
    )


def tow_photographed(step: Step) -> Refusal | None:
    """L44: a tow is photographed, of this event and just now."""
    photo = step.inputs.get("photo")
    if (
        isinstance(photo, Evidence)
        and photo.kind == EvidenceKind.TOW
        and photo.event_id == step.event.id
        and photo.captured_at <= step.at
    ):
        return None
    return Refusal("NO_PHOTO", "a photo of the tow is needed")


def tow_by_day_or_urgent(step: Step) -> Refusal | None:
    """L26, 行政强制法 art. 43: not at night or on a day off, unless it is urgent, with a reason."""
    if str(step.facts.get("urgent") or "").strip():
        return None
    now = deadlines.local(step.at)
    night = now.hour >= NIGHT_FROM or now.hour < NIGHT_UNTIL
    if not night and step.policy.calendar.is_work_day(now.date()) is True:
        return None
    return Refusal(
        "NIGHT_OR_HOLIDAY", "at night and on days off only what is urgent, with a reason"
    )
