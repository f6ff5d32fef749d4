"""Frames of a file, at the file's own pace: the same file gives the same frames every time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import av
import av.error
from av.container.input import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.errors import BadVideo
from vision.frames_open import open_file, video_stream
from vision.frames_picture import DecodedPicture
from vision.types import Frame

_TICK_SLACK_SECONDS = 1e-6
"""Presentation times are fractions; their float sums may miss a tick by a rounding error."""


class FileSource:
    """The frames of a video file that its looks need, in order, each handed out once.

    The look number k is the first frame whose presentation time is at least k / looks_per_second
    after the first frame's: time follows the file, never a frame count, so that a gap in the file
    stays a gap. Iterating again starts again from the beginning. A damaged packet is left out.

    Raises BadVideo (in the constructor where possible, else while iterating).
    """

    def __init__(
        self, path: str | Path, camera: str, *, start: datetime, looks_per_second: float = 1.0
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        if looks_per_second <= 0:
            raise ValueError("looks_per_second must be above 0")
        self._path = Path(path)
        self._camera = camera
        self._start = start
        self._period_seconds = 1.0 / looks_per_second
        self.damaged_packets = 0
        with open_file(self._path) as container:
            stream = video_stream(container, self._path.name)
            self.duration_seconds = _duration(container, stream)

    def __iter__(self) -> Iterator[Frame]:
        self.damaged_packets = 0
        with open_file(self._path) as container:
            stream = video_stream(container, self._path.name)
            stream.thread_type = "AUTO"
            yield from self._looks(container, stream)

    def _looks(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
        timeline = _Timeline(stream)
        tick = 0
        sequence = 0
        for decoded in self._decode(container, stream):
            pts = timeline.seconds(decoded)
            if pts + _TICK_SLACK_SECONDS >= tick * self._period_seconds:
                tick = int((pts + _TICK_SLACK_SECONDS) / self._period_seconds) + 1
                yield Frame(
                    camera=self._camera,
                    at=self._start + timedelta(seconds=pts),
                    picture=DecodedPicture(decoded),
                    pts=pts,
                    keyframe=bool(decoded.key_frame),
                    sequence=sequence,
                )
            sequence += 1
        if sequence == 0:
            raise BadVideo(
                f"{self._path.name} holds no picture that can be decoded",
                hint="the file may be damaged or still being written",
                field="video",
            )

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.damaged_packets += 1
                return
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                self.damaged_packets += 1


class _Timeline:
    """Seconds since the first frame; never backwards, even where the file's own stamps jump."""

    def __init__(self, stream: VideoStream) -> None:
        rate = stream.average_rate or stream.guessed_rate
        self._frame_seconds = 1.0 / float(rate) if rate else 0.04
        self._origin: float | None = None
        self._last: float | None = None

    def seconds(self, decoded: VideoFrame) -> float:
        stamp = decoded.pts if decoded.pts is not None else decoded.dts
        if stamp is None or decoded.time_base is None:
            now = 0.0 if self._last is None else self._last + self._frame_seconds
        else:
            raw = float(stamp * decoded.time_base)
            if self._origin is None:
                self._origin = raw
            now = raw - self._origin
            if self._last is not None and now <= self._last:
                if now < self._last - 1.0:
                    # Joined recordings start again at 0: carry on one frame later.
                    now = self._last + self._frame_seconds
                    self._origin = raw - now
                else:
                    # Old AVI files stamp reordered frames wrongly by a frame or two.
                    now = self._last + 0.001
        self._last = now
        return now


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else None
