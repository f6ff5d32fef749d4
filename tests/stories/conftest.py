"""Fixtures of the stories."""

from tests.pipeline.conftest import own_key, stream

__all__ = ["own_key", "stream"]
