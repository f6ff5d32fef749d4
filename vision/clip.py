"""Clips out of a live stream, as the camera sent them: encoded packets kept for a short while and
written into MP4 without decoding or encoding anything (domain.md 2.7, V1 and V2)."""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import av
import av.error
from av.packet import Packet
from av.video.stream import VideoStream

LEAST_SECONDS = 10.0
"""2.7: a clip of less is none."""
MOST_BYTES = 10 << 20
"""21 seconds at 4 Mbit/s; a stream of more is kept for a shorter time."""
_TICKS = 90_000
_TRANSPORT = {"h264": "mpegts", "hevc": "mpegts"}
"""How the parameters of a stream are carried; everything else in Matroska."""


@dataclass(frozen=True, slots=True)
class Clip:
    """An MP4 file of packets as they came, from a keyframe on."""

    data: bytes
    started: datetime
    """When its first packet came (aware, UTC)."""
    ended: datetime
    pts: float | None
    """Presentation time of the first packet in the stream, seconds, where it gives one."""
    codec: str
    packets: int

    @property
    def seconds(self) -> float:
        return (self.ended - self.started).total_seconds()


@dataclass(frozen=True, slots=True)
class _Kept:
    data: bytes
    keyframe: bool
    pts: int | None
    dts: int | None
    at: datetime


class PacketRing:
    """The packets of the last `seconds`, in at most `most_bytes`. One thread adds, any cuts."""

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self._span = timedelta(seconds=seconds)
        self._most_bytes = most_bytes
        self._packets: deque[_Kept] = deque()
        self._bytes = 0
        self._stream: VideoStream | None = None
        self._parameters: bytes | None = None
        """A small file that holds the stream's parameters; made of its first keyframe."""
        self._time_base = Fraction(1, _TICKS)
        self._codec = ""
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        return self._bytes

    def begin(self, stream: VideoStream) -> None:
        """A new connection: what came before it cannot be joined to what comes."""
        with self._lock:
            self._packets.clear()
            self._bytes = 0
            self._stream, self._parameters = stream, None
            self._time_base = stream.time_base or Fraction(1, _TICKS)
            self._codec = stream.codec_context.name

    def add(self, packet: Packet[VideoStream], at: datetime) -> None:
        """Keep one packet that came at `at` (aware); the oldest ones go."""
        if packet.size == 0 or self._stream is None:
            return
        if self._parameters is None:
            if not packet.is_keyframe:
                return
            self._parameters = _parameters(self._stream, bytes(packet))
        kept = _Kept(bytes(packet), packet.is_keyframe, packet.pts, packet.dts, at)
        with self._lock:
            self._packets.append(kept)
            self._bytes += len(kept.data)
            while self._packets and (
                self._bytes > self._most_bytes or at - self._packets[0].at > self._span
            ):
                self._bytes -= len(self._packets.popleft().data)

    def cut(self, start: datetime, end: datetime) -> Clip | None:
        """The packets from the last keyframe at or before `start` to `end`, as an MP4 file.

        None where there are less than ten seconds of them, or the stream's coding does not fit
        into MP4: a clip that is missing is named as such, never made up.
        """
        with self._lock:
            packets, parameters = list(self._packets), self._parameters
            codec, time_base = self._codec, self._time_base
        chosen = _between(packets, start, end)
        if parameters is None or not chosen:
            return None
        first, last = chosen[0], chosen[-1]
        if (last.at - first.at).total_seconds() < LEAST_SECONDS:
            return None
        try:
            data = _mp4(parameters, chosen, time_base)
        except (av.error.FFmpegError, ValueError):
            return None
        stamp = first.pts if first.pts is not None else first.dts
        pts = None if stamp is None else float(stamp * time_base)
        return Clip(data, first.at, last.at, pts, codec, len(chosen))


def _between(packets: Sequence[_Kept], start: datetime, end: datetime) -> Sequence[_Kept]:
    keys = [n for n, packet in enumerate(packets) if packet.keyframe]
    if not keys:
        return []
    before = [n for n in keys if packets[n].at <= start]
    begin = before[-1] if before else keys[0]
    stop = next((n for n, packet in enumerate(packets) if packet.at >= end), len(packets) - 1)
    return packets[begin : stop + 1]


def _parameters(stream: VideoStream, keyframe: bytes) -> bytes | None:
    """A file of one keyframe from which the stream's parameters can be read again, also after the
    connection has ended; None where the coding fits into none."""
    buffer = io.BytesIO()
    try:
        kind = _TRANSPORT.get(stream.codec_context.name, "matroska")
        with av.open(buffer, "w", format=kind) as container:
            made = container.add_stream_from_template(stream)
            packet = Packet(keyframe)
            packet.stream, packet.pts, packet.dts = made, 0, 0
            packet.time_base, packet.is_keyframe = Fraction(1, _TICKS), True
            container.mux(packet)
    except (av.error.FFmpegError, ValueError):
        return None
    return buffer.getvalue()


def _mp4(parameters: bytes, packets: Sequence[_Kept], time_base: Fraction) -> bytes:
    buffer = io.BytesIO()
    with (
        av.open(io.BytesIO(parameters)) as template,
        av.open(buffer, "w", format="mp4") as container,
    ):
        made = container.add_stream_from_template(template.streams.video[0])
        stamps, base = _stamps(packets, time_base)
        following = [dts for _, dts in stamps[1:]] + [2 * stamps[-1][1] - stamps[-2][1]]
        for kept, (pts, dts), until in zip(packets, stamps, following, strict=True):
            packet = Packet(kept.data)
            # Without a length a player drops the last picture.
            packet.stream, packet.pts, packet.dts, packet.duration = made, pts, dts, until - dts
            packet.time_base, packet.is_keyframe = base, kept.keyframe
            container.mux(packet)
    return buffer.getvalue()


def _stamps(
    packets: Sequence[_Kept], time_base: Fraction
) -> tuple[list[tuple[int, int]], Fraction]:
    """Presentation and decoding times from nought on: the stream's own where they run on, else
    those of arrival (many cameras stamp badly, none arrives backwards)."""
    own = [
        (kept.pts, kept.pts if kept.dts is None else kept.dts)
        for kept in packets
        if kept.pts is not None
    ]
    if len(own) == len(packets) and all(a[1] < b[1] for a, b in pairwise(own)):
        start = own[0][1]
        return [(pts - start, dts - start) for pts, dts in own], time_base
    made: list[tuple[int, int]] = []
    latest = -1
    for kept in packets:
        ticks = round((kept.at - packets[0].at).total_seconds() * _TICKS)
        latest = max(latest + 1, ticks)
        made.append((latest, latest))
    return made, Fraction(1, _TICKS)
