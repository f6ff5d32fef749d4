"""What the operators learn of a camera: at once, with its beginning, and over when it is over."""

from __future__ import annotations

import struct
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks import camera_effects as made
from models.camera import Camera, CameraHealthChange
from models.errors import NotFound
from models.registry import get_camera, set_reference, take_over
from pipeline.evidence import encode_jpeg
from pipeline.health import CameraHealth
from pipeline.health_reference import (
    LEARNT,
    accept_for_zone,
    accept_view,
    keep_learnt,
    read_reference,
)
from tests.pipeline.test_worker import Rig
from tests.vision.stage import START, Shot, Stage
from vision.appearance import grey_picture
from vision.frames import StreamState, StreamStatus
from vision.health import ViewReport
from vision.health_clock import told_time, without_time_zone
from vision.health_reference import ReferenceBook
from vision.small import SmallLook
from vision.types import Image, ViewHealth

HOUR = 3600.0


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, "rtsp://127.0.0.1:9/none")


def post(rig: Rig) -> CameraHealth:
    with rig.store.begin() as session:
        fencing = take_over(session, get_camera(session, rig.camera_id))
    health = CameraHealth(rig.services, rig.camera_id, "live", fencing)
    health.note_stream(StreamState(StreamStatus.UP, START))
    return health


def history(rig: Rig) -> list[CameraHealthChange]:
    with rig.store.read() as session:
        return list(session.scalars(select(CameraHealthChange).order_by(CameraHealthChange.id)))


def test_a_trouble_has_a_beginning_an_end_and_its_figures(rig: Rig) -> None:
    stage, health = Stage(), post(rig)
    health.note_look(stage.frame(Shot(), 0.0), ViewHealth.OK, ViewReport(score=0.98))
    health.write(0.0, 0)
    sick = ViewReport(ViewHealth.MOVED, START + timedelta(seconds=7), score=0.11, shift_share=0.05)
    health.note_look(stage.frame(Shot(), 10.0), ViewHealth.MOVED, sick)
    health.write(10.0, 0)
    camera = rig.camera()
    assert (camera.health, camera.health_since) == ("moved", START + timedelta(seconds=7))
    assert camera.health_details is not None
    assert camera.health_details["score"] == 0.11
    assert "5%" in camera.health_reason
    # A single good look ends nothing; five seconds of them do, from the first one on.
    for second in (20.0, 22.0, 26.0):
        health.note_look(stage.frame(Shot(), second), ViewHealth.OK, ViewReport(score=0.97))
        health.write(second, 0)
    camera = rig.camera()
    assert (camera.health, camera.health_since) == ("up", START + timedelta(seconds=20))
    last = history(rig)[-1]
    assert (last.health, last.details["before"], last.details["before_seconds"]) == (
        "up",
        "moved",
        13.0,
    )
    rig.stop()


def test_l81_a_clock_that_is_off_is_told(rig: Rig) -> None:
    """Beyond the limit the looks are unclear; a camera that sends local time as UTC is not off."""
    health = post(rig)
    assert health.note_clock(None, 8 * HOUR, 1.0) is ViewHealth.OK
    assert health.note_clock(-0.4, 8 * HOUR, 1.0) is ViewHealth.OK
    assert health.note_clock(8 * HOUR + 0.3, 8 * HOUR, 1.0) is ViewHealth.OK
    assert health.note_clock(95.0, 8 * HOUR, 1.0) is ViewHealth.CLOCK_OFF
    health.note_look(Stage().frame(Shot(), 1.0), ViewHealth.CLOCK_OFF)
    health.write(1.0, 0)
    camera = rig.camera()
    assert (camera.health, camera.measured_clock_offset_seconds) == ("clock_off", 95.0)
    assert "+95.0 s" in camera.health_reason
    assert camera.clock_is_off_by == 95.0
    rig.stop()


@pytest.mark.parametrize(
    ("offset", "zone", "left"),
    [(0.2, 0.0, 0.2), (28800.4, 28800.0, 0.4), (7200.0, 28800.0, 7200.0)],
)
def test_local_time_sent_as_utc(offset: float, zone: float, left: float) -> None:
    assert without_time_zone(offset, zone) == pytest.approx(left)


def test_a_sender_report_is_read_or_known_to_tell_nothing() -> None:
    """RFC 3550 allows a camera to count from when it was switched on: that is no time of day."""
    now = START.timestamp()
    assert told_time(report(now)) == pytest.approx(now, abs=1e-3)
    assert told_time(report(3600.0 - 2_208_988_800)) is None
    assert told_time(report(3600.0)) is None
    assert told_time(b"short") is None


