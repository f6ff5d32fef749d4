"""The scripted scenes of the second look, with what is true of each.

Every scene begins with the subject standing at its place (`OPENING` seconds, in which it is flagged
and becomes the watch's subject). Then its parts follow, each a state of the street for some
seconds. Seconds are short of the real seven minutes: nothing in the eyes counts minutes; whole
events with their real timers are played by `samples.recheck.walks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from samples.recheck.effects import NONE, Effect

OPENING: Final = 13.0


class Truth(StrEnum):
    """Where the subject is."""

    STANDS = "stands"
    """At its place."""
    ROLLING = "rolling"
    """Leaving its place in this very moment: nothing is asked."""
    INSIDE = "inside"
    """Two metres on, still in the zone (W11)."""
    GONE = "gone"
    """Out of the zone, in a legal bay (W12), or on a recovery truck (W34); its place is free."""
    REPLACED = "replaced"
    """Gone, and another vehicle stands at its place (W14)."""


_TRUTHS: Final = {
    "starts_off": Truth.ROLLING,
    "drives_off": Truth.GONE,
    "two_metres_on": Truth.INSIDE,
    "in_bay": Truth.GONE,
    "tow_loaded": Truth.GONE,
    "tow_away": Truth.GONE,
    "tow_comes": Truth.STANDS,
    "twin_neighbour": Truth.REPLACED,
}


def truth_of(state: str) -> Truth:
    """Where the subject is in a state of the street."""
    if state in _TRUTHS:
        return _TRUTHS[state]
    if state.endswith("_there"):
        return Truth.REPLACED
    return Truth.STANDS if state.startswith("stands") else Truth.GONE


@dataclass(frozen=True, slots=True)
class Part:
    """One state of the street for some seconds."""

    state: str
    seconds: float
    effect: Effect = NONE
    truth: Truth | None = None
    """Where the picture does not tell: what is true behind it."""

    @property
    def is_true(self) -> Truth:
        return self.truth or truth_of(self.state)


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene. `outcome` and `condition` sort it in the table of results.

    `ends` are the answers that its last look may give: without it eyes that always said `unclear`
    would pass.
    """

    name: str
    outcome: str
    condition: str
    parts: tuple[Part, ...]
    ends: frozenset[str]
    light: str = "day"

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)


def _part(state: str, seconds: float, effect: Effect = NONE, truth: Truth | None = None) -> Part:
    return Part(state, seconds, effect, truth)


_PRESENT, _ABSENT, _MOVED = frozenset({"present"}), frozenset({"absent"}), frozenset({"moved"})
_OTHER = frozenset({"other_vehicle"})
_OTHER_OR_DOUBT = frozenset({"other_vehicle", "unclear"})
"""A twin whose plate cannot be read at night: the doubt is said, in the owner's favour."""
_PRESENT_OR_DOUBT = frozenset({"present", "unclear"})
_MOVED_OR_DOUBT = frozenset({"moved", "unclear"})
_OFF = _part("starts_off", 1)
_LEAVES = (_OFF, _part("drives_off", 1))
_TOWED = (
    _part("tow_comes", 6),
    _part("tow_loaded", 5),
    _part("tow_away", 2),
    _part("empty", 8),
)


_NOT_UNDER: Final[dict[str, set[str]]] = {
    "day": set(),
    "night": {"into a bay"},
    "rain": {"into a bay", "replaced"},
}
"""What was not rendered under each light: it would say nothing new."""


