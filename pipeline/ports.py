"""Ports of this machine: is one free, and which."""

from __future__ import annotations

import socket
from contextlib import suppress

from models.errors import BadInput
from pipeline.settings import Settings


def refuse_taken_port(settings: Settings) -> None:
    """Raises BadInput if another program listens already: said before anything is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise BadInput(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
                field="port",
                hint="choose another one with QIFEN_PORT or QIFEN_HOST",
            ) from None


def free_port(preferred: int) -> int:
    """`preferred` on loopback if nobody has it, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise BadInput("no port is free on this machine", field="port")
