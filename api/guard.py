"""What holds for every request before anybody looks at it: size, same origin, safe headers."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import error_body
from pipeline.services import Services

MAX_BODY_BYTES = 12 * 1024 * 1024
"""An officer's photo of a paper notice; everything else is far smaller."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_PRIVATE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Guard:
    """ASGI middleware around the whole app, the mounted console included.

    A request that carries a cookie and may change something must come from our own pages
    (Sec-Fetch-Site, else Origin): a page elsewhere cannot act with somebody's session. The same
    holds for opening a websocket. Machines send a key instead of a cookie and are not asked.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        base = urlsplit(services.settings.base_url)
        self._own_host = base.netloc
        self._https = base.scheme == "https"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # Pages of the mounted console see another `request.app`; the state is shared.
        scope.setdefault("state", {})["services"] = self._services
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            if self._is_foreign(headers):
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, self._with_headers(scope, send))
            return
        await self._app(scope, _limited(receive), self._with_headers(scope, send))

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:12]) > MAX_BODY_BYTES:
            return JSONResponse(error_body("TOO_LARGE", "this is too large"), 413)
        changes = scope["method"] not in _SAFE_METHODS
        if (
            changes
            and "cookie" in headers
            and self._is_foreign(headers, strict=True)
            and not (_is_owners(scope) and headers.get("origin") == "null")
        ):
            return JSONResponse(
                error_body(
                    "WRONG_ORIGIN",
                    "this request did not come from our own pages",
                    hint="reload the page; a program sends an API key instead of a cookie",
                ),
                403,
            )
        return None

    def _is_foreign(self, headers: Headers, *, strict: bool = False) -> bool:
        """`strict`: a browser that says nothing is not believed."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return strict
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            return True
        return not host or host not in (headers.get("host"), self._own_host)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        owners = _is_owners(scope)
        private = owners or str(scope["path"]).startswith("/api/")

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**_HEADERS, **(_PRIVATE if private else {})}.items():
                    headers.setdefault(name, value)
                if owners:
                    headers["Referrer-Policy"] = "no-referrer"
                if self._https:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        return wrapped


def _is_owners(scope: Scope) -> bool:
    """The owner's pages tell no referrer, for which browsers hide the origin of their forms as
    well ("null"). Their cookie is SameSite=Strict: no page elsewhere can send it."""
    path = str(scope["path"])
    return path == "/o" or path.startswith("/o/")


def _limited(receive: Receive) -> Receive:
    """Also a body that came without its length ends somewhere."""
    seen = 0

    async def wrapped() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            # What follows is treated as if the sender had hung up.
            return {"type": "http.disconnect"}
        return message

    return wrapped
