"""V1 and V2 as evidence: cut from a live stream by the worker, chained, never needed for a case."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import av
import pytest
from sqlalchemy import select

from models.chain import verify_chain
from models.event import Event
from models.evidence import Evidence, EvidenceKind
from models.pack import pack_status
from pipeline.buffer import HELD_CLIPS, HeldClip, HoldingBuffer
from pipeline.clips import AFTER, BEFORE, RECHECK_AFTER, RECHECK_BEFORE, ClipDesk
from tests.pipeline.kit import Theatre
from tests.pipeline.live import wait_for
from tests.pipeline.test_worker import NoPlates, Rig
from tests.vision.stage import START, Car, Stay
from vision.clip import Clip


@pytest.fixture
def rig(tmp_path: Path, stream: str, own_key: None) -> Iterator[Rig]:
    rig = Rig(tmp_path, stream, load_reader=NoPlates)
    yield rig
    rig.stop()


def made(start: datetime, end: datetime) -> Clip:
    return Clip(f"{start} to {end}".encode(), start, end, 1.5, "h264", 130)


def test_v1_is_cut_from_a_real_stream_and_chained(rig: Rig) -> None:
    """Fourteen seconds around T0, playable, under its hash in the chain."""

    def clip() -> Evidence | None:
        with rig.store.read() as session:
            return session.scalar(select(Evidence).where(Evidence.kind == EvidenceKind.V1))

    rig.start()
    row = wait_for(clip, 90, "V1 of the flagged vehicle")
    with rig.store.read() as session:
        event = session.get_one(Event, row.event_id)
        assert verify_chain(session, rig.services.evidence.get).problems == ()
    assert (row.media_type, row.storage_key[-4:]) == ("video/mp4", ".mp4")
    until = datetime.fromisoformat(row.details["until"])
    assert row.captured_at < event.flagged_at < until
    assert row.details["seconds"] >= 10
    assert row.details["model"] == "0" * 64
    assert (row.details["zone_version"], row.details["zone_phase"]) == (1, "live")
    with av.open(io.BytesIO(rig.services.evidence.get(row.storage_key))) as container:
        shown = sum(1 for _ in container.decode(video=0))
    assert shown == row.details["packets"]


class Desk(Theatre):
    """A stage whose worker cuts clips as a shift does."""

    def with_clips(self, *, cuts: bool = True) -> Desk:
        self.desk = ClipDesk()
        self.world.intake._on_recheck = self.desk.at_recheck
        self.cuts = cuts
        return self

    def cut(self, start: datetime, end: datetime) -> Clip | None:
        return made(start, end) if self.cuts else None


def stayed(theatre: Desk) -> Event:
    """A car that stays; the desk is asked after each look, as in a shift."""
    looks = theatre.world.look

    def look(frame: object) -> None:
        result = looks(frame)
        for sighting in result.sightings:
            theatre.desk.at_flagging(sighting)
        for clip in theatre.desk.due(result.frame.at, theatre.cut):
            theatre.world.intake.clip(theatre.camera_id, clip)

    theatre.world.look = look  # type: ignore[method-assign]
    theatre.play([Stay(Car(), arrives=6.0)], until=130)
    return theatre.event()


@pytest.fixture(scope="module")
def clipped() -> tuple[Desk, Event]:
    """A car that stayed, with both clips."""
    theatre = Desk().with_clips()
    return theatre, stayed(theatre)


def test_v2_is_cut_at_the_second_look_and_both_are_of_one_event(
    clipped: tuple[Desk, Event],
) -> None:
    theatre, event = clipped
    have = theatre.evidence(event)
    first, second = have["V1"], have["V2"]
    assert first.captured_at == event.flagged_at - BEFORE
    assert second.captured_at == have["E4"].captured_at - RECHECK_BEFORE
    assert have["E6"].captured_at <= have["E4"].captured_at + RECHECK_AFTER
    with theatre.store.read() as session:
        status = pack_status(session, session.get_one(Event, event.id))
        assert verify_chain(session, theatre.services.evidence.get).intact
    assert "no_v1" not in status.notes
    assert "no_v2" not in status.notes


def test_a_missing_clip_is_named_and_changes_nothing_else(clipped: tuple[Desk, Event]) -> None:
    """The same car, the same end, with clips and without."""
    without, (with_them, two) = Desk().with_clips(cuts=False), clipped
    one = stayed(without)
    assert one.state == two.state == "REVIEW_PENDING"
    assert without.walk(one) == with_them.walk(two)
    with without.store.read() as session:
        status = pack_status(session, session.get_one(Event, one.id))
    assert status.complete
    assert {"no_v1", "no_v2"} <= set(status.notes)
    assert "V1" not in without.evidence(one)


def test_l63_what_came_to_nothing_gets_no_clip() -> None:
    """The event is over when its clip could be cut: nothing of it is stored."""
    theatre = Desk(zone={"phase": "shadow"}).with_clips()
    event = stayed(theatre)
    assert event.state == "DISCARDED"
    assert not {"V1", "V2"} & set(theatre.evidence(event))


def test_a_clip_is_cut_once_its_last_second_has_come() -> None:
    desk = ClipDesk()
    desk.at_recheck(7, START)
    asked: list[tuple[datetime, datetime]] = []

    def cut(start: datetime, end: datetime) -> Clip:
        asked.append((start, end))
        return made(start, end)

    assert desk.due(START + RECHECK_AFTER - timedelta(seconds=1), cut) == []
    (item,) = desk.due(START + RECHECK_AFTER, cut)
    assert (item.kind, item.event_id) == (EvidenceKind.V2, 7)
    assert asked == [(START - RECHECK_BEFORE, START + RECHECK_AFTER)]
    assert desk.due(START + 2 * RECHECK_AFTER, cut) == []
    assert timedelta(seconds=10) <= AFTER + BEFORE


def test_a_doubled_clip_changes_nothing(clipped: tuple[Desk, Event]) -> None:
    theatre, event = clipped
    before = theatre.evidence(event)
    again = HeldClip(EvidenceKind.V1, made(START, START), event_id=event.id)
    theatre.world.intake.clip(theatre.camera_id, again)
    assert theatre.evidence(event).keys() == before.keys()
    assert theatre.evidence(event)["V1"].sha256 == before["V1"].sha256


def test_w39_only_a_few_clips_wait_for_a_lost_database() -> None:
    from models.errors import Unavailable

    def away(_item: object) -> None:
        raise Unavailable("away")

    buffer = HoldingBuffer(away)
    for number in range(HELD_CLIPS + 3):
        buffer.add(HeldClip(EvidenceKind.V1, made(START, START), event_id=number))
        buffer.flush()
    assert len(buffer) == HELD_CLIPS
    assert buffer.refused == 3
