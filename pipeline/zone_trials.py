"""The watch over live zones: one whose rule is no longer right often enough only reminds again."""

from __future__ import annotations

from models import precision
from models.policy import load_policy
from models.zone import ZonePhase
from models.zones import save_zone
from pipeline.logs import get_logger
from pipeline.services import Services

TRIALS_SECONDS = 60.0
_ACTOR = "trial"

_log = get_logger(__name__)


class ZoneTrials:
    """Judges the trials of all live zones. Any number may run: a zone falls once."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run_once(self) -> int:
        """Put zones that fail back to warning (B11): a new version, a line in the audit log that
        the cameras' page and the health report show to staff, a warning in the log. Gives how many.

        Events that were seen while the zone was live keep their version; officers judge them.
        """
        services = self._services
        with services.store.begin() as session:
            policy, at = load_policy(session), services.clock.now()
            fallen = precision.falling(session, policy=policy)
            for zone, result in fallen:
                values = {"name": zone.name, "phase": ZonePhase.WARNING.value}
                save_zone(session, zone.camera, values, at=at, actor=_ACTOR)
                precision.note_fall(session, zone, result, at=at)
                _log.warning(
                    "zone back to warning", zone=zone.name, right=result.right,
                    answered=result.answered,
                )  # fmt: skip
        return len(fallen)
