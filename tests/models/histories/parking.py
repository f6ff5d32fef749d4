"""Random histories of cars on a pavement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from sqlalchemy import select

from models import casework, duplicates, integrity, patrol, statements
from models.event import ActorKind, Event
from models.flow import Actor
from models.people import DecisionKind, Statement
from models.review import DecisionInput, RejectReason
from tests.models.city import CONTACT, GOOD, City
from tests.models.histories.machine import QUICK, History

PLATES = ("浙A12345", "浙A99999")
BOXES = {PLATES[0]: (0.4, 0.4, 0.6, 0.6), PLATES[1]: (0.7, 0.7, 0.8, 0.8)}
KINDS = (GOOD, GOOD, replace(GOOD, confidence_mean=0.8, plate_confidence=0.5),
         replace(GOOD, exemption="PERMIT"), replace(GOOD, confidence_mean=0.3),
         replace(GOOD, clone_suspected=True))  # fmt: skip
ANSWERS = ("present", "present", "absent", "moved", "other_vehicle", "unclear")


class Parking(History):
    flow_name = "parking"
    private = (*PLATES, CONTACT.phone)
    drivers: ClassVar[dict[str, str]] = {
        "first_seen": "see", "dwell": "see", "dedupe": "see_again", "exempt": "exempt",
        "gates": "gates", "transfer": "transfer", "absent": "leave", "officer_confirm": "confirm",
        "officer_discard": "discard", "officer_patrol": "patrol", "confirm_timeout": "wait_long",
        "prepare_notice": "prepare", "delivered": "arrives", "accepted": "arrives",
        "notice_failed": "fail", "paper_notice": "paper", "patrol_over": "wait_long",
        "grace_over": "stay", "present": "stay", "recheck_over": "stay_unseen", "review": "stay",
        "escalate": "both_sign", "reject": "reject", "review_expired": "wait_days", "void": "void",
        "tow": "tow", "permitted": "permit", "zone_lifted": "redraw", "open_limit": "wait_days",
        "officer_exempt": "exempt_on_duty", "duty_over": "wait_long", "hours_over": "wait_long",
        "still_there": "seen_on_site", "gone_on_site": "gone_on_site", "evidence_broken": "broken",
        "join_texted": "join",
    }  # fmt: skip

    turns = (
        *("row",) * 10, *("told",) * 2, *("look",) * 3, *("clock",) * 2, *("gateway",) * 2,
        "sighting", "killed", "owner", "owner", "trouble", "undo",
    )  # fmt: skip

    def found(self) -> City:
        return City(self.session, QUICK)

    def first(self) -> None:
        self.to_grace(PLATES[0])

    # The camera

    def sighting(self, pick: int, roll: int) -> None:
        plate = PLATES[pick % 2]
        self.do(lambda: self.city.open(plate if roll % 3 else None, box=BOXES[plate]))

    def told(self, pick: int, roll: int) -> None:
        """A car is seen and its owner told: the usual way, in one turn."""
        self.do(lambda: self.to_grace(PLATES[pick % 2], delivered=roll % 4 > 0))

    def to_grace(self, plate: str, *, delivered: bool = True) -> None:
        event = self.city.gates(self.city.open(plate, box=BOXES[plate]))
        self.city.advance(12)
        self.city.picture(event, "E3")
        self.city.prepare(event)
        if delivered:
            self.arrives(event)

    def look(self, pick: int, roll: int) -> None:
        """Every open event is looked at for a while; a sick camera answers unclear."""
        answer, seconds = ANSWERS[roll % len(ANSWERS)], (1, 15, 15, 45)[pick]
        self.do(lambda: self._look_around(answer, seconds, sure=roll % 4 > 0))

    def _look_around(self, answer: str, seconds: float, *, sure: bool) -> None:
        end = self.city.now + timedelta(seconds=seconds)
        while self.city.now < end:
            self.city.advance(min(15, (end - self.city.now).total_seconds()))
            for event in casework.open_watches(self.session, self.city.camera.id):
                self.city.look(event, answer, plate=event.plate if sure else None)

    def see(self, _event: Event | None) -> None:
        self.city.open(PLATES[0], box=BOXES[PLATES[0]])

    def see_again(self, event: Event) -> None:
        self.city.open(event.plate, box=event.box)

    def leave(self, event: Event) -> None:
        self.city.watch(event, "absent", 45, every=15)

    def stay(self, event: Event) -> None:
        """It stands until after its deadline, and the camera takes all its pictures."""
        plate = event.plate
        if event.state == "GRACE":
            self.city.watch(event, "present", 61, every=15, plate=plate)
        for kind in ("E4", "E6"):
            self.city.advance(4)
            self.city.look(event, "present", plate=plate)
            if event.is_open:
                self.city.picture(event, kind)
            self.city.watch(event, "present", 8, every=8, plate=plate)

    def stay_unseen(self, event: Event) -> None:
        """It stands there, and no picture of it comes."""
        self.city.watch(event, "unclear", 60, every=20, reason="occluded")
        self.city.sweep()

    # Gates, notices

    def gates(self, event: Event) -> None:
        self.city.gates(event, KINDS[event.id % 3])

    def exempt(self, event: Event) -> None:
        self.city.gates(event, KINDS[3])

    def transfer(self, event: Event) -> None:
        if event.state == "FLAGGED":
            self.city.gates(event, KINDS[5])
        else:
            casework.transfer(self.session, event, self.city.officer, **self.because("COVERED"))

    def prepare(self, event: Event) -> None:
        self.city.picture(event, "E3", at=self.city.now + timedelta(seconds=10))
        self.city.prepare(event, CONTACT if event.id % 4 else None)

    def fail(self, event: Event) -> None:
        if self.city.notice(event) is not None:
            self.city.fail(event)

    # Officers

    def because(self, reason: str, **values: object) -> dict[str, object]:
        return self.city.order(reason=reason, **values)

    def confirm(self, event: Event) -> None:
        order = self.city.order(plate=None, contact=CONTACT)
        if event.plate is None or event.id % 3 == 0:
            order["plate"] = PLATES[event.plate == PLATES[0]]  # W32: the machine misread
        casework.confirm_by_officer(self.session, event, self.city.officer, **order)

    def discard(self, event: Event) -> None:
        casework.discard_by_officer(
            self.session, event, self.city.officer, **self.because("DRIVER_THERE")
        )

    def patrol(self, event: Event) -> None:
        casework.send_patrol(self.session, event, self.city.second, **self.because("UNREADABLE"))

    def paper(self, event: Event) -> None:
        photo = self.city.picture(event, "PAPER")
        casework.paper_notice(self.session, event, self.city.officer, photo, **self.city.order())

    def both_sign(self, event: Event) -> None:
        self.city.decide(event, self.city.officer)
        if event.id % 5 != 4:
            self.city.decide(event, self.city.second)

    def reject(self, event: Event) -> None:
        word = DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.MINOR)
        self.city.decide(event, self.city.second, word)

    def void(self, event: Event) -> None:
        casework.void(self.session, event, self.city.officer, **self.because("URGENT_DUTY"))

    def undo(self, pick: int, _roll: int) -> None:
        """A24: also what has gone to a case is voided."""
        found = [event for event in self.events() if event.state == "ESCALATED"]
        self.do(lambda: [self.void(event) for event in found[:1] if pick == 0])

    def tow(self, event: Event) -> None:
        photo = self.city.picture(event, "TOW")
        order = self.city.order(reference="T", photo=photo, urgent="挡住消防通道")
        casework.record_tow(self.session, event, self.city.officer, **order)

    def join(self, event: Event) -> None:
        """W29: an officer says that this is the stay of the first event; it may not be."""
        first = self.events()[0].event_no
        order = self.city.order(master_no=first)
        duplicates.join_texted(self.session, event, self.city.officer, **order)

    def exempt_on_duty(self, event: Event) -> None:
        order = self.because("AMBULANCE")
        casework.exempt_by_officer(self.session, event, self.city.officer, **order)

    def seen_on_site(self, event: Event) -> None:
        """A26: after a paper notice an officer looks again, with a telephone."""
        for _ in range(2):
            self.city.advance(12)
            self.city.picture(event, "ON_SITE")
        patrol.still_there(
            self.session, event, self.city.officer, plate=event.plate or "", unmoved=True,
            **self.city.order(),
        )  # fmt: skip

    def gone_on_site(self, event: Event) -> None:
        patrol.gone(self.session, event, self.city.officer, **self.city.order())

    def broken(self, event: Event) -> None:
        """W52: a stored file is not what was recorded."""
        integrity.check_event(
            self.session, event, lambda _key: b"not what it was", policy=QUICK, at=self.city.now
        )

    def permit(self, _event: Event) -> None:
        operator = Actor(ActorKind.OPERATOR, "zhao")
        casework.permit_parking(self.session, self.city.zone, operator, **self.city.order())

    def redraw(self, _event: Event) -> None:
        polygon = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]]
        self.city.edit_zone(polygon=polygon)
        casework.zone_changed(self.session, self.city.zone, **self.city.order())

    # The owner, trouble

    def owner(self, pick: int, roll: int) -> None:
        """An owner speaks, in whatever state; or an officer answers the oldest statement."""
        self.do(lambda: self._speak_or_answer(pick, (None, True, False, False)[roll % 4]))

    def _speak_or_answer(self, pick: int, upheld: bool | None) -> None:
        events = self.events()
        if upheld is None and events:
            event = events[-1 - pick % len(events)]
            statements.receive(
                self.session, event, "不是我的车", at=self.city.now, policy=QUICK
            )  # fmt: skip
        said = self.session.scalar(select(Statement).where(Statement.status == "open"))
        if said is not None and upheld is not None:
            order = self.city.order(text="核实如下", upheld=upheld)
            statements.answer(self.session, said, self.city.officer, **order)

    def trouble(self, pick: int, _roll: int) -> None:
        """A device's review expires, its clock is off, its zone only warns."""
        self.do(lambda: self._trouble(("papers", "restored", "clock", "shadow")[pick]))

    def _trouble(self, what: str) -> None:
        if what == "clock":
            for event in self.events():
                if event.is_open:
                    self.city.picture(event, "E4", offset=2.0)
        elif what == "shadow":
            self.city.version = self.city.edit_zone(phase="warning")
        else:
            self.city.camera.legal_review = "法审2026-1" if what == "restored" else None
            if what == "restored":
                self.city.version = self.city.edit_zone(kind="parking")

    # Waiting

    def wait_long(self, _event: Event) -> None:
        self.wait(2000)

    def wait_days(self, _event: Event) -> None:
        self.wait(9 * 86_400)
