"""What stands where since when: by place and appearance, never by a tracker's number.

A fixed camera, things that do not move, about one look a second: so the question of a look is not
"which box follows which" but "is what stood here still here?" (peers.md 2.1, 2.5). All times are
seconds of the frames' own clock, so that one, two or twelve looks a second tell the same story.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vision.appearance import SAME, Appearance, Grey, Surroundings, likeness
from vision.geometry import box_iou
from vision.scene_boxes import (
    SAME_VEHICLE_IOU,
    STANDS,
    assign,
    hidden_share,
    one_each,
    same_ground,
    share_inside,
)
from vision.scene_object import SceneObject, Seen
from vision.types import Box, Detection

_CANDIDATE_IOU = 0.6
_SURELY_STILL_IOU = 0.9
"""A box that has not moved at all: whoever walks in front of it does not restart it."""
_CREPT_IOU = 0.6
"""A median box further off its place than this has crept away: traffic, not parking."""
_HIDING_SHARE = 0.3
"""Share of a place that other boxes must cover before a look at it says nothing."""
_PART_SHARE = 0.8
"""A box so much inside a hidden object's place is the part of it that still shows."""


@dataclass(frozen=True, slots=True)
class SceneSettings:
    max_gap_seconds: float = 5.0
    """Looks further apart count neither as dwell nor as absence (invariant of domain.md 4.8)."""
    settle_seconds: float = 2.0
    """So long at one place, and a candidate stands."""
    gone_seconds: float = 4.0
    """So long of clear looks without it, and it is gone."""
    returned_seconds: float = 2.0
    """After so long of clear looks without it, what looks the same has come anew."""
    clear_step_seconds: float = 2.5
    """Most that two clear looks can say of the time between them, in which it was hidden."""
    other_seconds: float = 4.0
    """So long something else looks steady at its place, and it is judged: light or vehicle."""
    candidate_unseen_seconds: float = 3.0
    ring_seconds: float = 600.0
    """So long changed surroundings excuse an absence: grace and re-check together. A bus that the
    detector does not know may halt there all the while."""
    forget_seconds: float = 1800.0
    """Not seen for so long, neither there nor gone: forgotten, without a word."""
    start_confidence: float = 0.4
    """What begins must be surer than what goes on (domain.md W06)."""
    most_objects: int = 200


@dataclass(frozen=True, slots=True)
class Gone:
    """An object that stood and is gone."""

    thing: SceneObject
    gone_at: datetime
    """First look without it."""
    replaced: bool = False
    """Another vehicle took its place."""


