"""The gate in front of every server that we start: it requires the password and refuses other origins and hosts.

A server on 127.0.0.1 is reached by every user of the machine, and by every page that is open in a browser there. So a
request must name this machine as its host (a page whose name was pointed at 127.0.0.1 does not), must not come from a
page of another origin, and must carry the password, where the server has no check of its own for that.
"""

import base64
import hmac
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HOSTS = frozenset({"127.0.0.1", "localhost"})
FORBIDDEN, UNAUTHORIZED = 403, 401
POLICY_VIOLATION = 1008  # of a WebSocket


class Gate:
    """An ASGI application around another.

    Args:
        app: the server.
        sign_in: `user:password` as for Basic authentication; None where the server checks it itself.
        open_paths: paths that need no password, such as health checks.
    """

    def __init__(self, app: App, sign_in: str | None = None, open_paths: Collection[str] = ()) -> None:
        if sign_in == "":
            raise ValueError("an empty password would let everybody in")
        self._app, self._sign_in, self._open_paths = app, sign_in, frozenset(open_paths)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        refused = self._refused(scope) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await _answer(send, *refused)

    def _refused(self, scope: Message) -> tuple[int, str] | None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        host, _, port = headers.get("host", "").partition(":")
        if host not in HOSTS:
            return FORBIDDEN, "This server answers to 127.0.0.1 and localhost alone."
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{name}:{port}" for name in HOSTS}:
            return FORBIDDEN, "This server answers no page of another origin."
        if headers.get("sec-fetch-site", "none") in ("cross-site", "same-site") and not _is_visit(
            scope, headers
        ):
            return FORBIDDEN, "This server answers no page of another origin."
        if self._sign_in is None or scope["path"] in self._open_paths or self._is_signed_in(headers):
            return None
        return UNAUTHORIZED, "This server needs the user name and password that `latent-audit status` names."

    def _is_signed_in(self, headers: dict[str, str]) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or self._sign_in is None:
            return False
        try:
            return hmac.compare_digest(base64.b64decode(given, validate=True), self._sign_in.encode())
        except ValueError:  # what is not ASCII, too
            return False


def _is_visit(scope: Message, headers: dict[str, str]) -> bool:
    """Whether the request is a top-level navigation, as by a link, and not a frame of another page."""
    visits = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
    return visits and scope.get("method") == "GET"


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Basic realm="latent-audit", charset="UTF-8"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
