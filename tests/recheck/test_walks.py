"""Whole events on the rendered street, with their real timers: seven minutes of grace, ten seconds,
three minutes of re-check. Real detector, real plate reader, the whole pipeline in memory; between
the instants that matter the camera is looked at every four seconds (a gap begins at five)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import casework
from models.clock import FakeClock
from models.event import Event, EventState
from models.people import Role
from models.policy import load_policy
from models.registry import add_camera, save_zone
from models.store import Store
from notify.local_channel import LocalChannel
from pipeline.evidence import MemoryEvidence
from pipeline.replay import EveryoneKnown
from pipeline.services import Services
from pipeline.settings import load_settings
from pipeline.world import World
from samples.recheck.effects import NONE, Effect
from samples.recheck.film import Film
from samples.recheck.scenes import Part, Scene
from tests import rows
from vision.detect import load_detector
from vision.plates import PlateReader, default_reader
from vision.types import Detector, Frame

START = datetime(2026, 5, 11, 4, 0, tzinfo=UTC)
"""A Monday noon in Hangzhou: texts may be sent."""
OPENING = 20
"""Seconds in which it is flagged and its owner is told."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Step:
    """From this second on the street is in this state."""

    since: float
    state: str
    effect: Effect = NONE


class Street:
    """One installation that looks at the rendered street."""

    def __init__(self, film: Film, detector: Detector, reader: PlateReader) -> None:
        self.film = film
        clock = FakeClock(START)
        self.store = Store.memory()
        services = Services(
            settings=load_settings(), store=self.store, clock=clock, evidence=MemoryEvidence(),
            channel=LocalChannel(clock, receipt_seconds=0.0), owners=EveryoneKnown(),
            load_detector=lambda _weights, _settings: detector, load_reader=lambda: reader,
        )  # fmt: skip
        with self.store.begin() as session:
            camera = add_camera(
                session, "recheck", "rtsp://127.0.0.1:1/none", at=START, actor="test",
                legal_review="L-1", technical_review="T-1", sign_installed=True,
                published_at=START - timedelta(days=30),
            )  # fmt: skip
            live = {"confirm_mode": "auto", "phase": "live", "place": "延安路人行道"}
            zone = {**film.stills.zone, **live}
            save_zone(session, camera, zone, at=START, actor="test")
            camera_id = camera.id
        self.world = World(services, clock, camera_id)

    def opening(self) -> float:
        """The car stands, is flagged, its owner gets the text: when do the seven minutes end?"""
        for second in range(OPENING):
            self._look(Step(0, "stands"), float(second))
        self._confirm()
        with self.store.read() as session:
            event = session.scalars(select(Event)).one()
            assert event.grace_deadline_at is not None
            return (event.grace_deadline_at - START).total_seconds()

    def _confirm(self) -> None:
        """Where the gates ask an officer, one says yes and reads the plate from the picture."""
        at = START + timedelta(seconds=OPENING - 1)
        with self.store.begin() as session:
            event = session.scalars(select(Event)).one()
            if event.state == EventState.CONFIRM_PENDING:
                officer = rows.user(session, "wang", Role.OFFICER, password=None)
                casework.confirm_by_officer(
                    session, event, officer, plate=self.film.stills.plate("subject"),
                    contact=casework.Contact("+8617000000001"), policy=load_policy(session),
                    at=at, command_id="confirm",
                )  # fmt: skip
        self.world.work_off()

    def play(self, steps: Sequence[Step], deadline: float, until: float) -> list[Event]:
        """Go on from the opening to `until`; what came of it."""
        steps = [Step(0, "stands"), *steps]
        for seconds in ticks(deadline, until, steps):
            self._look([each for each in steps if each.since <= seconds][-1], seconds)
        self.world.run_until(START + timedelta(seconds=until + 1))
        with self.store.read() as session:
            return list(session.scalars(select(Event).order_by(Event.id)))

    def _look(self, step: Step, seconds: float) -> None:
        part = Part(step.state, 1, step.effect)
        scene = Scene("walk", "", "", (part,), frozenset())
        image = self.film.picture(scene, part, seconds + 100, 0.0)
        if image is not None:
            at = START + timedelta(seconds=seconds)
            self.world.look(Frame("recheck", at, image, pts=seconds))


def ticks(deadline: float, until: float, steps: Sequence[Step]) -> Iterator[float]:
    """Every second around the deadline and around every change, every fourth elsewhere."""
    for second in range(OPENING, int(until) + 1):
        busy = deadline - 6 <= second < deadline + 40
        busy = busy or any(step.since - 2 <= second < step.since + 14 for step in steps)
        if busy or second % 4 == 0:
            yield float(second)


@pytest.fixture(scope="module")
def film() -> Film:
    return Film()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector()


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    return default_reader()


@pytest.fixture
def street(film: Film, detector: Detector, reader: PlateReader) -> Street:
    return Street(film, detector, reader)


COVERED = Effect(cover="sheet")


def test_stayed_comes_before_the_officers(street: Street) -> None:
    end = street.opening()
    (event,) = street.play([], end, end + 40)
    assert event.state == EventState.REVIEW_PENDING


def test_w10_left_at_6_59(street: Street) -> None:
    """One second before the end it rolls off: the last look that saw it decides."""
    end = street.opening()
    steps = [Step(end - 1, "starts_off"), Step(end, "empty")]
    (event,) = street.play(steps, end, end + 50)
    assert event.state == EventState.LEFT_IN_TIME


def test_w08_left_and_returned(street: Street) -> None:
    """Half a minute away is the promise kept; what returns is an event of its own."""
    end = street.opening()
    steps = [Step(150, "starts_off"), Step(151, "empty"), Step(200, "stands")]
    first, second = street.play(steps, end, 240)
    assert first.state == EventState.LEFT_IN_TIME
    assert second.returned_of_id == first.id


def test_w12_into_the_bay(street: Street) -> None:
    end = street.opening()
    events = street.play([Step(200, "starts_off"), Step(201, "in_bay")], end, 260)
    assert [event.state for event in events] == [EventState.LEFT_IN_TIME]


def test_w14_its_twin_at_its_place(street: Street) -> None:
    """The first has left in time; the second has its own event and its own seven minutes."""
    end = street.opening()
    steps = [Step(300, "starts_off"), Step(301, "empty"), Step(340, "twin_there")]
    first, second = street.play(steps, end, end + 40)
    assert first.state == EventState.LEFT_IN_TIME
    assert second.is_open
    assert second.plate != first.plate


def test_w11_two_metres_on_is_not_left(street: Street) -> None:
    end = street.opening()
    (event, *others) = street.play([Step(200, "two_metres_on")], end, end + 40)
    assert event.state != EventState.LEFT_IN_TIME
    assert all(not other.is_open for other in others), "one car, one event"


def test_w03_covered_over_the_deadline_decides_nothing(street: Street) -> None:
    end = street.opening()
    (event,) = street.play([Step(end - 30, "stands", COVERED)], end, end + 200)
    assert event.state == EventState.UNDETERMINED


def test_w02_left_while_nobody_could_see(street: Street) -> None:
    """Covered from before its leaving to after the deadline, then a clear view without it."""
    end = street.opening()
    steps = [Step(end - 40, "stands", COVERED), Step(end + 20, "empty")]
    (event,) = street.play(steps, end, end + 80)
    assert event.state in {EventState.LEFT_IN_TIME, EventState.UNDETERMINED}


def test_w15_a_bus_over_the_whole_window(street: Street) -> None:
    end = street.opening()
    (event,) = street.play([Step(end - 10, "stands_bus_full")], end, end + 200)
    assert event.state == EventState.UNDETERMINED