class StaticScene:
    """All candidates and standing objects of one camera. Give it every healthy look, in order.

    `concerns` tells of a box whether anybody asks for what stands there; what comes to stand
    elsewhere is not kept.
    """

    def __init__(
        self,
        settings: SceneSettings | None = None,
        *,
        concerns: Callable[[Box], bool] | None = None,
    ) -> None:
        self._concerns = concerns
        self._settings = settings or SceneSettings()
        self._ids = itertools.count(1)
        self._objects: list[SceneObject] = []
        self._last_at: datetime | None = None

    @property
    def objects(self) -> Sequence[SceneObject]:
        """Candidates and standing objects, oldest first."""
        return tuple(self._objects)

    def observe(
        self, at: datetime, grey: Grey, detections: Sequence[Detection] | None
    ) -> list[Gone]:
        """Take one look and say what is gone since.

        `detections` are all of the detector's; None means that the picture has not changed since
        the last look, so that every answer of that look still holds.
        """
        passed = (at - self._last_at).total_seconds() if self._last_at else 0.0
        if passed > self._settings.max_gap_seconds:
            for thing in self._objects:
                thing.interrupted = True
                thing.last_absent = None
        step = passed if 0 < passed <= self._settings.max_gap_seconds else 0.0
        self._last_at = at
        for thing in self._objects:
            thing.step_seconds = 0.0
        if detections is None:
            for thing in self._objects:
                self._repeat(thing, at, step)
        else:
            self._look(at, grey, detections, step)
        gone = [ended for thing in self._objects if (ended := self._judge(thing, at)) is not None]
        self._clear(at, gone, grey)
        return gone

    def replace(self, object_id: int, at: datetime, grey: Grey) -> tuple[Gone, SceneObject] | None:
        """Somebody knows better (by its plate): what stands there now is another vehicle.

        Ends the object and begins another at its place; returns both, None if there is none.
        """
        thing = next((each for each in self._objects if each.object_id == object_id), None)
        if thing is None or thing.detection is None:
            return None
        heir = self._candidate(at, grey, thing.detection)
        self._objects[self._objects.index(thing)] = heir
        return Gone(thing, at, replaced=True), heir

    def _repeat(self, thing: SceneObject, at: datetime, step: float) -> None:
        if thing.visible:
            thing.confirm(at, self._settings.max_gap_seconds)
        elif thing.look is Seen.ABSENT:
            self._count_absence(thing, at)
        elif thing.look is Seen.CHANGED:
            thing.changed_seconds += step
        self._settle(thing)

    def _look(self, at: datetime, grey: Grey, detections: Sequence[Detection], step: float) -> None:
        vehicles = one_each([d for d in detections if d.kind in STANDS])
        matched = assign(self._objects, vehicles)
        taken: set[int] = set()
        for thing in self._objects:
            detection = matched.get(thing.object_id)
            if thing.standing:
                now = Appearance.of_place(grey, thing.place)
                detection = self._look_at_standing(
                    thing, at, grey, detection, now, detections, step
                )
            else:
                self._look_at_candidate(thing, at, grey, detection)
            taken.add(id(detection))
        for detection in vehicles:
            if id(detection) not in taken and self._begins(detection):
                self._objects.append(self._candidate(at, grey, detection))
        for thing in self._objects:
            self._settle(thing, grey)

    def _look_at_candidate(
        self,
        thing: SceneObject,
        at: datetime,
        grey: Grey,
        detection: Detection | None,
    ) -> None:
        if detection is None:
            thing.detection = None
            thing.samples_missed += 1
            thing.look = Seen.HELD if _still(thing, grey) else Seen.HIDDEN
            if thing.visible:
                thing.confirm(at, self._settings.max_gap_seconds)
            return
        close = box_iou(detection.box, thing.place)
        if close >= _SURELY_STILL_IOU or (close >= _CANDIDATE_IOU and _still(thing, grey)):
            thing.look = Seen.SEEN
            thing.count(detection)
            thing.confirm(at, self._settings.max_gap_seconds)
            return
        # It still moves: its stay begins anew where it is now.
        index = self._objects.index(thing)
        self._objects[index] = self._candidate(at, grey, detection)

    def _look_at_standing(
        self,
        thing: SceneObject,
        at: datetime,
        grey: Grey,
        detection: Detection | None,
        now: Appearance,
        detections: Sequence[Detection],
        step: float,
    ) -> Detection | None:
        """Judge one standing object; returns the detection that is taken by it."""
        alike = thing.alike(now) or (thing.reference.flat and detection is not None)
        if alike:
            thing.detection = detection
            if detection is not None and thing.absent_seconds >= self._settings.returned_seconds:
                # It was seen to be away: this is another, or the same one come back.
                thing.look, thing.returned = Seen.CHANGED, True
            else:
                self._stands(thing, at, grey, detection, now)
            return detection
        thing.first_doubt = thing.first_doubt or at
        thing.samples_missed += 1
        if detection is not None and same_ground(detection.box, thing.place):
            thing.detection = detection
            others = [d for d in detections if d is not detection]
            hidden = hidden_share(thing.place, others) >= _HIDING_SHARE
            self._looks_different(thing, at, grey, detection, now, step, hidden=hidden)
            return detection
        thing.detection = None
        thing.interrupted = True
        clear = hidden_share(thing.place, detections) < _HIDING_SHARE
        clear = clear and not thing.reference.dazzled(now)
        # What is detected beside the place explains itself; the ring is for what nobody detects.
        known = [d.box for d in detections]
        if clear and not thing.surroundings.same(Surroundings.of(grey, thing.place), known):
            thing.ring_since = thing.ring_since or at
            changed_for = (at - thing.ring_since).total_seconds()
            clear = changed_for >= self._settings.ring_seconds
        thing.look = Seen.ABSENT if clear else Seen.HIDDEN
        if clear:
            self._count_absence(thing, at)
        return None

    def _count_absence(self, thing: SceneObject, at: datetime) -> None:
        """Time between clear looks without it; hidden moments between them count in part."""
        if thing.last_absent is not None:
            passed = (at - thing.last_absent).total_seconds()
            thing.absent_seconds += min(passed, self._settings.clear_step_seconds)
        thing.last_absent = at

    def _stands(
        self,
        thing: SceneObject,
        at: datetime,
        grey: Grey,
        detection: Detection | None,
        now: Appearance,
    ) -> None:
        if detection is None:
            thing.look = Seen.HELD
            thing.samples_missed += 1
        else:
            thing.look = Seen.SEEN
            thing.count(detection)
            thing.adapt(now, grey, (at - thing.last_seen).total_seconds())
        thing.confirm(at, self._settings.max_gap_seconds)

    def _looks_different(
        self,
        thing: SceneObject,
        at: datetime,
        grey: Grey,
        detection: Detection,
        now: Appearance,
        step: float,
        *,
        hidden: bool,
    ) -> None:
        """A vehicle is detected at the place, but the place does not look as it did. While it is
        half hidden behind another, how it looks says nothing about which vehicle it is."""
        thing.look = Seen.CHANGED
        if box_iou(detection.box, thing.place) < SAME_VEHICLE_IOU:
            thing.interrupted = True
        if thing.other is None or likeness(thing.other, now) < SAME:
            thing.other, thing.other_since, thing.changed_seconds = now, at, 0.0
        elif not hidden:
            thing.changed_seconds += step
        if thing.changed_seconds >= self._settings.other_seconds and not thing.interrupted:
            # It was detected there all the time: the light has changed, not the vehicle.
            thing.settle_at(thing.place, grey)
            thing.count(detection)
            thing.look = Seen.SEEN
            thing.confirm(at, self._settings.max_gap_seconds)

    def _begins(self, detection: Detection) -> bool:
        if detection.confidence < self._settings.start_confidence:
            return False
        if self._concerns is not None and not self._concerns(detection.box):
            return False
        if len(self._objects) >= self._settings.most_objects:
            return False
        return not any(
            thing.standing
            and not thing.visible
            and share_inside(detection.box, thing.place) >= _PART_SHARE
            for thing in self._objects
        )

    def _candidate(self, at: datetime, grey: Grey, detection: Detection) -> SceneObject:
        thing = SceneObject(
            object_id=next(self._ids),
            place=detection.box,
            reference=Appearance.of_place(grey, detection.box),
            surroundings=Surroundings.of(grey, detection.box),
            first_seen=at,
            last_seen=at,
            samples_seen=1,
        )
        thing.count(detection)
        return thing

    def _settle(self, thing: SceneObject, grey: Grey | None = None) -> None:
        if thing.standing or not thing.visible or thing.samples_seen < 2:
            return
        if thing.observed_seconds >= self._settings.settle_seconds:
            thing.standing = True
            if grey is not None and thing.look is Seen.SEEN:
                thing.settle_at(thing.box, grey)

    def _judge(self, thing: SceneObject, at: datetime) -> Gone | None:
        """Whether a standing object is gone by now."""
        if not thing.standing:
            return None
        since = thing.first_doubt or at
        if thing.absent_seconds >= self._settings.gone_seconds:
            return Gone(thing, since)
        if thing.returned:
            return Gone(thing, since, replaced=True)
        if thing.interrupted and thing.changed_seconds >= self._settings.other_seconds:
            return Gone(thing, since, replaced=True)
        if thing.look is Seen.SEEN and box_iou(thing.box, thing.place) < _CREPT_IOU:
            return Gone(thing, at)
        return None

    def _clear(self, at: datetime, gone: Sequence[Gone], grey: Grey) -> None:
        """Drop what is gone, what never came to stand, and what nobody has seen for long."""
        ended = {each.thing.object_id for each in gone}
        self._objects = [
            thing
            for thing in self._objects
            if thing.object_id not in ended and not self._forgotten(thing, at)
        ]
        for each in gone:
            if each.thing.detection is not None:
                self._objects.append(self._successor(at, grey, each))

    def _forgotten(self, thing: SceneObject, at: datetime) -> bool:
        unseen = (at - thing.last_seen).total_seconds()
        patience = self._settings
        limit = patience.forget_seconds if thing.standing else patience.candidate_unseen_seconds
        return not thing.visible and unseen > limit

    def _successor(self, at: datetime, grey: Grey, gone: Gone) -> SceneObject:
        """What stands at the place now: another vehicle, or the same one a little further on."""
        assert gone.thing.detection is not None  # noqa: S101 (the caller has asked)
        heir = self._candidate(at, grey, gone.thing.detection)
        if gone.replaced and not gone.thing.returned and gone.thing.other_since is not None:
            heir.first_seen = gone.thing.other_since
            heir.observed_seconds = gone.thing.changed_seconds
            heir.samples_seen = 2
        return heir


def _still(thing: SceneObject, grey: Grey) -> bool:
    return thing.still(Appearance.of_place(grey, thing.place))
