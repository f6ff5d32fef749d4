"""A real RTSP server on loopback that plays the files of a folder, for the demo.

Run as a process of its own (`python -m pipeline.demo_stream FOLDER PORT`), so that the pipeline
meets a real network stream; it ends when its standard input is closed, so never outlives the demo.
A file is played from its beginning to whoever connects; `FILE/play_count_0` plays it for ever.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from aio_rtsp_toolkit.server import RtspServer

from models.errors import Unavailable
from pipeline.ports import free_port

_HOST = "127.0.0.1"
_START_SECONDS = 15.0


@contextmanager
def serving(folder: Path, port: int | None = None) -> Generator[str]:
    """Serve the files of `folder` while in the block; gives the base address.

    Raises Unavailable if the server does not come up.
    """
    port = port or free_port(8554)
    command = [sys.executable, "-m", "pipeline.demo_stream", str(folder), str(port)]
    server = subprocess.Popen(  # noqa: S603 (our own module, our own arguments)
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_open(port, server)
        yield f"rtsp://{_HOST}:{port}"
    finally:
        if server.stdin is not None:
            server.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            server.wait(3.0)
        server.kill()
        server.wait()


def _wait_until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), socket.create_connection((_HOST, port), timeout=1.0):
            return
        time.sleep(0.05)
    raise Unavailable(
        "the demo's RTSP server did not start",
        hint="try: python -m pipeline.demo_stream FOLDER PORT",
    )


async def _serve(folder: Path, port: int) -> None:
    server = RtspServer(directory=str(folder), host=_HOST, port=port)
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()

    def wait_for_parent() -> None:
        sys.stdin.buffer.read()
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    await server.start()
    await gone.wait()
    # Connected players are cut off: nobody is left to watch.
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


def main() -> None:
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
