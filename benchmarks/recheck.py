"""The second look on scripted scenes: what the watch answers at every look, against the truth.

    python -m benchmarks.recheck                    # table and violations
    python -m benchmarks.recheck --only "day: left" --looks
    python -m benchmarks.recheck --json

Real detector, real plate reader, real `CameraLooker`; the pictures are rendered (samples.recheck).
Held to: no `present` and no `moved` for a car that left or was replaced, no `absent` and no
`other_vehicle` for a car that stayed, at most one look in ten `unclear` in clear daylight.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.remember import RememberingDetector, RememberingReader
from samples.recheck.film import Film, Shown
from samples.recheck.scenes import Scene, Truth, all_scenes
from vision.appearance import crop_box
from vision.detect import load_detector
from vision.looker import CameraLooker
from vision.plates import PlateReader, default_reader
from vision.types import Detector, Frame, LookResult, Sighting, WatchAnswer, WatchSubject
from vision.zones_json import load_zones

START = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
CLEAR_DAY = "clear day"
MOST_UNCLEAR = 0.10
FROZEN_GRACE_SECONDS = 10.0
"""No eyes know in the first moments of a frozen picture that it is one; two looks that decide lie
at least ten seconds apart (domain.md 4.1, present_confirm)."""

FORBIDDEN: dict[Truth, frozenset[WatchAnswer]] = {
    Truth.STANDS: frozenset({WatchAnswer.ABSENT, WatchAnswer.OTHER_VEHICLE, WatchAnswer.MOVED}),
    Truth.ROLLING: frozenset(),
    # It has not left the area (W11), so neither is it absent.
    Truth.INSIDE: frozenset({WatchAnswer.ABSENT, WatchAnswer.OTHER_VEHICLE}),
    Truth.GONE: frozenset({WatchAnswer.PRESENT, WatchAnswer.MOVED}),
    Truth.REPLACED: frozenset({WatchAnswer.PRESENT, WatchAnswer.MOVED}),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One look's answer beside the truth."""

    seconds: float
    truth: Truth
    answer: WatchAnswer
    reason: str
    wrong: bool


@dataclass(slots=True)
class SceneResult:
    scene: Scene
    said: list[Said] = field(default_factory=list[Said])
    flagged: bool = False
    plate: str | None = None

    @property
    def violations(self) -> list[Said]:
        return [each for each in self.said if each.wrong]

    @property
    def ended_well(self) -> bool:
        return bool(self.said) and self.said[-1].answer.value in self.scene.ends

    @property
    def unclear(self) -> int:
        return sum(
            each.answer is WatchAnswer.UNCLEAR and each.truth is not Truth.ROLLING
            for each in self.said
        )

    @property
    def judged(self) -> int:
        """Looks that had anything to say: the car was not just rolling off."""
        return sum(each.truth is not Truth.ROLLING for each in self.said)

    def words(self) -> str:
        """The answers in order, repeated ones counted."""
        words: list[str] = []
        counts: list[int] = []
        for each in self.said:
            word = each.answer.value + (f"({each.reason})" if each.reason else "")
            if not words or words[-1] != word:
                words.append(word)
                counts.append(0)
            counts[-1] += 1
        return " ".join(f"{w}x{n}" for w, n in zip(words, counts, strict=True))


@dataclass(frozen=True, slots=True)
class ConditionCount:
    """One row of the table of results."""

    condition: str
    scenes: int
    looks: int
    present: int
    absent: int
    moved: int
    other_vehicle: int
    unclear: int
    violations: int
    ended_well: int


class Suite:
    """Plays scenes; detector and reader are loaded once."""

    def __init__(self, detector: Detector | None = None, reader: PlateReader | None = None) -> None:
        self.detector = RememberingDetector(detector or load_detector())
        self.reader = RememberingReader(reader or default_reader())
        self.film = Film()
        self._zones = load_zones({"zones": [dict(self.film.stills.zone)]})

    def run(self, scene: Scene, *, looks_per_second: float = 1.0) -> SceneResult:
        """Play one scene to its end."""
        looker = CameraLooker("recheck", self._zones, self.detector, self.reader)
        result = SceneResult(scene)
        for shown in self.film.play(scene, looks_per_second=looks_per_second):
            if shown.image is None:
                continue
            at = START + timedelta(seconds=shown.seconds)
            look = looker.look(Frame("recheck", at, shown.image, pts=shown.seconds))
            self._note(result, shown, look)
            if look.sightings and not result.flagged and shown.opening:
                subject = subject_of(look.sightings[0])
                result.flagged, result.plate = True, subject.plate_text
                looker.set_watches([subject])
        return result

    def _note(self, result: SceneResult, shown: Shown, look: LookResult) -> None:
        if shown.opening:
            return
        for watched in look.watch_looks:
            unknowable = shown.part.effect.frozen and shown.since < FROZEN_GRACE_SECONDS
            wrong = watched.answer in FORBIDDEN[shown.truth] and not unknowable
            result.said.append(
                Said(shown.seconds, shown.truth, watched.answer, watched.reason, wrong)
            )


