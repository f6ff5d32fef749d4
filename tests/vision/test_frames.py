"""Frames of files and of a real RTSP server that is switched off, hangs, and changes its mind."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rtsp import RtspServer, moving_pictures, write_clip
from vision.errors import (
    BadVideo,
    StreamTimeout,
    StreamUnauthorised,
    StreamUnreachable,
    VisionError,
)
from vision.frames import FileSource, LiveSource, StreamState, StreamStatus, probe, redact_url
from vision.types import Frame

START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small clips at 10 frames a second."""
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder / "street.mp4", moving_pictures(60))
    write_clip(folder / "sparse.mp4", moving_pictures(120), keyframe_every=60, b_frames=2)
    both = itertools.chain(moving_pictures(20), moving_pictures(20, (640, 360)))
    write_clip(folder / "resized.mp4", both)
    (folder / "letter.mp4").write_text("Dear camera, this is not a video.\n" * 100)
    return folder


@pytest.fixture(scope="module")
def server(clips: Path) -> Iterator[RtspServer]:
    with RtspServer(clips) as running:
        yield running


class Camera:
    """A LiveSource read by a thread, as a worker does."""

    def __init__(self, url: str, *, slow_seconds: float = 0.0, **options: float) -> None:
        self.stop = threading.Event()
        self.states: list[StreamState] = []
        self.frames: list[Frame] = []
        self.source = LiveSource(
            url,
            "cam",
            clock_now=lambda: datetime.now(UTC),
            stop=self.stop,
            on_state=self.states.append,
            **options,
        )
        self._slow_seconds = slow_seconds
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Camera:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> float:
        """Stop it; gives how long that took."""
        asked = time.monotonic()
        self.stop.set()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()
        return time.monotonic() - asked

    def _read(self) -> None:
        for frame in self.source:
            self.frames.append(frame)
            time.sleep(self._slow_seconds)

    def wait(self, what: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, f"not within {seconds} s: {self.states}"
            time.sleep(0.02)

    def said(self) -> list[tuple[StreamStatus, str]]:
        return [(state.status, state.reason) for state in self.states]


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("looks_per_second", [1.0, 2.0, 5.0, 10.0, 25.0])
def test_looks_follow_the_files_time(clips: Path, looks_per_second: float) -> None:
    source = FileSource(clips / "street.mp4", "f", start=START, looks_per_second=looks_per_second)
    frames = list(source)
    period = 1 / min(looks_per_second, 10.0)
    assert [f.pts for f in frames] == pytest.approx(
        [k * period for k in range(len(frames))], abs=0.001
    )
    assert len(frames) == round(6.0 / period)
    assert all(f.at == START + timedelta(seconds=f.pts or 0) for f in frames)
    assert source.duration_seconds == pytest.approx(6.0, abs=0.1)


def test_b23_the_same_file_gives_the_same_frames(clips: Path) -> None:
    source = FileSource(clips / "sparse.mp4", "f", start=START, looks_per_second=2)
    first, second = list(source), list(source)
    assert [(f.pts, f.sequence, f.keyframe) for f in first] == [
        (f.pts, f.sequence, f.keyframe) for f in second
    ]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))
    assert not any(np.array_equal(a.image, b.image) for a, b in itertools.pairwise(first)), (
        "no frame is handed out twice"
    )


def test_a_file_that_changes_its_size_goes_on(clips: Path) -> None:
    frames = list(FileSource(clips / "resized.mp4", "f", start=START, looks_per_second=5))
    sizes = [f.image.shape[:2] for f in frames]
    assert sizes == [(240, 320)] * 10 + [(360, 640)] * 10