def report(unix_seconds: float) -> bytes:
    return struct.pack("@IQIII4x", 7, int((unix_seconds + 2_208_988_800) * 2**32), 0, 0, 0)


def show(rig: Rig, image: Image) -> None:
    """This is the camera's latest picture."""
    key = rig.services.evidence.overwrite("camera-1", encode_jpeg(image), "jpg")
    with rig.store.begin() as session:
        get_camera(session, rig.camera_id).last_picture = key


def small(image: Image) -> ReferenceBook:
    return ReferenceBook([SmallLook(grey_picture(image)).grey])


def in_force(rig: Rig) -> tuple[str | None, ReferenceBook | None]:
    with rig.store.read() as session:
        found = read_reference(rig.services.evidence, get_camera(session, rig.camera_id))
    return found.key, found.book


def test_what_a_worker_learnt_is_the_reference_until_a_person_accepts_another(rig: Rig) -> None:
    stage = Stage()
    picture = stage.draw(Shot())
    assert in_force(rig) == (None, None)
    with rig.store.begin() as session:
        fencing = take_over(session, get_camera(session, rig.camera_id))
        key = keep_learnt(
            session, rig.services.evidence, rig.camera_id, fencing, small(picture), at=START
        )
    camera = rig.camera()
    assert (camera.reference_picture, camera.reference_by) == (key, LEARNT)
    # A light learnt later lies beside it: the accepted view keeps its key.
    lights = small(picture).with_grey(SmallLook(grey_picture(made.night(picture, 0))).grey)
    with rig.store.begin() as session:
        again = keep_learnt(
            session, rig.services.evidence, rig.camera_id, fencing, lights, at=START
        )
    assert again == key
    found = in_force(rig)[1]
    assert found is not None
    assert len(found.views) == 2
    # Drawing a zone accepts what has only been learnt; the other lights were of the old view.
    show(rig, made.turn(across=0.1)(picture, 0))
    with rig.store.begin() as session:
        accept_for_zone(session, rig.services, get_camera(session, rig.camera_id), actor="olive")
    accepted, book = in_force(rig)
    assert accepted != key
    assert book is not None
    assert len(book.views) == 1
    assert rig.camera().reference_by == "olive"
    # Drawing another zone on an accepted view that is in its place changes nothing.
    with rig.store.begin() as session:
        accept_for_zone(session, rig.services, get_camera(session, rig.camera_id), actor="oscar")
    assert rig.camera().reference_by == "olive"
    rig.stop()


def test_the_same_view_in_another_light_is_added(rig: Rig) -> None:
    picture = Stage().draw(Shot())
    for image, same in ((picture, False), (made.infrared(picture, 0), True)):
        show(rig, image)
        with rig.store.begin() as session:
            camera = get_camera(session, rig.camera_id)
            accept_view(session, rig.services, camera, actor="olive", same_view=same)
    book = in_force(rig)[1]
    assert book is not None
    assert len(book.views) == 2
    with rig.store.begin() as session:
        set_reference(session, get_camera(session, rig.camera_id), None, at=START, actor="olive")
    assert in_force(rig) == (None, None)
    rig.stop()


def test_without_a_picture_nothing_can_be_accepted(rig: Rig) -> None:
    with rig.store.begin() as session, pytest.raises(NotFound):
        accept_view(session, rig.services, get_camera(session, rig.camera_id), actor="olive")
    rig.stop()


def test_a_reference_that_is_gone_is_learnt_anew(rig: Rig) -> None:
    """A lost or broken file must not stop the camera."""
    key = rig.services.evidence.put(b"no book", "npz")
    for bad in (key, "sha256/00/00/" + "0" * 64 + ".npz"):
        with rig.store.begin() as session:
            camera = get_camera(session, rig.camera_id)
            set_reference(session, camera, bad, at=START, actor="olive")
        assert in_force(rig) == (bad, None)
    rig.stop()


def test_the_worse_of_two_clocks_counts() -> None:
    """Neither a person's finding nor the stream's proves the other wrong."""
    camera = Camera(clock_offset_seconds=-2.0, measured_clock_offset_seconds=0.3)
    assert camera.clock_is_off_by == -2.0
    camera.measured_clock_offset_seconds = 5.0
    assert camera.clock_is_off_by == 5.0
    camera.measured_clock_offset_seconds = None
    assert camera.clock_is_off_by == -2.0
