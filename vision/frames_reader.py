"""One connection to one stream: a thread that may hang without holding up anybody."""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import av.error
from av.container.input import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vision.clip import PacketRing
from vision.errors import StreamTimeout, StreamUnreachable, VisionError
from vision.frames_open import (
    open_stream,
    redact_url,
    stream_error,
    video_stream,
)
from vision.health_clock import ClockMeter

_HUNG_AFTER_SECONDS = 1.5
"""Past libav's own deadline by this much, a call counts as hung."""
_EARLY_SHARE = 0.25
"""A picture may come this share of a period early and still count as the next look: keyframes
one second apart are 0.99 s apart as often as 1.01 s, and a pause moves each by up
to a fifth of a period."""
_PAUSE_SHARE = 0.2
_LONGEST_PAUSE_SECONDS = 0.2
"""While only keyframes are looked at: between two readings the kernel gathers what comes. A
1080p stream is some 350 small messages a second; woken for each, reading took 12 ms of CPU a
second, in bursts it takes 4.5."""
_FRESH_SECONDS = 0.7
"""So soon after a packet that was waited for, nothing can have lain unread for longer."""
_SETTLED_SECONDS = 3.0
"""What came while the stream was opened was read late."""
_WAITED_SECONDS = 0.002
"""A packet that took so long to come was waited for: nothing more is there to be read."""


class Pace:
    """How often the camera has to be looked at right now. Set by one thread, read by another."""

    def __init__(self, looks_per_second: float, keyframes_enough_periods: float) -> None:
        self._idle = _positive(looks_per_second)
        self._keyframes_enough_periods = keyframes_enough_periods
        self._wanted: float | None = None

    def want(self, looks_per_second: float | None) -> None:
        self._wanted = None if looks_per_second is None else _positive(looks_per_second)

    @property
    def period_seconds(self) -> float:
        return 1.0 / max(self._idle, self._wanted or 0.0)

    @property
    def pause_seconds(self) -> float:
        """How long packets may lie unread; half of it while a watch counts on every keyframe."""
        pause = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SHARE * self.period_seconds)
        return pause if self._wanted is None else pause / 2

    @property
    def longest_keyframe_interval_seconds(self) -> float:
        """Keyframes further apart than this are not enough, all frames are decoded."""
        if self._wanted is not None:
            return 1.25 / max(self._idle, self._wanted)
        return max(1.25, self._keyframes_enough_periods) / self._idle


def _positive(looks_per_second: float) -> float:
    if looks_per_second <= 0:
        raise ValueError("looks_per_second must be above 0")
    return looks_per_second


class KeyframeMeter:
    """Measures how far apart a stream's keyframes arrive.

    By arrival (monotonic seconds), not by presentation time: the first packets of many cameras
    carry none, and what a look has to wait for is the arrival.
    """

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=5)
        self.interval_seconds: float | None = None
        """Median of the last gaps; None before two keyframes came."""
        self._last_key: float | None = None
        self._begun: float | None = None
        self._now: float | None = None

    def add(self, arrived: float, keyframe: bool) -> None:
        self._now = arrived
        self._begun = arrived if self._begun is None else self._begun
        if not keyframe:
            return
        # What arrives in one burst (the opening's backlog) tells nothing of the distance.
        if self._last_key is not None and arrived - self._last_key > 0.05:
            self._gaps.append(arrived - self._last_key)
            self.interval_seconds = round(statistics.median(self._gaps), 3)
        self._last_key = arrived

    @property
    def waiting_seconds(self) -> float:
        """Time since the last keyframe (since the start, where none came)."""
        since = self._last_key if self._last_key is not None else self._begun
        return 0.0 if since is None or self._now is None else self._now - since


Decoded: TypeAlias = tuple[VideoFrame, float | None]
"""A picture and its presentation time in seconds, where the stream gives one."""


