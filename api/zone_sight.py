"""What saving a zone needs of the eyes: do they know what the zone is about, and what is there now.

A poster zone keeps how its facade looked when it was approved; a zone whose kind the camera's
weights do not know is refused instead of standing there blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.camera import Camera
from models.errors import BadInput
from models.zone import Zone, ZoneKind
from pipeline.masking import latest_image
from pipeline.services import Services
from vision.errors import BadWeights
from vision.rules.baseline import baseline_of, renewed
from vision.rules.needs import HINT, missing_class, refusal
from vision.types import Image, Polygon
from vision.weights import chosen_weights, resolve_weights


@dataclass(frozen=True, slots=True)
class Sight:
    """One camera's eyes, asked only where a zone's kind needs it."""

    services: Services
    camera: Camera

    def check_kind(self, kind: str, field: str) -> None:
        """Raises BadInput where the camera's weights do not know what such a zone is about."""
        if kind == ZoneKind.PARKING or kind not in set(ZoneKind):
            return  # an unknown kind is refused with the other fields
        name, names = self._weights()
        missing = missing_class(kind, names)
        if missing is not None:
            raise BadInput(refusal(name, kind, missing), field=field, hint=HINT)

    def picture(self) -> Image | None:
        """The camera's last picture, None where there is none yet."""
        return latest_image(self.services.evidence, self.camera)

    def baseline(self, zone: Zone | None, values: Mapping[str, Any]) -> str | None:
        """The baseline that the new version of a poster zone gets; None: it keeps the one it has.

        A zone that is drawn anew is seen anew; a newly approved place alone is renewed.
        """
        image = self.picture()
        before = zone.current if zone is not None and zone.versions else None
        polygon = values.get("polygon") or (before.polygon if before is not None else None)
        if image is None or not polygon:
            return None
        shape = _polygon(polygon)
        if before is None or not before.baseline or _polygon(before.polygon) != shape:
            return baseline_of(image, shape)
        known = {_polygon(entry["polygon"]) for entry in before.approved}
        baseline = before.baseline
        for entry in values.get("approved") or ():
            place = _polygon(entry["polygon"])
            if place not in known:
                baseline = renewed(baseline, image, shape, place)
        return baseline

    def _weights(self) -> tuple[str, tuple[str, ...]]:
        services = self.services
        try:
            if services.load_detector is not None:
                info = services.detector(self.camera.weights).info
                return info.name, info.names
            asked = self.camera.weights or services.settings.weights
            found = resolve_weights(asked or chosen_weights(services.settings.data_dir))
        except BadWeights as error:
            raise BadInput(error.message, field="kind", hint=error.hint) from error
        return found.name, found.names


def _polygon(points: Sequence[Sequence[float]]) -> Polygon:
    return tuple((float(point[0]), float(point[1])) for point in points)
