"""Clips V1 and V2 (2.7): packets as the camera sent them, from a keyframe on, in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from tests.rtsp import moving_pictures, write_clip
from vision.clip import LEAST_SECONDS, Clip, PacketRing

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FPS = 10


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds with a keyframe every two; a transport stream, framed as RTSP frames it."""
    path = tmp_path_factory.mktemp("clip") / "street.ts"
    return write_clip(path, moving_pictures(40 * FPS), fps=FPS, keyframe_every=20, b_frames=2)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def filled(path: Path, ring: PacketRing, seconds: float = 40.0) -> PacketRing:
    """The ring as a worker would have it: each packet came when its picture was taken."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        ring.begin(stream)
        for number, packet in enumerate(p for p in container.demux(stream) if p.size):
            if number / FPS < seconds:
                ring.add(packet, after(number / FPS))
    return ring


@pytest.fixture
def ring(recording: Path) -> PacketRing:
    return filled(recording, PacketRing(32.0))


def pictures(data: bytes) -> Iterator[av.VideoFrame]:
    with av.open(io.BytesIO(data)) as container:
        yield from container.decode(video=0)


def packets(source: io.BytesIO | str) -> list[bytes]:
    with av.open(source) as container:
        return [bytes(p) for p in container.demux(video=0) if p.size]


def test_a_clip_is_what_came_and_can_be_played(ring: PacketRing, recording: Path) -> None:
    """Every picture between the keyframe before the start and the end, none made anew; the
    connection that it came from is closed by then."""
    clip = ring.cut(after(21.3), after(35.0))
    assert isinstance(clip, Clip)
    assert (clip.started, clip.ended, clip.codec) == (after(20), after(35), "h264")
    assert clip.seconds >= LEAST_SECONDS
    shown = list(pictures(clip.data))
    assert len(shown) == clip.packets == 151
    assert shown[0].key_frame
    assert (shown[0].width, shown[0].height) == (320, 240)
    times = [float(frame.pts * frame.time_base) for frame in shown]
    assert times[-1] - times[0] == pytest.approx(15.0, abs=0.3)
    # Coded pictures are the same bytes; only their framing (start codes, sizes) is MP4's.
    sent = b"".join(packets(str(recording))[200:202]).replace(b"\0\0\0\1", b"")
    kept = b"".join(packets(io.BytesIO(clip.data))[:2])
    assert sent[-200:] in kept


def test_the_same_packets_give_the_same_bytes(recording: Path) -> None:
    one, two = (filled(recording, PacketRing(32.0)).cut(after(20), after(34)) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.data == two.data


def test_what_is_not_there_is_no_clip(recording: Path, ring: PacketRing) -> None:
    """Too short, too long ago, nothing yet: None, never a clip of something else."""
    assert ring.cut(after(33), after(40)) is None
    assert ring.cut(after(-60), after(-45)) is None
    assert PacketRing(32.0).cut(after(0), after(20)) is None
    fresh = filled(recording, PacketRing(32.0), seconds=8)
    assert fresh.cut(after(0), after(14)) is None
    with av.open(str(recording)) as container:
        ring.begin(container.streams.video[0])
    assert ring.cut(after(21), after(35)) is None, "a new connection starts anew"


def test_memory_is_bounded_by_time_and_by_bytes(recording: Path) -> None:
    timed = filled(recording, PacketRing(12.0))
    clip = timed.cut(after(0), after(40))
    assert clip is not None
    assert clip.started >= after(28)
    whole = filled(recording, PacketRing(60.0))
    small = filled(recording, PacketRing(60.0, most_bytes=whole.held_bytes // 2))
    assert small.held_bytes <= whole.held_bytes // 2
    assert small.held_bytes > 0
    nothing = filled(recording, PacketRing(60.0, most_bytes=1))
    assert nothing.held_bytes == 0, "a picture larger than the ring is not kept"
    assert nothing.cut(after(0), after(40)) is None


def test_a_camera_that_stamps_badly_still_gives_a_clip(recording: Path) -> None:
    """Presentation times that jump back: the times of arrival stand in."""
    ring = PacketRing(32.0)
    with av.open(str(recording)) as container:
        stream = container.streams.video[0]
        ring.begin(stream)
        for number, packet in enumerate(p for p in container.demux(stream) if p.size):
            packet.pts = packet.dts = number % 50
            ring.add(packet, after(number / FPS))
    clip = ring.cut(after(20), after(34))
    assert clip is not None
    with av.open(io.BytesIO(clip.data)) as container:
        stamps = [packet.dts for packet in container.demux(video=0) if packet.size]
    assert len(stamps) == clip.packets > 130
    assert stamps == sorted(set(stamps))
    assert len(list(pictures(clip.data))) > 130


def test_a_stream_of_motion_jpeg_gives_a_clip(tmp_path: Path) -> None:
    """Old cameras send pictures, not video; each is a keyframe."""
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for picture in moving_pictures(15 * FPS):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = filled(path, PacketRing(32.0)).cut(after(1), after(13))
    assert clip is not None
    assert clip.codec == "mjpeg"
    assert clip.packets == len(list(pictures(clip.data))) == 121
