"""A small city at work: one camera, one live zone, two officers, and a hand on the clock.

What a worker, a gateway, an officer or the sweep would do is one method each; all of them call
the real services on a real database.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import casework, review
from models.casework import Contact, GateFacts, NewEvent
from models.chain import add_evidence
from models.event import Deadline, Event, TransitionLog
from models.evidence import Evidence
from models.flow import rebuild_state
from models.notice import Notice, NoticeStatus
from models.people import DecisionKind, Role, User
from models.policy import Policy
from models.registry import save_zone
from models.zone import Zone, ZoneVersion
from pipeline.evidence import EvidenceFiles
from tests import rows

PLATE = "浙A12345"
CONTACT = Contact(phone="+8613800000000")
BOX = (0.40, 0.40, 0.60, 0.60)
LIVE = {"phase": "live", "confirm_mode": "auto", "legal_basis": "道路交通安全法 56"}

GOOD = GateFacts(
    confident_share=0.95,
    confidence_mean=0.92,
    plate_valid=True,
    plate_confidence=0.99,
    plate_equal_reads=7,
    province_confidence=0.99,
    colour_agrees=True,
    registry_found=True,
    registry_contradicts=False,
    contact_found=True,
)
"""Every gate of A7 passes."""

ALL_TICKS = review.DecisionInput(
    kind=DecisionKind.ESCALATE,
    is_true=True,
    is_clear=True,
    is_complete=True,
    is_accurate=True,
    obstruction=True,
    obstruction_reason="行人被迫走上机动车道",
)


class City:
    def __init__(self, session: Session, policy: Policy | None = None, **zone: Any) -> None:
        self.session = session
        self.files: EvidenceFiles | None = None
        """Where pictures are really kept, where a test wants them."""
        self.policy = policy or Policy()
        self.now = rows.NOON
        self.camera = rows.camera(session)
        self.version: ZoneVersion = rows.zone(session, self.camera, **(LIVE | zone))
        self.officer = self.person("wang", Role.OFFICER)
        self.second = self.person("li", Role.OFFICER)
        self._commands = itertools.count(1)

    @property
    def zone(self) -> Zone:
        return self.version.zone

    def person(self, name: str, *roles: Role) -> User:
        return rows.user(self.session, name, *roles, password=None)

    def edit_zone(self, **values: Any) -> ZoneVersion:
        """A new version of the same zone; events keep theirs."""
        zone = {"name": self.zone.name, "polygon": rows.SQUARE, "place": "延安路人行道"} | LIVE
        made = save_zone(self.session, self.camera, zone | values, at=self.now, actor="test")
        self.session.expire(self.zone)
        return made

    def command(self) -> str:
        return f"test:{next(self._commands)}"

    # Time

    def advance(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def sweep(self) -> None:
        """What the sweep does once: every due deadline, each judged again."""
        for deadline in casework.due_deadlines(self.session, self.now):
            casework.expire(self.session, deadline.id, policy=self.policy, at=self.now)

    # The camera

    def sighting(self, plate: str | None = PLATE, **values: Any) -> NewEvent:
        dwell = timedelta(seconds=60)
        new = NewEvent(
            camera_id=self.camera.id,
            zone=self.zone,
            zone_version=self.version,
            object_kind="car",
            box=BOX,
            first_seen_at=self.now - dwell,
            flagged_at=self.now,
            last_seen_at=self.now,
            command_id=self.command(),
            plate=plate,
            plate_colour="blue" if plate else None,
            plate_kind="small" if plate else None,
        )
        return replace(new, **values)

    def open(self, plate: str | None = PLATE, **values: Any) -> Event:
        new = self.sighting(plate, **values)
        event = casework.open_event(self.session, new, policy=self.policy, at=self.now)
        self.picture(event, "E1")
        return event

    def look(
        self, event: Event, answer: str, *, plate: str | None = PLATE, reason: str = "",
        camera_id: int | None = None, confidence: float = 0.98, box: Sequence[float] = BOX,
    ) -> None:  # fmt: skip
        """One look now, and what the intake does after it."""
        seen = answer in {"present", "moved"} and plate is not None
        casework.add_look(
            self.session, event, camera_id=camera_id or self.camera.id, answer=answer,
            reason=reason, at=self.now, plate=plate if seen else None,
            plate_confidence=confidence if seen else None, similarity=0.9, box=box,
            policy=self.policy,
        )  # fmt: skip
        casework.judge_watch(self.session, event, policy=self.policy, at=self.now)

    def watch(
        self, event: Event, answer: str, seconds: float, every: float = 5, **look: Any
    ) -> None:
        """Looks every few seconds for so long, the sweep in between."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.advance(min(every, (end - self.now).total_seconds()))
            self.look(event, answer, **look)
            self.sweep()

    def seen(self, event: Event, answer: str, seconds: float) -> None:
        """As `watch`, but judged once, at the end: how a long stay is told quickly."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.advance(min(5, (end - self.now).total_seconds()))
            casework.add_look(
                self.session, event, camera_id=self.camera.id, answer=answer, reason="",
                at=self.now, plate=event.plate, plate_confidence=0.98, similarity=0.9, box=BOX,
                policy=self.policy,
            )  # fmt: skip
        casework.judge_watch(self.session, event, policy=self.policy, at=self.now)
        self.sweep()

    def picture(
        self, event: Event, kind: str, *, at: datetime | None = None, offset: float = 0.0
    ) -> Evidence:
        data = f"{kind} {self.now}".encode()
        key = self.files.put(data, "jpg") if self.files else f"{event.id}/{kind}"
        return add_evidence(
            self.session, event=event, camera=self.camera, kind=kind, media_type="image/jpeg",
            data=data, storage_key=key,
            captured_at=at or self.now, clock_offset_seconds=offset,
        )  # fmt: skip

    # Gates, notice, officers

    def gates(self, event: Event, facts: GateFacts = GOOD) -> Event:
        return casework.judge_gates(
            self.session, event, facts, policy=self.policy, at=self.now, command_id=self.command()
        )

    def prepare(self, event: Event, contact: Contact | None = CONTACT) -> Event:
        return casework.prepare_notice(
            self.session, event, contact, policy=self.policy, at=self.now,
            command_id=self.command(),
        )  # fmt: skip

    def notice(self, event: Event, template: str = "N1") -> Notice | None:
        return self.session.scalar(
            select(Notice).where(Notice.event_id == event.id, Notice.template == template)
        )

    def texts(self, event: Event) -> list[str]:
        """Templates in the outbox in the order they were put there, cancelled ones left out."""
        rows_ = self.session.scalars(
            select(Notice).where(Notice.event_id == event.id).order_by(Notice.id)
        )
        return [row.template for row in rows_ if row.status != NoticeStatus.CANCELLED]

    def accept(self, event: Event) -> Event:
        notice = self.notice(event)
        assert notice is not None
        notice.status = NoticeStatus.SENDING
        notice.sending_at = self.now
        return casework.notice_accepted(self.session, notice, policy=self.policy, at=self.now)

    def deliver(self, event: Event, reported_at: datetime | None = None) -> Event:
        notice = self.notice(event)
        assert notice is not None
        return casework.notice_delivered(
            self.session, notice, at=self.now, reported_at=reported_at, policy=self.policy
        )

    def fail(self, event: Event, reason: str = "UNDELIVERED") -> Event:
        notice = self.notice(event)
        assert notice is not None
        return casework.notice_failed(
            self.session, notice, reason=reason, policy=self.policy, at=self.now
        )

    def order(self, **values: Any) -> dict[str, Any]:
        """The keywords that every officer's command carries."""
        return {"policy": self.policy, "at": self.now, "command_id": self.command()} | values

    def decide(
        self, event: Event, user: User, decision: review.DecisionInput = ALL_TICKS, **values: Any
    ) -> Event:
        return review.decide(self.session, event, user, decision, **self.order(**values))

    # Ways to a state

    def to_confirm(self, **values: Any) -> Event:
        """An event that waits for an officer's confirmation."""
        return self.gates(self.open(**values), replace(GOOD, plate_confidence=0.5))

    def to_confirmed(self, **values: Any) -> Event:
        return self.gates(self.open(**values))

    def to_pending(self, **values: Any) -> Event:
        event = self.to_confirmed(**values)
        self.advance(12)
        self.picture(event, "E3")
        return self.prepare(event)

    def to_grace(self, **values: Any) -> Event:
        event = self.to_pending(**values)
        self.advance(2)
        self.accept(event)
        self.advance(3)
        return self.deliver(event)

    def to_patrol(self, **values: Any) -> Event:
        event = self.to_pending(**values)
        self.advance(2)
        self.accept(event)
        return self.fail(event)

    def to_recheck(self, **values: Any) -> Event:
        event = self.to_grace(**values)
        self.seen(event, "present", 420)
        return event

    def to_review(self, **values: Any) -> Event:
        event = self.to_recheck(**values)
        self.stay(event)
        return event

    def stay(self, event: Event) -> None:
        """Two panoramas after the deadline, twelve seconds apart, the plate read again."""
        self.advance(4)
        self.picture(event, "E4")
        self.look(event, "present")
        self.watch(event, "present", 8, every=4)
        self.advance(4)
        self.picture(event, "E6")
        self.look(event, "present")

    def to_escalated(self, **values: Any) -> Event:
        event = self.to_review(**values)
        self.decide(event, self.officer)
        return self.decide(event, self.second)

    # What is left behind

    def log(self, event: Event) -> list[TransitionLog]:
        return list(
            self.session.scalars(
                select(TransitionLog)
                .where(TransitionLog.subject_kind == "event", TransitionLog.subject_id == event.id)
                .order_by(TransitionLog.version)
            )
        )

    def codes(self, event: Event) -> list[str]:
        return [row.transition for row in self.log(event)]

    def deadline(self, event: Event, kind: str) -> Deadline | None:
        return self.session.scalar(
            select(Deadline).where(
                Deadline.subject_kind == "event",
                Deadline.subject_id == event.id,
                Deadline.kind == kind,
            )
        )

    def check(self, event: Event) -> None:
        """Invariant 7: the log rebuilds the state."""
        assert rebuild_state(self.log(event)) == (event.state, event.version)
