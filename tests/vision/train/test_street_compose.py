"""What the street model learns from: hung garments, adverts, look-alikes, weather, crops."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.vision.train.street_material import shirt, wall
from vision.errors import BadWeights
from vision.train.street import holdout, weather
from vision.train.street.adverts import draw_advert, put_up
from vision.train.street.distract import distract
from vision.train.street.garments import cut_out, held_back, load_garments
from vision.train.street.hang import hang, hang_line
from vision.train.street.paste import covered, paste
from vision.train.street.scenes import (
    ADVERT,
    HANGING,
    Composer,
    Places,
    Scene,
    crop,
    read_facade,
    split_facades,
)

GARMENTS = [shirt(seed) for seed in range(5)]


def test_the_label_is_the_box_round_all_garments() -> None:
    """Everything that a hung group changed, but for its line and shadow, lies in the box."""
    for seed in range(30):
        picture = wall(seed)
        before = picture.copy()
        box = hang(picture, GARMENTS, np.random.default_rng(seed))
        assert box is not None
        x1, y1, x2, y2 = box
        assert 0 <= x1 < x2 <= picture.shape[1]
        assert 0 <= y1 < y2 <= picture.shape[0]
        changed = np.abs(picture.astype(int) - before).max(axis=2) > 60
        inside = changed[int(y1) : int(y2), int(x1) : int(x2)].mean()
        changed[int(y1) : int(y2), int(x1) : int(x2)] = False
        assert inside > 0.05, f"seed {seed}: nothing hangs in the box"
        assert inside > 4 * changed.mean(), f"seed {seed}: garments hang outside the box"


def test_groups_keep_clear_of_each_other() -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        picture = wall(3)
        first = hang(picture, GARMENTS, rng)
        assert first is not None
        kept = picture.copy()
        second = hang(picture, GARMENTS, rng, [first])
        if second is None:
            assert (picture == kept).all(), "a group that found no room left something behind"
        else:
            assert covered(second, first) == 0


def test_an_advert_covers_no_other_and_its_box_is_its_own() -> None:
    rng = np.random.default_rng(2)
    picture = wall(1)
    taken = [(100.0, 100.0, 400.0, 300.0)]
    found = [put_up(picture, [], taken, rng) for _ in range(20)]
    boxes = [box for box in found if box is not None]
    assert len(boxes) > 10
    assert all(covered(box, taken[0]) == 0 for box in boxes)


def test_adverts_come_in_many_forms_and_none_is_empty() -> None:
    rng = np.random.default_rng(0)
    cuts = [draw_advert(rng) for _ in range(40)]
    ratios = [cut.shape[1] / cut.shape[0] for cut in cuts]
    assert min(ratios) < 0.6
    assert max(ratios) > 2
    assert all(cut[..., 3].max() == 255 for cut in cuts)


def test_look_alikes_change_the_picture_without_a_label() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        picture = wall(2)
        before = picture.copy()
        box = distract(picture, GARMENTS, rng)
        assert box is not None
        assert (picture != before).any()


def test_the_same_number_gives_the_same_picture(tmp_path: Path) -> None:
    """A run that goes on another day sees the pictures it would have seen."""
    composer = Composer(Places((facade(tmp_path),)), GARMENTS, [], 5)
    one, same, other = (composer.compose(number, 256) for number in (7, 7, 8))
    assert (one.picture == same.picture).all()
    assert one.boxes == same.boxes
    assert (one.picture != other.picture).any()


def test_composed_boxes_lie_in_the_picture(tmp_path: Path) -> None:
    composer = Composer(Places((facade(tmp_path),)), GARMENTS, [], 5)
    kinds: set[int] = set()
    for number in range(40):
        scene = composer.compose(number, 256)
        assert scene.picture.shape == (256, 256, 3)
        kinds.update(scene.classes)
        assert len(scene.boxes) == len(scene.classes)
        for x1, y1, x2, y2 in scene.boxes:
            assert 0 <= x1 < x2 <= 256
            assert 0 <= y1 < y2 <= 256
    assert kinds == {HANGING, ADVERT}


def test_a_crop_moves_boxes_with_the_picture() -> None:
    """A white patch stays within its box through zoom, turn, mirror and cut."""
    for seed in range(25):
        picture = np.zeros((400, 600, 3), np.uint8)
        picture[150:210, 220:330] = 255
        scene = Scene(picture, [(220.0, 150.0, 330.0, 210.0)], [ADVERT])
        done = crop(scene, np.random.default_rng(seed), 320)
        white = np.argwhere(done.picture.min(axis=2) > 200)
        if not done.boxes:
            assert len(white) < 9000  # most of it lies outside: 26,000 at twice its size
            continue
        x1, y1, x2, y2 = done.boxes[0]
        assert white[:, 1].min() >= x1 - 3
        assert white[:, 1].max() <= x2 + 3
        assert white[:, 0].min() >= y1 - 3
        assert white[:, 0].max() <= y2 + 3


def test_what_hangs_before_an_advert_hides_its_label() -> None:
    scene = Scene(wall(1), [(0.0, 0.0, 100.0, 50.0), (300.0, 0.0, 400.0, 50.0)], [ADVERT, ADVERT])
    scene.cover((0.0, 0.0, 120.0, 60.0))
    assert scene.boxes == [(300.0, 0.0, 400.0, 50.0)]


def test_pasting_outside_the_picture_does_nothing() -> None:
    picture = wall(1)
    before = picture.copy()
    assert paste(picture, GARMENTS[0], 5000, 10, 0.3) is None
    assert (picture == before).all()


def test_a_garment_is_cut_out_of_its_photograph() -> None:
    photo = np.full((320, 260, 3), 230, np.uint8)
    cv2.rectangle(photo, (70, 60), (190, 260), (40, 30, 160), -1)
    garment = cut_out(photo)
    assert garment is not None
    assert garment.shape[2] == 4
    assert garment.shape[0] / garment.shape[1] == pytest.approx(200 / 120, rel=0.1)
    assert (garment[..., 3] == 255).mean() > 0.9
    assert cut_out(np.full((320, 260, 3), 230, np.uint8)) is None


def test_cut_outs_are_kept_between_runs(tmp_path: Path) -> None:
    photo = np.full((320, 260, 3), 230, np.uint8)
    cv2.rectangle(photo, (70, 60), (190, 260), (40, 30, 160), -1)
    item = tmp_path / "items" / "shirt" / "a.jpg"
    item.parent.mkdir(parents=True)
    cv2.imwrite(str(item), photo)
    first = load_garments(tmp_path / "items", tmp_path / "store")
    cv2.imwrite(str(item), np.zeros_like(photo))
    assert (load_garments(tmp_path / "items", tmp_path / "store")[0] == first[0]).all()
    with pytest.raises(BadWeights, match="no garments"):
        load_garments(tmp_path / "nothing")


def test_the_split_is_by_picture_and_always_the_same(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"img_{number}.jpg").write_bytes(b"")
    learned, chosen, tested = split_facades(tmp_path)
    assert len(learned) + len(chosen) + len(tested) == 300
    assert not set(learned) & set(chosen) | set(learned) & set(tested) | set(chosen) & set(tested)
    assert 10 < len(chosen) < 45
    assert 10 < len(tested) < 45
    assert split_facades(tmp_path) == (learned, chosen, tested)
    assert held_back("img_1.jpg", 1.0)
    assert not held_back("img_1.jpg", 0.0)
    with pytest.raises(BadWeights, match="no facades"):
        split_facades(tmp_path / "nothing")


def test_a_facade_is_read_with_its_adverts_only(tmp_path: Path) -> None:
    scene = read_facade(facade(tmp_path))
    assert scene.classes == [ADVERT]
    assert scene.boxes[0] == pytest.approx((192, 28.8, 448, 67.2))


def facade(folder: Path) -> Path:
    path = folder / "img_1.jpg"
    cv2.imwrite(str(path), wall(1))
    path.with_suffix(".txt").write_text("3 0.5 0.1 0.4 0.08\n0 0.2 0.3 0.1 0.1\n")
    return path


def test_night_is_darker_and_rain_has_less_colour() -> None:
    rng = np.random.default_rng(1)
    day = np.full((200, 200, 3), (60, 120, 200), np.uint8)
    assert weather.night(day, rng).mean() < 0.85 * day.mean()
    wet = weather.rain(day, rng).astype(int)
    assert np.ptp(wet.mean(axis=(0, 1))) < 0.85 * np.ptp(day[0, 0].astype(int))


@pytest.mark.parametrize("hard", [False, True])
def test_the_hold_out_is_the_same_every_time(data_dir: Path, tmp_path: Path, hard: bool) -> None:
    """Every fourth picture is clean, every other has something hung out, by day and by night."""
    few = few_of(data_dir, tmp_path / "few")
    some = list(holdout.hanging_holdout(few, count=8, hard=hard))
    again = list(holdout.hanging_holdout(few, count=8, hard=hard))
    assert [boxes for _, boxes in some] == [boxes for _, boxes in again]
    assert all((a == b).all() for (a, _), (b, _) in zip(some, again, strict=True))
    assert [bool(boxes) for _, boxes in some] == [True, True, True, False] * 2
    dark = list(holdout.hanging_holdout(few, condition="night", count=8, hard=hard))
    assert [boxes for _, boxes in dark] == [boxes for _, boxes in some]
    assert np.mean([picture.mean() for picture, _ in dark]) < np.mean(
        [picture.mean() for picture, _ in some]
    )
    with pytest.raises(ValueError, match="condition"):
        next(holdout.hanging_holdout(few, condition="fog"))


def few_of(data_dir: Path, folder: Path) -> Path:
    """Eight garments and four facades of the real hold-out: cutting out 200 takes half a minute."""
    for kind, pattern, count in (
        ("laundry/clothing_items", "t-shirt/*.jpg", 8),
        ("posters/facades", "*.jpg", 4),
    ):
        for path in sorted((data_dir / kind).glob(pattern))[:count]:
            link = folder / path.relative_to(data_dir)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folder


def test_a_line_hangs_wholly_in_the_picture() -> None:
    """As in the labelled composites: a tenth to a quarter of the picture high."""
    for seed in range(20):
        picture = wall(seed)
        box = hang_line(picture, GARMENTS, np.random.default_rng(seed))
        assert box is not None
        x1, y1, x2, y2 = box
        assert 2 <= x1 < x2 <= picture.shape[1] - 2
        assert 2 <= y1 < y2 <= picture.shape[0] - 2
        assert (y2 - y1) / picture.shape[0] < 0.5


def test_clean_facades_are_two_hundred_and_none_was_trained_on(data_dir: Path) -> None:
    assert sum(1 for _ in holdout.clean_facades(data_dir)) == 200
    learned, chosen, _ = split_facades(data_dir / "train" / "facades")
    unseen = {path.name for path in (data_dir / "posters" / "facades").glob("*.jpg")}
    assert not unseen & {path.name for path in [*learned, *chosen]}
