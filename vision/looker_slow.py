"""The slow looks of one camera: what hangs, what is posted, how many people stand together.

They keep their own time: neither the change gate nor a quiet street starves them, and a plain
parking look pays nothing for them. No threads, no clock; the same frames give the same answers.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from vision.appearance import Appearance, Grey
from vision.looker_closer import PERSON, CloserLook, CrowdSettings
from vision.rules.crowd import CrowdRule
from vision.rules.hanging import HANGING, HangingRule, SlowView
from vision.rules.needs import HINT, missing_class, refusal
from vision.rules.places import Ended, Spot, Thing, same_place
from vision.rules.poster import ADVERT, PosterRule
from vision.scene_object import CONFIDENT, Seen
from vision.shapes import ZoneShape
from vision.text import TextReader, shared_text_reader
from vision.types import (
    CrowdCount,
    Departure,
    Detection,
    Detector,
    Frame,
    Image,
    Sighting,
    ViewHealth,
    WatchAnswer,
    WatchLook,
    WatchSubject,
)

FIRST_ID: Final = 1_000_000
"""Numbers of slow things and of the scene's vehicles never meet."""
DEFAULT_CONFIDENCE: Final = 0.5
"""Where neither the zone nor the weights state a working threshold."""
_IN_FRONT: Final = frozenset({PERSON, "bicycle", "motorcycle", "car", "van", "bus", "truck"})
_IN_FRONT_CONFIDENCE: Final = 0.25
_ANSWERS: Final[Mapping[Seen, tuple[WatchAnswer, str]]] = {
    Seen.SEEN: (WatchAnswer.PRESENT, ""),
    Seen.HELD: (WatchAnswer.PRESENT, ""),
    Seen.CHANGED: (WatchAnswer.UNCLEAR, "changed"),
    Seen.HIDDEN: (WatchAnswer.UNCLEAR, "occluded"),
    Seen.ABSENT: (WatchAnswer.ABSENT, ""),
}


@dataclass(frozen=True, slots=True)
class SlowSettings:
    """All in seconds but where a name says otherwise."""

    slow_look_seconds: float = 15.0
    """How often a facade is looked at, where its zone does not say; a zone with a short dwell is
    looked at four times in it."""
    crowd_look_seconds: float = 5.0
    """C2 wants five samples, C1 tells within 30 s."""
    crowd: CrowdSettings = field(default_factory=CrowdSettings)


@dataclass(slots=True)
class SlowResult:
    """What the slow looks at one frame yield."""

    looked: bool = False
    sightings: list[Sighting] = field(default_factory=list[Sighting])
    departures: list[Departure] = field(default_factory=list[Departure])
    watch_looks: list[WatchLook] = field(default_factory=list[WatchLook])
    counts: list[CrowdCount] = field(default_factory=list[CrowdCount])
    detections: Sequence[Detection] = ()


PlaceRule = HangingRule | PosterRule


@dataclass(slots=True, eq=False)
class _Duty:
    """One zone with its rule and its time."""

    rule: PlaceRule | CrowdRule
    interval_seconds: float
    last_at: datetime | None = None
    alarm_id: int = 0

    def due(self, at: datetime) -> bool:
        if self.last_at is None:
            return True
        passed = (at - self.last_at).total_seconds()
        # Looks come when frames come: a frame a little early is better than one a period late.
        return passed < 0 or passed >= 0.9 * self.interval_seconds