def test_a_damaged_file_gives_what_is_whole(clips: Path, tmp_path: Path) -> None:
    data = bytearray((clips / "street.mp4").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    frames = list(FileSource(broken, "f", start=START, looks_per_second=10))
    assert 30 <= len(frames) <= 60
    assert [f.pts for f in frames] == sorted({f.pts for f in frames if f.pts is not None})


@pytest.mark.parametrize(
    ("name", "says"),
    [("letter.mp4", "not a video"), ("missing.mp4", "not a file"), ("", "not a file")],
)
def test_what_is_no_video_is_refused_with_a_hint(clips: Path, name: str, says: str) -> None:
    with pytest.raises(BadVideo, match=says) as caught:
        FileSource(clips / name, "f", start=START)
    assert caught.value.hint
    assert caught.value.field == "video"


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(BadVideo, match="no video stream"):
        FileSource(path, "f", start=START)


def test_a_naive_start_is_refused(clips: Path) -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        FileSource(clips / "street.mp4", "f", start=naive)


@pytest.mark.parametrize("pace", [0.0, -1.0])
def test_a_pace_must_be_above_nothing(clips: Path, pace: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        FileSource(clips / "street.mp4", "f", start=START, looks_per_second=pace)


def test_old_avi_stamps_do_not_stretch_time(data_dir: Path) -> None:
    """A real file whose reordered frames are stamped wrongly: thirty seconds stay thirty."""
    path = data_dir / "video" / "andrewssobral__bgslibrary__video02.avi"
    frames = list(FileSource(path, "f", start=START))
    assert len(frames) == 30
    assert frames[-1].pts == pytest.approx(29.0, abs=0.1)


# -- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://admin:secret@10.0.0.1:554/live", "rtsp://admin:***@10.0.0.1:554/live"),
        ("rtsp://admin:p@ss/w:rd@host/live", "rtsp://admin:***@host/live"),
        ("rtsp://host/live", "rtsp://host/live"),
        ("rtsp://admin@host/live", "rtsp://admin@host/live"),
        ("http://h/v?user=a&password=secret&x=1", "http://h/v?user=a&password=***&x=1"),
        ("RTSP://a:secret@h/v?token=secret", "RTSP://a:***@h/v?token=***"),
    ],
)
def test_no_password_is_ever_shown(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="*"), min_size=4))
def test_whatever_the_password_it_is_not_shown(password: str) -> None:
    assert redact_url(f"rtsp://u:{password}@h/x") == "rtsp://u:***@h/x" or "\n" in password


# -- probing ----------------------------------------------------------------------------------


def test_probe_measures_a_stream(server: RtspServer) -> None:
    info = probe(server.url("street.mp4"), timeout_seconds=8)
    assert (info.codec, info.width, info.height) == ("h264", 320, 240)
    assert info.keyframe_interval_seconds == pytest.approx(1.0, abs=0.15)


def test_probe_measures_a_file(clips: Path) -> None:
    info = probe(str(clips / "sparse.mp4"))
    assert info.keyframe_interval_seconds == pytest.approx(6.0)
    assert info.fps == pytest.approx(10)


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("rtsp://u:secret@127.0.0.1:1/live", StreamUnreachable, "refused"),
        ("rtsp://u:secret@no-such-host.invalid/live", StreamUnreachable, "no stream"),
        ("ftp://u:secret@127.0.0.1/live", BadVideo, "not the address of a stream"),
    ],
)
def test_probe_says_what_is_wrong(url: str, error: type[VisionError], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        probe(url, timeout_seconds=4)
    assert caught.value.hint
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None, "libav's own words hold the password"


def test_probe_of_a_path_that_the_camera_does_not_know(server: RtspServer) -> None:
    with pytest.raises(StreamUnreachable, match="has no stream"):
        probe(server.url("nothing.mp4"), timeout_seconds=4)


def test_wrong_password_then_the_right_one(clips: Path) -> None:
    with RtspServer(clips, user="admin", password="right") as guarded:
        with pytest.raises(StreamUnauthorised) as caught:
            probe(guarded.url("street.mp4", user="admin", password="wrong-one"))
        assert "wrong-one" not in str(caught.value)
        url = guarded.url("street.mp4", user="admin", password="right")
        assert probe(url, timeout_seconds=4).codec == "h264"
        with Camera(guarded.url("street.mp4")) as camera:
            camera.wait(lambda: len(camera.states) >= 2, 10)
            assert camera.said()[-1] == (StreamStatus.DOWN, "unauthorised")
            retry = camera.states[-1].retry_seconds
            assert retry is not None
            assert retry > 40, "a camera locks who tries too often"


# -- live -------------------------------------------------------------------------------------


def test_live_frames_come_once_and_in_order(server: RtspServer) -> None:
    with Camera(server.url("street.mp4"), looks_per_second=4.0) as camera:
        camera.wait(lambda: len(camera.frames) >= 6, 15)
        assert camera.end() < 2.0
    assert camera.said()[:2] == [(StreamStatus.CONNECTING, ""), (StreamStatus.UP, "")]
    sequences = [frame.sequence for frame in camera.frames]
    assert sequences == sorted(set(sequences))
    stamps = [frame.pts for frame in camera.frames if frame.pts is not None]
    assert stamps == sorted(set(stamps))
    assert all(frame.at.tzinfo is not None for frame in camera.frames)


def test_keyframes_alone_where_they_come_often_enough(server: RtspServer) -> None:
    with Camera(server.url("street.mp4"), looks_per_second=1.0) as camera:
        camera.wait(lambda: len(camera.frames) >= 4, 15)
        state = camera.source.state
    assert all(frame.keyframe for frame in camera.frames)
    assert not state.all_frames
    assert state.keyframe_interval_seconds == pytest.approx(1.0, abs=0.3)


def test_sparse_keyframes_are_not_waited_for(server: RtspServer) -> None:
    """Six seconds between keyframes: all frames are decoded, one look a second is handed out."""
    url = server.url("sparse.mp4")
    with Camera(url, looks_per_second=1.0, keyframes_enough_periods=1.5) as camera:
        camera.wait(lambda: len(camera.frames) >= 6, 20)
        assert camera.source.state.all_frames
    gaps = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(camera.frames[1:])]
    assert max(gaps) < 2.5
    assert sum(gaps) / len(gaps) == pytest.approx(1.0, abs=0.3)


