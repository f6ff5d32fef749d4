"""The sweep and what is repeated: every deadline judged again, one bad row stops no other."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from models import casework
from models.errors import FlowRefused, StaleVersion, Unavailable
from models.event import Deadline
from pipeline.metrics import CameraCounters, Metrics
from pipeline.runner import Repeated
from tests.pipeline.kit import Theatre
from tests.pipeline.live import wait_for
from tests.vision.stage import START, Car, Stay

STAYS = Stay(Car(), arrives=6.0)


def metric(scene: Theatre, line: str) -> bool:
    return line in generate_latest(scene.services.metrics.registry).decode()


def test_w38_restart_long_after_the_window_is_undetermined() -> None:
    """The service was down when the time was over: nobody saw, nobody is said to have stayed."""
    scene = Theatre().play([STAYS], until=50)
    scene.clock.advance(3600)
    scene.restart()
    assert scene.world.sweep.run_once() > 0
    assert scene.event().state == "UNDETERMINED"
    assert metric(scene, 'qifen_deadlines_total{result="handled"}')


def test_w38_restart_within_the_window_looks_again_at_once() -> None:
    scene = Theatre().play([STAYS], until=85)
    deadline = scene.event().grace_deadline_at
    assert deadline is not None
    scene.clock.set(deadline + timedelta(seconds=6))
    scene.restart()
    scene.world.sweep.run_once()
    assert scene.event().state == "RECHECK"
    scene.now = (scene.clock.now() - START).total_seconds()
    scene.play([STAYS], until=scene.now + 40)
    assert scene.events()[0].state in {"REVIEW_PENDING", "UNDETERMINED"}


def test_w38_restart_before_the_deadline_waits_for_it() -> None:
    scene = Theatre().play([STAYS], until=50)
    scene.restart()
    assert scene.world.sweep.run_once() == 0
    assert scene.event().state == "GRACE"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (StaleVersion("somebody was faster"), 'qifen_deadlines_total{result="stale"} 1.0'),
        (FlowRefused("a guard says no"), 'qifen_deadlines_total{result="refused"} 1.0'),
        (ZeroDivisionError(), 'qifen_errors_total{where="sweep"} 1.0'),
    ],
)
def test_one_bad_row_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    scene = Theatre().play([STAYS], until=50)
    scene.clock.advance(3600)
    expire, calls = casework.expire, []

    def fails_once(*args: Any, **names: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise error
        return expire(*args, **names)

    monkeypatch.setattr(casework, "expire", fails_once)
    scene.world.sweep.run_once()
    assert metric(scene, line)
    scene.world.sweep.run_once()
    assert scene.event().state == "UNDETERMINED"


def test_a_lost_database_is_told_upwards(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Theatre().play([STAYS], until=50)
    scene.clock.advance(3600)

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("gone")

    monkeypatch.setattr(casework, "expire", away)
    with pytest.raises(Unavailable):
        scene.world.sweep.run_once()
    with scene.store.read() as session:
        assert session.scalars(select(Deadline).where(Deadline.done_at.is_(None))).all()


def test_repeated_work_survives_whatever_happens() -> None:
    """Away, broken, back again: the thread lives, and a full batch is followed at once."""
    metrics, stop, done = Metrics(), threading.Event(), []
    script: list[Any] = [Unavailable("away"), Unavailable("away"), ZeroDivisionError(), 5, 0]

    def work() -> int:
        step = script.pop(0) if script else 0
        done.append(step)
        if isinstance(step, Exception):
            raise step
        return int(step)

    repeated = Repeated("test", work, stop, 0.01, metrics, at_once_from=5)
    waits = [repeated._once() for _ in range(5)]
    assert waits == [2.0, 2.0, 0.01, 0.0, 0.01]
    repeated.start()
    wait_for(lambda: len(done) > 8, 5)
    stop.set()
    repeated.join(2)
    assert 'qifen_errors_total{where="test"} 1.0' in generate_latest(metrics.registry).decode()


def test_metrics_page_shows_each_camera() -> None:
    metrics = Metrics()
    metrics.show_cameras(lambda: {"a": CameraCounters(frames=3, held=2, look_seconds=0.5)})
    page = generate_latest(metrics.registry).decode()
    assert 'qifen_camera_frames_total{camera="a"} 3.0' in page
    assert 'qifen_camera_held{camera="a"} 2.0' in page
