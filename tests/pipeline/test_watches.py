"""What is found again after a restart: open events as subjects, cut from E1; zones as shapes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.evidence import Evidence
from models.registry import get_camera, zones_for
from pipeline.evidence import MemoryEvidence
from pipeline.watches import WatchList, zone_shape
from tests.pipeline.kit import Theatre
from tests.vision.stage import PAVEMENT, PLACE, Car, Stay

STAYS = Stay(Car(), arrives=6.0)


@pytest.fixture
def scene() -> Theatre:
    return Theatre().play([STAYS], until=30)


def test_subject_is_made_again_from_the_evidence(scene: Theatre) -> None:
    with scene.store.read() as session:
        (subject,) = WatchList(scene.services.evidence).subjects(session, scene.camera_id)
    assert subject.key == str(scene.event().id)
    assert subject.zone == PAVEMENT.name
    assert subject.plate_text == "浙A12345"
    assert subject.box == pytest.approx(PLACE, abs=0.02)
    assert subject.appearance is not None
    height, width = subject.appearance.shape[:2]
    assert width == pytest.approx((PLACE[2] - PLACE[0]) * 640, abs=12)
    assert height == pytest.approx((PLACE[3] - PLACE[1]) * 360, abs=12)


def test_appearance_is_cut_once_and_forgotten_with_its_event(scene: Theatre) -> None:
    watches = WatchList(scene.services.evidence)
    with scene.store.read() as session:
        first = watches.subjects(session, scene.camera_id)[0].appearance
        assert watches.subjects(session, scene.camera_id)[0].appearance is first
        assert watches.subjects(session, camera_id=4711) == []
        assert watches.subjects(session, scene.camera_id)[0].appearance is not first


def test_w52_a_missing_or_broken_file_leaves_a_subject_without_a_picture(scene: Theatre) -> None:
    empty = MemoryEvidence()
    with scene.store.read() as session:
        (subject,) = WatchList(empty).subjects(session, scene.camera_id)
        assert subject.appearance is None
        key = session.scalar(select(Evidence.storage_key).where(Evidence.kind == "E1"))
    assert key is not None
    empty._files[key] = b"not a picture"
    with scene.store.read() as session:
        (subject,) = WatchList(empty).subjects(session, scene.camera_id)
        assert subject.appearance is None


def test_zone_is_the_shape_that_was_drawn(scene: Theatre) -> None:
    with scene.store.read() as session:
        (version,) = zones_for(session, get_camera(session, scene.camera_id))
        shape = zone_shape(version)
    assert shape.polygon == PAVEMENT.polygon
    assert (shape.name, shape.kind, shape.version) == (PAVEMENT.name, "parking", 1)
    assert shape.area is not None
