"""Memory of one worker process with four cameras at 1080p: the real fleet on real streams."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.material import write_quiet_clip
from benchmarks.quiet_ours import ROADSIDE
from models.registry import add_camera
from models.zones import import_zones
from pipeline.demo_stream import serving
from pipeline.fleet import Fleet
from pipeline.services import build_services
from pipeline.settings import Settings, load_settings

CAMERAS = 4
SECONDS = 60
_ACTOR = "benchmark"


def _four_cameras(settings: Settings, url: str) -> list[int]:
    """Registers the cameras, each with a parking zone over its lower half; gives their ids."""
    services = build_services(settings)
    services.store.migrate()
    zone = {
        "name": "roadside",
        "kind": "parking",
        "polygon": [list(point) for point in ROADSIDE],
        "dwell_seconds": 10,
    }
    at = services.clock.now()
    with services.store.begin() as session:
        ids: list[int] = []
        for number in range(1, CAMERAS + 1):
            camera = add_camera(session, f"camera {number}", url, at=at, actor=_ACTOR)
            import_zones(session, camera, {"zones": [zone]}, at=at, actor=_ACTOR)
            ids.append(camera.id)
    services.close()
    return ids


def _watch(fleet: Fleet) -> dict[str, Any]:
    """Highest and last memory of the one worker process over SECONDS."""
    until = time.monotonic() + SECONDS
    resident = unique = peak = 0
    processes: set[int] = set()
    while time.monotonic() < until:
        for pid in fleet.processes():
            processes.add(pid)
            try:
                used = psutil.Process(pid).memory_full_info()
            except psutil.NoSuchProcess:
                continue
            resident, unique = used.rss, used.uss
            peak = max(peak, resident)
        time.sleep(0.5)
    return {
        "worker_processes": len(processes),
        "rss_peak_mb": round(peak / 1e6),
        "rss_mb": round(resident / 1e6),
        "uss_mb": round(unique / 1e6),
        "frames": {name: counters.frames for name, counters in sorted(fleet.counters().items())},
    }


def measure() -> dict[str, Any]:
    """The figures of `memory`; takes about a minute and a half."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_quiet_clip(folder / "quiet.mp4", 1.0)
        settings = load_settings(data_dir=folder / "data", cameras_per_process=CAMERAS)
        with serving(folder) as base:
            ids = _four_cameras(settings, f"{base}/quiet.mp4/play_count_0")
            services = build_services(settings)
            fleet = Fleet(settings, lambda: ids, services.metrics)
            fleet.start()
            try:
                figures = _watch(fleet)
            finally:
                fleet.stop()
                services.close()
    return {"cameras": CAMERAS, "picture": "1920x1080", **figures, "wanted": "under 600 MB"}
