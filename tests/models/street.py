"""A street with a camera, shops that have signed, officers, responders, and a hand on the clock.

What the pipeline, a gateway, officers, responders or the sweep would do is one method each; all of
them call the real services on a real database.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from models import casework, crowd_acts, place_acts, place_registry
from models.event import Event
from models.evidence import EvidenceKind
from models.people import User
from models.place import ResponderCall, ResponsibleParty
from models.place_cases import (
    CrowdSample,
    NewPlaceEvent,
    PlaceLook,
    crowd_count,
    observe_place,
    open_place_event,
)
from models.policy import Policy
from tests.models.city import City

DOOR = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.9], [0.3, 0.9]]
HUNG = (0.40, 0.40, 0.50, 0.60)
BASIS = "杭政函〔2020〕12号 沿街晾挂严管路段"
ORDER = place_acts.OrderInput(
    order_no="下综执责改〔2026〕1号",
    text="你店门前沿街晾挂，责令四小时内自行收回。不服可依法申请行政复议。",
    legal_basis="浙江省城市市容和环境卫生管理条例 第十一条",
    period_seconds=14_400,
)


class Street(City):
    """A city whose zone is a hanging, poster or crowd zone."""

    def __init__(
        self, session: Any, kind: str = "hanging", policy: Policy | None = None, **zone: Any
    ) -> None:
        values: dict[str, Any] = {"kind": kind, "legal_basis": BASIS, "dwell_seconds": 300}
        if kind == "hanging":
            values["designation_document"] = BASIS
        if kind == "crowd":
            values |= {"dwell_seconds": 60, "threshold": 60}
        super().__init__(session, policy, **(values | zone))
        self.kind = kind

    # Frontages

    def shop(self, *, texts: bool = True, **values: Any) -> ResponsibleParty:
        """A shop that has signed for the door in the picture."""
        default = {"name": "知味小吃", "address": "延安路88号", "phone": "+8613800000000"}
        party = place_registry.add_party(self.session, default | values, at=self.now, actor="test")
        self.agree(party, texts=texts)
        return party

    def agree(self, party: ResponsibleParty, *, texts: bool = True, **values: Any) -> None:
        details: dict[str, Any] = {
            "polygon": DOOR, "document": "门前三包2026-88", "signed_on": date(2026, 1, 1),
        }  # fmt: skip
        place_registry.add_agreement(
            self.session, party, self.camera, authorises_texts=texts, at=self.now,
            **(details | values),
        )  # fmt: skip

    # The camera

    def new(self, **values: Any) -> NewPlaceEvent:
        details: dict[str, Any] = {
            "kind": self.kind, "camera_id": self.camera.id, "zone": self.zone,
            "zone_version": self.version, "box": HUNG,
            "first_seen_at": self.now - timedelta(seconds=300), "flagged_at": self.now,
            "last_seen_at": self.now, "command_id": self.command(), "samples": 11,
        }  # fmt: skip
        return NewPlaceEvent(**(details | values))

    def hang(self, **values: Any) -> Event:
        """Something hangs there longer than the dwell."""
        event = open_place_event(self.session, self.new(**values), policy=self.policy, at=self.now)
        self.picture(event, "E1")
        return event

    def glance(self, event: Event, answer: str, reason: str = "") -> None:
        """One look now, and what the intake does after it."""
        look = PlaceLook(self.camera.id, answer, self.now, reason=reason, box=HUNG)
        observe_place(self.session, event, look, policy=self.policy)

    def gaze(self, event: Event, answer: str, seconds: float, every: float = 20) -> None:
        """Looks every few seconds for so long, the sweep in between."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.advance(min(every, (end - self.now).total_seconds()))
            self.glance(event, answer)
            self.sweep()

    # Ways to a state

    def to_notice(self, **values: Any) -> Event:
        self.shop()
        return self.hang(**values)

    def to_reminded(self, **values: Any) -> Event:
        event = self.to_notice(**values)
        self.advance(2)
        return self.arrive_text(event)

    def arrive_text(self, event: Event) -> Event:
        """N7 is accepted, and its receipt comes."""
        notice = self.notice(event, "N7")
        assert notice is not None
        notice.status, notice.sending_at = "sending", self.now
        casework.notice_accepted(self.session, notice, policy=self.policy, at=self.now)
        return casework.notice_delivered(
            self.session, notice, at=self.now, reported_at=None, policy=self.policy
        )

    def to_finding(self, **values: Any) -> Event:
        """NOT_RECTIFIED: seen in two pictures after the grace."""
        event = self.to_reminded(**values)
        self.gaze(event, "present", 420)
        self.stay_there(event)
        return event

    def stay_there(self, event: Event) -> None:
        self.advance(11)
        self.picture(event, "E4")
        self.glance(event, "present")
        self.advance(11)
        self.picture(event, "E6")
        self.glance(event, "present")

    def confirm(self, event: Event, user: User | None = None, **values: Any) -> Event:
        return place_acts.confirm_place(
            self.session, event, user or self.officer, **self.order(**values)
        )

    def to_review(self, **values: Any) -> Event:
        return self.confirm(self.to_finding(**values))

    def draft(self, event: Event, user: User | None = None) -> None:
        place_acts.draft_order(
            self.session, event, user or self.officer, ORDER, policy=self.policy, at=self.now
        )

    def serve(self, event: Event, user: User | None = None, **values: Any) -> Event:
        return place_acts.serve_order(
            self.session, event, user or self.second, served_how="in_person",
            **self.order(**({"served_at": self.now} | values)),
        )  # fmt: skip

    def to_order(self, **values: Any) -> Event:
        event = self.to_review(**values)
        self.draft(event)
        self.advance(600)
        return self.serve(event)

    def to_order_check(self, **values: Any) -> Event:
        event = self.to_order(**values)
        self.advance(14_401)
        self.sweep()
        return event

    def on_site(self, event: Event, at: datetime | None = None) -> None:
        self.picture(event, EvidenceKind.ON_SITE, at=at)

    def escalate(self, event: Event, user: User) -> Event:
        return place_acts.sign_escalation(
            self.session, event, user, reason="到期未收回", **self.order()
        )

    def to_escalated(self, **values: Any) -> Event:
        event = self.to_order_check(**values)
        self.advance(60)
        self.on_site(event)
        self.escalate(event, self.officer)
        return self.escalate(event, self.second)

    # A gathering

    def responders(self, *kinds: str) -> None:
        for kind in kinds or ("police_station", "cadre", "volunteer"):
            place_registry.add_responder(
                self.session, {"name": f"{kind} 1", "kind": kind}, at=self.now, actor="test"
            )

    def count(self, people: float, *, threshold: float = 60, **values: Any) -> Event | None:
        sample = CrowdSample(self.now, people, 9, threshold, **values)
        return crowd_count(self.session, self.zone, sample, policy=self.policy, at=self.now)

    def counts(self, people: float, seconds: float, **values: Any) -> Event | None:
        """The same count every ten seconds for so long, the sweep in between."""
        event = self.count(people, **values)
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.advance(min(10, (end - self.now).total_seconds()))
            self.sweep()
            event = self.count(people, **values)
        return event

    def gathering(self, people: float = 80) -> Event:
        """An alarm that has just been raised: responders are called."""
        event = self.counts(people, 70)
        assert event is not None
        return event

    def calls(self, event: Event) -> list[ResponderCall]:
        return list(
            self.session.scalars(
                select(ResponderCall)
                .where(ResponderCall.event_id == event.id)
                .order_by(ResponderCall.id)
            )
        )

    def answer(self, event: Event, call: ResponderCall, *, accepted: bool = True) -> None:
        crowd_acts.answer_call(
            self.session, event, self.officer, call.responder_id, accepted=accepted,
            policy=self.policy, at=self.now,
        )  # fmt: skip

    def arrive(self, event: Event, call: ResponderCall, **values: Any) -> Event:
        return crowd_acts.arrive(
            self.session, event, self.officer, call.responder_id, **self.order(**values)
        )

    def report(self, event: Event, call: ResponderCall, people: int | None = None) -> Event:
        return crowd_acts.report(
            self.session, event, self.officer, call.responder_id, text="人员正在疏散",
            people=people, policy=self.policy, at=self.now,
        )  # fmt: skip

    def to_site(self) -> Event:
        self.responders()
        event = self.gathering()
        self.answer(event, self.calls(event)[0])
        return self.arrive(event, self.calls(event)[0])


def household(street: Street, **values: Any) -> ResponsibleParty:
    """A household that has signed but gave no number."""
    return street.shop(
        texts=False, kind="household", name="12号", address="延安路90号", phone=None, **values
    )
