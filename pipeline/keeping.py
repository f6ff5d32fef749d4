"""What the installation does once a day about its record: look through it, forget, anchor."""

from __future__ import annotations

from contextlib import ExitStack

from pipeline.anchoring import Anchoring
from pipeline.integrity import Integrity
from pipeline.retention import Retention
from pipeline.services import Services


class Keeping:
    """The daily work on the record. Each part asks the database whether it is due, so that any
    number of machines may ask."""

    def __init__(self, services: Services) -> None:
        self._retention = Retention(services)
        self._anchoring = Anchoring(services)
        self._integrity = Integrity(services)

    def run_if_due(self) -> int:
        """Do what is due. Gives 0: nobody waits for it. Raises Unavailable, or whatever else went
        wrong, after each part had its turn: what an owner may expect to be forgotten does not
        stay because a file cannot be read."""
        with ExitStack() as afterwards:  # the last one first
            # Last: the anchor covers the purge log of the same day.
            afterwards.callback(self._anchoring.run_if_due)
            afterwards.callback(self._retention.run_if_due)
            # Files are read before anything is forgotten: what is broken must show, not go.
            self._integrity.run_if_due()
        return 0