def subject_of(sighting: Sighting) -> WatchSubject:
    """What an event remembers of a sighting (as `pipeline.watches` makes it from the record)."""
    plate = sighting.plate
    return WatchSubject(
        key="1",
        zone=sighting.zone,
        object_kind=sighting.object_kind,
        box=sighting.box,
        plate_text=plate.text if plate else None,
        appearance=crop_box(sighting.frame.image, sighting.box),
    )


def by_condition(results: Iterable[SceneResult]) -> list[ConditionCount]:
    """The table's rows, in the order in which the conditions come."""
    rows: dict[str, list[SceneResult]] = {}
    for result in results:
        rows.setdefault(result.scene.condition, []).append(result)
    return [_count(condition, own) for condition, own in rows.items()]


def _count(condition: str, results: Sequence[SceneResult]) -> ConditionCount:
    said = [each for result in results for each in result.said]
    answers = Counter(each.answer for each in said if each.truth is not Truth.ROLLING)
    return ConditionCount(
        condition=condition,
        scenes=len(results),
        looks=sum(result.judged for result in results),
        present=answers[WatchAnswer.PRESENT],
        absent=answers[WatchAnswer.ABSENT],
        moved=answers[WatchAnswer.MOVED],
        other_vehicle=answers[WatchAnswer.OTHER_VEHICLE],
        unclear=answers[WatchAnswer.UNCLEAR],
        violations=sum(len(result.violations) for result in results),
        ended_well=sum(result.ended_well for result in results),
    )


def unclear_share(results: Iterable[SceneResult], condition: str = CLEAR_DAY) -> float:
    """Share of `unclear` among the judged looks of a condition, 0..1."""
    own = [result for result in results if result.scene.condition == condition]
    judged = sum(result.judged for result in own)
    return sum(result.unclear for result in own) / judged if judged else 0.0


def by_outcome(results: Iterable[SceneResult]) -> dict[str, Counter[str]]:
    """Looks per answer for each true outcome, while the car was not rolling off."""
    table: dict[str, Counter[str]] = {}
    for result in results:
        row = table.setdefault(result.scene.outcome, Counter())
        row.update(e.answer.value for e in result.said if e.truth is not Truth.ROLLING)
        row["scenes"] += 1
    return table


def table(rows: Sequence[ConditionCount]) -> str:
    """As Markdown, the sum last."""
    heads = list(asdict(rows[0]))
    sums: list[object] = ["all"]
    sums += [sum(int(asdict(row)[head]) for row in rows) for head in heads[1:]]
    lines = [
        "| " + " | ".join(heads).replace("_", " ") + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(str(v) for v in asdict(row).values()) + " |" for row in rows),
        "| " + " | ".join(str(v) for v in sums) + " |",
    ]
    return "\n".join(lines)


def report(results: Sequence[SceneResult]) -> dict[str, object]:
    """Counts per condition and per outcome, and every violation by name."""
    return {
        "scenes": len(results),
        "conditions": [asdict(row) for row in by_condition(results)],
        "outcomes": {name: dict(row) for name, row in by_outcome(results).items()},
        "unclear_share_in_clear_daylight": round(unclear_share(results), 4),
        "violations": [
            f"{result.scene.name} at {each.seconds:g} s: {each.answer} while {each.truth}"
            for result in results
            for each in result.violations
        ],
        "ended_otherwise": [
            f"{result.scene.name}: {result.words()}" for result in results if not result.ended_well
        ],
        "not_flagged": [result.scene.name for result in results if not result.flagged],
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="scenes with this in their name")
    parser.add_argument("--looks", action="store_true", help="every scene's answers in order")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    suite = Suite()
    results: list[SceneResult] = []
    for scene in all_scenes():
        if asked.only in scene.name:
            results.append(suite.run(scene))
            if asked.looks:
                print(f"{scene.name}: {results[-1].words()}", flush=True)
    found = report(results)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    print(table(by_condition(results)))
    for key in ("violations", "ended_otherwise", "not_flagged"):
        print(f"\n{key}: {len(found[key])}")  # type: ignore[arg-type]
        for line in found[key]:  # type: ignore[attr-defined]
            print(f"  {line}")
    print(f"\nunclear in clear daylight: {unclear_share(results):.1%}")


if __name__ == "__main__":
    main()
