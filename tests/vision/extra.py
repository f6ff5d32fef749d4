"""Marks for tests that need the extra `qifen[yolo]`."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs_ultralytics(test: object) -> object:
    """Runs wherever ultralytics is installed; carries the marker `yolo`."""
    skip = pytest.mark.skipif(
        find_spec("ultralytics") is None, reason='needs: pip install "qifen[yolo]"'
    )
    return pytest.mark.yolo(skip(test))
