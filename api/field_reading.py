"""What people in the field may read of an event: dispatchers, crews, patrols, called responders.

They go to a place and look at a thing there; whose it is, what the owner was told and how it is
decided is no part of that. So they get the event without plate, texts, statements and signatures,
and pictures in which only the subject is clear (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.case import Case
from models.errors import NotAllowed, NotFound
from models.event import Event, EventState, FlowName
from models.evidence import Evidence, EvidenceKind
from models.people import Role
from models.place import Responder, ResponderCall
from models.states import PlaceState

CASE_ROLES = frozenset({Role.DISPATCHER, Role.CREW, Role.PATROL})
_ON_THE_SPOT = frozenset(
    str(state)
    for state in (EventState.PATROL_ASSIGNED, PlaceState.DISPATCHED, PlaceState.ORDER_CHECK)
)
"""Somebody has to look on the spot, and there may be no case yet."""
FIELD_PICTURES = frozenset(
    str(kind)
    for kind in (
        EvidenceKind.E1, EvidenceKind.E3, EvidenceKind.E4, EvidenceKind.E6, EvidenceKind.LEFT,
        EvidenceKind.ON_SITE,
    )
)  # fmt: skip
"""Views of the place. Close-ups are of plates, clips are not blurred, papers name people, and a
photo that came with a statement is between its owner and the officers."""
_FIELD_KEYS = (
    "type_code", "source_category", "legal_basis", "zone_version", "timeline", "evidence",
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Who wants to read, with the roles of the session or the key."""

    roles: Collection[str]
    user_id: int | None

    @property
    def office(self) -> bool:
        """Whether every event is read as a whole: officers, operators, administrators."""
        return not {Role.OFFICER, Role.OPERATOR, Role.ADMIN}.isdisjoint(self.roles)

    def may_read(self, session: Session, event_id: int, state: str, flow: str) -> bool:
        """Who works in cases reads the events that cases came of; a patrol also what waits for a
        look on the spot; whoever was called to a gathering, that gathering."""
        if self.office:
            return True
        on_the_spot = state in _ON_THE_SPOT and flow != FlowName.CROWD
        if Role.PATROL in self.roles and on_the_spot:
            return True
        has_case = exists().where(Case.event_id == event_id)
        if not CASE_ROLES.isdisjoint(self.roles) and session.scalar(select(has_case)):
            return True
        called = exists().where(
            ResponderCall.event_id == event_id,
            ResponderCall.responder_id == Responder.id,
            Responder.user_id == self.user_id,
        )
        return self.user_id is not None and bool(session.scalar(select(called)))

    def check(self, session: Session, event: Event) -> None:
        """Raises NotAllowed for an event in which this reader has no duty."""
        if not self.may_read(session, event.id, event.state, event.flow):
            raise NotAllowed(f"you have no duty in event {event.event_no}", code="NO_DUTY")

    def check_picture(self, session: Session, event: Event, picture: Evidence) -> None:
        """As `check`. Raises NotFound for a kind that only officers and operators may see."""
        self.check(session, event)
        if not self.office and picture.kind not in FIELD_PICTURES:
            raise NotFound("only officers and operators may see this")


def field_explanation(told: dict[str, Any]) -> dict[str, Any]:
    """Of a masked explanation (`api.explanation.explain`), what somebody on the spot needs."""
    masked = {key: told[key] for key in _FIELD_KEYS}
    masked["timeline"] = [{**step, "facts": {}} for step in told["timeline"]]
    masked["evidence"] = [
        {**one, "details": {}} for one in told["evidence"] if one["kind"] in FIELD_PICTURES
    ]
    return {key: told[key] for key in _EVENT_KEYS} | masked


def without_words(told: dict[str, Any]) -> dict[str, Any]:
    """An explanation for a machine: that somebody made a statement or replied, when, and how it
    ended; but neither what was said nor what was answered. They are a person's words to officers,
    and no system in between has a reason to read them (PIPL arts. 6, 25)."""
    silent: dict[str, Any] = {"text": None, "answer": None}
    return told | {key: [one | silent for one in told[key]] for key in ("statements", "replies")}


_EVENT_KEYS = (
    "id", "event_no", "flow", "state", "version", "outcome", "open", "camera_id", "camera",
    "zone_id", "zone", "place", "object_kind", "box", "plate", "first_seen_at", "flagged_at",
    "last_seen_at", "gone_at", "grace_deadline_at", "ended_at", "flags",
)  # fmt: skip
"""Of `api.shapes.event`; the plate is masked there."""


def field_place(session: Session, told: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """Of `api.place_shapes.place`: without phone, signatures and other people's calls."""
    kept = dict(told)
    if "signatures" in kept:
        kept["signatures"] = []
    if kept.get("party"):
        kept["party"] = {key: kept["party"][key] for key in ("id", "kind", "name", "address")}
    if "calls" in kept:
        own = set(session.scalars(select(Responder.id).where(Responder.user_id == reader.user_id)))
        kept["calls"] = [call for call in kept["calls"] if call["responder_id"] in own]
    return kept
