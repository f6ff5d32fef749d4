"""The officer's desk: each act of a person on an event, one transaction, for API and console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import casework, review, statements
from models.errors import BadInput, Conflict, NotFound, NotSignedIn
from models.event import ActorKind, Event
from models.flow import Actor
from models.people import DecisionKind, Statement, User
from models.policy import Policy, load_policy
from models.review import DecisionInput
from notify.owners import look_up
from pipeline.gates import contact_of
from pipeline.integrity import Integrity
from pipeline.services import Services
from vision.plates import normalize, parse
from vision.types import PlateColour


@dataclass(frozen=True)
class Act:
    """What every act works with, inside its transaction."""

    session: Session
    event: Event
    user: User
    policy: Policy
    at: datetime


@dataclass(frozen=True)
class Desk:
    """One person at one event, as it stood when the person looked (`expected_version`).

    Every act raises QifenError naming what was refused; nothing was changed then. The command id
    carries the version, so that a doubled click is one act.
    """

    services: Services
    event_id: int
    user_id: int
    expected_version: int | None = None

    def confirm(self, plate: str | None = None) -> str:
        """A8: it stands, with the plate as read or as corrected; the owner is texted. Returns
        the new state, as all acts do."""

        def act(a: Act) -> Event:
            text = _plate(plate or a.event.plate)
            owner = look_up(
                a.session,
                self.services.owners,
                text,
                event=a.event,
                purpose="parking_notice",
                actor=Actor(ActorKind.OFFICER, a.user.username),
                at=a.at,
            )
            return casework.confirm_by_officer(
                a.session,
                a.event,
                a.user,
                plate=text,
                contact=contact_of(owner),
                policy=a.policy,
                at=a.at,
                command_id=self._command("confirm"),
                expected_version=self.expected_version,
            )

        return self._do(act)

    def discard(self, reason: str) -> str:
        """A8: not a violation."""
        return self._with_reason(casework.discard_by_officer, "discard", reason)

    def exempt(self, reason: str) -> str:
        """A5, W23: on duty, or there by permission; the reason says by what."""
        return self._with_reason(casework.exempt_by_officer, "exempt", reason)

    def send_patrol(self, reason: str) -> str:
        """A8: somebody should look on the spot."""
        return self._with_reason(casework.send_patrol, "patrol", reason)

    def decide(self, decision: DecisionInput) -> str:
        """A20, A21: one officer's signature; the case opens only with a second one's. Every stored
        file is read again before a word for an escalation counts (W52)."""
        if decision.kind == DecisionKind.ESCALATE:
            refuse_broken(self.services, self.event_id)
        return self._do(
            lambda a: review.decide(
                a.session,
                a.event,
                a.user,
                decision,
                policy=a.policy,
                at=a.at,
                command_id=self._command(decision.kind),
                expected_version=self.expected_version,
            )
        )

    def answer(self, statement_id: int, *, upheld: bool, text: str) -> str:
        """Answer an owner's statement; upheld voids the event (A23)."""

        def act(a: Act) -> Event:
            statement = a.session.get(Statement, statement_id)
            if statement is None or statement.event_id != a.event.id:
                raise NotFound(f"event {a.event.event_no} has no statement {statement_id}")
            statements.answer(
                a.session,
                statement,
                a.user,
                upheld=upheld,
                text=text,
                at=a.at,
                policy=a.policy,
                command_id=self._command(f"answer-{statement_id}"),
            )
            return a.event

        return self._do(act)

    def _with_reason(self, step: Callable[..., Event], what: str, reason: str) -> str:
        """A step of `models.casework` that a person takes for a reason."""
        return self._do(
            lambda a: step(
                a.session,
                a.event,
                a.user,
                reason=reason,
                policy=a.policy,
                at=a.at,
                command_id=self._command(what),
                expected_version=self.expected_version,
            )
        )

    def _do(self, act: Callable[[Act], Event]) -> str:
        with self.services.store.begin() as session:
            event = session.get(Event, self.event_id)
            user = session.get(User, self.user_id)
            if event is None:
                raise NotFound(f"there is no event {self.event_id}")
            if user is None or not user.active:
                raise NotSignedIn("sign in again")
            at = self.services.clock.now()
            return act(Act(session, event, user, load_policy(session), at)).state

    def _command(self, what: str) -> str:
        return f"desk:{what}:{self.event_id}:{self.expected_version}:{self.user_id}"


def _plate(text: str | None) -> str:
    """The plate a person typed, under the grammar (domain.md 2.6)."""
    plain = normalize(text or "")
    if not plain or parse(plain, PlateColour.UNKNOWN) is None:
        raise BadInput(
            "this is not a number plate" if plain else "a plate is needed to text the owner",
            field="plate",
            hint="write it as 浙A12345, or send a patrol where it cannot be read",
        )
    return plain


def refuse_broken(services: Services, event_id: int) -> None:
    """W52: read the stored files of an event again; what is found broken now ends it where that
    can be, whatever becomes of the act. Raises Conflict."""
    if Integrity(services).check(event_id):
        raise Conflict(
            "a stored file of this event is not what was recorded; nothing rests on it any more",
            code="EVIDENCE_BROKEN",
            hint="the alarm stands under keeping",
        )