class SlowDesk:
    """All zones of one camera that are no parking zones."""

    def __init__(
        self,
        zones: Sequence[ZoneShape],
        detector: Detector,
        settings: SlowSettings | None = None,
        *,
        texts: Callable[[], TextReader] | None = shared_text_reader,
    ) -> None:
        self._detector = detector
        self._settings = settings or SlowSettings()
        self._texts = texts
        self._ids = itertools.count(FIRST_ID)
        self._duties: dict[str, _Duty] = {}
        self._subjects: dict[str, WatchSubject] = {}
        self._spots: dict[str, Spot] = {}
        self._looks = CloserLook(detector, self._settings.crowd)
        self.unserved: tuple[str, ...] = ()
        """Why some zones are not watched: the weights do not know what they are about."""
        self.set_zones(zones)

    @property
    def busy(self) -> bool:
        return bool(self._duties)

    @property
    def interval_seconds(self) -> float | None:
        """The shortest time between two looks; None where there is nothing to look for."""
        return min((duty.interval_seconds for duty in self._duties.values()), default=None)

    def set_zones(self, zones: Sequence[ZoneShape]) -> None:
        """Take new zones; a zone that did not change goes on with what it knows."""
        duties: dict[str, _Duty] = {}
        unserved: list[str] = []
        for zone in zones:
            if zone.kind == "parking":
                continue
            missing = missing_class(zone.kind, self._detector.info.names)
            if missing is not None:
                reason = refusal(self._detector.info.name, zone.kind, missing)
                unserved.append(f"zone {zone.name}: {reason} ({HINT})")
                continue
            old = self._duties.get(zone.name)
            duties[zone.name] = old if old and old.rule.zone == zone else self._duty(zone, old)
        self._duties, self.unserved = duties, tuple(unserved)

    def set_watches(self, subjects: Sequence[WatchSubject]) -> None:
        """Answer for these subjects with every look at their zone."""
        self._subjects = {subject.key: subject for subject in subjects}
        self._spots = {key: spot for key, spot in self._spots.items() if key in self._subjects}

    def due(self, at: datetime) -> bool:
        return any(duty.due(at) for duty in self._duties.values())

    def blind(self, frame: Frame, health: ViewHealth) -> SlowResult:
        """A sick view: nothing is counted, and watches answer so at their usual pace."""
        result = SlowResult()
        for name, duty in self._duties.items():
            if duty.due(frame.at):
                duty.last_at = frame.at
                if isinstance(duty.rule, CrowdRule):
                    result.counts.append(duty.rule.blind(frame.at, health.value))
                for subject in self._subjects_in(name):
                    look = WatchLook(subject.key, WatchAnswer.UNCLEAR, frame.at, health.value)
                    result.watch_looks.append(look)
        return result

    def look(self, frame: Frame, grey: Grey) -> SlowResult:
        """Look at every zone that is due; costs nothing where none is."""
        due = [duty for duty in self._duties.values() if duty.due(frame.at)]
        result = SlowResult(looked=bool(due))
        if not due:
            return result
        image = frame.image
        self._looks.begin(image)
        for duty in due:
            duty.last_at = frame.at
            if isinstance(duty.rule, CrowdRule):
                self._count(duty, duty.rule, frame, result)
            else:
                self._inspect(duty.rule, frame, grey, image, result)
        result.detections = self._looks.whole
        return result

    # -- facades ------------------------------------------------------------------------------

    def _inspect(
        self, rule: PlaceRule, frame: Frame, grey: Grey, image: Image, result: SlowResult
    ) -> None:
        view = SlowView(
            at=frame.at,
            grey=grey,
            image=image,
            detections=self._looks.closely(rule.zone),
            in_front=[
                d.box
                for d in self._looks.whole
                if d.kind in _IN_FRONT and d.confidence >= _IN_FRONT_CONFIDENCE
            ],
        )
        ripe, ended = rule.observe(view)
        for thing in ripe:
            details = rule.evidence(thing, view) if isinstance(rule, PosterRule) else {}
            if details is not None:
                thing.flagged = True
                result.sightings.append(_sighting(rule.zone, thing, frame, details))
        result.departures += [_departure(rule.zone, each) for each in ended]
        for subject in self._subjects_in(rule.zone.name):
            result.watch_looks.append(self._answer(subject, rule, view, frame))

    def _answer(
        self, subject: WatchSubject, rule: PlaceRule, view: SlowView, frame: Frame
    ) -> WatchLook:
        """Whether what hung there at flagging hangs there still (B5)."""
        known = next((t for t in rule.things if same_place(t.box, subject.box)), None)
        if known is not None:
            self._spots.pop(subject.key, None)
            seen, similarity, box = known.look, known.spot.likeness, known.box
        else:
            spot = self._spots.get(subject.key)
            if spot is None:
                spot = self._spots[subject.key] = _remembered(subject, view.grey)
            seen = spot.judge(view.grey, found=False, in_front=view.in_front)
            similarity, box = spot.likeness, subject.box
        answer, reason = _ANSWERS[seen]
        present = answer is WatchAnswer.PRESENT
        return WatchLook(
            subject.key, answer, frame.at, reason,
            similarity=round(similarity, 4), box=box if present else None, frame=frame,
        )  # fmt: skip

    def _subjects_in(self, zone: str) -> list[WatchSubject]:
        return [subject for subject in self._subjects.values() if subject.zone == zone]

    # -- crowds -------------------------------------------------------------------------------

    def _count(self, duty: _Duty, rule: CrowdRule, frame: Frame, result: SlowResult) -> None:
        people, tiled = self._looks.people(rule.zone)
        turn = rule.observe(frame.at, len(people), tiled=tiled)
        result.counts.append(turn.count)
        if turn.alarmed:
            duty.alarm_id = next(self._ids)
            result.sightings.append(_crowd_sighting(duty.alarm_id, rule, turn.count, people, frame))
        if turn.dispersed:
            result.departures.append(Departure(duty.alarm_id, rule.zone.name, frame.at, frame.at))

    def _duty(self, zone: ZoneShape, old: _Duty | None) -> _Duty:
        settings, dwell = self._settings, zone.dwell_seconds
        if zone.kind == "crowd":
            interval = min(settings.crowd_look_seconds, max(1.0, dwell / 6))
            return _Duty(CrowdRule(zone, interval), interval)
        interval = zone.slow_look_seconds or settings.slow_look_seconds
        interval = min(interval, max(1.0, dwell / 4))
        kind = HANGING if zone.kind == "hanging" else ADVERT
        threshold = self._detector.info.thresholds.get(kind, DEFAULT_CONFIDENCE)
        if zone.threshold is not None:
            threshold = zone.threshold
        rule: PlaceRule
        if zone.kind == "hanging":
            rule = HangingRule(zone, threshold, interval, self._ids)
        else:
            rule = PosterRule(
                zone, threshold, interval, self._ids, self._texts, self._looks.advert_at
            )
        if old is not None and not isinstance(old.rule, CrowdRule):
            # What was flagged stays flagged: a redrawn zone accuses nobody twice.
            rule.keep([thing for thing in old.rule.things if thing.flagged])
        return _Duty(rule, interval)


