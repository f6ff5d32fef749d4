"""One server for the API, the console and the owner's page."""

from __future__ import annotations

import threading
from contextlib import suppress

import uvicorn

from api.app import create_app
from api.console import mount
from pipeline.services import Services
from vision.errors import VisionError


def server(services: Services) -> uvicorn.Server:
    """A uvicorn server for these services; it does not listen before its `run` is called.

    Its access log is off: it would write down addresses of people's own event pages.
    """
    app = create_app(services)
    mount(app, services)
    # Not a daemon: a process must not end in the middle of a library's loading.
    threading.Thread(target=_warm_up, args=(services,), name="warm-up").start()
    settings = services.settings
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
    )


def _warm_up(services: Services) -> None:
    """Load what blurs owners' pictures before the first owner waits for it. Weights that cannot
    be loaded are reported by whoever needs them."""
    with suppress(VisionError):
        services.detector()
        services.plate_reader()
