"""What the providers of these tests have in common: a real HTTP server on loopback that is told how
to behave, whatever it speaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Generic, Self, TypeVar

MessageT = TypeVar("MessageT")


class ProviderServer(Generic[MessageT]):
    """Use as a context manager. `base_url` is for the channel; `messages` is what was taken."""

    def __init__(
        self,
        handler: type[BaseHTTPRequestHandler],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.plan: list[str | Callable[[MessageT], None]] = []
        self.messages: list[MessageT] = []
        self.requests: list[tuple[str, str]] = []
        self.release = threading.Event()
        self.broken_for_reading = False
        self.now = now
        self._lock = threading.Lock()
        self._http = Http(("127.0.0.1", 0), handler)
        self._http.provider = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)

    def next_plan(self) -> str | Callable[[MessageT], None]:
        with self._lock:
            return self.plan.pop(0) if self.plan else "accept"


class Http(ThreadingHTTPServer):
    daemon_threads = True
    provider: object


class Handler(BaseHTTPRequestHandler):
    """One request to a provider."""

    def answer(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the client was killed while it waited

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests are quiet."""
