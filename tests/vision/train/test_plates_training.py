"""A few steps of the plate training: resumed where it stopped, exported, loaded by the reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.yolo


def test_a_few_steps_make_weights_that_the_reader_loads(tmp_path: Path) -> None:
    """The exported file says what the network says, and a second run goes on from the first."""
    torch = pytest.importorskip("torch")
    from vision.plates.network import VIEWS, PlateNetwork, normalised
    from vision.train.plates.command import write
    from vision.train.plates.fit import Plan, fit
    from vision.train.plates.shards import make_shards, open_shard

    said: list[str] = []
    make_shards(tmp_path, 1, seed=1, data=None, say=said.append, count=64)
    file = tmp_path / "run.pt"
    assert fit(tmp_path, [], Plan(steps=2, batch=16, real=0), file, said.append).step == 2
    run = fit(tmp_path, [], Plan(steps=3, batch=16, real=0), file, said.append)
    assert run.step == 3
    net = run.averaged()
    write(net, open_shard(tmp_path, 0), tmp_path / "plate-read.onnx", said.append)
    views = [np.array(picture) for picture in open_shard(tmp_path, 0).pictures[:VIEWS]]
    seen = PlateNetwork(tmp_path / "plate-read.onnx", sha256=None).look(views)
    with torch.inference_mode():
        _, ground = net(torch.from_numpy(normalised(np.stack(views))))
    wanted = ground[:, :-1].softmax(1).numpy()
    assert seen.colours == pytest.approx(wanted, abs=0.02)  # weights of 16 bits
    assert seen.characters.sum(axis=2) == pytest.approx(1.0, abs=1e-3)
    assert "temperature" in said[-1]
