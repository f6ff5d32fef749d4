"""The fixtures of the rooms whose rows are tested here."""

from __future__ import annotations

from tests.api.conftest import address, clock, nobody, services, signed_in
from tests.models.conftest import city, make_city, session

__all__ = ["address", "city", "clock", "make_city", "nobody", "services", "session", "signed_in"]
