"""Fixtures of the models' tests: a database in memory, and a city in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models.policy import Policy
from models.store import Store
from tests.models.city import City
from tests.postgres import postgres_cluster, postgres_url

__all__ = ["postgres_cluster", "postgres_url"]
"""Fixtures of a real PostgreSQL, for what SQLite's single writer cannot show."""


@pytest.fixture
def session() -> Iterator[Session]:
    """One transaction on an empty database in memory."""
    store = Store.memory()
    with store.begin() as opened:
        yield opened
    store.dispose()


@pytest.fixture
def city(session: Session) -> City:
    """A city with a live zone that confirms by itself."""
    return City(session)


@pytest.fixture
def make_city(session: Session) -> Callable[..., City]:
    """A city with a zone or a policy of its own: make_city(phase="shadow"),
    make_city(policy=Policy(...))."""

    def make(policy: Policy | None = None, **zone: Any) -> City:
        return City(session, policy, **zone)

    return make
