"""The officer's desk for what surrounds a decision: lease, recusal, verified grounds, the sheet of
the pre-notice, the hand-over. One transaction an act, for API and console alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from models import casework, grounds, handover, leases, pre_notice, recusal
from models.audit_log import record_viewing
from models.errors import NotFound, NotSignedIn
from models.event import Event
from models.handover import Sheet
from models.people import User
from models.policy import Policy, load_policy
from models.pre_notice import Texts
from models.recusal import RecusalRequest, RequestAnswer
from pipeline.pre_notice_pdf import print_sheet
from pipeline.services import Services

T = TypeVar("T")


@dataclass(frozen=True)
class At:
    """What an act works with, inside its transaction."""

    session: Session
    event: Event
    user: User
    policy: Policy
    at: datetime


@dataclass(frozen=True)
class DecisionDesk:
    """One officer at one event. Every act raises QifenError naming what was refused; nothing was
    changed then."""

    services: Services
    event_id: int
    user_id: int
    expected_version: int | None = None

    def hold(self) -> datetime:
        """W42: take or renew the lease; gives its end."""
        return self._do(
            lambda a: leases.take(a.session, a.event, a.user, policy=a.policy, at=a.at).expires_at
        )

    def give_back(self) -> None:
        """W42: back to the queue at once."""
        self._do(lambda a: leases.release(a.session, a.event, a.user))

    def recuse(self, reason_code: str, reason: str = "") -> None:
        """L09, W44: declare a conflict."""
        self._do(
            lambda a: recusal.declare(
                a.session, a.event, a.user, reason_code=reason_code, reason=reason, at=a.at
            )
        )

    def answer_recusal(self, request_id: int, text: str, officers: Sequence[str]) -> str:
        """L09: grant (with officers) or refuse (without) what the party asked; gives its status."""

        def act(a: At) -> str:
            row = a.session.get(RecusalRequest, request_id)
            if row is None or row.event_id != a.event.id:
                raise NotFound(f"event {a.event.event_no} has no request {request_id}")
            answer = RequestAnswer(text, officers)
            return recusal.answer_request(a.session, row, a.user, answer, at=a.at).status

        return self._do(act)

    def verify_ground(self, reason: str, note: str) -> None:
        """L39: a ground to cancel was found true; three work days run."""
        self._do(
            lambda a: grounds.verify_ground(
                a.session, a.event, a.user, reason=reason, note=note, policy=a.policy, at=a.at
            )
        )

    def void(self, reason: str) -> str:
        """A23, A24: cancel the record on one of the eight grounds; gives the new state."""
        return self._do(
            lambda a: casework.void(
                a.session, a.event, a.user, reason=reason, policy=a.policy, at=a.at,
                command_id=f"desk:void:{self.event_id}:{self.expected_version}:{self.user_id}",
                expected_version=self.expected_version,
            ).state
        )  # fmt: skip

    def write(self, texts: Texts, *, sanction: str, degree: str, number: str = "") -> int:
        """L10: write the sheet, or its next version; gives the version."""
        return self._do(
            lambda a: (
                pre_notice.write(
                    a.session,
                    a.event,
                    a.user,
                    texts,
                    sanction=sanction,
                    degree=degree,
                    number=number,
                    at=a.at,
                ).version
            )
        )

    def give_number(self, number: str) -> None:
        """L10: the sheet's number in the authority's register (文号)."""
        self._do(
            lambda a: pre_notice.give_number(a.session, a.event, a.user, number=number, at=a.at)
        )

    def print(self) -> bytes:
        """L10: the sheet on paper, as a PDF. Its full plate is a line in the viewing log."""
        return self._do(lambda a: print_sheet(a.session, a.event, a.user, policy=a.policy, at=a.at))

    def deliver(
        self, how: str, proof: str, delivered_at: datetime | None, received_by: str
    ) -> None:
        """L10: it reached the party; now, where no time is given."""
        self._do(
            lambda a: pre_notice.deliver(
                a.session, a.event, a.user, how=how, proof=proof, received_by=received_by,
                delivered_at=delivered_at or a.at, at=a.at,
            )
        )  # fmt: skip

    def waive(self, waiver: str) -> None:
        """L12: the party expressly gave up statement and defence."""
        self._do(lambda a: pre_notice.waive(a.session, a.event, a.user, waiver=waiver, at=a.at))

    def consent(self, consent: str) -> None:
        """L17: the signed confirmation for electronic service."""
        self._do(
            lambda a: handover.record_consent(a.session, a.event, a.user, consent=consent, at=a.at)
        )

    def export(self) -> Sheet:
        """L10, L12: the hand-over sheet, or everything that stands against it. Looking at its full
        plate is a line in the viewing log."""

        def act(a: At) -> Sheet:
            sheet = handover.export(a.session, a.event, a.user, policy=a.policy, at=a.at)
            record_viewing(
                a.session, at=a.at, viewer=a.user.username, user_id=a.user.id, event=a.event,
                reason="hand-over",
            )  # fmt: skip
            return sheet

        return self._do(act)

    def decided(self, decision_no: str, decided_at: datetime | None) -> None:
        """L16: the authority decided outside this system."""
        self._do(
            lambda a: handover.record_decision(
                a.session, a.event, a.user, decision_no=decision_no,
                decided_at=decided_at or a.at, at=a.at,
            )
        )  # fmt: skip

    def served(self, how: str, proof: str, served_at: datetime | None, received_by: str) -> None:
        """L17: how the decision reached the party."""
        self._do(
            lambda a: handover.record_service(
                a.session, a.event, a.user, how=how, proof=proof, received_by=received_by,
                served_at=served_at or a.at, at=a.at,
            )
        )  # fmt: skip

    def _do(self, act: Callable[[At], T]) -> T:
        with self.services.store.begin() as session:
            event = session.get(Event, self.event_id)
            if event is None:
                raise NotFound(f"there is no event {self.event_id}")
            user = session.get(User, self.user_id)
            if user is None or not user.active:
                raise NotSignedIn("sign in again")
            at = self.services.clock.now()
            return act(At(session, event, user, load_policy(session), at))


def standing(session: Session, event: Event, *, policy: Policy, at: datetime) -> dict[str, Any]:
    """Lease, recusals, requests, a verified ground and the hand-over as plain values."""
    held = leases.holder(session, event.id, at=at)
    ground = grounds.ground_of(session, event)
    return {
        "holder": None if held is None else {"officer": held.username, "until": _when(held.until)},
        "recusals": [
            {
                "officer": name, "reason_code": row.reason_code, "reason": row.reason,
                "at": _when(row.recorded_at), "asked_for": row.request_id is not None,
            }
            for row, name in recusal.recused(session, event.id)
        ],
        "recusal_requests": [
            {
                "id": row.id, "text": row.text, "received_at": _when(row.received_at),
                "status": row.status, "answer": row.answer,
            }
            for row in recusal.requests(session, event.id)
        ],
        "ground": None if ground is None else {
            "reason": ground.reason, "note": ground.note, "verified_at": _when(ground.verified_at),
        },
        "handover": _handover(session, event, policy=policy, at=at),
    }  # fmt: skip


def _handover(
    session: Session, event: Event, *, policy: Policy, at: datetime
) -> dict[str, Any] | None:
    row = handover.handover_of(session, event)
    if row is None:
        return None
    sheet = pre_notice.latest(session, event)
    against = handover.refusals(session, event, policy=policy, at=at)
    reply = None if sheet is None else handover.reply_until(sheet, policy)
    return {
        "opened_at": _when(row.opened_at),
        "consent": row.consent,
        "pre_notice": None if sheet is None else handover.told(sheet),
        "reply_until": _when(reply),
        "refusals": [{"code": r.code, "message": r.message} for r in against],
        "exported_at": _when(row.exported_at),
        "sheet_sha256": row.sheet_sha256,
        "decision_no": row.decision_no,
        "decided_at": _when(row.decided_at),
        "served_at": _when(row.served_at),
        "served_how": row.served_how,
        "received_by": row.received_by,
    }


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
