"""Random histories of what hangs or is posted before a door."""

from __future__ import annotations

from typing import ClassVar

from models import casework, integrity, place_acts, place_registry, review, statements
from models.event import ActorKind, Event
from models.evidence import EvidenceKind
from models.flow import Actor
from models.people import DecisionKind
from models.review import DecisionInput, RejectReason
from tests.models.city import City
from tests.models.histories.machine import QUICK, History
from tests.models.street import HUNG, ORDER, Street, household

BOXES = (HUNG, HUNG, (0.55, 0.40, 0.65, 0.60), (0.05, 0.70, 0.15, 0.88))
"""Twice the same place before the shop, another one, and one before nobody's door."""
SHORT = place_acts.OrderInput(ORDER.order_no, ORDER.text, ORDER.legal_basis, 60)
REJECT = DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.MINOR)


class Hanging(History):
    flow_name = "hanging"
    street: Street
    turns = (
        *("row",) * 10, *("look",) * 3, *("clock",) * 3, *("gateway",) * 2, *("hung",) * 2,
        "killed", "owner", "trouble",
    )  # fmt: skip
    drivers: ClassVar[dict[str, str]] = {
        "first_seen": "see", "dwell": "see", "dedupe": "see", "lookup": "see", "crew": "see",
        "absent": "leave", "officer_confirm": "confirm", "officer_discard": "discard",
        "confirm_timeout": "wait_long", "remind": "confirm", "delivered": "arrives",
        "accepted": "arrives", "notice_failed": "fail", "paper_notice": "paper",
        "patrol_over": "wait_long", "grace_over": "stay", "present": "stay",
        "recheck_over": "stay_unseen", "reject": "reject", "review_expired": "wait_days",
        "order": "order", "order_over": "wait_long", "rectified": "rectified",
        "escalate": "escalate", "order_check_over": "wait_days", "void": "void",
        "transfer": "transfer", "permitted": "permit", "zone_lifted": "redraw",
        "open_limit": "wait_days", "hours_over": "wait_long", "evidence_broken": "broken",
    }  # fmt: skip

    def found(self) -> City:
        self.street = Street(self.session, self.flow_name, QUICK)
        self.street.shop()
        return self.street

    def first(self) -> None:
        self.arrives(self.street.hang())

    def because(self, reason: str) -> dict[str, object]:
        return self.city.order(reason=reason)

    # The camera

    def hung(self, pick: int, roll: int) -> None:
        """Something hangs there long enough, or was seen too seldom; perhaps the shop is told."""
        self.do(lambda: self._hang(pick, roll))

    def _hang(self, pick: int, roll: int) -> None:
        event = self.street.hang(box=BOXES[pick], samples=2 if roll % 8 == 0 else 11)
        if roll % 3:
            self.arrives(event)

    def see(self, _event: Event | None) -> None:
        self.street.hang()

    def look(self, pick: int, roll: int) -> None:
        answer = ("present", "present", "absent", "unclear")[roll % 4]
        self.do(lambda: self._look_around(answer, (12, 36, 36, 72)[pick]))

    def _look_around(self, answer: str, seconds: float) -> None:
        watched = casework.open_watches(self.session, self.city.camera.id, [self.flow_name])
        for _ in range(0, int(seconds), 12):
            self.city.advance(12)
            for event in watched:
                self.street.glance(event, answer)

    def leave(self, event: Event) -> None:
        self.street.gaze(event, "absent", 75, every=25)

    def stay(self, event: Event) -> None:
        if event.state == "REMINDED":
            self.street.gaze(event, "present", 61, every=15)
        if event.is_open:
            self.street.stay_there(event)
        self.city.sweep()

    def stay_unseen(self, event: Event) -> None:
        self.street.gaze(event, "unclear", 60, every=30)

    # Officers

    def confirm(self, event: Event) -> None:
        self.street.confirm(event, self.city.second if event.id % 2 else self.city.officer)

    def discard(self, event: Event) -> None:
        casework.discard_by_officer(
            self.session, event, self.city.officer, **self.because("NOTHING")
        )

    def fail(self, event: Event) -> None:
        notice = self.city.notice(event, "N7")
        if notice is not None:
            casework.notice_failed(
                self.session, notice, reason="UNDELIVERED", policy=QUICK, at=self.city.now
            )

    def broken(self, event: Event) -> None:
        """W52: a stored file is not what was recorded."""
        integrity.check_event(
            self.session, event, lambda _key: b"not what it was", policy=QUICK, at=self.city.now
        )

    def paper(self, event: Event) -> None:
        photo = self.city.picture(event, "PAPER")
        casework.paper_notice(self.session, event, self.city.officer, photo, **self.city.order())

    def reject(self, event: Event) -> None:
        review.decide(self.session, event, self.city.second, REJECT, **self.city.order())

    def order(self, event: Event) -> None:
        """Two officers; or one of them twice, who is refused."""
        place_acts.draft_order(
            self.session, event, self.city.officer, SHORT, policy=QUICK, at=self.city.now
        )
        self.city.advance(30)
        self.street.serve(event, self.city.second if event.id % 5 else self.city.officer)

    def rectified(self, event: Event) -> None:
        place_acts.find_rectified(self.session, event, self.city.officer, **self.city.order())

    def escalate(self, event: Event) -> None:
        self.city.picture(event, EvidenceKind.ON_SITE)
        self.street.escalate(event, self.city.officer)
        self.street.escalate(event, self.city.second if event.id % 5 else self.city.officer)

    def void(self, event: Event) -> None:
        casework.void(self.session, event, self.city.officer, **self.because("OTHER"))

    def transfer(self, event: Event) -> None:
        casework.transfer(self.session, event, self.city.officer, **self.because("TENANT"))

    def permit(self, _event: Event) -> None:
        operator = Actor(ActorKind.OPERATOR, "zhao")
        casework.permit_parking(self.session, self.city.zone, operator, **self.city.order())

    def redraw(self, _event: Event) -> None:
        self.city.edit_zone(
            polygon=[[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]], kind=self.flow_name, dwell_seconds=300
        )
        casework.zone_changed(self.session, self.city.zone, **self.city.order())

    # The owner, trouble, waiting

    def owner(self, pick: int, roll: int) -> None:
        self.do(lambda: self._speak(pick, roll))

    def _speak(self, pick: int, roll: int) -> None:
        events = self.events()
        if events:
            statements.receive(
                self.session, events[-1 - pick % len(events)], "是邻居的" * (1 + roll % 2),
                at=self.city.now, policy=QUICK,
            )  # fmt: skip

    def trouble(self, pick: int, _roll: int) -> None:
        """The device's papers expire; a second party signs for the door; a household does."""
        self.do(lambda: self._trouble(pick))

    def _trouble(self, pick: int) -> None:
        if pick == 0:
            reviewed = self.city.camera.legal_review
            self.city.camera.legal_review = None if reviewed else "法审2026-1"
        elif pick == 1:
            values = {"name": "隔壁", "address": "延安路90号", "phone": "+8613800000000"}
            place_registry.add_party(self.session, values, at=self.city.now, actor="test")
        elif pick == 2:
            household(self.street)

    def wait_long(self, _event: Event) -> None:
        self.wait(700)

    def wait_days(self, _event: Event) -> None:
        self.wait(12 * 86_400)


class Poster(Hanging):
    flow_name = "poster"
