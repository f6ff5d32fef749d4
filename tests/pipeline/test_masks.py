"""L69: a masked camera's worker on a real stream: what lies under the mask is nowhere, no clip is
kept, and a mask that changes is taken up while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from fastapi import Request
from sqlalchemy import select

from api.camera_masks import save_masks
from api.console import evidence_parts
from api.console.layout import Visitor
from api.console.picture_views import PictureView
from api.console.views import EventView
from models.audit import AuditEntry
from models.event import Event
from models.evidence import Evidence
from models.pack import NO_CLIPS, pack_status
from models.registry import get_camera, take_over
from pipeline.evidence import decode_jpeg
from pipeline.health_reference import keep_learnt, read_reference
from pipeline.pack_build import Picture
from pipeline.pack_pdf import report_pdf
from pipeline.report_page import report_font
from tests.pipeline.live import wait_for
from tests.pipeline.test_pack_phones import source, words
from tests.pipeline.test_worker import NoPlates, Rig, Truthful
from tests.rows import NOON
from tests.vision.stage import Shot, Stage
from vision.appearance import grey_picture
from vision.health_reference import ReferenceBook
from vision.masks import masks_of
from vision.small import SmallLook
from vision.types import Detection, Image

pytestmark = pytest.mark.usefixtures("own_key")

HOUSE = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.3], [0.0, 0.3]]
"""Shop windows behind the pavement; no vehicle of the clip stands there."""


def house(image: Image) -> Image:
    """The part of a picture that the mask covers."""
    return image[: int(0.3 * image.shape[0]), : int(0.5 * image.shape[1])]


class Onlooker(Truthful):
    """A detector that remembers the brightest thing it was ever shown under the mask."""

    def __init__(self) -> None:
        super().__init__()
        self.brightest: list[int] = []

    def detect(self, image: Image) -> list[Detection]:
        self.brightest.append(int(house(image).max()))
        return super().detect(image)


class Reader(NoPlates):
    def __init__(self) -> None:
        super().__init__()
        self.brightest: list[int] = []

    def read(self, image: Image, vehicle_box: Any = None) -> list[Any]:
        self.brightest.append(int(house(image).max()))
        return []


class Eyes:
    """Both, and the rig they look for."""

    def __init__(self, folder: Path, stream: str) -> None:
        self.detector, self.reader = Onlooker(), Reader()
        self.rig = Rig(
            folder, stream, load_detector=self._detector, load_reader=lambda: self.reader
        )

    def _detector(self, _weights: str | None, _settings: object) -> Onlooker:
        return self.detector

    def mask(self, *polygons: list[list[float]]) -> bool:
        rig = self.rig
        with rig.store.begin() as session:
            camera = get_camera(session, rig.camera_id)
            return save_masks(session, rig.services, camera, list(polygons), actor="olive")

    def latest(self) -> Image | None:
        key = self.rig.camera().last_picture
        return decode_jpeg(self.rig.services.evidence.get(key)) if key else None

    def rows(self) -> list[Evidence]:
        with self.rig.store.read() as session:
            return list(session.scalars(select(Evidence)))


@pytest.fixture
def eyes(tmp_path: Path, stream: str) -> Iterator[Eyes]:
    eyes = Eyes(tmp_path, stream)
    yield eyes
    eyes.rig.stop()


def test_l69_what_lies_under_a_mask_is_nowhere(eyes: Eyes) -> None:
    """From the network to the evidence: detector, plates, health, latest picture, every picture of
    the event, and no clip; the pack says why."""
    rig = eyes.rig
    assert eyes.mask(HOUSE)
    rig.start()
    event = wait_for(rig.events, 60)[0]
    wait_for(lambda: {"E1", "E3"} <= {row.kind for row in eyes.rows()}, 60, "E3")
    long_after = event.flagged_at + timedelta(seconds=12)
    wait_for(lambda: rig.services.clock.now() > long_after, 30, "V1 would be cut by now")
    wait_for(lambda: rig.camera().reference_picture, 60, "the view is learnt")
    rig.stop()
    assert eyes.detector.brightest
    assert max(eyes.detector.brightest) == 0
    assert eyes.reader.brightest
    assert max(eyes.reader.brightest) == 0
    latest = eyes.latest()
    assert latest is not None
    assert house(latest)[:-20, :-20].max() < 4
    assert latest.std() > 20, "the street is seen"
    for row in eyes.rows():
        picture = decode_jpeg(rig.services.evidence.get(row.storage_key))
        assert picture is not None, row.kind
        assert house(picture)[:-20, :-20].max() < 4, row.kind
        assert row.details["privacy_masks"] == 1
    book = read_reference(rig.services.evidence, rig.camera()).book
    assert book is not None
    steps = np.abs(np.diff(book.first.grey.astype(int), axis=1))
    assert steps[:45, :140].max() < 8, "the reference has no edge where the windows are"
    assert steps[60:].max() > 30
    with rig.store.read() as session:
        notes = pack_status(session, session.get_one(Event, event.id)).notes
    assert {"no_v1", NO_CLIPS} <= set(notes)


def test_l69_a_mask_is_taken_up_while_the_worker_runs(eyes: Eyes) -> None:
    """As a zone is: nothing is started again by hand. What was kept before loses it at once, the
    view has a new reference, and who did it is on record."""
    rig = eyes.rig.start()
    wait_for(lambda: rig.camera().health == "up" and rig.camera().last_picture, 60)
    wait_for(lambda: eyes.detector.brightest and max(eyes.detector.brightest) > 100, 30)
    before = rig.camera()
    assert eyes.mask(HOUSE)
    latest = eyes.latest()
    assert latest is not None
    assert house(latest)[:-20, :-20].max() < 30, "the picture that lay in the store"
    after = rig.camera()
    assert after.reference_picture not in {None, before.reference_picture}
    assert after.reference_by == "olive"
    wait_for(lambda: rig.camera().fencing == before.fencing + 1, 20, "its worker begins anew")
    looks = len(eyes.detector.brightest)
    wait_for(lambda: len(eyes.detector.brightest) > looks + 2, 40)
    assert max(eyes.detector.brightest[looks:]) == 0
    wait_for(lambda: rig.camera().health == "up", 20, "and believes its camera")
    assert rig.thread.is_alive()
    assert not eyes.mask(HOUSE), "the same masks change nothing"
    assert eyes.mask()
    wait_for(lambda: eyes.detector.brightest[-1] > 100, 40, "seen again")
    with rig.store.read() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "camera.change").order_by(AuditEntry.id)
        ).all()
    told = [(entry.actor, entry.details["values"]["privacy_masks"]) for entry in entries]
    assert told == [("olive", [HOUSE]), ("olive", [])]


def test_l69_the_report_says_what_is_black_and_why_there_is_no_clip() -> None:
    def report(details: dict[str, Any]) -> str:
        record = {
            "kind": "E1", "captured_at": "2026-11-23T04:00:00+00:00", "sha256": "0" * 64,
            "details": details, "sequence": 1, "chain_hash": "0" * 64,
        }  # fmt: skip
        picture = Picture({"name": "originals/E1.jpg"}, record, None)
        return words(report_pdf(source(), [picture], report_font()))

    assert "录像片段无法遮挡，因此不保存" in report({"privacy_masks": 2}).replace("\n", "")
    assert "遮挡" not in report({})


def test_l69_the_events_page_says_what_is_black_and_why_there_is_no_clip() -> None:
    """In the reader's language, above the pictures; not where nothing is masked."""
    zone = SimpleNamespace(polygon=HOUSE)
    shots = [PictureView(n, "E1", NOON, "0" * 64, "image/jpeg", None, masked=n > 0) for n in (0, 1)]
    for language, told in (("zh-CN", "录像片段"), ("en", "keeps no clips")):
        who = Visitor(1, "zhang", frozenset({"officer"}), language, cast("Request", None))
        for pictures, said in (([shots[0]], False), (shots, True)):
            view = cast("EventView", SimpleNamespace(pictures=pictures, zone=zone))
            assert (told in evidence_parts.pictures(who, view)) is said


def test_l69_what_was_learnt_without_the_mask_is_not_kept(tmp_path: Path) -> None:
    """The worker may not know yet that a mask was drawn: its view of before is let go."""
    rig = Rig(tmp_path, "rtsp://127.0.0.1:9/none")
    book = ReferenceBook([SmallLook(grey_picture(Stage().draw(Shot()))).grey])
    with rig.store.begin() as session:
        camera = get_camera(session, rig.camera_id)
        save_masks(session, rig.services, camera, [HOUSE], actor="olive")
        fencing = take_over(session, camera)
    now = rig.services.clock.now()
    for masks, kept in (((), False), (masks_of([HOUSE]), True)):
        with rig.store.begin() as session:
            key = keep_learnt(
                session, rig.services.evidence, rig.camera_id, fencing, book, masks=masks, at=now
            )
            assert (key is not None) is kept
    rig.stop()
