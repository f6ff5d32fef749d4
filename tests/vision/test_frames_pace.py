"""How long a stream may lie unread, which must never cost a look."""

from __future__ import annotations

import pytest

from vision.frames_reader import Pace


def test_a_quiet_camera_is_read_in_bursts() -> None:
    assert Pace(1.0, 4.0).pause_seconds == pytest.approx(0.2)


def test_a_slow_camera_waits_no_longer() -> None:
    """One look in ten seconds: reading rests 0.2 s at most, so that trouble shows at once."""
    assert Pace(0.1, 4.0).pause_seconds == pytest.approx(0.2)


def test_a_fast_camera_pauses_by_its_period() -> None:
    """At five looks a second a pause of 0.2 s would be a look lost."""
    assert Pace(5.0, 4.0).pause_seconds == pytest.approx(0.04)


def test_a_watch_halves_the_pause_and_keyframes_stay_enough() -> None:
    """Keyframes a second apart, each moved by a pause, are not taken for too far apart."""
    pace = Pace(1.0, 4.0)
    pace.want(1.0)
    assert pace.pause_seconds == pytest.approx(0.1)
    assert 1.0 + pace.pause_seconds < pace.longest_keyframe_interval_seconds
    pace.want(None)
    assert pace.pause_seconds == pytest.approx(0.2)
