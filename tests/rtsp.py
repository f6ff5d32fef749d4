"""A real RTSP server on loopback for tests, with the troubles that real cameras make.

    with RtspServer(folder) as server:
        server.url("street.mp4")        # plays the file for ever
        server.stop(); server.start()   # the camera is switched off and on, on the same port
        server.freeze(); server.thaw()  # it still accepts connections and says nothing more
    RtspServer(folder, user="admin", password="...")   # asks for both

It runs in a process of its own (`python -m tests.rtsp FOLDER PORT [USER PASSWORD]`) and ends when
its standard input is closed, so it never outlives the test run.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from aio_rtsp_toolkit import server as rtsp_server
from aio_rtsp_toolkit.server_session import RtspServerSession
from numpy.typing import NDArray

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 30.0


class RtspServer:
    """See the module's docstring. `user` and `password` are asked for where given."""

    def __init__(self, folder: Path, *, user: str = "", password: str = "") -> None:
        self._folder = folder
        self._credentials = [user, password] if user else []
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, name: str, *, user: str = "", password: str = "", loops: int = 0) -> str:
        """Address of a file; played for ever, or `loops` times and then the stream ends."""
        who = f"{user}:{password}@" if user else ""
        return f"rtsp://{who}{HOST}:{self.port}/{name}/play_count_{loops}"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.rtsp", str(self._folder), str(self.port)]
        self._process = subprocess.Popen(
            command + self._credentials,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1.0):
                return
            time.sleep(0.05)
        raise AssertionError("the RTSP server did not start")

    def stop(self) -> None:
        """Switched off: connections break, the port is closed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        if process.stdin is not None:
            process.stdin.close()
        process.wait()

    def freeze(self) -> None:
        """It hangs: the system still accepts connections, nobody answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def write_clip(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    fps: int = 10,
    keyframe_every: int = 10,
    b_frames: int = 0,
) -> Path:
    """An H.264 clip of BGR pictures. A change of size starts a new sequence in the same stream,
    as a camera does whose operator changes its resolution."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=fps)
        encoder: Any = None
        for number, picture in enumerate(pictures):
            size = (picture.shape[1], picture.shape[0])
            if encoder is None or size != (encoder.width, encoder.height):
                if encoder is not None:
                    _mux(container, stream, encoder.encode(None))
                fresh = stream.codec_context if encoder is None else None
                encoder = _set_up(fresh, size, fps, keyframe_every, b_frames)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            _mux(container, stream, encoder.encode(frame))
        _mux(container, stream, encoder.encode(None))
    return path


def _set_up(
    encoder: Any, size: tuple[int, int], fps: int, keyframe_every: int, b_frames: int
) -> Any:
    encoder = encoder or av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(fps), Fraction(1, fps)
    encoder.options = {
        "preset": "ultrafast",
        "x264-params": f"keyint={keyframe_every}:min-keyint={keyframe_every}:scenecut=0:"
        f"bframes={b_frames}:repeat-headers=1",
    }
    return encoder


def _mux(container: Any, stream: Any, packets: Sequence[Any]) -> None:
    for packet in packets:
        packet.stream = stream
        container.mux(packet)


def moving_pictures(
    count: int, size: tuple[int, int] = (320, 240), *, seed: int = 0
) -> Iterable[NDArray[np.uint8]]:
    """A textured street on which a bright box moves: every picture differs from the last."""
    width, height = size
    rng = np.random.default_rng(seed)
    street = np.repeat(np.repeat(rng.integers(40, 200, (12, 16, 3)), 40, 0), 40, 1)
    street = np.ascontiguousarray(street[:height, :width].astype(np.uint8))
    for number in itertools.islice(itertools.count(), count):
        picture = street.copy()
        x = (number * 7) % (width - 40)
        picture[height // 2 : height // 2 + 30, x : x + 40] = (30, 220, 240)
        yield picture


class _GuardedSession(RtspServerSession):
    """Asks for the user and password with HTTP basic authentication before DESCRIBE."""

    wanted = ""

    async def _handle_describe(self, uri: str, headers: dict[str, str]) -> None:
        if self.wanted and headers.get("authorization", "") != self.wanted:
            challenge = {"WWW-Authenticate": 'Basic realm="camera"'}
            await self._send_response(headers, 401, "Unauthorized", challenge)
            return
        await super()._handle_describe(uri, headers)


def _serve(folder: str, port: int, user: str, password: str) -> None:
    if user:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        _GuardedSession.wanted = f"Basic {token}"
    rtsp_server.RtspServerSession = _GuardedSession  # type: ignore[misc]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(rtsp_server.serve(folder, host=HOST, port=port))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), *(sys.argv[3:5] or ["", ""]))
