"""Plays scenes: what the camera shows at each look, and what is true then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from samples.recheck.effects import Image, shown
from samples.recheck.scenes import OPENING, Part, Scene, Truth
from samples.recheck.stills import Stills

SUBJECT: Final = "subject"


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One look: None as image where the stream has a gap."""

    seconds: float
    image: Image | None
    part: Part
    since: float
    """Seconds since the part began."""
    opening: bool = False

    @property
    def truth(self) -> Truth:
        return self.part.is_true


class Film:
    """Plays scenes from the stills."""

    def __init__(self, stills: Stills | None = None) -> None:
        self.stills = stills or Stills()
        self._frozen: Image | None = None

    def play(self, scene: Scene, *, looks_per_second: float = 1.0) -> Iterator[Shown]:
        """Every look of a scene in order, the opening first."""
        parts = (Part("stands", OPENING), *scene.parts)
        start = 0.0
        self._frozen = None
        looks = round((OPENING + scene.seconds) * looks_per_second)
        ends: list[tuple[float, float, Part]] = []
        for part in parts:
            ends.append((start, start + part.seconds, part))
            start += part.seconds
        for number in range(looks):
            seconds = number / looks_per_second
            begun, end, part = next(e for e in ends if seconds < e[1] - 1e-9 or e is ends[-1])
            share = (seconds - begun) / (end - begun)
            yield Shown(
                seconds,
                self.picture(scene, part, seconds, share),
                part,
                seconds - begun,
                opening=seconds < OPENING - 1e-9,
            )

    def picture(self, scene: Scene, part: Part, seconds: float, share: float) -> Image | None:
        """What the camera sends `share` (0..1) into a part; None for a gap."""
        effect = part.effect
        if effect.gap:
            return None
        if effect.frozen and self._frozen is not None:
            return self._frozen
        still = self.stills.picture(scene.light, part.state)
        if effect.other_light and self.stills.has(effect.other_light, part.state):
            other = self.stills.picture(effect.other_light, part.state)
            weight = share if effect.fades_in else 1.0
            still = np.asarray(cv2.addWeighted(still, 1 - weight, other, weight, 0), np.uint8)
        place = self.stills.box(scene.light, "stands", SUBJECT)
        # All scenes of one light open alike, grain by grain.
        name = scene.light if seconds < OPENING - 1e-9 else scene.name
        seed = f"{name} {seconds:.3f}"
        image = shown(still, effect, light=scene.light, share=share, place=place, seed=seed)
        self._frozen = image
        return image
