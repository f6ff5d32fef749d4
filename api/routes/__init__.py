"""Everything under /api/v1, one file a subject."""

from api.routes import auth, cameras, events, evidence, people, receipts, system, zones

ROUTERS = (
    system.public,
    cameras.public,
    auth.router,
    people.router,
    cameras.router,
    zones.router,
    events.router,
    evidence.router,
    receipts.router,
    system.router,
)

__all__ = ["ROUTERS"]
