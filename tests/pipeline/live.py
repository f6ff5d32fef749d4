"""Real processes, a real RTSP stream, real eyes: what the live tests share.

The stream plays a clip of `samples` for ever; the detector and the plate reader are the ones that
come with Qifen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import samples
from models.clock import SystemClock
from models.policy import save_policy
from models.registry import add_camera, import_zones
from models.store import Store
from pipeline.settings import Settings, load_settings
from tests.pipeline.kit import REVIEWED

CLIP = "demo_day"


def wait_for(what: Callable[[], Any], seconds: float = 60.0, why: str = "") -> Any:
    """The first true answer of `what`; fails the test if there is none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {why or what}")


def new_installation(folder: Path, **chosen: Any) -> Settings:
    """Settings for an installation in `folder`, with its database made."""
    settings = load_settings(
        data_dir=folder, poll_seconds=0.3, sweep_seconds=0.3, **{"log_level": "info", **chosen}
    )
    folder.mkdir(parents=True, exist_ok=True)
    Store(settings.database).migrate()
    return settings


def add_live_camera(
    settings: Settings, name: str, url: str, *, zones: Mapping[str, Any] | None = None,
    zone: Mapping[str, Any] | None = None, policy: Mapping[str, Any] | None = None,
    looks_per_second: float = 1.0,
) -> int:  # fmt: skip
    """A reviewed camera with the clip's own zones; `zone` overrides what they say."""
    import json

    at = SystemClock().now()
    drawn = zones or json.loads(samples.zones_path(CLIP).read_text("utf-8"))
    changed = {"zones": [{**entry, **(zone or {})} for entry in drawn["zones"]]}
    store = Store(settings.database)
    with store.begin() as session:
        camera = add_camera(
            session, name, url, at=at, actor="test", looks_per_second=looks_per_second,
            **REVIEWED,
        )  # fmt: skip
        import_zones(session, camera, changed, at=at, actor="test")
        if policy:
            save_policy(session, policy, at=at, actor="test")
        camera_id = camera.id
    store.dispose()
    return camera_id
