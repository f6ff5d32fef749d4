"""Reading the stored evidence again: every night what may still be used, and each event before
officers decide it (W52)."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from models.audit import AuditEntry
from models.audit_log import record
from models.case import Case
from models.event import Event
from models.integrity import check_event
from models.policy import load_policy
from models.states import ENDED
from pipeline.logs import get_logger
from pipeline.retention import latest_start
from pipeline.services import Services

DONE = "evidence.checked"
"""Action of the audit entry that a night's check leaves."""

_log = get_logger(__name__)


class Integrity:
    """Compares stored files with their records."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run_if_due(self) -> int:
        """The nightly check, where tonight's has not been made yet. Gives the alarms raised."""
        at = self._services.clock.now()
        with self._services.store.read() as session:
            query = select(func.max(AuditEntry.at)).where(AuditEntry.action == DONE)
            last = session.scalar(query)
        return self.run() if last is None or last < latest_start(at) else 0

    def run(self) -> int:
        """Check every event that is open, or whose case is. Gives the alarms raised."""
        with self._services.store.read() as session:
            running = select(Case.event_id).where(Case.closed_at.is_(None), Case.ended_at.is_(None))
            query = select(Event.id).where(
                Event.purged_at.is_(None),
                or_(Event.state.not_in(sorted(ENDED)), Event.id.in_(running)),
            )
            ids = session.scalars(query.order_by(Event.id)).all()
        raised = sum(self.check(event_id) for event_id in ids)
        with self._services.store.begin() as session:
            record(
                session, at=self._services.clock.now(), actor="system", action=DONE,
                details={"events": len(ids), "alarms": raised},
            )  # fmt: skip
        return raised

    def check(self, event_id: int) -> int:
        """Check one event in a transaction of its own. Gives the alarms raised. Raises Unavailable
        where the store as a whole is away: that says nothing about a file."""
        services = self._services
        with services.store.begin() as session:
            event = session.get(Event, event_id)
            if event is None:
                return 0
            alarms = check_event(
                session,
                event,
                services.evidence.get,
                policy=load_policy(session),
                at=services.clock.now(),
            )
            for alarm in alarms:
                services.metrics.errors.labels("evidence").inc()
                _log.error("evidence broken", number=event.event_no, what=alarm.what)
        return len(alarms)
