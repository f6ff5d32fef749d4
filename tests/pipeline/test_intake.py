"""Intake: one transaction an item, the same item twice is one, and only the holder may write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.errors import Conflict, NotFound, StaleVersion, Unavailable
from models.event import Event, TransitionLog
from models.evidence import Evidence
from models.facts import OFFICIAL_PLATE_KINDS
from models.notice import Notice
from models.registry import find_zone, get_camera, retire_zone, take_over
from models.zone import ZoneVersion
from notify.owners import Owner
from pipeline.buffer import HeldDeparture, HeldLooks, HeldSighting
from pipeline.evidence import EvidenceStore, Picture
from pipeline.gates import contact_of, contradiction, gate_facts, may_look_up
from pipeline.intake import LATE_FLAG, Intake, command_id
from tests.pipeline.kit import Theatre
from tests.pipeline.test_buffer import standing_sighting
from tests.vision.stage import START, Car, Shot
from vision.types import Departure, PlateKind, Sighting, WatchAnswer, WatchLook


@pytest.fixture(scope="module")
def seen() -> Sighting:
    return standing_sighting()


@pytest.fixture
def scene(seen: Sighting) -> Theatre:
    scene = Theatre()
    scene.clock.set(seen.flagged_at)
    return scene


def count(scene: Theatre, table: type[Any]) -> int:
    with scene.store.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_sighting_twice_is_one_event(scene: Theatre, seen: Sighting) -> None:
    """A repeated delivery from the buffer: same event, no second text, row or file."""
    held = HeldSighting.of(seen)
    first = scene.world.intake.sighting(scene.camera_id, held)
    tables = (Event, Evidence, Notice, TransitionLog)
    before = [count(scene, table) for table in tables]
    assert before[0] == before[2] == 1
    assert Intake(scene.services).sighting(scene.camera_id, held) == first
    assert [count(scene, table) for table in tables] == before


def test_command_ids_name_what_was_seen(seen: Sighting) -> None:
    assert command_id(1, 2, seen) == command_id(1, 2, seen)
    others = {
        command_id(2, 2, seen), command_id(1, 3, seen), command_id(1, None, seen),
        command_id(1, 2, replace(seen, object_id=99)),
        command_id(1, 2, replace(seen, first_seen=seen.first_seen - timedelta(seconds=1))),
    }  # fmt: skip
    assert len({command_id(1, 2, seen), *others}) == 6
    assert len(command_id(10**6, 10**6, replace(seen, object_id=10**9))) <= 72


def test_a_worker_whose_camera_was_taken_over_may_not_write(scene: Theatre, seen: Sighting) -> None:
    """The fencing number is checked in the same transaction as every write."""
    with scene.store.begin() as session:
        fencing = take_over(session, get_camera(session, scene.camera_id))
    intake = Intake(scene.services, fencing=fencing)
    intake.sighting(scene.camera_id, HeldSighting.of(seen))
    with scene.store.begin() as session:
        take_over(session, get_camera(session, scene.camera_id))
    looks = HeldLooks(START + timedelta(seconds=40), (), None)
    gone = HeldDeparture(Departure(seen.object_id, seen.zone, START, START))
    for item in (HeldSighting.of(replace(seen, object_id=77)), looks, gone):
        with pytest.raises(Conflict) as refused:
            intake.take(scene.camera_id, item)
        assert refused.value.code == "FENCED"
    assert count(scene, Event) == 1


@pytest.mark.parametrize("wrong", [{"zone": "nowhere"}, {"zone_version": 9}])
def test_a_zone_that_is_not_there(scene: Theatre, seen: Sighting, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        scene.world.intake.sighting(scene.camera_id, HeldSighting.of(replace(seen, **wrong)))
    assert count(scene, Event) == 0


def test_a_retired_zone_takes_no_sighting(scene: Theatre, seen: Sighting) -> None:
    """Seen while it was being retired: refused whole, nobody is texted."""
    with scene.store.begin() as session:
        zone = find_zone(session, get_camera(session, scene.camera_id), seen.zone)
        assert zone is not None
        retire_zone(session, zone, at=seen.flagged_at, actor="test")
    with pytest.raises(Conflict):
        scene.world.intake.sighting(scene.camera_id, HeldSighting.of(seen))
    assert count(scene, Event) == 0


def test_w50_held_back_too_long_is_not_noticed(scene: Theatre, seen: Sighting) -> None:
    """The database was away for three minutes: who knows whether it still stands there."""
    scene.clock.advance(180)
    scene.world.intake.sighting(scene.camera_id, HeldSighting.of(seen))
    event = scene.event()
    assert event.state == "CONFIRM_PENDING"
    assert LATE_FLAG in event.flags
    assert scene.lookups() == []


class Flaky:
    """Somebody else acts at the same instant, so often."""

    def __init__(self, begin: Callable[[], Any], times: int) -> None:
        self.begin, self.times = begin, times

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        with self.begin() as session:
            yield session
            if self.times > 0:
                self.times -= 1
                raise StaleVersion("somebody else acted first")


@pytest.mark.parametrize(("times", "taken"), [(1, True), (2, True), (3, False)])
def test_w43_an_officer_at_the_same_instant_is_judged_again(
    scene: Theatre, seen: Sighting, monkeypatch: pytest.MonkeyPatch, times: int, taken: bool
) -> None:
    monkeypatch.setattr(scene.store, "begin", Flaky(scene.store.begin, times))
    if taken:
        scene.world.intake.sighting(scene.camera_id, HeldSighting.of(seen))
    else:
        with pytest.raises(StaleVersion):
            scene.world.intake.sighting(scene.camera_id, HeldSighting.of(seen))
    assert count(scene, Event) == int(taken)


def test_a_full_disk_leaves_no_row_without_its_file(
    scene: Theatre, seen: Sighting, tmp_path: Any
) -> None:
    """Files first: where they cannot be written, the sighting waits and the database is clean."""
    (tmp_path / "evidence").write_text("a file where the folder should be")
    services = replace(scene.services, evidence=EvidenceStore(tmp_path / "evidence"))
    with pytest.raises(Unavailable):
        Intake(services).sighting(scene.camera_id, HeldSighting.of(seen))
    assert count(scene, Event) == count(scene, Evidence) == 0
    (tmp_path / "evidence").unlink()
    Intake(services).sighting(scene.camera_id, HeldSighting.of(seen))
    assert count(scene, Event) == 1


def test_looks_of_events_that_are_not_there_or_over_change_nothing(
    scene: Theatre, seen: Sighting
) -> None:
    at = seen.flagged_at + timedelta(seconds=1)
    picture = Picture(scene.stage.frame(Shot((Car(),)), 30.0))
    answers = (WatchLook("4711", WatchAnswer.ABSENT, at),)
    scene.world.intake.looks(scene.camera_id, HeldLooks(at, answers, picture))
    assert count(scene, Evidence) == 0


def test_departure_of_an_ended_event_keeps_when_it_left(scene: Theatre, seen: Sighting) -> None:
    """A duplicate is not watched; when its vehicle left is still known."""
    intake = scene.world.intake
    intake.sighting(scene.camera_id, HeldSighting.of(seen))
    twin = replace(seen, object_id=seen.object_id + 1)
    intake.sighting(scene.camera_id, HeldSighting.of(twin))
    assert scene.states()[1] == "DUPLICATE"
    gone_at = seen.flagged_at + timedelta(seconds=30)
    for object_id in (seen.object_id, twin.object_id, 4711):
        departure = Departure(object_id, seen.zone, gone_at - timedelta(seconds=2), gone_at)
        intake.take(scene.camera_id, HeldDeparture(departure))
    first, second = scene.events()
    assert first.gone_at is None
    assert second.gone_at == gone_at
    assert second.last_seen_at == gone_at - timedelta(seconds=2)


# -- gates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen_kind", "registered", "contradicts"),
    [
        ("car", "car", False),
        ("car", "van", False),  # a detector's everyday mix-up makes nobody's plate a clone
        ("car", "小型轿车", False),
        ("car", "bus", True),
        ("truck", "轿车", True),
        ("car", "", False),
        ("car", "hovercraft", False),
        ("boat", "bus", False),
    ],
)
def test_w33_only_sure_contradictions_count(
    seen_kind: str, registered: str, contradicts: bool
) -> None:
    owner = Owner("+8617000000001", vehicle_kind=registered)
    assert contradiction(seen_kind, owner) is contradicts


def test_gate_facts_without_a_plate_pass_nothing(seen: Sighting) -> None:
    facts = gate_facts(replace(seen, plate=None), None)
    passed = (facts.plate_valid, facts.colour_agrees, facts.contact_found)
    assert not any(passed)
    assert facts.plate_confidence == facts.province_confidence == 0.0
    assert facts.plate_equal_reads == 0


def test_unauthorised_contact_is_no_contact(seen: Sighting) -> None:
    """W19: a company that has not agreed to be written to."""
    owner = Owner("+8617000000001", authorised=False)
    assert not gate_facts(seen, owner).contact_found
    contact = contact_of(owner)
    assert contact is not None
    assert not contact.authorised
    assert contact_of(None) is None


def test_official_plates_are_never_looked_up(seen: Sighting) -> None:
    version = ZoneVersion(confirm_mode="auto")
    assert seen.plate is not None
    assert may_look_up(version, seen.plate)
    for kind in OFFICIAL_PLATE_KINDS:
        assert not may_look_up(version, replace(seen.plate, kind=PlateKind(kind)))
    assert not may_look_up(version, replace(seen.plate, accepted=False))
    assert not may_look_up(version, None)
    assert not may_look_up(ZoneVersion(confirm_mode="officer"), seen.plate)