def _sighting(zone: ZoneShape, thing: Thing, frame: Frame, details: dict[str, Any]) -> Sighting:
    return Sighting(
        kind=zone.kind,
        zone=zone.name,
        zone_version=zone.version,
        object_id=thing.object_id,
        object_kind=HANGING if zone.kind == "hanging" else ADVERT,
        box=thing.box,
        first_seen=thing.first_seen,
        flagged_at=frame.at,
        last_seen=thing.last_seen,
        dwell_seconds=thing.dwell_seconds,
        samples_seen=thing.samples_seen,
        samples_missed=thing.samples_missed,
        confidence_mean=thing.confidence_mean,
        confident_share=thing.confident_share,
        plate=None,
        frame=frame,
        details=details,
    )


def _departure(zone: ZoneShape, ended: Ended) -> Departure:
    return Departure(ended.thing.object_id, zone.name, ended.thing.last_seen, ended.gone_at)


def _remembered(subject: WatchSubject, grey: Grey) -> Spot:
    """The place as its evidence shows it; without a picture, as it looks now."""
    if subject.appearance is None:
        return Spot.of(grey, subject.box)
    return Spot(subject.box, Appearance.of_crop(subject.appearance), None)


def _crowd_sighting(
    object_id: int, rule: CrowdRule, count: CrowdCount, people: Sequence[Detection], frame: Frame
) -> Sighting:
    # Whoever never sees an alarm does without what hides people.
    from vision.crowd_picture import hidden_crowd  # noqa: PLC0415

    since = rule.since or frame.at
    confidences = [person.confidence for person in people]
    return Sighting(
        kind="crowd",
        zone=rule.zone.name,
        zone_version=rule.zone.version,
        object_id=object_id,
        object_kind=PERSON,
        box=count.box,
        first_seen=since,
        flagged_at=frame.at,
        last_seen=frame.at,
        dwell_seconds=(frame.at - since).total_seconds(),
        samples_seen=count.samples,
        samples_missed=0,
        confidence_mean=statistics.fmean(confidences) if confidences else 0.0,
        confident_share=(
            sum(c >= CONFIDENT for c in confidences) / len(confidences) if confidences else 0.0
        ),
        plate=None,
        frame=hidden_crowd(frame, [person.box for person in people]),
        details={
            "count": count.count,
            "median": count.median,
            "threshold": count.threshold,
            "density": count.density,
            "tiled": count.tiled,
        },
    )
