"""How soon each sickness of a camera is found, and what is taken for one that is none.

    python -m benchmarks.health            every clip, every sickness (some ten minutes)
    python -m benchmarks.health junction   only clips whose name has this in it

The pictures are real street clips (QIFEN_DATA) and our own rendered ones; the sicknesses and the
weather are made (`benchmarks.camera_effects`). Each trial settles for 41 looks, one a second, then
suffers for a minute and more. Detections are not used: nobody tells that the bus is a bus.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path
from statistics import median

import cv2

from benchmarks import camera_effects as made
from benchmarks.material import data_dir
from vision.appearance import GREY_WIDTH
from vision.frames import FileSource
from vision.health import ViewMonitor
from vision.small import SmallLook
from vision.types import Image, ViewHealth, grey_picture

SETTLE, SUFFER = 41, 75
WITHIN_SECONDS = 60
_START = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_LOOKS = 30
_WIDTH = 640

SICKNESSES: Mapping[str, tuple[made.Effect, frozenset[ViewHealth]]] = {
    "black": (made.gain(0.01), frozenset({ViewHealth.BLACK})),
    "too dark": (made.gain(0.08), frozenset({ViewHealth.TOO_DARK, ViewHealth.BLACK})),
    "hand before the lens": (made.hand, frozenset({ViewHealth.COVERED})),
    "sprayed": (made.spray, frozenset({ViewHealth.COVERED, ViewHealth.DEFOCUSED})),
    "defocus 6 px": (made.blur(6), frozenset({ViewHealth.DEFOCUSED})),
    "defocus 10 px": (made.blur(10), frozenset({ViewHealth.DEFOCUSED})),
    "defocus 20 px": (made.blur(20), frozenset({ViewHealth.DEFOCUSED})),
    "turned 3 %": (made.turn(across=0.03), frozenset({ViewHealth.MOVED})),
    "turned 5 % (3 degrees)": (made.turn(across=0.05), frozenset({ViewHealth.MOVED})),
    "turned 5 % down": (made.turn(down=0.05), frozenset({ViewHealth.MOVED})),
    "turned 20 %": (made.turn(across=0.2), frozenset({ViewHealth.MOVED})),
    "rolled 3 degrees": (made.turn(roll=3), frozenset({ViewHealth.MOVED})),
    "zoomed 1.1": (made.turn(zoom=1.1), frozenset({ViewHealth.MOVED})),
    "zoomed 1.3": (made.turn(zoom=1.3), frozenset({ViewHealth.MOVED})),
    "turned away": (made.upside_down, frozenset({ViewHealth.MOVED})),
    "frozen": (made.nothing, frozenset({ViewHealth.FROZEN})),
    "frozen, clock runs": (made.with_clock, frozenset({ViewHealth.FROZEN})),
}
STREETS: Mapping[str, made.Effect] = {
    "as it is": made.nothing,
    "bus over half the view": made.bus,
    "rain": made.rain,
    "snow": made.snow,
    "headlights": made.headlights,
    "exposure steps": made.exposure_steps,
    "dusk": made.dusk,
    "night": made.night,
    "infrared comes on": made.infrared,
    "shaking in the wind": made.shake,
    "wiper": made.wiper,
}


@dataclass(frozen=True)
class Trial:
    clip: str
    condition: str
    found: str = ""
    """What the trouble was called last; empty where none was found."""
    right: bool = False
    """Whether that is a fitting name."""
    delay_seconds: int | None = None
    false_looks: int = 0
    looks: int = 0


def looks_of(name: str) -> list[Image]:
    """The first half minute of a clip, one look a second, at most 640 pixels wide: health judges
    by 320. Raises FileNotFoundError."""
    own = Path(str(files("samples") / "clips")) / f"{name}.mp4"
    folder = data_dir()
    if own.is_file():
        path = own
    elif folder is None:
        raise FileNotFoundError(f"no clip {name}: set QIFEN_DATA")
    elif name == "junction":
        frames = sorted((folder / "video" / "opendatacam_frames").glob("*.jpg"))
        pictures = (cv2.imread(str(path)) for path in frames[::5])
        return [_narrow(picture.astype("uint8")) for picture in pictures if picture is not None]
    else:
        path = next((folder / "video").glob(f"*{name}*"))
    frames = FileSource(path, name, start=_START)
    return [_narrow(frame.image) for frame in islice(frames, _MOST_LOOKS)]


def _narrow(image: Image) -> Image:
    height, width = image.shape[:2]
    size = (_WIDTH, round(height * _WIDTH / width))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if width > _WIDTH else image
    return small.astype("uint8", copy=False)


def clips() -> list[str]:
    """Names of all clips that are here."""
    own = sorted(path.stem for path in Path(str(files("samples") / "clips")).glob("*.mp4"))
    real = ["car-detection", "input_video", "video02", "junction"] if data_dir() else []
    return real + own


def to_and_fro(looks: Sequence[Image], count: int, begin: int = 0) -> list[Image]:
    """The clip played forwards and backwards, so that time never jumps."""
    there = [*looks, *looks[-2:0:-1]]
    return [there[(begin + index) % len(there)] for index in range(count)]


class Camera:
    """A monitor that has seen forty seconds of its street."""

    def __init__(self, looks: Sequence[Image]) -> None:
        self._looks = looks
        self._second = 0
        self.monitor = ViewMonitor()
        self.settled = self.sees(made.nothing, SETTLE)

    def sees(self, effect: made.Effect, count: int, *, still: bool = False) -> list[ViewHealth]:
        """So many more looks, with this effect; `still` sends the same picture for ever."""
        pictures = to_and_fro(self._looks, count, self._second)
        answers: list[ViewHealth] = []
        for number, picture in enumerate(pictures):
            shown = effect(pictures[0] if still else picture, number)
            at = _START + timedelta(seconds=self._second)
            look = SmallLook(grey_picture(shown, GREY_WIDTH))
            answers.append(self.monitor.judge(look, at, float(self._second)))
            self._second += 1
        return answers


def try_sickness(clip: str, name: str, looks: Sequence[Image]) -> Trial:
    effect, fitting = SICKNESSES[name]
    camera = Camera(looks)
    answers = camera.sees(effect, SUFFER, still=name.startswith("frozen"))
    sick = [number for number, answer in enumerate(answers) if answer is not ViewHealth.OK]
    if not sick or sick[0] > WITHIN_SECONDS:
        return Trial(clip, name)
    last = answers[sick[-1]]
    missed = sum(answer is ViewHealth.OK for answer in answers[sick[0] :])
    return Trial(clip, name, str(last), last in fitting, sick[0], missed, len(answers) - sick[0])


def try_street(clip: str, name: str, looks: Sequence[Image]) -> Trial:
    camera = Camera(looks)
    answers = camera.settled + camera.sees(STREETS[name], SUFFER) + camera.sees(made.nothing, 5)
    false = [answer for answer in answers if answer is not ViewHealth.OK]
    found = str(false[0]) if false else ""
    return Trial(clip, name, found, false_looks=len(false), looks=len(answers))


def measure(wanted: Iterable[str] = (), tell: Callable[[str], None] = print) -> dict[str, object]:
    """All trials and their summary, for `make evaluate`.

    `summary.sicknesses[name]` has found, trials, median_seconds, worst_seconds, rightly_named and
    doubted_looks (looks after the finding that were taken for good); `summary.streets[name]` has
    false_looks, looks, and clips_with_false.
    """
    asked = list(wanted)
    chosen = [clip for clip in clips() if not asked or any(word in clip for word in asked)]
    sick: list[Trial] = []
    well: list[Trial] = []
    for clip in chosen:
        looks = looks_of(clip)
        sick += [try_sickness(clip, name, looks) for name in SICKNESSES]
        well += [try_street(clip, name, looks) for name in STREETS]
        tell(f"{clip}: done")
    return {
        "clips": chosen,
        "summary": {
            "sicknesses": {name: _of_sickness(sick, name) for name in SICKNESSES},
            "streets": {name: _of_street(well, name) for name in STREETS},
        },
        "trials": [asdict(trial) for trial in sick + well],
    }


def _of_sickness(trials: Sequence[Trial], name: str) -> dict[str, object]:
    mine = [trial for trial in trials if trial.condition == name]
    delays = [trial.delay_seconds for trial in mine if trial.delay_seconds is not None]
    return {
        "trials": len(mine),
        "found": len(delays),
        "median_seconds": median(delays) if delays else None,
        "worst_seconds": max(delays, default=None),
        "rightly_named": sum(trial.right for trial in mine),
        "doubted_looks": sum(trial.false_looks for trial in mine),
        "missed_on": [trial.clip for trial in mine if trial.delay_seconds is None],
    }


def _of_street(trials: Sequence[Trial], name: str) -> dict[str, object]:
    mine = [trial for trial in trials if trial.condition == name]
    return {
        "looks": sum(trial.looks for trial in mine),
        "false_looks": sum(trial.false_looks for trial in mine),
        "clips_with_false": [f"{trial.clip}: {trial.found}" for trial in mine if trial.found],
    }


if __name__ == "__main__":
    figures = measure(sys.argv[1:], lambda line: sys.stderr.write(f"{line}\n") and None)
    del figures["trials"]
    sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
