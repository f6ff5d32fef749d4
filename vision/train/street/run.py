"""Makes vision/weights/street-n.onnx end to end: `python -m vision.train street`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vision.detect_letterbox import Letterbox
from vision.evaluate import Labelled, average_precision, rank
from vision.train.street.calibrate import fit_factor, judged
from vision.train.street.check import LOWEST_CONFIDENCE, measure
from vision.train.street.export import write_street, write_trunk
from vision.train.street.garments import CutOut, held_back, load_garments
from vision.train.street.holdout import compose_hanging
from vision.train.street.learn import Learner, Recipe
from vision.train.street.network import FrozenTrunk, Parameters, boxes_of, folded, run_branch
from vision.train.street.paste import Box, Picture
from vision.train.street.scenes import Composer, Places, cut_adverts, read_facade, split_facades
from vision.train.street.thresholds import choose_thresholds
from vision.train.street.topology import BRANCH_CLASSES, Weights, grids, read_teacher
from vision.train.torch_extra import import_torch
from vision.types import Detection

Say = Callable[[str], None]
_GARMENTS_KEPT_FOR_CHOOSING = 0.10
_COMPOSITES_A_FACADE = 4
_SIDE = 640
_MOST_BOXES = 300
_FRAMES_A_CLIP = 20


@dataclass(frozen=True, slots=True)
class Material:
    """What a run learns from and chooses by."""

    teacher: Weights
    trust: float
    """See `calibrate`."""
    composer: Composer
    adverts: list[tuple[Picture, list[Box]]]
    """Whole validation facades with their adverts."""
    hanging: list[tuple[Picture, list[Box]]]
    """Composites of validation facades and garments."""


def prepare(data_dir: Path, work: Path, clips: Path, recipe: Recipe, say: Say) -> Material:
    """Reads the data set, cuts the garments out (once), writes the trunk. Raises BadWeights."""
    teacher_file = data_dir / "weights" / "yolov5n_coco_640.onnx"
    teacher = read_teacher(teacher_file)
    write_trunk(work / "trunk.onnx", teacher)
    facades, chosen, _ = split_facades(data_dir / "train" / "facades")

    def told(done: int, whole: int) -> None:
        if done % 200 == 0:
            say(f"garments cut out: {done} of {whole}")

    def kept(name: str) -> bool:
        return held_back(name, _GARMENTS_KEPT_FOR_CHOOSING)

    folder, store = data_dir / "train" / "clothing_items", work / "garments"
    learned = load_garments(folder, store, lambda name: not kept(name), told)
    unseen = load_garments(folder, store, kept)
    streets = sorted((data_dir / "train" / "junction").glob("*.jpg"))
    streets += clip_frames(clips, work / "frames")
    composer = Composer(
        Places(tuple(facades), tuple(streets)), learned, cut_adverts(facades), recipe.seed
    )
    scenes = [read_facade(path) for path in chosen]
    adverts = [(scene.picture, scene.boxes) for scene in scenes]
    hanging = _composites(adverts, unseen, recipe.seed)
    junction = sorted((data_dir / "train" / "junction").glob("*.jpg"))
    trust = fit_factor(judged(teacher_file, [*junction[::4], *facades[::10]], recipe.threads))
    say(f"odds of people and vehicles: squared, times {trust:.1f}")
    say(f"{len(facades)} facades, {len(streets)} streets, {len(learned)} garments to learn from")
    say(f"{len(adverts)} facades and {len(hanging)} composites to choose by")
    return Material(teacher, trust, composer, adverts, hanging)


def _composites(
    facades: Sequence[tuple[Picture, list[Box]]], garments: list[CutOut], seed: int
) -> list[tuple[Picture, list[Box]]]:
    made: list[tuple[Picture, list[Box]]] = []
    for number in range(len(facades) * _COMPOSITES_A_FACADE):
        picture, _ = facades[number % len(facades)]
        condition = ("day", "day", "night", "rain")[number // len(facades)]
        clean = number % 4 == 3
        made.append(compose_hanging(picture, garments, [seed, 9, number], condition, clean))
    return made


def clip_frames(clips: Path, store: Path) -> list[Path]:
    """Frames of our own rendered clips, as streets without anything hung out."""
    found: list[Path] = []
    for clip in sorted(clips.glob("*.mp4")):
        reader = cv2.VideoCapture(str(clip))
        step = max(1, int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) // _FRAMES_A_CLIP)
        for number in range(_FRAMES_A_CLIP):
            path = store / f"{clip.stem}_{number:03d}.jpg"
            if not path.is_file():
                reader.set(cv2.CAP_PROP_POS_FRAMES, number * step)
                read, frame = reader.read()
                if not read:
                    break
                path.parent.mkdir(parents=True, exist_ok=True)
                small = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                cv2.imwrite(str(path), small)
            found.append(path)
        reader.release()
    return found


def torch_detector(
    trunk: FrozenTrunk, learned: Parameters, running: Parameters
) -> Callable[[Picture], list[Detection]]:
    """The branch as it stands, asked at 640 x 640, for the checks during training."""
    torch = import_torch()
    points, strides = (torch.from_numpy(part) for part in grids(_SIDE, _SIDE))

    def detect(picture: Picture) -> list[Detection]:
        letterbox = Letterbox.fit(picture, _SIDE, _SIDE, None)
        with torch.no_grad():
            features = trunk(letterbox.apply(picture)[None])
            raw = run_branch(learned, running, features, False)
            boxes = boxes_of(raw, points, strides)[0].numpy()
            scores = raw[0, 4:].sigmoid().numpy()
        found: list[Detection] = []
        for kind, row in zip(BRANCH_CLASSES, scores, strict=True):
            order = np.argsort(-row)[:_MOST_BOXES]
            order = order[row[order] >= LOWEST_CONFIDENCE]
            corners = np.concatenate([boxes[order, :2], boxes[order, 2:] - boxes[order, :2]], 1)
            kept = cv2.dnn.NMSBoxes(corners.tolist(), row[order].tolist(), 0.0, 0.6)
            relative = letterbox.to_relative(boxes[order]).tolist()
            found += [
                Detection(kind, float(row[order[int(place)]]), tuple(relative[int(place)]))
                for place in np.array(kept, np.int64).ravel()
            ]
        return found

    return detect


def check(
    material: Material, trunk: FrozenTrunk, parameters: tuple[Parameters, Parameters]
) -> dict[str, list[Labelled]]:
    """What the branch finds in the pictures kept for choosing, by class."""
    detect = torch_detector(trunk, *parameters)
    return {
        "hanging": measure(material.hanging, "hanging", detect),
        "advert": measure(material.adverts, "advert", detect),
    }


def train(data_dir: Path, work: Path, clips: Path, target: Path, recipe: Recipe, say: Say) -> None:
    """Trains, or goes on training, in `work`; writes the model to `target`. Raises BadWeights."""
    material = prepare(data_dir, work, clips, recipe, say)
    trunk = FrozenTrunk(work / "trunk.onnx", recipe.threads)
    learner = Learner(work, trunk, recipe)
    if learner.resume():
        say(f"going on at step {learner.progress.step} of {recipe.steps}")
    _learn(learner, material, trunk, recipe, say)
    parameters = learner.load_best()
    thresholds = choose_thresholds(check(material, trunk, parameters))
    write_street(target, material.teacher, folded(*parameters), thresholds, material.trust)
    say(f"{target.name}: best of step {learner.progress.best_step}, thresholds {thresholds}")


def _learn(
    learner: Learner, material: Material, trunk: FrozenTrunk, recipe: Recipe, say: Say
) -> None:
    progress = learner.progress
    started, first = time.monotonic(), progress.step
    for scenes in learner.batches(material.composer):
        boxes, classes = learner.step(scenes)
        if progress.step % 50 == 0:
            pace = (time.monotonic() - started) / (progress.step - first)
            left = pace * (recipe.steps - progress.step) / 60
            losses = f"boxes {boxes:.3f} classes {classes:.3f}"
            say(f"step {progress.step}: {losses}, {left:.0f} min left")
        if progress.step % recipe.check_every == 0 or progress.step == recipe.steps:
            _choose(learner, check(material, trunk, learner.averaged), say)
            if progress.step - progress.best_step >= recipe.patience * recipe.check_every:
                say("no better for a while: that is all")
                return


def _choose(learner: Learner, found: dict[str, list[Labelled]], say: Say) -> None:
    precisions = {kind: average_precision(rank(seen, kind)) or 0.0 for kind, seen in found.items()}
    result = sum(precisions.values()) / len(precisions)
    progress = learner.progress
    if result > progress.best:
        progress.best, progress.best_step = result, progress.step
        learner.save("best.pt")
    learner.save("last.pt")
    figures = ", ".join(f"{kind} {value:.3f}" for kind, value in precisions.items())
    say(f"check at step {progress.step}: AP50 {figures}")
