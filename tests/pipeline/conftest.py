"""Fixtures of the pipeline's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import samples
from models import secret
from pipeline.demo_stream import serving
from tests.pipeline.live import CLIP


@pytest.fixture(scope="session")
def stream() -> Iterator[str]:
    """Address of a real RTSP stream on loopback that plays the demo's clip for ever."""
    clip = samples.clip_path(CLIP)
    with serving(clip.parent) as base:
        yield f"{base}/{clip.name}/play_count_0"


@pytest.fixture
def own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test sets the process's secret key; the session's own comes back afterwards."""
    monkeypatch.setattr(secret, "_fernet", secret._fernet)
    monkeypatch.setattr(secret, "_hash_key", secret._hash_key)
