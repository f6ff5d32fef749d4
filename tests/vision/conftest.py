"""What the tests of this room share."""

from __future__ import annotations

import pytest

from tests.vision.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