def test_want_more_takes_effect_at_once_and_ends(server: RtspServer) -> None:
    with Camera(server.url("sparse.mp4"), keyframes_enough_periods=30.0) as camera:
        camera.wait(lambda: len(camera.frames) >= 1, 15)
        assert not camera.source.state.all_frames
        camera.source.want_more(5.0)
        asked = len(camera.frames)
        camera.wait(lambda: len(camera.frames) >= asked + 8, 6)
        camera.source.want_more(None)
        assert camera.source.state.frames >= asked + 8


def test_a_slow_consumer_gets_the_newest_frame(server: RtspServer) -> None:
    """No backlog: what could not be looked at is dropped and counted."""
    camera = Camera(server.url("street.mp4"), slow_seconds=0.7, looks_per_second=10.0)
    with camera:
        camera.wait(lambda: len(camera.frames) >= 5, 20)
        state = camera.source.state
    assert state.drops > 3
    lag = [(datetime.now(UTC) - frame.at).total_seconds() for frame in camera.frames[-1:]]
    assert lag[0] < 2.5


def test_a_resolution_change_in_the_stream_goes_on(server: RtspServer) -> None:
    with Camera(server.url("resized.mp4"), looks_per_second=5.0) as camera:
        camera.wait(lambda: len({f.image.shape for f in camera.frames}) == 2, 15)
        assert camera.source.state.reconnects == 0


def test_a1_switched_off_and_on_again(clips: Path) -> None:
    """Down and up are told, and the counters tell of the reconnects."""
    with RtspServer(clips) as server, Camera(server.url("street.mp4")) as camera:
        camera.wait(lambda: camera.source.state.status is StreamStatus.UP, 15)
        server.stop()
        camera.wait(lambda: camera.source.state.status is StreamStatus.DOWN, 20)
        assert camera.source.state.reason == "unreachable"
        seen = len(camera.frames)
        server.start()
        camera.wait(lambda: camera.source.state.status is StreamStatus.UP, 15)
        assert camera.source.state.reconnects >= 1
        camera.wait(lambda: len(camera.frames) > seen, 5)


def test_a_stream_that_ends_is_opened_again(server: RtspServer) -> None:
    with Camera(server.url("resized.mp4", loops=1), looks_per_second=5.0) as camera:
        camera.wait(lambda: camera.source.state.reconnects >= 1, 20)
        assert (StreamStatus.DOWN, "unreachable") in camera.said()


def test_a2_a_camera_that_hangs_in_read(clips: Path) -> None:
    with (
        RtspServer(clips) as server,
        Camera(server.url("street.mp4"), read_timeout_seconds=1.5) as camera,
    ):
        camera.wait(lambda: camera.source.state.status is StreamStatus.UP, 15)
        server.freeze()
        camera.wait(lambda: camera.source.state.status is StreamStatus.DOWN, 8)
        assert camera.source.state.reason == "timeout"
        server.thaw()
        camera.wait(lambda: camera.source.state.status is StreamStatus.UP, 15)


def test_a2_a_camera_that_hangs_in_open_does_not_hold_up_the_stop(clips: Path) -> None:
    """It accepts the connection and never answers, and the deadline is far away."""
    with RtspServer(clips) as server:
        server.freeze()
        with pytest.raises(StreamTimeout):
            probe(server.url("street.mp4"), timeout_seconds=1)
        with Camera(server.url("street.mp4"), open_timeout_seconds=30.0) as camera:
            time.sleep(0.5)
            assert camera.said() == [(StreamStatus.CONNECTING, "")]
            assert camera.end() < 1.5
        server.thaw()


def test_waits_grow_with_jitter_and_stay_short_enough() -> None:
    """Twenty refused connections without waiting for them: the waits themselves."""
    source = LiveSource("rtsp://127.0.0.1:1/x", "cam", clock_now=lambda: START)
    waits: list[float] = []
    for failures in range(1, 21):
        source._failures = failures
        waits.append(source._wait_seconds(StreamUnreachable("x")))
    assert 0.3 <= waits[0] <= 0.7
    assert max(waits) <= 10.0, "a camera that is back is seen within 15 s"
    assert len({round(wait, 6) for wait in waits[8:]}) > 5, "jitter"
