"""One server for the API, the console and the owner's page."""

from __future__ import annotations

import threading

import numpy as np
import uvicorn

from api.app import create_app
from api.console import mount
from pipeline.evidence import encode_jpeg
from pipeline.services import Services


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
    """Load what blurs owners' pictures before the first owner waits for it."""
    services.blur(encode_jpeg(np.zeros((64, 64, 3), np.uint8)), None)
