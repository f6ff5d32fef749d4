"""The HTTP application: the API under /api/v1 and the owner's page. The console mounts itself."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from api import owner, public
from api.errors import install_handlers
from api.guard import Guard
from api.routes import ROUTERS
from pipeline.services import Services


def create_app(services: Services) -> FastAPI:
    """An application that serves these services. It starts nothing and owns nothing: whoever
    built the services also closes them."""
    app = FastAPI(
        title="Qifen",
        version=version("qifen"),
        openapi_url="/api/v1/openapi.json",
        # Their pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.add_middleware(Guard, services=services)
    install_handlers(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/api/v1")
    app.include_router(owner.router)
    app.include_router(public.router)
    return app
