"""Is the vehicle of an open event still there? One answer a look, in doubt never `present`.

`present` needs the very place to look as it did and a detection there, without a moment in which
another vehicle could have come; after such a moment it needs the plate. `absent` needs a clear
look. What the scene cannot tell is `unclear`, with the reason (domain.md A14-A18, W01-W15, W51).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime

from vision.appearance import CHANGED
from vision.geometry import box_iou
from vision.rules.parking import area_of, stands_in
from vision.scene_boxes import hidden_share, same_ground, share_inside
from vision.scene_object import SceneObject, Seen
from vision.types import Box, ViewHealth, WatchAnswer, WatchLook, WatchSubject, ZoneShape
from vision.watch_identity import Identity
from vision.watch_view import WatchSettings, WatchView

_AT_PLACE_IOU = 0.5
_OCCLUDED_SHARE = 0.5
"""domain.md W15."""
_CARRIED_SHARE = 0.6
"""Of a vehicle's box inside a truck's: it stands on its bed (W34)."""


class Watch:
    """Keeps an eye on one subject. Give it every look, in order.

    `live_object` is the scene's object that became the subject's event here and still stands:
    nobody can have taken its place since. Without it (after a restart) the plate has to say who
    stands there; where no plate is known, the stored picture must match.
    """

    def __init__(
        self,
        subject: WatchSubject,
        settings: WatchSettings | None = None,
        *,
        live_object: int | None = None,
    ) -> None:
        self._settings = settings or WatchSettings()
        self._identity = Identity(subject, self._settings)
        self._linked = live_object
        self._other: int | None = None
        self._doubt = live_object is None
        """Somebody else could stand there by now: the plate has to say."""
        self._departed = False
        """A clear look without it was seen since."""
        self._picture: int | None = None
        self._picture_since: datetime | None = None
        self._last_clear: datetime | None = None
        self._last_seen: datetime | None = None
        self._last_absent: datetime | None = None
        self._last_read: datetime | None = None
        self._doubt_since: datetime | None = None
        self.mistaken: int | None = None
        """The object that was taken for the subject until its plate said otherwise."""

    @property
    def subject(self) -> WatchSubject:
        return self._identity.subject

    @subject.setter
    def subject(self, subject: WatchSubject) -> None:
        """The same subject with what is known of it by now (an officer may correct its plate)."""
        self._identity.subject = subject

    def wants_plate_of(self, objects: Sequence[SceneObject], at: datetime) -> SceneObject | None:
        """The vehicle at the place, if this look has to read its plate."""
        here = self._here(objects)
        if here is None or not here.visible:
            return None
        since = (at - self._last_read).total_seconds() if self._last_read else None
        trying = self._doubt and (
            self._doubt_since is None
            or (at - self._doubt_since).total_seconds() <= self._settings.plate_tries_seconds
        )
        if not trying and since is not None and since < self._settings.plate_every_seconds:
            return None
        self._last_read = at
        return here

    def newcomers(
        self, objects: Sequence[SceneObject], zones: Sequence[ZoneShape]
    ) -> list[SceneObject]:
        """Vehicles elsewhere in the area that could be the subject: their plates tell."""
        if self.subject.plate_text is None:
            return []
        return [thing for thing in objects if self._is_newcomer(thing, zones)]

    def parted_from(self, other: int | None) -> None:
        """The mistake is mended: the vehicle that is not the subject is this object now."""
        self.mistaken = None
        self._other = other

    def judge(self, view: WatchView) -> WatchLook:
        """The answer of one look."""
        if view.health is not ViewHealth.OK:
            return self._answer(view, WatchAnswer.UNCLEAR, view.health.value)
        if self._frozen(view):
            return self._answer(view, WatchAnswer.UNCLEAR, ViewHealth.FROZEN.value)
        if self._last_clear is not None:
            gap = (view.at - self._last_clear).total_seconds()
            if gap > self._settings.max_gap_seconds:
                self._begin_doubt(view.at)
        self._last_clear = view.at
        if self._doubt and self._doubt_since is None:
            self._doubt_since = view.at
        here = self._here(view.objects)
        self._identity.hear(here, view)
        if self._linked is not None and (here is None or here.object_id != self._linked):
            # The scene has seen it go, or something else stands where it stood.
            self._linked = None
            self._departed = True
            self._begin_doubt(view.at)
        if here is None:
            return self._nobody_there(view)
        return self._somebody_there(here, view)

    def _here(self, objects: Sequence[SceneObject]) -> SceneObject | None:
        """The object at the subject's place: the linked one, else the one that overlaps most."""
        for thing in objects:
            if thing.object_id == self._linked:
                return thing
        at_place = [
            (overlap, thing.standing, -thing.object_id, thing)
            for thing in objects
            if (overlap := box_iou(thing.box, self.subject.box)) >= _AT_PLACE_IOU
        ]
        return max(at_place, key=lambda item: item[:3])[3] if at_place else None

    def _frozen(self, view: WatchView) -> bool:
        """No sensor sends the same bytes twice: a picture that stands still is an old one."""
        picture = zlib.crc32(view.grey.tobytes())
        if picture != self._picture or self._picture_since is None:
            self._picture, self._picture_since = picture, view.at
        same_for = (view.at - self._picture_since).total_seconds()
        return same_for >= self._settings.frozen_seconds

    def _somebody_there(self, here: SceneObject, view: WatchView) -> WatchLook:
        if here.look is Seen.ABSENT:
            self._begin_doubt(view.at)
            return self._nobody_there(view)
        plate = self._identity.plate_says(departed=self._departed)
        known_other = here.object_id == self._other and here.visible and not plate
        if here.look is Seen.HIDDEN or not (here.standing or known_other):
            return self._not_seen(here, view)
        # Without a doubt nobody can have come: a plate that differs now was misread then or now.
        differs = plate is False and (self._doubt or self._linked != here.object_id)
        if differs or known_other:
            return self._other_vehicle(here, view, "plate" if differs else "appearance")
        if here.look is Seen.CHANGED:
            return self._looks_different(here, view)
        self._settle_doubt(here, view, plate)
        if self._doubt or self._linked != here.object_id:
            return self._stranger(here, view)
        return self._same(here, view)

    def _not_seen(self, here: SceneObject, view: WatchView) -> WatchLook:
        self._begin_doubt_if_long(view.at)
        if not here.standing and same_ground(here.box, self.subject.box):
            # It does not pass in front, it comes to stand here: the subject, or another.
            return self._answer(view, WatchAnswer.UNCLEAR, "arriving", here)
        return self._hidden(view, here, "occluded")

    def _other_vehicle(self, here: SceneObject, view: WatchView, reason: str) -> WatchLook:
        if self._linked == here.object_id:
            self.mistaken = here.object_id
        self._linked, self._other, self._departed = None, here.object_id, True
        return self._answer(view, WatchAnswer.OTHER_VEHICLE, reason, here)

    def _same(self, here: SceneObject, view: WatchView) -> WatchLook:
        if here.look is Seen.HELD:
            return self._answer(view, WatchAnswer.UNCLEAR, "not_detected", here)
        self._last_seen = view.at
        self._identity.remember_paint(here, view)
        return self._answer(view, WatchAnswer.PRESENT, "", here)

    def _looks_different(self, here: SceneObject, view: WatchView) -> WatchLook:
        """Light, or another vehicle: only a plate read in this very look can say `present`."""
        self._begin_doubt_if_long(view.at)
        reading = view.readings.get(here.object_id)
        if reading is not None and reading.text and reading.text == self.subject.plate_text:
            return self._answer(view, WatchAnswer.PRESENT, "plate", here)
        return self._answer(view, WatchAnswer.UNCLEAR, "appearance", here)

    def _settle_doubt(self, here: SceneObject, view: WatchView, plate: bool | None) -> None:
        """Link what stands there to the subject where that is beyond doubt."""
        by_eye = self._doubt and not self._departed and self._by_eye(view)
        if plate or (by_eye and self._identity.looks_the_same(here, view)):
            self._link(here)

    def _by_eye(self, view: WatchView) -> bool:
        """No plate can be compared: the eye has to do, until it has seen a departure."""
        return self.subject.plate_text is None or not view.reads_plates

    def _link(self, here: SceneObject) -> None:
        self._linked = here.object_id
        self._other = None
        self._doubt = self._departed = False
        self._doubt_since = None

    def _stranger(self, here: SceneObject, view: WatchView) -> WatchLook:
        """A vehicle stands at the place, and it is not known to be the subject."""
        if self._departed and self._identity.looks_different(here, view):
            return self._other_vehicle(here, view, "appearance")
        seen_to_stay = self._by_eye(view) and not self._departed
        return self._answer(
            view, WatchAnswer.UNCLEAR, "appearance" if seen_to_stay else "no_plate", here
        )

    def _nobody_there(self, view: WatchView) -> WatchLook:
        moved = self._elsewhere(view)
        if moved is not None:
            self._departed = True
            return self._answer(view, WatchAnswer.MOVED, "plate", moved)
        dazzled = self._identity.dazzled(view)
        if dazzled or self._occluded(view):
            self._begin_doubt_if_long(view.at)
            return self._hidden(view, None, "glare" if dazzled else "occluded")
        if self._similar_without_detection(view):
            return self._answer(view, WatchAnswer.UNCLEAR, "not_detected")
        self._begin_doubt(view.at)
        self._departed = True
        if any(
            self._is_newcomer(thing, view.zones) and self._identity.could_be(thing, view)
            for thing in view.objects
        ):
            return self._answer(view, WatchAnswer.UNCLEAR, "maybe_moved")
        self._last_absent = view.at
        return self._answer(view, WatchAnswer.ABSENT, "")

    def _hidden(self, view: WatchView, here: SceneObject | None, reason: str) -> WatchLook:
        """Nothing can be seen; what was clearly absent a moment ago cannot be back behind it."""
        if self._departed and self._last_absent is not None:
            hidden_for = (view.at - self._last_absent).total_seconds()
            if hidden_for <= self._settings.passer_by_seconds:
                return self._answer(view, WatchAnswer.ABSENT, "passing")
        return self._answer(view, WatchAnswer.UNCLEAR, reason, here)

    def _occluded(self, view: WatchView) -> bool:
        return hidden_share(self.subject.box, view.detections) > _OCCLUDED_SHARE

    def _similar_without_detection(self, view: WatchView) -> bool:
        """Restored, or just lost by the detector: the place looks as if it still stood there."""
        alike = None if self._departed else self._identity.similarity(view)
        return alike is not None and alike >= CHANGED

    def _elsewhere(self, view: WatchView) -> SceneObject | None:
        """The subject by its plate, standing elsewhere in its enforcement area (W11). What stood
        there already while the subject was at its place is another, whatever plate was read."""
        for thing in view.objects:
            if not (thing.standing and self._is_newcomer(thing, view.zones)):
                continue
            if self._identity.is_plate_of(view.votes.get(thing.object_id)):
                return None if _carried(thing, view) else thing
        return None

    def _is_newcomer(self, thing: SceneObject, zones: Sequence[ZoneShape]) -> bool:
        """Whether it came to stand in the area after the subject was last seen at its place."""
        if thing.object_id == self._linked:
            return False
        if self._last_seen is not None and thing.first_seen < self._last_seen:
            return False
        at_place = box_iou(thing.box, self.subject.box) >= _AT_PLACE_IOU
        return thing.visible and not at_place and self._in_area(thing, zones)

    def _in_area(self, thing: SceneObject, zones: Sequence[ZoneShape]) -> bool:
        own = next((zone for zone in zones if zone.name == self.subject.zone), None)
        area = area_of(own) if own else self.subject.zone
        return any(area_of(zone) == area and stands_in(zone, thing.box) for zone in zones)

    def _begin_doubt(self, at: datetime) -> None:
        """From now on the plate has to say who stands there; what was read before is void."""
        self._doubt, self._doubt_since = True, at
        self._identity.forget_readings()

    def _begin_doubt_if_long(self, at: datetime) -> None:
        unseen = (at - self._last_seen).total_seconds() if self._last_seen else None
        if unseen is None or unseen > self._settings.passer_by_seconds:
            self._begin_doubt(at)

    def _answer(
        self,
        view: WatchView,
        answer: WatchAnswer,
        reason: str,
        thing: SceneObject | None = None,
    ) -> WatchLook:
        box: Box | None = thing.box if thing else None
        detection = thing.detection if thing else None
        return WatchLook(
            key=self.subject.key,
            answer=answer,
            at=view.at,
            reason=reason,
            similarity=self._identity.similarity(view) if view.health is ViewHealth.OK else None,
            detection_confidence=detection.confidence if detection else None,
            plate=view.readings.get(thing.object_id) if thing else None,
            box=box,
            frame=view.frame,
        )


def _carried(thing: SceneObject, view: WatchView) -> bool:
    """Whether it stands on a truck and is being taken away: its place in the picture is no place
    on the ground (W34)."""
    return any(
        detection.kind == "truck"
        and share_inside(thing.box, detection.box) >= _CARRIED_SHARE
        and detection.box[3] > thing.box[3]
        for detection in view.detections
    )
