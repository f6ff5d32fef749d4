"""Opening what libav can read, with one clear error a cause and never a password in a message."""

from __future__ import annotations

import itertools
import queue
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import av
import av.error
from av.container.input import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from vision.errors import (
    BadVideo,
    StreamError,
    StreamTimeout,
    StreamUnauthorised,
    StreamUnreachable,
    VisionError,
)

T = TypeVar("T")

_CREDENTIALS = re.compile(r"^([a-z][a-z0-9+.-]*://)([^:@/]*)(:.*)?@", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(
    r"([?&;](?:password|passwd|pwd|pass|token|auth|secret|key|sig|signature)=)[^&;#]*",
    re.IGNORECASE,
)
_GRACE_SECONDS = 1.5
"""libav's own deadline gets this much time to fire before its thread counts as hung."""


def redact_url(url: str) -> str:
    """The address without its password: `rtsp://user:***@host/path`.

    Greedy to the last `@`: an unescaped `@` or `/` in a password hides too much rather than
    too little.
    """

    def hide(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}{':***' if found[3] else ''}@"

    return _SECRET_PARAMETER.sub(r"\1***", _CREDENTIALS.sub(hide, url))


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What `probe` measured of one stream."""

    codec: str
    width: int
    height: int
    fps: float | None
    """Declared frames a second; None where the stream does not say."""
    keyframe_interval_seconds: float | None
    """Measured median; None where fewer than two keyframes came within the time given."""
    container: str
    seconds_watched: float
    """Stream time over which the keyframes were counted."""


def open_stream(url: str, *, open_timeout: float, read_timeout: float) -> InputContainer:
    """Open a live stream (RTSP always over TCP).

    Raises StreamUnreachable, StreamUnauthorised, StreamTimeout or BadVideo.
    """
    scheme = urlsplit(url).scheme.lower() if "://" in url else ""
    if scheme not in {"rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "srt"}:
        raise BadVideo(
            f"{redact_url(url)} is not the address of a stream",
            hint="give rtsp://user:password@host/path; files are played with qifen replay",
            field="url",
        )
    # A stream names its codec in its first packets; libav would go on for seconds to guess the
    # frame rate and to wait for silent tracks, and hand out all that as stale pictures.
    options = {"analyzeduration": "1000000", "fpsprobesize": "0"}
    if scheme in {"rtsp", "rtsps"}:
        socket_seconds = max(open_timeout, read_timeout) + 1.0
        options |= {"rtsp_transport": "tcp", "timeout": str(int(socket_seconds * 1_000_000))}
    started = time.monotonic()
    try:
        return av.open(url, mode="r", options=options, timeout=(open_timeout, read_timeout))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        cause: Exception = error
        if time.monotonic() - started >= open_timeout - 0.05:
            # Interrupted in the middle of an answer, libav blames the half of it that it has.
            cause = TimeoutError()
        # The original error carries the address with its password: it is not chained.
        raise stream_error(cause, url, open_timeout) from None


def stream_error(error: Exception, url: str, timeout_seconds: float) -> VisionError:
    """Our error for what libav raised while opening or reading `url`."""
    where = redact_url(url)
    if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        return StreamUnauthorised(
            f"the camera at {where} refuses the user or password",
            hint="check both on the camera's own page; write @ : / in a password as %40 %3A %2F",
        )
    # ExitError is libav saying that our own deadline interrupted it.
    if isinstance(error, (av.error.ExitError, TimeoutError)):
        return StreamTimeout(
            f"{where} did not answer within {timeout_seconds:g} s",
            hint="check that the camera is switched on and that its network is not overloaded",
        )
    if isinstance(error, (av.error.HTTPNotFoundError, av.error.HTTPBadRequestError)):
        return StreamUnreachable(
            f"the camera answers but has no stream at {where}",
            hint="check the path of the address, for example /Streaming/Channels/101",
        )
    if isinstance(error, (av.error.InvalidDataError, av.error.DecoderNotFoundError)):
        return BadVideo(
            f"{where} sends something that is not video",
            hint="set the camera to H.264 or H.265",
        )
    if isinstance(error, OSError | av.error.FFmpegError):
        return StreamUnreachable(
            f"no stream from {where}: {_plain_reason(error)}",
            hint="check host, port and cable, and that a firewall lets RTSP (554) through",
        )
    return StreamError(f"{where} cannot be read: {type(error).__name__}")


def _plain_reason(error: Exception) -> str:
    """The system's words without libav's file name, which holds the password."""
    reason = getattr(error, "strerror", None)
    return str(reason).lower() if reason else type(error).__name__


def open_file(path: Path) -> InputContainer:
    """Open a video file. Raises BadVideo."""
    if not path.is_file():
        raise BadVideo(f"{path} is not a file", hint="check the path", field="video")
    try:
        container = av.open(str(path), mode="r")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise BadVideo(
            f"{path.name} is not a video: {_plain_reason(error)}",
            hint="give a file that a player can play, such as MP4 or MKV with H.264",
            field="video",
        ) from error
    return container


def video_stream(container: InputContainer, name: str) -> VideoStream:
    """The first video stream. Raises BadVideo where there is none or no decoder for it."""
    streams = container.streams.video
    if not streams:
        raise BadVideo(f"{name} has no video stream", hint="it may be sound only", field="video")
    stream = streams[0]
    try:
        usable = bool(stream.codec_context.name)
    except (AttributeError, av.error.FFmpegError, ValueError):
        # libav knows the stream's kind but has no decoder for it: there is no codec context.
        usable = False
    if not usable:
        raise BadVideo(f"{name} uses a codec that cannot be decoded", hint="use H.264 or H.265")
    return stream


def with_deadline(work: Callable[[], T], seconds: float, url: str) -> T:
    """Run `work` in a thread of its own and stop waiting for it at the deadline.

    libav's own time-outs do not cover everything (name look-ups, drivers): a call that hangs is
    left behind, it cannot hold up the caller. Raises StreamTimeout, or what `work` raised.
    """
    answers: queue.Queue[tuple[bool, object]] = queue.Queue(maxsize=1)

    def run() -> None:
        try:
            answers.put((True, work()))
        except Exception as error:
            answers.put((False, error))

    threading.Thread(target=run, name="qifen-probe", daemon=True).start()
    try:
        fine, answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise StreamTimeout(
            f"{redact_url(url)} did not answer within {seconds:g} s",
            hint="check that the camera is switched on and reachable",
        ) from None
    if not fine:
        assert isinstance(answer, Exception)  # noqa: S101 (narrows the type, never false)
        raise answer
    return answer  # pyright: ignore[reportReturnType]


def probe(url: str, timeout_seconds: float = 10.0) -> StreamInfo:
    """Open a stream or file, measure it and close it, within about `timeout_seconds`.

    Raises StreamUnreachable, StreamUnauthorised, StreamTimeout or BadVideo, each with a hint.
    """
    ends_at = time.monotonic() + timeout_seconds

    def measure() -> StreamInfo:
        if "://" in url:
            container = open_stream(url, open_timeout=timeout_seconds, read_timeout=timeout_seconds)
        else:
            container = open_file(Path(url))
        with container:
            stream = video_stream(container, redact_url(url))
            try:
                interval, watched = _keyframe_interval(container.demux(stream), ends_at - 0.5)
            except (av.error.FFmpegError, OSError) as error:
                raise stream_error(error, url, timeout_seconds) from None
            rate = stream.average_rate or stream.guessed_rate
            return StreamInfo(
                codec=stream.codec_context.name,
                width=stream.codec_context.width,
                height=stream.codec_context.height,
                fps=float(rate) if rate else None,
                keyframe_interval_seconds=interval,
                container=container.format.name,
                seconds_watched=round(watched, 3),
            )

    return with_deadline(measure, timeout_seconds + _GRACE_SECONDS, url)


def _keyframe_interval(
    packets: Iterable[Packet[VideoStream]], until: float
) -> tuple[float | None, float]:
    """Median distance of keyframes in seconds, and the stream time watched.

    Looks at up to five keyframes or 30 s of stream, and no longer than the monotonic `until`.
    """
    keyframes: list[float] = []
    first = last = None
    for packet in packets:
        at = packet_seconds(packet)
        if at is not None:
            first = at if first is None else first
            last = at if last is None else max(last, at)
            if packet.is_keyframe:
                keyframes.append(at)
        watched = 0.0 if first is None or last is None else last - first
        if len(keyframes) >= 5 or watched >= 30 or time.monotonic() >= until:
            break
    gaps = [b - a for a, b in itertools.pairwise(keyframes) if b > a]
    watched = 0.0 if first is None or last is None else last - first
    return (round(statistics.median(gaps), 3) if gaps else None), watched


def packet_seconds(packet: Packet[VideoStream]) -> float | None:
    """Presentation time of a packet in seconds of the stream, or None."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return None if stamp is None else float(stamp * packet.time_base)
