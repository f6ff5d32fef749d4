"""Who stands there? By plate first, by looks where no plate can say, never by looks alone where a
departure was seen (domain.md 4.2, identity at the re-check)."""

from __future__ import annotations

from datetime import datetime

from vision.appearance import SAME, Appearance, likeness
from vision.body_colour import BodyColour, body_colour, differ
from vision.plates import PlateVoter
from vision.scene_object import SceneObject, Seen
from vision.types import PlateVote, WatchSubject
from vision.watch_view import WatchSettings, WatchView

_OTHER_PLATE_CONFIDENCE = 0.90
"""domain.md 4.2, identity at the re-check."""
_READABLE_CONFIDENCE = 0.50
_EQUAL_PLATE_CONFIDENCE = 0.60
"""Seven characters that all agree are no accident even where one is pale."""


class Identity:
    """What is known of a subject's plate, shape and paint, and of who stands at its place."""

    def __init__(self, subject: WatchSubject, settings: WatchSettings) -> None:
        self.subject = subject
        self._settings = settings
        crop = subject.appearance
        self._reference = Appearance.of_crop(crop) if crop is not None else None
        self._voter = PlateVoter()
        self._voted_for: int | None = None
        self._paint: BodyColour | None = None
        self._paint_tried: datetime | None = None

    def forget_readings(self) -> None:
        """Somebody else may stand there by now: what was read before is void."""
        self._voter = PlateVoter()

    def hear(self, here: SceneObject | None, view: WatchView) -> None:
        """Collect plate readings of what stands at the place; another object, another vote."""
        if here is None:
            return
        if here.object_id != self._voted_for:
            self._voted_for, self._voter = here.object_id, PlateVoter()
        reading = view.readings.get(here.object_id)
        if reading is not None:
            self._voter.add(reading, view.at)

    def plate_says(self, *, departed: bool) -> bool | None:
        """True: the subject's plate. False: surely another. None: it does not say."""
        vote = self._voter.vote()
        if self.subject.plate_text is None or vote.text is None:
            return None
        if vote.text == self.subject.plate_text:
            return True if vote.confidence >= _EQUAL_PLATE_CONFIDENCE else None
        return False if self._surely_another(vote, departed=departed) else None

    def _surely_another(self, vote: PlateVote, *, departed: bool) -> bool:
        """Whether a plate that reads differently is no misreading of the subject's."""
        known = self.subject.plate_text
        if known is None or vote.text is None or vote.equal_reads < 2:
            return False
        if departed and differences(vote.text, known) >= 2:
            # It was seen to leave, and no misreading changes two characters the same way twice.
            return vote.confidence >= _READABLE_CONFIDENCE
        return vote.confidence >= _OTHER_PLATE_CONFIDENCE

    def is_plate_of(self, vote: PlateVote | None) -> bool:
        """Whether a vehicle elsewhere has surely the subject's plate."""
        return surely_read(vote, self.subject.plate_text)

    def could_be(self, thing: SceneObject, view: WatchView) -> bool:
        """Whether a vehicle that came to stand elsewhere in the area could be the subject."""
        vote = view.votes.get(thing.object_id)
        if vote is not None and vote.text is not None and vote.text != self.subject.plate_text:
            return not self._surely_another(vote, departed=True)
        tried = view.tried_seconds.get(thing.object_id, 0.0)
        reading = view.reads_plates and self.subject.plate_text is not None
        if reading and tried < self._settings.plate_tries_seconds:
            return True
        return self._looks_like(thing, view)

    def _looks_like(self, thing: SceneObject, view: WatchView) -> bool:
        """By shape and paint: a little further on it is seen from a little elsewhere. Without a
        picture of the subject nothing can be excluded."""
        if self._reference is None:
            return True
        alike = likeness(self._reference, Appearance.of_place(view.grey, thing.box))
        return alike >= self._settings.could_be and not self._other_paint(thing, view)

    def remember_paint(self, here: SceneObject, view: WatchView) -> None:
        """Look at the subject's paint while it surely stands there; once is enough."""
        if self._paint is not None or here.look is not Seen.SEEN:
            return
        tried = self._paint_tried
        patience = self._settings.plate_every_seconds
        if tried is None or (view.at - tried).total_seconds() >= patience:
            self._paint_tried = view.at
            self._paint = body_colour(view.frame.image, here.box)

    def _other_paint(self, thing: SceneObject, view: WatchView) -> bool:
        return self._paint is not None and differ(
            self._paint, body_colour(view.frame.image, thing.box)
        )

    def similarity(self, view: WatchView) -> float | None:
        """Likeness of the place now to the subject's picture at T0."""
        if self._reference is None:
            return None
        return likeness(self._reference, Appearance.of_place(view.grey, self.subject.box))

    def dazzled(self, view: WatchView) -> bool:
        """Whether a lamp shines so that the place cannot be seen."""
        if self._reference is None:
            return False
        return self._reference.dazzled(Appearance.of_place(view.grey, self.subject.box))

    def looks_the_same(self, here: SceneObject, view: WatchView) -> bool:
        alike = self.similarity(view)
        return alike is not None and alike >= SAME and not self._other_paint(here, view)

    def looks_different(self, here: SceneObject, view: WatchView) -> bool:
        """Surely another shape, or surely another paint."""
        alike = self.similarity(view)
        if alike is not None and alike < self._settings.clearly_different:
            return True
        return self._other_paint(here, view)


def differences(one: str, other: str) -> int:
    """Positions at which two plates differ; plates of different length differ throughout."""
    if len(one) != len(other):
        return max(len(one), len(other))
    return sum(a != b for a, b in zip(one, other, strict=True))


def surely_read(vote: PlateVote | None, plate: str | None) -> bool:
    """Whether the readings of a vehicle are this plate beyond doubt."""
    return (
        vote is not None
        and vote.text is not None
        and vote.text == plate
        and vote.equal_reads >= 2
        and vote.confidence >= _EQUAL_PLATE_CONFIDENCE
    )
