"""Every flow by its name."""

from __future__ import annotations

from models.errors import NotFound
from models.event import Event
from models.flow import Flow
from models.flows.case import CASE
from models.flows.crowd import CROWD
from models.flows.hanging import HANGING, POSTER
from models.flows.parking import PARKING

FLOWS: dict[str, Flow] = {flow.name: flow for flow in (PARKING, HANGING, POSTER, CROWD, CASE)}


def flow_named(name: str) -> Flow:
    """Raises NotFound naming those that exist."""
    flow = FLOWS.get(name)
    if flow is None:
        raise NotFound(f"there is no flow called {name!r}", hint="one of " + ", ".join(FLOWS))
    return flow


def flow_of(event: Event) -> Flow:
    """The table that this event moves along."""
    return FLOWS[event.flow]
