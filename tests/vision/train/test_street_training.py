"""A whole training in small: a few pictures, a few steps, a model that the detector loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vision.extra import needs_ultralytics
from tests.vision.train.street_material import wall, write_data_set
from vision.detect import load_detector
from vision.engine import core
from vision.train.street.learn import Recipe


@needs_ultralytics
def test_a_training_run_stops_goes_on_and_ends_in_a_model(data_dir: Path, tmp_path: Path) -> None:
    """Two steps, stopped; the other two from where it stood; then a model with thresholds."""
    from vision.train.street.run import train

    data = write_data_set(tmp_path / "data", data_dir)
    target, work, clips = tmp_path / "street-n.onnx", tmp_path / "work", tmp_path / "clips"
    recipe = Recipe(steps=4, batch=2, workers=0, check_every=2, sizes=(128,))
    told: list[str] = []

    def stop_after_two(text: str) -> None:
        told.append(text)
        if text.startswith("check at step 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, work, clips, target, recipe, stop_after_two)
    assert not target.exists()
    told.clear()
    train(data, work, clips, target, recipe, told.append)
    assert "going on at step 2 of 4" in told
    assert not any(line.startswith("check at step 2:") for line in told)
    found = load_detector(target, confidence=0.02)
    assert set(found.info.thresholds) == {"hanging", "advert"}
    found.detect(wall(1))


@needs_ultralytics
def test_the_branch_in_torch_and_in_the_file_is_one(data_dir: Path, tmp_path: Path) -> None:
    """What is trained is what ships: the same features give the same boxes and scores."""
    import numpy as np

    from vision.train.street.export import write_street, write_trunk
    from vision.train.street.network import (
        FrozenTrunk,
        boxes_of,
        folded,
        fresh_parameters,
        run_branch,
    )
    from vision.train.street.topology import grids, read_teacher
    from vision.train.torch_extra import import_torch

    torch = import_torch()
    teacher = read_teacher(data_dir / "weights" / "yolov5n_coco_640.onnx")
    write_trunk(tmp_path / "trunk.onnx", teacher)
    learned, running = fresh_parameters(1)
    for name in running:
        running[name] += 0.3 * torch.rand(running[name].shape)
    picture = wall(5, 256, 320)
    features = FrozenTrunk(tmp_path / "trunk.onnx", 1)(picture[None])
    raw = run_branch(learned, running, features, False)
    points, strides = (torch.from_numpy(part) for part in grids(256, 320))
    boxes, scores = boxes_of(raw, points, strides)[0].numpy(), raw[0, 4:].sigmoid().numpy()

    write_street(tmp_path / "street.onnx", teacher, folded(learned, running), {}, 9.0)
    compiled = core().compile_model(tmp_path / "street.onnx", "CPU")
    blob = picture[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    table = compiled([np.ascontiguousarray(blob)])[0][0][:, -len(points) :]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert np.abs(table[:2].T - middles).max() < 2.0  # pixels; both count in 16 bits
    assert np.abs(table[10:] - scores).max() < 0.02
