"""Numbers about the running system, in Prometheus' form (peers.md A10).

Camera workers are other processes: they send their counters with each sign of life, and the
collector shows the newest ones. What happens in the main process is counted here directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclass(slots=True)
class CameraCounters:
    """What one camera's worker has done since it was started."""

    frames: int = 0
    detector_calls: int = 0
    sightings: int = 0
    reconnects: int = 0
    dropped: int = 0
    refused: int = 0
    held: int = 0
    """Items that wait for the database right now."""
    look_seconds: float = 0.0
    """Time spent looking, all looks together."""
    idle_seconds: float = 0.0
    """Since the last sign of life of the camera's thread."""


_GAUGES = {
    "held": "Items that wait for the database",
    "idle_seconds": "Seconds since the camera's thread last gave a sign of life",
}
_COUNTERS = {
    "frames": "Frames looked at",
    "detector_calls": "Frames for which the detector was called",
    "sightings": "Vehicles flagged",
    "reconnects": "Times the stream was opened again",
    "dropped": "Items held too long and let go",
    "refused": "Items that the database will never take",
    "look_seconds": "Seconds spent looking",
}


class Metrics:
    """One process's metrics; `registry` is what the API's metrics page prints."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deadline_late = Histogram(
            "qifen_deadline_late_seconds",
            "How late a deadline was handled",
            buckets=(0.5, 1, 2, 5, 10, 30, 60, 300),
            registry=self.registry,
        )
        self.deadlines = Counter(
            "qifen_deadlines", "Deadlines handled", ["result"], registry=self.registry
        )
        self.process_restarts = Counter(
            "qifen_worker_restarts",
            "Worker processes started again",
            ["why"],
            registry=self.registry,
        )
        self.clock_steps = Counter(
            "qifen_clock_steps",
            "Times this machine's clock was set by more than a second",
            registry=self.registry,
        )
        self.errors = Counter(
            "qifen_errors", "Unexpected errors, by where", ["where"], registry=self.registry
        )

    def show_cameras(self, counters: Callable[[], Mapping[str, CameraCounters]]) -> None:
        """Show what `counters` gives (camera name to counters) each time the page is read."""
        self.registry.register(_CameraCollector(counters))


class _CameraCollector(Collector):
    def __init__(self, counters: Callable[[], Mapping[str, CameraCounters]]) -> None:
        self._counters = counters

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        rows = {name: asdict(counters) for name, counters in self._counters().items()}
        for families, make in ((_COUNTERS, CounterMetricFamily), (_GAUGES, GaugeMetricFamily)):
            for field, text in families.items():
                family = make(f"qifen_camera_{field}", text, labels=["camera"])
                for name, values in rows.items():
                    family.add_metric([name], float(values[field]))
                yield family
