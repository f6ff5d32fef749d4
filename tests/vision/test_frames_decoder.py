"""Which pictures of a stream are decoded: keyframes alone, or all where they come too seldom."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.rtsp import moving_pictures, write_clip
from vision.frames_reader import KeyframeMeter, LookDecoder, Pace


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds at 10 frames a second, a keyframe every six."""
    path = tmp_path_factory.mktemp("sparse") / "sparse.mp4"
    write_clip(path, moving_pictures(120), keyframe_every=60, b_frames=2)
    return path


def decoded(path: Path, pace: Pace, *, faster: float = 1.0) -> tuple[list[float], LookDecoder]:
    """All pictures that a LookDecoder gives of a file as if it came live; their times."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoder = LookDecoder(stream, pace)
        times: list[float] = []
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            now = float(packet.pts * packet.time_base) * faster
            times += [round(pts or 0.0, 2) for _, pts in decoder.decode(packet, now)]
        return times, decoder


def test_decoder_takes_keyframes_without_delay(sparse: Path) -> None:
    """A decoder that reorders would hold each keyframe back until the next one."""
    times, decoder = decoded(sparse, Pace(1.0, keyframes_enough_periods=60))
    assert times == [0.0, 6.0]
    assert not decoder.all_frames


def test_decoder_goes_over_to_all_frames_in_mid_group(sparse: Path) -> None:
    """Two seconds after a keyframe that is not followed by another, and without damage."""
    times, decoder = decoded(sparse, Pace(1.0, keyframes_enough_periods=2))
    assert times[0] == 0.0
    assert 1.5 <= times[1] <= 2.5, "a reordering decoder gives its pictures half a second late"
    assert len(times) > 40
    assert decoder.all_frames
    assert decoder.damaged == 0


def test_meter_ignores_the_openings_burst() -> None:
    meter = KeyframeMeter()
    for arrived in (0.0, 0.001, 0.002, 2.0, 4.0, 6.1):
        meter.add(arrived, keyframe=True)
    meter.add(7.1, keyframe=False)
    assert meter.interval_seconds == pytest.approx(2.0, abs=0.1)
    assert meter.waiting_seconds == pytest.approx(1.0)


def test_pace_asks_for_more_only_while_a_watch_is_open() -> None:
    pace = Pace(0.5, keyframes_enough_periods=1.5)
    assert (pace.period_seconds, pace.longest_keyframe_interval_seconds) == (2.0, 3.0)
    pace.want(2.0)
    assert (pace.period_seconds, pace.longest_keyframe_interval_seconds) == (0.5, 0.625)
    pace.want(None)
    assert pace.period_seconds == 2.0