class LookDecoder:
    """Decodes keyframes only, or everything, as pace and stream ask.

    Packets since the last keyframe are kept while only keyframes are decoded, so that decoding
    all frames starts at once and not at the next keyframe. They never span more time than the
    pace allows between keyframes.
    """

    def __init__(self, stream: VideoStream, pace: Pace) -> None:
        self._context = context = stream.codec_context
        self._time_base = stream.time_base
        self._pace = pace
        self._kept: list[Packet[VideoStream]] = []
        self.meter = KeyframeMeter()
        self.all_frames = False
        self.damaged = 0
        context.thread_count = 1
        context.skip_frame = "NONKEY"

    def decode(self, packet: Packet[VideoStream], arrived: float) -> Iterator[Decoded]:
        """Zero or more pictures; damaged ones are left out and counted.

        `arrived` is the monotonic time at which the packet came.
        """
        self.meter.add(arrived, packet.is_keyframe)
        limit = self._pace.longest_keyframe_interval_seconds
        interval = self.meter.interval_seconds
        if self.all_frames:
            if packet.is_keyframe and interval is not None and interval <= limit:
                self._set_all(False)
        elif max(interval or 0.0, self.meter.waiting_seconds) > limit:
            self._set_all(True)
            for kept in self._kept:
                # Only to have the references; these moments are past.
                for _ in self._pictures(kept):
                    pass
            self._kept = []
        if self.all_frames:
            yield from self._pictures(packet)
        else:
            yield from self._keyframe(packet)

    def _keyframe(self, packet: Packet[VideoStream]) -> Iterator[Decoded]:
        if not packet.is_keyframe:
            if self._kept:
                self._kept.append(packet)
            return
        self._kept = [packet]
        yield from self._pictures(packet)
        # A decoder that reorders frames would hold the picture back until the next keyframe.
        yield from self._pictures(None)
        self._context.flush_buffers()

    def _pictures(self, packet: Packet[VideoStream] | None) -> Iterator[Decoded]:
        try:
            for picture in self._context.decode(packet):
                if picture.is_corrupt:
                    self.damaged += 1
                else:
                    yield picture, self._seconds(picture)
        except av.error.EOFError:
            self._context.flush_buffers()
        except av.error.FFmpegError:
            self.damaged += 1

    def _seconds(self, picture: VideoFrame) -> float | None:
        """Presentation time; a decoder's last pictures do not know their own time base."""
        stamp = picture.pts if picture.pts is not None else picture.dts
        if stamp is None or self._time_base is None:
            return None
        return float(stamp * self._time_base)

    def _set_all(self, all_frames: bool) -> None:
        self.all_frames = all_frames
        # Frames that no other frame needs are left out: a look a second misses nothing by it.
        self._context.skip_frame = "NONREF" if all_frames else "NONKEY"
        self._context.flush_buffers()


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded picture, not yet converted, with the instant at which it came."""

    picture: VideoFrame
    at: datetime
    pts: float | None
    sequence: int


class Reader(threading.Thread):
    """Opens `url`, keeps the newest due picture, and tells how it is doing.

    The consumer calls `take`; whoever gives up calls `abandon`, after which the thread ends by
    itself as soon as libav gives it back.
    """

    def __init__(
        self,
        url: str,
        pace: Pace,
        *,
        clock_now: Callable[[], datetime],
        open_timeout_seconds: float,
        read_timeout_seconds: float,
        ring: PacketRing | None = None,
    ) -> None:
        super().__init__(name=f"qifen-stream-{redact_url(url)}", daemon=True)
        self._url = url
        self._pace = pace
        self._ring = ring
        self._clock_now = clock_now
        self._open_timeout_seconds = open_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds
        self._changed = threading.Condition()
        self._latest: Received | None = None
        self._error: VisionError | None = None
        self._abandoned = False
        self._reading = False
        self._progress_at = time.monotonic()
        self._next_look: float | None = None
        self._decoder: LookDecoder | None = None
        self._clock = ClockMeter()
        self.decoded = 0
        self.drops = 0
        """Due looks that nobody took before a newer one came."""

    def take(self, timeout_seconds: float) -> Received | None:
        """The newest due picture, each one once; None when none came in time."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._latest is not None or self._error is not None, timeout_seconds
            )
            taken, self._latest = self._latest, None
            return taken

    @property
    def error(self) -> VisionError | None:
        """Why the connection ended, or that it hangs; None while it is alive."""
        with self._changed:
            if self._error is not None or self._latest is not None:
                return self._error
            idle_seconds = time.monotonic() - self._progress_at
        limit = self._read_timeout_seconds if self._reading else self._open_timeout_seconds
        if idle_seconds <= limit + _HUNG_AFTER_SECONDS:
            return None
        return StreamTimeout(
            f"{redact_url(self._url)} hangs in {'read' if self._reading else 'open'} "
            f"past its deadline of {limit:g} s",
            hint="the connection is given up and made anew",
        )

    @property
    def keyframe_interval_seconds(self) -> float | None:
        return self._decoder.meter.interval_seconds if self._decoder else None

    @property
    def clock_offset_seconds(self) -> float | None:
        """By how much the camera's clock is ahead of ours; None where it does not tell."""
        return self._clock.offset_seconds

    @property
    def all_frames(self) -> bool:
        return self._decoder is not None and self._decoder.all_frames

    @property
    def damaged(self) -> int:
        return self._decoder.damaged if self._decoder else 0

    def abandon(self) -> None:
        self._abandoned = True

    def run(self) -> None:
        try:
            container = open_stream(
                self._url,
                open_timeout=self._open_timeout_seconds,
                read_timeout=self._read_timeout_seconds,
            )
            with container:
                self._progress_at = time.monotonic()
                self._reading = True
                self._read(container)
            self._fail(
                StreamUnreachable(
                    f"{redact_url(self._url)} ended the stream",
                    hint="the camera may be restarting; it is tried again by itself",
                )
            )
        except VisionError as error:
            self._fail(error)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            self._fail(stream_error(error, self._url, self._read_timeout_seconds))

    def _fail(self, error: VisionError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def _read(self, container: InputContainer) -> None:
        stream = video_stream(container, redact_url(self._url))
        self._decoder = LookDecoder(stream, self._pace)
        if self._ring is not None:
            self._ring.begin(stream)
        started = asked_at = waited_at = time.monotonic()
        for packet in container.demux(stream):
            if self._abandoned:
                return
            self._progress_at = now = time.monotonic()
            waited = now - asked_at > _WAITED_SECONDS
            waited_at = now if waited else waited_at
            fresh = now - waited_at <= _FRESH_SECONDS and now - started > _SETTLED_SECONDS
            arrived = self._clock_now()
            self._clock.add(packet, arrived, fresh=fresh)
            if self._ring is not None:
                self._ring.add(packet, arrived)
            if packet.size > 0:
                for picture, pts in self._decoder.decode(packet, self._progress_at):
                    self._offer(picture, pts)
            if waited and not self._decoder.all_frames:
                time.sleep(self._pace.pause_seconds)
            asked_at = time.monotonic()

    def _offer(self, picture: VideoFrame, pts: float | None) -> None:
        sequence = self.decoded
        self.decoded += 1
        due = self._is_due(time.monotonic())
        # A newer picture also takes the place of one that nobody has fetched yet.
        if not due and self._latest is None:
            return
        received = Received(picture, self._clock_now(), pts, sequence)
        with self._changed:
            if self._latest is not None:
                self.drops += due
            elif not due:
                return
            self._latest = received
            self._changed.notify_all()

    def _is_due(self, now: float) -> bool:
        """Whether the next look is due, and if so, when the one after it is."""
        period = self._pace.period_seconds
        if self._next_look is not None:
            # A faster pace counts at once, not after the slower pace's last wait.
            self._next_look = min(self._next_look, now + period)
            if now < self._next_look - _EARLY_SHARE * period:
                return False
        due = now if self._next_look is None else self._next_look
        self._next_look = max(due + period, now + period / 2)
        return True