def _plain(light: str, condition: str) -> Iterator[Scene]:
    """Every outcome but the tow under one light, nothing in the way."""
    sure = light != "night"
    leaves = _LEAVES if light == "day" else (_OFF,)
    other = _OTHER if sure else _OTHER_OR_DOUBT
    for outcome, ends, parts in (
        ("stayed", _PRESENT, (_part("stands", 22),)),
        ("left at 6:59", _ABSENT, (_part("stands", 4), *leaves, _part("empty", 10))),
        ("left and returned", _PRESENT if sure else _PRESENT_OR_DOUBT,
         (*leaves, _part("empty", 12), _OFF, _part("stands", 16))),
        ("moved two metres", _MOVED if light == "day" else _MOVED_OR_DOUBT,
         (_part("stands", 2), _part("two_metres_on", 20))),
        ("into a bay", _ABSENT, (_OFF, _part("in_bay", 16))),
        ("replaced by its twin", other, (*leaves, _part("empty", 7), _part("twin_there", 15))),
        ("replaced", other, (*leaves, _part("empty", 6), _part("other_there", 12))),
    ):  # fmt: skip
        if outcome not in _NOT_UNDER[light]:
            yield Scene(f"{light}: {outcome}", outcome, condition, parts, ends, light)


def _more_by_day() -> Iterator[Scene]:
    """The tow, and more ways to be replaced, all in clear daylight."""
    day = "clear day"
    twin, other = _part("twin_there", 15), _part("other_there", 12)
    replaced = "replaced"
    yield Scene("day: towed", "towed", day, _TOWED, _ABSENT)
    yield Scene("day: twin at once", "replaced by its twin", day,
                (_part("starts_off", 1), _part("empty", 2), twin), _OTHER)  # fmt: skip
    yield Scene("day: twin after long", "replaced by its twin", day,
                (*_LEAVES, _part("empty", 25), twin), _OTHER)  # fmt: skip
    yield Scene("day: same model, another colour", replaced, day,
                (*_LEAVES, _part("empty", 6), _part("painted_there", 12)), _OTHER)  # fmt: skip
    yield Scene("day: another model at once", replaced, day,
                (_part("starts_off", 1), _part("empty", 2), other), _OTHER)  # fmt: skip
    yield Scene("day: into the bay, another at its place", replaced, day,
                (_part("starts_off", 1), _part("in_bay", 6), _part("moved_other_there", 14)),
                _OTHER)  # fmt: skip
    yield Scene("day: into the bay, its twin at its place", "replaced by its twin", day,
                (_part("starts_off", 1), _part("in_bay", 6), _part("moved_twin_there", 14)),
                _OTHER)  # fmt: skip


def _changing_light() -> Iterator[Scene]:
    """Clouds, dusk, mist, and a camera whose exposure jumps."""
    jumpy, mist = Effect(flicker=0.18), Effect(fog=0.55)
    for name, comes, lasts in (
        ("a cloud comes", Effect(other_light="overcast", fades_in=True),
         Effect(other_light="overcast")),
        ("dusk falls", Effect(gain=(1.0, 0.3)), Effect(gain=(0.3, 0.3))),
        ("mist", mist, mist),
        ("exposure jumps", jumpy, jumpy),
    ):  # fmt: skip
        yield Scene(f"{name}: stayed", "stayed", "changing light",
                    (_part("stands", 24, comes),), _PRESENT_OR_DOUBT)  # fmt: skip
        yield Scene(f"{name}: left", "left at 6:59", "changing light",
                    (_part("stands", 10, comes), _part("starts_off", 1, lasts),
                     _part("empty", 12, lasts)), _ABSENT)  # fmt: skip
        yield Scene(f"{name}: replaced", "replaced by its twin", "changing light",
                    (_part("stands", 6, comes), _part("starts_off", 1, lasts),
                     _part("empty", 7, lasts), _part("twin_there", 14, lasts)),
                    _OTHER_OR_DOUBT)  # fmt: skip
    falls, dark = Effect(gain=(0.3, 0.05)), Effect(gain=(0.05, 0.05))
    yield Scene("too dark: stayed", "stayed", "too dark",
                (_part("stands", 6, falls), _part("stands", 10, dark), _part("stands", 12)),
                _PRESENT_OR_DOUBT)  # fmt: skip
    yield Scene("too dark: left meanwhile", "left at 6:59", "too dark",
                (_part("stands", 6, falls), _part("empty", 10, dark), _part("empty", 12)),
                _ABSENT)  # fmt: skip


