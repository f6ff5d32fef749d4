"""Everything under /api/v1, one file a subject."""

from api.routes import (
    auth,
    camera_ground,
    camera_health,
    cameras,
    cases,
    decisions,
    events,
    evidence,
    exemptions,
    gatherings,
    keeping,
    people,
    places,
    receipts,
    replies,
    system,
    trials,
    zones,
)

ROUTERS = (
    system.public,
    cameras.public,
    auth.router,
    people.router,
    cameras.router,
    camera_health.router,
    camera_ground.router,
    zones.router,
    trials.router,
    exemptions.router,
    events.router,
    decisions.router,
    keeping.router,
    evidence.router,
    places.router,
    gatherings.router,
    cases.router,
    receipts.router,
    replies.router,
    system.router,
)

__all__ = ["ROUTERS"]
