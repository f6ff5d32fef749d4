"""The words of the room: frames in, observations out.

Boxes and polygons are relative to the picture (0..1, origin top left), so that they hold at any
resolution; every instant is an aware UTC datetime; every duration is in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.shapes import Box
from vision.shapes import Point as Point  # noqa: PLC0414 (offered here too)
from vision.shapes import Polygon as Polygon  # noqa: PLC0414
from vision.shapes import ZoneShape as ZoneShape  # noqa: PLC0414

Image: TypeAlias = NDArray[np.uint8]
"""Height x width x 3, blue-green-red, 8 bits a channel."""


class Picture(Protocol):
    """A picture that is converted for whoever asks (`vision.frames_picture.DecodedPicture`)."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    def colour(self) -> Image: ...

    def grey(self, most_width: int) -> NDArray[np.uint8]: ...


def grey_picture(image: Image, most_width: int) -> NDArray[np.uint8]:
    """Luma of a picture (height x width, 0..255), scaled down to `most_width` where wider."""
    height, width = image.shape[:2]
    if width > most_width:
        size = (most_width, max(1, round(height * most_width / width)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of one camera."""

    camera: str
    at: datetime
    """Aware UTC at receipt (live) or start of the file plus `pts` (replay)."""
    picture: Image | Picture
    """As it came; see `image` and `grey`."""
    pts: float | None = None
    """Presentation time in seconds from the start of the stream; kept as evidence."""
    keyframe: bool = True
    sequence: int = 0
    """Counts decoded frames since the source was opened; a reconnect starts at 0 again."""
    masks: int = 0
    """How many privacy masks were laid over it before anybody saw it (`vision.masks`)."""

    @property
    def image(self) -> Image:
        """The picture in colour, whole. Whoever needs it twice holds it: it may be made anew for
        each who asks."""
        picture = self.picture
        return picture if isinstance(picture, np.ndarray) else picture.colour()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        picture = self.picture
        if isinstance(picture, np.ndarray):
            return picture.shape[1], picture.shape[0]
        return picture.size

    def grey(self, most_width: int) -> NDArray[np.uint8]:
        """Luma of the picture (height x width, 0..255), scaled down to `most_width` where wider."""
        picture = self.picture
        if isinstance(picture, np.ndarray):
            return grey_picture(picture, most_width)
        return picture.grey(most_width)


@dataclass(frozen=True, slots=True)
class Detection:
    kind: str
    """Class name of the model: car, bus, truck, person, ..."""
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """Which model looked: goes into every explanation and evidence pack."""

    name: str
    sha256: str
    layout: str
    """v5 | v8 | end2end | yolox"""
    names: tuple[str, ...]
    input_size: int
    licence: str = "unknown"
    backend: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    """Working confidence by class name, where the model's card states one (0..1)."""


class Detector(Protocol):
    """Finds objects in one picture. Implementations: openvino, onnxruntime, ultralytics."""

    @property
    def info(self) -> WeightsInfo: ...

    def detect(self, image: Image) -> list[Detection]:
        """All objects of one picture (any size, H x W x 3 BGR), best first."""
        ...


@runtime_checkable
class KeenDetector(Detector, Protocol):
    """A detector that can be asked for less sure answers than it gives by itself."""

    def detect_from(self, image: Image, confidence: float) -> list[Detection]:
        """As `detect`, with every object of at least this confidence (0..1)."""
        ...


class PlateColour(StrEnum):
    BLUE = "blue"
    YELLOW = "yellow"
    GREEN = "green"
    WHITE = "white"
    BLACK = "black"
    UNKNOWN = "unknown"


class PlateKind(StrEnum):
    """GA 36-2018 kinds that the grammar can tell apart (domain.md 2.6)."""

    SMALL = "small"
    LARGE = "large"
    TRAILER = "trailer"
    NEV_SMALL = "nev_small"
    NEV_LARGE = "nev_large"
    COACH = "coach"
    POLICE = "police"
    CONSULATE = "consulate"
    EMBASSY = "embassy"
    HK_MACAO = "hk_macao"
    EMERGENCY = "emergency"
    ARMED_POLICE = "armed_police"
    MILITARY = "military"


@dataclass(frozen=True, slots=True)
class CharacterRead:
    """One position of a plate: the best character and its runner-up."""

    best: str
    confidence: float
    second: str = ""
    second_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class PlateReading:
    """What one picture says of one plate. `text` is None where it is unreadable: never a guess."""

    text: str | None
    colour: PlateColour
    confidence: float
    """The lowest character's confidence (0..1); 0 where unreadable."""
    province_confidence: float
    margin: float
    """Smallest lead of a best character over its runner-up (0..1)."""
    box: Box
    """In 0..1 of the whole picture (of the crop, where only a crop was given)."""
    characters: tuple[CharacterRead, ...] = ()
    kind: PlateKind | None = None
    accepted: bool = False
    """Whether this reading alone would be good enough for a text message."""
    raw: str = ""
    """What the recogniser said before the grammar."""
    vehicle_box: Box | None = None


@dataclass(frozen=True, slots=True)
class PlateVote:
    """The consensus of many readings of one standing vehicle (domain.md A7, W04)."""

    text: str | None
    colour: PlateColour
    kind: PlateKind | None
    confidence: float
    """Lowest character of the vote."""
    province_confidence: float
    margin: float
    reads: int
    """Readable readings that took part."""
    equal_reads: int
    """Of these, how many said exactly `text`."""
    accepted: bool
    """At least 5 equal reads, confidence and province >= 0.95, grammar and colour agree."""
    reasons: tuple[str, ...] = ()
    """Why not accepted: too_few_reads, low_confidence, low_province, small_margin, disagreement,
    colour_mismatch, unsure_alone (most equal readings would not be accepted by themselves),
    unreadable."""
    readings: tuple[PlateReading, ...] = ()


class ViewHealth(StrEnum):
    """Whether the camera can be believed right now; anything but OK answers `unclear`."""

    OK = "ok"
    BLACK = "black"
    COVERED = "covered"
    DEFOCUSED = "defocused"
    MOVED = "moved"
    FROZEN = "frozen"
    TOO_DARK = "too_dark"
    CLOCK_OFF = "clock_off"
    """Its clock differs from ours by more than the limit (domain.md L81, W37)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a rule flags: a vehicle or a thing that has been in a zone longer than its dwell, or a
    crowd."""

    kind: str
    """parking | hanging | poster | crowd"""
    zone: str
    zone_version: int
    object_id: int
    """Unique within one run of one camera's scene; not an identity of a vehicle."""
    object_kind: str
    box: Box
    first_seen: datetime
    flagged_at: datetime
    last_seen: datetime
    dwell_seconds: float
    samples_seen: int
    samples_missed: int
    confidence_mean: float
    confident_share: float
    """Share of looks during the dwell with detection confidence >= 0.80 (domain.md A7)."""
    plate: PlateVote | None
    frame: Frame
    """The frame at flagging: the panorama E1 is made of it."""
    first_frame: Frame | None = None
    plate_frame: Frame | None = None
    """The frame in which the best plate reading lies."""
    plate_reading: PlateReading | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else was measured, by name, as JSON can carry it: text and approval of an advert,
    counts of a crowd."""


class CrowdState(StrEnum):
    """domain.md 4.4 C1, C2, C6, as far as counting alone can tell."""

    NORMAL = "normal"
    WATCH = "watch"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class CrowdCount:
    """How many people stand in a crowd zone: numbers only, nobody's picture (4.4, L73)."""

    at: datetime
    zone: str
    zone_version: int
    count: int
    """Of this look."""
    median: float | None
    """Of the last looks; None until there are five without a gap."""
    samples: int
    """Looks that the median rests on."""
    threshold: float | None
    """In force now: the time band's, or the density's where that is lower; None: at this hour no
    number is too many."""
    density: float | None
    """Median people on a square metre; None where the zone states no area."""
    state: CrowdState
    box: Box
    """Around the zone."""
    tiled: bool = False
    """Whether people were counted on enlarged parts of the picture."""
    unclear: str = ""
    """Why nothing could be counted (black, covered, moved, ...); `count` says nothing then."""


class WatchAnswer(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    MOVED = "moved"
    """Same vehicle (plate) elsewhere in the same enforcement area: it has not left (W11)."""
    OTHER_VEHICLE = "other_vehicle"
    """Its place is taken by another vehicle: the subject has left (W14)."""
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class WatchSubject:
    """What an open event asks its camera to keep an eye on."""

    key: str
    """The event's identity, opaque to this room."""
    zone: str
    object_kind: str
    box: Box
    plate_text: str | None
    plate_colour: PlateColour = PlateColour.UNKNOWN
    appearance: Image | None = None
    """The vehicle's crop at T0, any size."""
    kind: str = "parking"
    """parking | hanging | poster: which rule answers."""
    area: str = ""
    """Of a subject of another camera: the enforcement area in which its plate is looked for (W13);
    empty for a subject of this camera."""


@dataclass(frozen=True, slots=True)
class WatchLook:
    """One answer to one subject from one frame."""

    key: str
    answer: WatchAnswer
    at: datetime
    reason: str = ""
    """For `unclear`: occluded, gap, no_plate, or the sick view (black, covered, moved, ...)."""
    similarity: float | None = None
    detection_confidence: float | None = None
    plate: PlateReading | None = None
    box: Box | None = None
    frame: Frame | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Departure:
    """A flagged object that is gone from its place, or a flagged crowd that has dispersed."""

    object_id: int
    zone: str
    last_seen: datetime
    gone_at: datetime


@dataclass(frozen=True, slots=True)
class LookResult:
    """Everything that one look of one camera yields."""

    frame: Frame
    health: ViewHealth
    detections: Sequence[Detection]
    detector_called: bool
    sightings: Sequence[Sighting] = ()
    departures: Sequence[Departure] = ()
    watch_looks: Sequence[WatchLook] = ()
    crowd_counts: Sequence[CrowdCount] = ()