def _hidden() -> Iterator[Scene]:
    """A bus, passers-by, neighbours: what may happen behind them."""
    goes = _part("empty_bus_full", 6)
    yield Scene("bus: stayed", "stayed", "bus",
                (_part("stands_bus_full", 8), _part("stands", 12)), _PRESENT)  # fmt: skip
    yield Scene("bus: stayed behind it for long", "stayed", "bus",
                (_part("stands_bus_full", 60), _part("stands", 8)), _PRESENT)  # fmt: skip
    yield Scene("bus: left behind it", "left at 6:59", "bus",
                (_part("stands_bus_full", 4), goes, _part("empty", 8)), _ABSENT)  # fmt: skip
    yield Scene("bus: twin behind it", "replaced by its twin", "bus",
                (_part("stands_bus_full", 4), goes, _part("twin_there", 14)),
                _OTHER)  # fmt: skip
    yield Scene("passing car: stayed", "stayed", "passing cars",
                (_part("stands_passing", 1), _part("stands", 4), _part("stands_passing", 2),
                 _part("stands", 8)), _PRESENT)  # fmt: skip
    yield Scene("passing car: left", "left at 6:59", "passing cars",
                (*_LEAVES, _part("empty", 3), _part("empty_passing", 2), _part("empty", 8)),
                _ABSENT)  # fmt: skip
    yield Scene("half a bus: stayed", "stayed", "bus",
                (_part("stands_bus_part", 12), _part("stands", 14)), _PRESENT)  # fmt: skip
    yield Scene("half a bus: left behind it", "left at 6:59", "bus",
                (_part("stands_bus_part", 3), _part("empty_bus_part", 8), _part("empty", 9)),
                _ABSENT)  # fmt: skip
    yield Scene("bus: moved on behind it", "moved two metres", "bus",
                (_part("stands_bus_full", 8), _part("two_metres_on", 20)), _MOVED)  # fmt: skip
    yield Scene("bus: another model behind it", "replaced", "bus",
                (_part("stands_bus_full", 4), _part("empty_bus_full", 4),
                 _part("other_there", 14)), _OTHER_OR_DOUBT)  # fmt: skip
    yield Scene("people: stayed", "stayed", "people and neighbours",
                (_part("stands_people", 8), _part("stands", 8)), _PRESENT)  # fmt: skip
    yield Scene("people: on its place", "left at 6:59", "people and neighbours",
                (*_LEAVES, _part("empty_people", 10), _part("empty", 6)), _ABSENT)  # fmt: skip
    yield Scene("neighbour: stayed", "stayed", "people and neighbours",
                (_part("stands_neighbour", 20),), _PRESENT)  # fmt: skip
    yield Scene("neighbour: left", "left at 6:59", "people and neighbours",
                (_part("stands_neighbour", 8), _part("empty_neighbour", 14)), _ABSENT)  # fmt: skip
    yield Scene("neighbour: replaced", "replaced by its twin", "people and neighbours",
                (_part("stands_neighbour", 6), _part("empty_neighbour", 8),
                 _part("twin_neighbour", 16)), _OTHER_OR_DOUBT)  # fmt: skip


def _headlights() -> Iterator[Scene]:
    """Lamps at night, and glare into the place."""
    lamp, sun = Effect(glare=0.8), Effect(glare=0.6)
    yield Scene("headlights: stayed", "stayed", "headlights",
                (_part("stands_lights", 3), _part("stands", 4), _part("stands_lights", 8),
                 _part("stands", 6)), _PRESENT, "night")  # fmt: skip
    yield Scene("headlights: left", "left at 6:59", "headlights",
                (_OFF, _part("empty_lights", 3), _part("empty", 4), _part("empty_lights", 6),
                 _part("empty", 4)), _ABSENT, "night")  # fmt: skip
    yield Scene("headlights: replaced", "replaced by its twin", "headlights",
                (_OFF, _part("empty_lights", 6), _part("twin_there", 14)),
                _OTHER_OR_DOUBT, "night")  # fmt: skip
    yield Scene("glare: stayed", "stayed", "headlights",
                (_part("stands", 3, lamp), _part("stands", 6), _part("stands", 8, lamp),
                 _part("stands", 10)), _PRESENT_OR_DOUBT, "night")  # fmt: skip
    yield Scene("glare: left", "left at 6:59", "headlights",
                (_part("starts_off", 1), _part("empty", 8, lamp), _part("empty", 8)),
                _ABSENT, "night")  # fmt: skip
    yield Scene("sun in the glass: stayed", "stayed", "headlights",
                (_part("stands", 5, sun), _part("stands", 10)), _PRESENT)  # fmt: skip


