"""Rendered GA 36 plates, what a camera makes of them, and which real plates may be trained on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from vision.plates.grammar import LETTERS, PROVINCES, parse
from vision.plates.symbols import COLOURS, HEIGHT, WIDTH
from vision.train.plates.degrade import degrade
from vision.train.plates.ga36 import FORMS, random_plate, random_text, render_plate
from vision.train.plates.shards import (
    COLOUR_AT,
    LINES_AT,
    label,
    make_shards,
    open_shard,
    text_of,
)
from vision.train.split import may_train
from vision.types import PlateColour


@pytest.mark.parametrize("kind", list(FORMS))
def test_every_kind_is_drawn_in_its_size_and_colour(kind: str) -> None:
    """Each kind of domain.md 2.6: its millimetres, its ground, and ink on it."""
    rng = np.random.default_rng(3)
    form = FORMS[kind]
    plate = render_plate(random_text(kind, rng), form.colour, kind, rng=rng)
    assert plate.shape == (form.size[1], form.size[0], 3)
    ground = np.median(plate.reshape(-1, 3), axis=0)
    blue, green, red = (int(v) for v in ground)
    assert {
        PlateColour.BLUE: blue > red + 40,
        PlateColour.YELLOW: red > blue + 100 and green > blue + 60,
        PlateColour.GREEN: green > red,
        PlateColour.WHITE: min(blue, green, red) > 200,
        PlateColour.BLACK: max(blue, green, red) < 60,
    }[form.colour]
    assert plate.astype(int).std() > 15


def test_texts_obey_the_grammar_and_are_spread_evenly() -> None:
    """Every text parses on its colour; no province and no letter is rare."""
    rng = np.random.default_rng(5)
    drawn = [random_plate(rng) for _ in range(4000)]
    for text, colour, kind in drawn:
        if kind not in {"black", "motorcycle_light"}:  # kinds that the grammar does not accept
            assert parse(text, colour) is not None, (text, kind)
    heads = Counter(text[0] for text, _, _ in drawn)
    assert min(heads[p] for p in PROVINCES) > 4000 / 31 / 2
    letters = Counter(c for text, _, _ in drawn for c in text[1:] if c in LETTERS)
    assert min(letters.values()) * 4 > max(letters.values())


def test_a_text_of_another_kind_is_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="8 characters on green"):
        render_plate("浙A12345", PlateColour.GREEN, "nev_small", rng=rng)
    with pytest.raises(ValueError, match="7 characters on blue"):
        render_plate("浙A12345", PlateColour.YELLOW, "small", rng=rng)


def test_degraded_plates_are_the_networks_size_and_repeat() -> None:
    """The same seed gives the same picture; a cut plate says so."""
    flat = render_plate("浙A12345", PlateColour.BLUE, "small", rng=np.random.default_rng(0))
    one, seen = degrade(flat, np.random.default_rng(9))
    again, _ = degrade(flat, np.random.default_rng(9))
    assert one.shape == (HEIGHT, WIDTH, 3)
    assert (one == again).all()
    assert seen.whole
    assert not degrade(flat, np.random.default_rng(9), whole=False)[1].whole


def test_shards_are_made_once_and_say_what_they_show(tmp_path: Path) -> None:
    """Labels and pictures belong together, and a second run makes nothing again."""
    said: list[str] = []
    make_shards(tmp_path, 1, seed=1, data=None, say=said.append, count=48)
    before = (tmp_path / "0000.pictures.npy").stat().st_mtime_ns
    make_shards(tmp_path, 1, seed=1, data=None, say=said.append, count=48)
    assert (tmp_path / "0000.pictures.npy").stat().st_mtime_ns == before
    shard = open_shard(tmp_path, 0)
    assert shard.pictures.shape == (48, HEIGHT, WIDTH, 3)
    for row in shard.labels:
        known = COLOURS[int(row[COLOUR_AT])] is not PlateColour.UNKNOWN
        assert bool(text_of(row[:8])) == known
    row = label("鲁H3K9T2", PlateColour.YELLOW, two_lines=True, seen=None)
    assert (text_of(row[:8]), row[LINES_AT]) == ("鲁H3K9T2", 1)


def test_the_split_never_changes() -> None:
    """The tables are of pictures that training never saw, on every machine and every day."""
    assert not may_train("crops_synth_zhengyuwei", "any.jpg")
    assert not may_train("crops_hyperlpr", "any.jpg")
    assert not may_train("crops_lprnet", "川X90621.jpg")
    assert may_train("crops_lprnet", "川JK0707.jpg")


def test_a_photograph_is_kept_back_whatever_its_ending() -> None:
    """Saved again in another format it is the same photograph; a crop goes by its whole name."""
    assert not may_train("full_easypr", "渝B777C9.jpg")
    assert not may_train("full_easypr", "渝B777C9.png")
