"""Each camera looks with its own weights; equal ones are loaded once; bad ones change nothing."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from models.clock import FakeClock
from models.store import Store
from pipeline.services import Services
from pipeline.settings import Settings
from tests.pipeline.kit import stage_services
from tests.pipeline.live import wait_for
from tests.pipeline.test_worker import Rig
from tests.vision.stage import START, Stage
from vision.errors import BadWeights
from vision.types import Detection, Detector, Image, WeightsInfo

pytestmark = pytest.mark.usefixtures("own_key")


class Named:
    """A detector that knows which weights it was made of."""

    def __init__(self, name: str) -> None:
        self.info = WeightsInfo(name, "0" * 64, "v8", ("car",), 640)

    def detect(self, image: Image) -> list[Detection]:
        return []


class Shelf:
    """Weights by name; `broken` ones cannot be loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __call__(self, weights: str | None, _: Settings) -> Detector:
        name = weights or "the usual"
        if name == "broken":
            raise BadWeights("the chosen weights broken are gone")
        self.loaded.append(name)
        return Named(name)


def services(shelf: Shelf) -> Services:
    made = stage_services(Stage(), FakeClock(START), Store.memory())
    made.load_detector = shelf
    return made


def test_equal_weights_are_loaded_once_and_let_go_with_the_last_camera() -> None:
    shelf = Shelf()
    made = services(shelf)
    first, second, other = made.detector(), made.detector(None), made.detector("own")
    assert first is second
    assert (first.info.name, other.info.name) == ("the usual", "own")
    assert shelf.loaded == ["the usual", "own"]
    del other
    gc.collect()
    assert made.detector("own").info.name == "own"
    assert shelf.loaded == ["the usual", "own", "own"], "nobody looked with it any more"


def looks_with(rig: Rig) -> str:
    detector: Any = rig.worker._detector  # type: ignore[reportPrivateUsage]
    return detector.info.name if detector else ""


def test_a_worker_takes_other_weights_at_once_and_keeps_its_own_where_they_are_bad(
    tmp_path: Path, stream: str
) -> None:
    rig = Rig(tmp_path, stream, load_detector=Shelf()).start()
    try:
        wait_for(lambda: rig.camera().health == "up", 30)
        assert looks_with(rig) == "the usual"
        rig.change(weights="own")
        wait_for(lambda: looks_with(rig) == "own", 30)
        rig.change(weights="broken")
        camera = wait_for(lambda: (c := rig.camera()).health_reason and c, 30)
        assert camera.health_reason == "looks with own, for: the chosen weights broken are gone"
        wait_for(lambda: rig.camera().health == "up", 30)
        assert looks_with(rig) == "own"
        rig.change(weights=None)
        wait_for(lambda: looks_with(rig) == "the usual" and not rig.camera().health_reason, 30)
    finally:
        rig.stop()