_AILMENTS: Final = (
    ("shake", Effect(shake=7.0)),
    ("shift", Effect(shift=(46, 18))),
    ("shift: far", Effect(shift=(230, 60))),
    ("turned", Effect(shift=(20, 0), turn=3.0)),
    ("cover: hand", Effect(cover="hand")),
    ("cover: spray", Effect(cover="spray")),
    ("defocus", Effect(blur=7.0)),
    ("stream gap", Effect(gap=True)),
    ("resolution", Effect(size=(640, 360))),
    ("starved encoder", Effect(quality=22)),
)


def _ailing() -> Iterator[Scene]:
    """What happens while the camera ails, and after it."""
    for name, effect in _AILMENTS:
        lasts = name in {"shake", "resolution", "starved encoder"}
        after = effect if lasts else NONE
        stays = _PRESENT_OR_DOUBT if lasts or name.startswith("shift") else _PRESENT
        condition = name.partition(":")[0]
        # Half a minute of a healthy view first: by then the camera's health has learnt it. The
        # other scenes begin before that.
        healthy = _part("stands", 20)
        yield Scene(f"{name}: stayed", "stayed", condition,
                    (healthy, _part("stands", 14, effect), _part("stands", 12, after)),
                    stays)  # fmt: skip
        yield Scene(f"{name}: left", "left at 6:59", condition,
                    (healthy, _part("stands", 3, effect), _part("empty", 12, effect),
                     _part("empty", 10, after)), _ABSENT)  # fmt: skip
        if name != "turned":
            yield Scene(f"{name}: replaced", "replaced by its twin", condition,
                        (_part("stands", 3, effect), _part("empty", 6, effect),
                         _part("twin_there", 15, after)), _OTHER_OR_DOUBT)  # fmt: skip
    askew, learnt = Effect(shift=(46, 18)), _part("stands", 20)
    yield Scene("shift for good: stayed", "stayed", "shift",
                (learnt, _part("stands", 20, askew)), frozenset({"unclear"}))  # fmt: skip
    yield Scene("shift for good: left", "left at 6:59", "shift",
                (learnt, _part("stands", 4, askew), _part("empty", 14, askew)),
                frozenset({"unclear"}))  # fmt: skip
    yield Scene("sheet over the lens: left", "left at 6:59", "cover",
                (_part("stands", 3, Effect(cover="sheet")),
                 _part("empty", 8, Effect(cover="sheet")), _part("empty", 10)),
                _ABSENT)  # fmt: skip
    yield Scene("short gap: stayed", "stayed", "stream gap",
                (_part("stands", 4, Effect(gap=True)), _part("stands", 8)), _PRESENT)  # fmt: skip
    frozen = Effect(frozen=True)
    yield Scene("frozen: left meanwhile", "left at 6:59", "frozen picture",
                (_part("stands", 20, frozen, Truth.GONE), _part("empty", 10)), _ABSENT)  # fmt: skip
    yield Scene("frozen: stayed", "stayed", "frozen picture",
                (_part("stands", 20, frozen), _part("stands", 14)), _PRESENT)  # fmt: skip


def all_scenes() -> Sequence[Scene]:
    """Every scene, in the order of the table; names are unique."""
    scenes = [
        *_plain("day", "clear day"),
        *_more_by_day(),
        *_plain("rain", "rain"),
        *_plain("night", "night"),
        *_changing_light(),
        *_hidden(),
        *_headlights(),
        *_ailing(),
    ]
    assert len({scene.name for scene in scenes}) == len(scenes)  # noqa: S101
    return scenes
