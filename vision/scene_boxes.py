"""How boxes lie to each other in the scene: doubles, matches, what hides what."""

from __future__ import annotations

from collections.abc import Sequence

from vision.geometry import box_iou, foot_point
from vision.scene_object import SceneObject
from vision.types import Box, Detection
from vision.weights import VEHICLE_KINDS

TWO_WHEELERS = frozenset({"motorcycle", "bicycle"})
"""domain.md W46: offence 0506; no plate of theirs is read."""
STANDS = VEHICLE_KINDS | TWO_WHEELERS
"""Whatever can be parked."""
SAME_VEHICLE_IOU = 0.7
"""Two boxes of different class closer than this are one vehicle seen twice."""
_DOUBLED_IOU = 0.45
_DOUBLED_SHARE = 0.9
"""So are two boxes of which one holds nearly all of the other and not much more."""
_SAME_PLACE_IOU = 0.5
_FURTHER_OFF = 0.15
"""Of the place's height: a foot so much above the place's stands behind it."""
_NEVER_IN_FRONT = frozenset({"hanging", "advert"})


def one_each(vehicles: Sequence[Detection]) -> list[Detection]:
    """A vehicle that the detector calls both car and truck is one: the surer name stays."""
    kept: list[Detection] = []
    for detection in sorted(vehicles, key=lambda d: (-d.confidence, d.box)):
        if not any(_same_vehicle(detection.box, other.box) for other in kept):
            kept.append(detection)
    return kept


def _same_vehicle(a: Box, b: Box) -> bool:
    overlap = box_iou(a, b)
    if overlap < _DOUBLED_IOU:
        return False
    return overlap >= SAME_VEHICLE_IOU or (
        max(share_inside(a, b), share_inside(b, a)) >= _DOUBLED_SHARE
    )


def assign(objects: Sequence[SceneObject], vehicles: Sequence[Detection]) -> dict[int, Detection]:
    """Detections by object id: the best overlaps first, standing objects before candidates."""
    pairs = [
        (not thing.standing, -overlap, thing.object_id, index)
        for thing in objects
        for index, detection in enumerate(vehicles)
        if (overlap := box_iou(thing.box, detection.box)) >= _SAME_PLACE_IOU
    ]
    matched: dict[int, Detection] = {}
    taken: set[int] = set()
    for _, _, object_id, index in sorted(pairs):
        if object_id not in matched and index not in taken:
            matched[object_id] = vehicles[index]
            taken.add(index)
    return matched


def hidden_share(place: Box, detections: Sequence[Detection]) -> float:
    """Largest share of the place that one thing in front of it covers."""
    hiding = [d.box for d in detections if d.kind not in _NEVER_IN_FRONT]
    return max((share_inside(place, box) for box in hiding if in_front(box, place)), default=0.0)


def in_front(box: Box, place: Box) -> bool:
    """Whether what has this box can stand between the camera and the place: what stands further
    off has its foot higher in the picture, and hides nothing of what is nearer."""
    return box[3] >= place[3] - _FURTHER_OFF * (place[3] - place[1])


def same_ground(box: Box, place: Box) -> bool:
    """Whether what has this box stands where the place is, and not in front of it."""
    (x, y), (place_x, place_y) = foot_point(box), foot_point(place)
    near = abs(x - place_x) <= 0.3 * (place[2] - place[0])
    return near and abs(y - place_y) <= 0.12 * (place[3] - place[1])


def share_inside(inner: Box, outer: Box) -> float:
    """Share of `inner` that lies in `outer`, 0..1."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0
