"""What the camera's own clock says, where its stream tells it: RTCP sender reports (RFC 3550).

A camera sends one every few seconds: "it is now so and so late here". No other protocol and no
password is needed. Not all tell the time of day: some count from when they were switched on, and
some send none; then nothing is known, and that is said.
"""

from __future__ import annotations

import struct
from collections import deque
from datetime import UTC, datetime

from av.packet import Packet
from av.video.stream import VideoStream

_REPORT = struct.Struct("@IQ")
"""The beginning of libav's AVRTCPSenderReport: the sender's number, its time as 32.32 seconds."""
_NTP_TO_UNIX_SECONDS = 2_208_988_800
_FIRST_PLAUSIBLE = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
"""Earlier "times of day" are seconds since the camera was switched on."""
_FEWEST = 2
_WINDOW = 5
_ROUGHLY_SECONDS = 2.0


class ClockMeter:
    """By how much the camera's clock is ahead of ours, in seconds.

    A report takes its time to reach us, so that the offset of each is too low, never too high:
    the highest of the last few counts. What lay in a queue before it was read is not asked.
    """

    def __init__(self) -> None:
        self._offsets: deque[float] = deque(maxlen=_WINDOW)

    @property
    def offset_seconds(self) -> float | None:
        """None where the stream does not tell, or has not told often enough yet."""
        if len(self._offsets) < _FEWEST:
            return None
        return round(max(self._offsets), 3)

    def add(self, packet: Packet[VideoStream], now: datetime, *, fresh: bool) -> None:
        """Take the report that came with this packet, if one did. `now` is our own time at which
        it was read; `fresh` says that it had not lain in a queue."""
        if not packet.has_sidedata("rtcp_sr"):
            return
        told = told_time(bytes(packet.get_sidedata("rtcp_sr")))
        if told is None:
            self._offsets.clear()
        elif fresh:
            offset = told - now.timestamp()
            # Somebody has set the clock: what it said before is no longer true.
            if self._offsets and abs(offset - self._offsets[-1]) > _ROUGHLY_SECONDS:
                self._offsets.clear()
            self._offsets.append(offset)


def told_time(report: bytes) -> float | None:
    """The time of day in a sender report as Unix seconds; None where it is none."""
    if len(report) < _REPORT.size:
        return None
    _, ntp = _REPORT.unpack_from(report)
    seconds = ntp / 2**32 - _NTP_TO_UNIX_SECONDS
    return seconds if seconds >= _FIRST_PLAUSIBLE else None


def without_time_zone(offset_seconds: float, zone_seconds: float) -> float:
    """Some cameras send their local time as if it were UTC. An offset that is, to a few seconds,
    the zone's own is that habit, and what is left of it is the clock's error."""
    left = offset_seconds - zone_seconds
    return left if zone_seconds and abs(left) < 60.0 else offset_seconds
