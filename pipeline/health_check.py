"""A short look at a stream nobody watches yet: can it be believed (`qifen camera check`)?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vision.appearance import GREY_WIDTH
from vision.frames import LiveSource
from vision.health import HealthSettings, ViewMonitor, ViewReport
from vision.health_view import FEWEST_TILES, View
from vision.small import SmallLook
from vision.types import ViewHealth

_LOOKS_PER_SECOND = 2.0


@dataclass(frozen=True, slots=True)
class CheckedView:
    """What a few seconds of looking told."""

    looks: int
    health: ViewHealth
    """BLACK, TOO_DARK or FROZEN can be seen at once; what needs a reference is OK here."""
    report: ViewReport
    textured_share: float
    """Share of the view with enough texture to be compared."""
    comparable: bool
    """Whether there is enough of it for a moved camera to be found."""
    clock_offset_seconds: float | None
    """By how much the camera's clock is ahead; None where the stream did not tell in time."""


def check_view(
    url: str, *, clock_now: Callable[[], datetime], seconds: float
) -> CheckedView | None:
    """Look at the stream for so long. None where no picture came."""
    stop = threading.Event()
    source = LiveSource(
        url, "check", clock_now=clock_now, looks_per_second=_LOOKS_PER_SECOND, stop=stop
    )
    # Half of the time without any change is enough for a first suspicion.
    monitor = ViewMonitor(HealthSettings(frozen_seconds=max(2.0, seconds / 2)))
    threading.Timer(seconds, stop.set).start()
    until = time.monotonic() + seconds
    looks, health, last = 0, ViewHealth.OK, None
    for frame in source:
        last = SmallLook(frame.grey(GREY_WIDTH))
        health = monitor.judge(last, frame.at, frame.pts)
        looks += 1
        if time.monotonic() >= until:
            break
    offset = source.clock_offset_seconds
    if last is None:
        return None
    view = View(last)
    return CheckedView(
        looks, health, monitor.report, round(float(view.textured.mean()), 2),
        int(view.textured.sum()) >= FEWEST_TILES, offset,
    )  # fmt: skip
