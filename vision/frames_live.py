"""Live frames of one camera, for ever: connect, read, notice trouble, wait, connect again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vision.clip import Clip, PacketRing
from vision.errors import (
    BadVideo,
    StreamTimeout,
    StreamUnauthorised,
    StreamUnreachable,
    VisionError,
)
from vision.frames_open import redact_url
from vision.frames_picture import DecodedPicture
from vision.frames_reader import Pace, Reader, Received
from vision.masks import MaskedPicture, Masks
from vision.types import Frame

_POLL_SECONDS = 0.25
"""How soon `stop` is noticed while nothing comes in."""
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 8.0
"""A camera that is back is seen again within 15 s (peers.md A1)."""
_UNAUTHORISED_WAIT_SECONDS = 60.0
"""Cameras lock an account after a few wrong passwords."""
_STEADY_SECONDS = 10.0
"""A connection that lived this long was a good one: the next trouble starts with a short wait."""
_NO_PICTURE_SECONDS = 18.0
"""Packets without one picture for so long: down (within the 20 s of peers.md A1)."""

_REASONS: tuple[tuple[type[VisionError], str], ...] = (
    (StreamUnauthorised, "unauthorised"),
    (StreamTimeout, "timeout"),
    (StreamUnreachable, "unreachable"),
    (BadVideo, "not_video"),
)


class StreamStatus(StrEnum):
    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class StreamState:
    """How one stream is doing; counters run since the source was made."""

    status: StreamStatus
    at: datetime
    reason: str = ""
    """unauthorised | timeout | unreachable | not_video | error; empty unless down."""
    message: str = ""
    """What is wrong and what to do, without the password."""
    frames: int = 0
    """Frames handed out."""
    drops: int = 0
    """Looks that were due but too late: a newer frame had come."""
    damaged: int = 0
    """Packets or pictures that could not be decoded."""
    reconnects: int = 0
    hung: int = 0
    """Connections left behind because a call never came back."""
    keyframe_interval_seconds: float | None = None
    all_frames: bool = False
    """Whether all frames are decoded now, or only keyframes."""
    retry_seconds: float | None = None
    """Wait before the next try, while down."""


class LiveSource:
    """Iterating yields the newest frame of each look, and reconnects until `stop` is set.

    Frames carry the instant of their receipt by `clock_now`. Only keyframes are decoded as long
    as they come often enough: at most `keyframes_enough_periods` looks apart, or as often as
    `want_more` asks while a watch is open.
    With `clip_seconds` the packets of so long are kept as they came, for `clip`.
    With `masks` what lies under them is in no frame; packets cannot be masked and are not kept.
    A slow consumer gets the newest frame; older ones are dropped, never queued. Nothing is raised
    for trouble with the stream: `on_state` and `state` tell of it. `on_state` runs in the
    consumer's thread, between frames.
    """

    def __init__(  # noqa: PLR0913 (one keyword a choice)
        self,
        url: str,
        camera: str,
        *,
        clock_now: Callable[[], datetime],
        looks_per_second: float = 1.0,
        open_timeout_seconds: float = 10.0,
        read_timeout_seconds: float = 10.0,
        keyframes_enough_periods: float = 2.5,
        clip_seconds: float = 0.0,
        masks: Masks = (),
        stop: threading.Event | None = None,
        on_state: Callable[[StreamState], None] | None = None,
    ) -> None:
        self._url = url
        self._camera = camera
        self._clock_now = clock_now
        self._open_timeout_seconds = open_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds
        self._masks = masks
        # A packet holds what lies under a mask, and it is all that a clip is made of.
        self._ring = PacketRing(clip_seconds) if clip_seconds > 0 and not masks else None
        self._pace = Pace(looks_per_second, keyframes_enough_periods)
        self._stop = stop or threading.Event()
        self._on_state = on_state
        self._reader: Reader | None = None
        self._failures = 0
        self._frames = 0
        self._drops = 0
        self._damaged = 0
        self._connections = 0
        self._hung = 0
        self._keyframe_interval_seconds: float | None = None
        self._status = StreamStatus.CONNECTING
        self._reason = ""
        self._message = ""
        self._retry_seconds: float | None = None
        self._since = clock_now()

    def want_more(self, looks_per_second: float | None) -> None:
        """Look this often from now on (a watch is open); None goes back to the usual pace."""
        self._pace.want(looks_per_second)

    def clip(self, start: datetime, end: datetime) -> Clip | None:
        """The stream as it came between these instants, from a keyframe on, at most
        `clip_seconds` back; None where less than ten seconds of it are there, or masks are."""
        return None if self._ring is None else self._ring.cut(start, end)

    @property
    def clock_offset_seconds(self) -> float | None:
        """By how much the camera's clock is ahead of ours (RTCP); None where it is not known."""
        reader = self._reader
        return None if reader is None else reader.clock_offset_seconds

    @property
    def state(self) -> StreamState:
        """A snapshot of status and counters."""
        reader = self._reader
        return StreamState(
            status=self._status,
            at=self._since,
            reason=self._reason,
            message=self._message,
            frames=self._frames,
            drops=self._drops + (reader.drops if reader else 0),
            damaged=self._damaged + (reader.damaged if reader else 0),
            reconnects=max(0, self._connections - 1),
            hung=self._hung,
            keyframe_interval_seconds=self._keyframe_interval_seconds
            if reader is None or reader.keyframe_interval_seconds is None
            else reader.keyframe_interval_seconds,
            all_frames=reader.all_frames if reader else False,
            retry_seconds=self._retry_seconds,
        )

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop.is_set():
            self._tell(StreamStatus.CONNECTING)
            started = time.monotonic()
            reader = self._connect()
            try:
                error = yield from self._consume(reader)
            finally:
                self._leave(reader)
            if error is None:
                return
            lived_seconds = time.monotonic() - started
            steady = lived_seconds >= _STEADY_SECONDS and reader.decoded > 0
            self._failures = 1 if steady else self._failures + 1
            self._retry_seconds = self._wait_seconds(error)
            self._tell(StreamStatus.DOWN, error)
            self._stop.wait(self._retry_seconds)

    def _connect(self) -> Reader:
        self._connections += 1
        self._retry_seconds = None
        self._reader = Reader(
            self._url,
            self._pace,
            clock_now=self._clock_now,
            open_timeout_seconds=self._open_timeout_seconds,
            read_timeout_seconds=self._read_timeout_seconds,
            ring=self._ring,
        )
        self._reader.start()
        return self._reader

    def _leave(self, reader: Reader) -> None:
        reader.abandon()
        # A healthy thread notices with its next packet; one that hangs is left behind.
        reader.join(timeout=0.5)
        self._drops += reader.drops
        self._damaged += reader.damaged
        self._keyframe_interval_seconds = reader.keyframe_interval_seconds
        self._reader = None

    def _consume(self, reader: Reader) -> Iterator[Frame]:
        """Frames of one connection; returns why it ended, None when told to stop."""
        last_frame = time.monotonic()
        while not self._stop.is_set():
            received = reader.take(_POLL_SECONDS)
            if received is not None:
                if self._status is not StreamStatus.UP:
                    self._tell(StreamStatus.UP)
                self._frames += 1
                yield self._frame(received)
                last_frame = time.monotonic()
                continue
            error = reader.error
            if error is None and time.monotonic() - last_frame > self._silence_seconds:
                error = StreamTimeout(
                    f"{redact_url(self._url)} sends packets but no picture",
                    hint="check the camera's video encoder; H.264 or H.265 is needed",
                )
            if error is not None:
                self._hung += reader.is_alive() and isinstance(error, StreamTimeout)
                return error
        return None

    @property
    def _silence_seconds(self) -> float:
        """Opening has its own deadline, and the first picture comes after it."""
        opening = self._open_timeout_seconds if self._status is not StreamStatus.UP else 0.0
        return _NO_PICTURE_SECONDS + opening

    def _frame(self, received: Received) -> Frame:
        picture = DecodedPicture(received.picture)
        return Frame(
            camera=self._camera,
            at=received.at,
            picture=MaskedPicture(picture, self._masks) if self._masks else picture,
            pts=received.pts,
            keyframe=bool(received.picture.key_frame),
            sequence=received.sequence,
            masks=len(self._masks),
        )

    def _wait_seconds(self, error: VisionError) -> float:
        """Doubling waits with jitter, so that a hundred cameras do not come back in one instant."""
        longest = _LONGEST_WAIT_SECONDS
        wait = min(longest, _FIRST_WAIT_SECONDS * 2 ** min(self._failures - 1, 10))
        if isinstance(error, StreamUnauthorised):
            wait = _UNAUTHORISED_WAIT_SECONDS
        return wait * random.SystemRandom().uniform(0.75, 1.25)

    def _tell(self, status: StreamStatus, error: VisionError | None = None) -> None:
        self._status = status
        self._since = self._clock_now()
        self._message = str(error) if error else ""
        self._reason = ""
        if error is not None:
            self._reason = next(
                (word for kind, word in _REASONS if isinstance(error, kind)), "error"
            )
        if self._on_state is not None:
            self._on_state(self.state)
