"""Two cars that overlap in the picture keep their own plates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from samples.recheck.film import Film
from samples.recheck.scenes import Part, Scene
from vision.detect import load_detector
from vision.looker import CameraLooker
from vision.plates import default_reader
from vision.types import Frame, Sighting, ZoneShape

START = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
EVERYWHERE = ZoneShape("all", "parking", ((0, 0), (1, 0), (1, 1), (0, 1)), dwell_seconds=4)


def test_a_plate_is_not_read_off_the_car_behind() -> None:
    """The nearer car's box covers the further one's plate: its text would go to the wrong owner."""
    film = Film()
    part = Part("stands_neighbour", 16)
    scene = Scene("neighbours", "", "", (part,), frozenset())
    looker = CameraLooker("recheck", [EVERYWHERE], load_detector(), default_reader())
    sightings: list[Sighting] = []
    for second in range(16):
        image = film.picture(scene, part, second + 100.0, 0.0)
        assert image is not None
        sightings += looker.look(Frame("r", START + timedelta(seconds=second), image)).sightings
    assert len(sightings) == 2
    further, nearer = (s.plate for s in sorted(sightings, key=lambda s: s.box[3]))
    assert further is not None
    assert further.text == film.stills.plate("subject")
    assert nearer is not None
    assert nearer.text != further.text
    assert not nearer.accepted, "its own plate is outside of the picture"
