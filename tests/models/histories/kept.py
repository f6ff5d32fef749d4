"""Histories that are told every time: ways that chance seldom takes, and what was once broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tests.models.histories.cases import Cases
from tests.models.histories.crowd import Crowd
from tests.models.histories.machine import History
from tests.models.histories.parking import Parking
from tests.models.histories.places import Hanging, Poster

Turn: TypeAlias = tuple[str, int, int] | str
"""A turn as hypothesis draws it (method, pick, roll), or a driver for the youngest open subject."""

MACHINES: dict[str, type[History]] = {
    machine.flow_name: machine for machine in (Parking, Hanging, Poster, Crowd, Cases)
}

_ORDERED = ("stay", "confirm", "order", "wait_long", "escalate")
KEPT: dict[str, dict[str, Sequence[Turn]]] = {
    "parking": {
        "two officers sign, then it is voided": ("stay", "both_sign", ("undo", 0, 0)),
        "it leaves": ("leave",),
        "killed in the grace, at the re-check and before officers": (
            ("killed", 0, 3), "stay", ("killed", 0, 9), "both_sign", ("killed", 0, 1),
        ),
        "receipts doubled and shuffled": (
            ("told", 1, 0), ("gateway", 0, 2), ("gateway", 1, 8), ("gateway", 0, 5), "stay",
        ),
        "the clock is set back in the grace": (("clock", 0, 8), "stay", ("clock", 1, 7)),
        "the answer was lost, the text was not": (
            ("told", 1, 0), ("gateway", 0, 6), ("clock", 1, 1), ("gateway", 0, 0), "leave",
        ),
        "a paper notice after a failed text, read again": (
            ("told", 1, 0), "fail", "paper", "stay", "both_sign",
        ),
    },
    "hanging": {
        "an order that nobody followed": (*_ORDERED, ("killed", 0, 5)),
        "taken down under an order": ("stay", "confirm", "order", "leave"),
        "killed before the second officer": ("stay", "confirm", ("killed", 0, 2), "order"),
    },
    "poster": {
        "an order that nobody followed": _ORDERED,
        "nobody's poster": (("hung", 3, 1), ("killed", 0, 4), "leave"),
    },
    "crowd": {
        "they go home and come back": (
            "arrive", "home", ("killed", 0, 6), "many", "arrive", "home",
        ),
        "nobody answers": ("wait_long", ("killed", 0, 2), "home"),
    },
    "case": {
        "seven steps": (
            ("killed", 0, 3), "file", "dispatch", "accept", "report", "check",
            "close", "evaluate",
        ),
        "the event is voided": ("void_the_event", ("killed", 0, 1)),
    },
}  # fmt: skip


def tell(machine: type[History], turns: Sequence[Turn]) -> History:
    """Live through one kept history; the ledger looks after each turn. Gives the machine, over."""
    history = begun(machine)
    try:
        for turn in turns:
            take(history, turn)
    finally:
        history.teardown()
    return history


def begun(machine: type[History]) -> History:
    """A machine at its beginning, as hypothesis begins."""
    history = machine()
    history.begin()
    history.holds()
    return history


def take(history: History, turn: Turn) -> None:
    if isinstance(turn, tuple):
        method: Callable[[int, int], None] = getattr(history, turn[0])
        method(turn[1], turn[2])
    else:
        history.do(lambda: history.drive(turn))
    history.holds()
