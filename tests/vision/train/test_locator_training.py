"""The plate locator's training in small: it learns, goes on where it stood, and is exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vision.engine import core
from vision.errors import BadWeights
from vision.plates.locator import Locator
from vision.train.locator.sources import Sources

pytestmark = pytest.mark.yolo

_NOTHING = Sources((), ())


def test_learns_and_goes_on(tmp_path: Path) -> None:
    """Losses fall; a run that was cut off gives the weights of one that was not."""
    import torch

    from vision.train.locator.train import Recipe, load_network, train

    said: list[str] = []
    recipe = Recipe(steps=14, batch=4, warm_up=2, plates=12, save_every=7, seed=1)
    whole = train(_NOTHING, tmp_path / "whole", recipe, said.append, background=False)
    train(_NOTHING, tmp_path / "cut", replace(recipe, steps=7), said.append, background=False)
    history = (tmp_path / "whole" / "locator.jsonl").read_text().splitlines()
    scores = [float(line.split('"score": ')[1].split(",")[0]) for line in history]
    assert scores[1] < scores[0]
    assert "step 0 of 14" in said[0]
    network = load_network(whole)
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())
    with pytest.raises(BadWeights, match="another recipe"):
        train(_NOTHING, tmp_path / "cut", replace(recipe, seed=2), said.append, background=False)


def test_the_export_answers_as_the_network_does(tmp_path: Path) -> None:
    """ONNX through OpenVINO against torch; and the locator takes the file."""
    import torch

    from vision.train.locator.export import export
    from vision.train.locator.network import LocatorNetwork

    torch.manual_seed(0)
    network = LocatorNetwork().eval()
    file = export(network, tmp_path / "locator.onnx")
    assert file.stat().st_size < 2_000_000
    picture = np.random.default_rng(0).random((1, 3, 64, 96), np.float32)
    compiled = core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    answer = next(iter(compiled(picture).values()))
    with torch.no_grad():
        wanted = network(torch.from_numpy(picture)).numpy()
    assert np.abs(answer - wanted).max() < 0.02
    assert Locator(file, sha256=None).find(np.zeros((50, 80, 3), np.uint8)) == []


def test_targets_are_what_peaks_reads_back() -> None:
    """A network that answers its target exactly is decoded to the plates of the picture."""
    import torch

    from vision.plates.locate_grid import peaks
    from vision.train.locator.compose import Composer
    from vision.train.locator.targets import losses, target

    composer = Composer(_NOTHING, seed=5, plates=20)
    for number in range(40):
        sample = composer.sample(number)
        wanted = target(sample.plates)
        heat = np.clip(wanted[:1], 1e-4, 1 - 1e-4)
        answer = np.concatenate([np.log(heat / (1 - heat)), wanted[1:9], wanted[9:10] * 8 - 4])
        found = peaks(answer, least=0.9, most=6)
        counted = [plate for plate in sample.plates if plate.counted]
        assert len(found) == len(counted)
        for plate in counted:
            nearest = min(found, key=lambda f, q=plate.quad: float(np.abs(f.quad - q).max()))
            assert np.abs(nearest.quad - plate.quad).max() < 0.5
            assert nearest.two_lines is plate.two_lines
        perfect = losses(torch.from_numpy(answer[None]), torch.from_numpy(wanted[None]))
        assert perfect.corners < 1e-3
