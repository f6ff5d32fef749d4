"""Acts of people on hanging, poster and crowd events and on cases: one transaction each, for API
and console alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from api.desk import refuse_broken
from api.photos import check_photo
from models import case_work, casework, crowd_acts, patrol, place_acts
from models.case import Case
from models.case_work import CaseOrder
from models.chain import add_evidence
from models.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from models.event import Event
from models.evidence import Evidence, EvidenceKind
from models.people import Role, User
from models.policy import Policy, load_policy
from models.recusal import refuse_recused
from pipeline.integrity import Integrity
from pipeline.services import Services

T = TypeVar("T")
PHOTO_KINDS = (EvidenceKind.PAPER, EvidenceKind.ON_SITE, EvidenceKind.TOW)


@dataclass(frozen=True)
class Acting:
    """What an act on an event works with, inside its transaction."""

    session: Session
    event: Event
    user: User
    policy: Policy
    at: datetime


@dataclass(frozen=True)
class PlaceDesk:
    """One person at one hanging, poster or crowd event. Every act raises QifenError naming what
    was refused; nothing was changed then. Each gives the event's new state. Before a word against
    anybody counts every stored file is read again (W52)."""

    services: Services
    event_id: int
    user_id: int
    expected_version: int | None = None

    def confirm(self, party_id: int | None = None) -> str:
        """B2, B6: it is one, and whose. A reminder needs no sound pack, a finding does: what is
        broken has ended it before the guards are asked."""
        Integrity(self.services).check(self.event_id)
        return self._do(
            lambda a: place_acts.confirm_place(
                a.session, a.event, a.user, party_id=party_id, **self._order(a, "confirm")
            )
        )

    def draft_order(self, order: place_acts.OrderInput) -> str:
        """B7, first officer."""

        def act(a: Acting) -> Event:
            place_acts.draft_order(a.session, a.event, a.user, order, policy=a.policy, at=a.at)
            return a.event

        return self._do(act)

    def serve_order(self, served_at: datetime | None, served_how: str) -> str:
        """B7, second officer; without a time it is served now."""
        refuse_broken(self.services, self.event_id)
        return self._do(
            lambda a: place_acts.serve_order(
                a.session, a.event, a.user, served_at=served_at or a.at, served_how=served_how,
                **self._order(a, "serve"),
            )
        )  # fmt: skip

    def rectified(self) -> str:
        """B7r: seen on the spot."""
        return self._do(
            lambda a: place_acts.find_rectified(
                a.session, a.event, a.user, **self._order(a, "rectified")
            )
        )

    def escalate(self, reason: str) -> str:
        """B8: one officer's signature; the second one's opens the case."""
        refuse_broken(self.services, self.event_id)
        return self._do(
            lambda a: place_acts.sign_escalation(
                a.session, a.event, a.user, reason=reason, **self._order(a, "escalate")
            )
        )

    def paper_notice(self, photo_id: int, plate: str | None = None) -> str:
        """A26, B4p: the photographed paper reminder starts the grace; `plate` as read beside it."""

        def act(a: Acting) -> Event:
            photo = a.session.get(Evidence, photo_id)
            if photo is None or photo.event_id != a.event.id:
                raise NotFound(f"event {a.event.event_no} has no photo {photo_id}")
            return casework.paper_notice(
                a.session, a.event, a.user, photo=photo, plate=plate, **self._order(a, "paper")
            )

        return self._do(act)

    def still_there(self, plate: str, *, unmoved: bool) -> str:
        """A26: the second look on the spot, after two photos."""
        return self._do(
            lambda a: patrol.still_there(
                a.session, a.event, a.user, plate=plate, unmoved=unmoved,
                **self._order(a, "still"),
            )
        )  # fmt: skip

    def gone(self) -> str:
        """A26: the place is empty: left in time."""

        def act(a: Acting) -> Event:
            order = self._order(a, "gone")
            del order["expected_version"]
            return patrol.gone(a.session, a.event, a.user, **order)

        return self._do(act)

    def tow(self, reference: str, photo_id: int | None, urgent: str = "") -> str:
        """A25, L44, L26: towed by the authority, with the photo of it."""

        def act(a: Acting) -> Event:
            photo = None if photo_id is None else a.session.get(Evidence, photo_id)
            return casework.record_tow(
                a.session, a.event, a.user, reference=reference, photo=photo, urgent=urgent,
                **self._order(a, "tow"),
            )  # fmt: skip

        return self._do(act)

    def answer_call(self, responder_id: int, *, accepted: bool) -> str:
        """C4"""

        def act(a: Acting) -> Event:
            crowd_acts.answer_call(
                a.session, a.event, a.user, responder_id, accepted=accepted, policy=a.policy,
                at=a.at,
            )  # fmt: skip
            return a.event

        return self._do(act)

    def arrive(self, responder_id: int, place: tuple[float, float] | None = None) -> str:
        """C5"""
        return self._do(
            lambda a: crowd_acts.arrive(
                a.session, a.event, a.user, responder_id, place=place, policy=a.policy, at=a.at,
                command_id=self._command(f"arrive-{responder_id}"),
            )
        )  # fmt: skip

    def report(self, responder_id: int, text: str, people: int | None = None) -> str:
        """C6, C8"""
        return self._do(
            lambda a: crowd_acts.report(
                a.session, a.event, a.user, responder_id, text=text, people=people,
                policy=a.policy, at=a.at,
            )
        )  # fmt: skip

    def false_alarm(self, reason: str) -> str:
        """C10"""
        return self._do(
            lambda a: crowd_acts.false_alarm(
                a.session, a.event, a.user, reason=reason, **self._order(a, "false")
            )
        )

    def emergency(self, reason: str) -> str:
        """C7 by an officer's own judgement."""
        return self._do(
            lambda a: crowd_acts.declare_emergency(
                a.session, a.event, a.user, reason=reason, **self._order(a, "emergency")
            )
        )

    def keep_photo(self, data: bytes, kind: str) -> int:
        """An officer's photo on the spot, as it came; gives its id. The instant is that of its
        arrival here: what a file says of itself can be written by anybody.

        Raises BadInput for what is no JPEG picture, NotAllowed for who is no officer.
        """
        if kind not in PHOTO_KINDS:
            raise BadInput(f"kind is one of {', '.join(PHOTO_KINDS)}", field="kind")
        _check_photo(data)
        kept: list[int] = []

        def act(a: Acting) -> Event:
            if not a.user.has(Role.OFFICER):
                raise NotAllowed("only an officer's photo counts", code="NOT_AN_OFFICER")
            refuse_recused(a.session, a.event.id, a.user)
            if patrol.photo_used_before(a.session, hashlib.sha256(data).hexdigest()):
                raise BadInput("this photo is evidence already: take a new one", field="photo",
                               code="PHOTO_USED")  # fmt: skip
            row = add_evidence(
                a.session, event=a.event, camera=None, kind=kind, media_type="image/jpeg",
                data=data, storage_key=self.services.evidence.put(data, "jpg"),
                captured_at=a.at, details={"by": a.user.username},
            )  # fmt: skip
            kept.append(row.id)
            return a.event

        self._do(act)
        return kept[0]

    def _order(self, a: Acting, what: str) -> dict[str, Any]:
        return {
            "policy": a.policy,
            "at": a.at,
            "command_id": self._command(what),
            "expected_version": self.expected_version,
        }

    def _command(self, what: str) -> str:
        return f"desk:{what}:{self.event_id}:{self.expected_version}:{self.user_id}"

    def _do(self, act: Callable[[Acting], Event]) -> str:
        with self.services.store.begin() as session:
            event = session.get(Event, self.event_id)
            if event is None:
                raise NotFound(f"there is no event {self.event_id}")
            user = _person(session, self.user_id)
            at = self.services.clock.now()
            return act(Acting(session, event, user, load_policy(session), at)).state


def at_case(
    services: Services,
    case_id: int,
    user_id: int,
    what: str,
    act: Callable[[Session, Case, CaseOrder], T],
    expected_version: int | None = None,
) -> T:
    """One act of one person on one case, in one transaction."""
    with services.store.begin() as session:
        user = _person(session, user_id)
        order = CaseOrder(
            user, load_policy(session), services.clock.now(),
            f"case:{what}:{case_id}:{expected_version}:{user_id}", expected_version,
        )  # fmt: skip
        return act(session, case_work.get_case(session, case_id), order)


def _person(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None or not user.active:
        raise NotSignedIn("sign in again")
    return user


def _check_photo(data: bytes) -> None:
    if check_photo(data) != "image/jpeg":
        raise BadInput("the photo must be a JPEG", field="photo")
