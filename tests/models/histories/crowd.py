"""Random histories of a square: numbers of people, and those who are called."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from models import crowd_acts, place_registry
from models.event import Event
from tests.models.city import City
from tests.models.histories.ledger import hold
from tests.models.histories.machine import QUICK, History
from tests.models.street import Street

PEOPLE = (5, 20, 45, 50, 62, 80, 80, 95)


class Crowd(History):
    flow_name = "crowd"
    square: Street
    turns = (
        *("row",) * 8, *("counted",) * 5, *("clock",) * 2, *("called",) * 4, "killed", "trouble"
    )  # fmt: skip
    drivers: ClassVar[dict[str, str]] = {
        "watch": "many", "alarm": "many", "dispatch": "many", "calm": "few", "permit": "permit",
        "arrive": "arrive", "falling": "fewer", "dispersed": "home", "too_many": "too_many",
        "not_falling": "wait_long", "no_responder": "wait_long", "officer_emergency": "emergency",
        "false_alarm": "false_alarm", "open_limit": "wait_days",
    }  # fmt: skip

    def found(self) -> City:
        self.square = Street(self.session, "crowd", QUICK)
        self.square.responders()
        return self.square

    def first(self) -> None:
        self.square.counts(80, 70)

    def counted(self, pick: int, roll: int) -> None:
        """So many people for so long; or the camera sees nothing (C8)."""
        self.do(lambda: self._counts(PEOPLE[roll % len(PEOPLE)], (30, 30, 70, 130)[pick], roll))

    def _counts(self, people: int, seconds: float, roll: int = 0) -> None:
        self.city.advance(10)
        if roll % 9 == 0:
            self.square.count(people, unclear="covered")
        else:
            self.square.counts(people, seconds)

    def many(self, _event: Event | None) -> None:
        self._counts(80, 70)

    def few(self, _event: Event) -> None:
        self._counts(5, 40)

    def fewer(self, _event: Event) -> None:
        self._counts(50, 30)

    def too_many(self, _event: Event) -> None:
        self._counts(95, 10)

    def home(self, event: Event) -> None:
        self._counts(5, 130)
        self.report(event, None)

    # People who are called, officers

    def called(self, pick: int, roll: int) -> None:
        """A responder answers, arrives or reports, as they like."""
        event = self.subject(0)
        acts = (self.answer, self.arrive, self.report, self.report_a_count)
        if isinstance(event, Event):
            self.do(lambda: acts[pick](event, roll))
        else:
            self.do(lambda: None)

    def answer(self, event: Event, roll: int) -> None:
        calls = self.square.calls(event)
        if calls:
            self.square.answer(event, calls[-1], accepted=roll % 3 > 0)

    def arrive(self, event: Event, _roll: int | None = None) -> None:
        calls = self.square.calls(event)
        if calls:
            self.square.arrive(event, calls[-1])

    def report(self, event: Event, _roll: int | None, people: int | None = None) -> None:
        calls = self.square.calls(event)
        if calls:
            self.square.report(event, calls[-1], people)

    def report_a_count(self, event: Event, roll: int) -> None:
        self.report(event, roll, people=roll % 8)

    def emergency(self, event: Event) -> None:
        order = self.city.order(reason="X")
        crowd_acts.declare_emergency(self.session, event, self.city.officer, **order)

    def false_alarm(self, event: Event) -> None:
        order = self.city.order(reason="X")
        crowd_acts.false_alarm(self.session, event, self.city.second, **order)

    def permit(self, _event: Event) -> None:
        """C3: a permit is shown for more people than there are."""
        place_registry.add_permit(
            self.session, self.city.zone, document="新年", approver="公安分局", max_people=500,
            valid_from=self.city.now - timedelta(hours=1),
            valid_until=self.city.now + timedelta(hours=1), at=self.city.now,
        )  # fmt: skip
        self._counts(80, 10)

    def trouble(self, pick: int, _roll: int) -> None:
        """The camera is taken out of service, and put back."""

        def act() -> None:
            self.city.camera.enabled = pick > 0

        self.do(act)

    def wait_long(self, _event: Event) -> None:
        self.wait(700)

    def wait_days(self, _event: Event) -> None:
        self.wait(31 * 86_400)

    def _everything_ends(self) -> None:
        super()._everything_ends()
        hold(9, not self.provider.taken, "somebody in the crowd was written to")
