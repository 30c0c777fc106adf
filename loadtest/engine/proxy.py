"""An HTTP proxy on the way to the chat server: CONNECT, and then the bytes pass as they are.

A proxy is used for ``ws`` and ``wss`` alike, as browsers do it.
"""

import asyncio
import base64
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote, unquote, urlsplit

import h11

from loadtest.errors import TargetError, UsageError

__all__ = ["Proxy", "Tunnel", "proxy_from_url"]

_MAX_HEAD_BYTES = 16 * 1024
_DEFAULT_PORT = 3128
_REMEDY = "is it an HTTP proxy, and may it connect to the chat server?"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where the proxy is, and how we sign in to it."""

    host: str
    port: int
    credentials: str = field(default="", repr=False)
    """User name and password as ``Proxy-Authorization`` has them; empty: none."""

    @property
    def url(self) -> str:
        """Its address with the credentials in it, for a library that wants it so."""
        if not self.credentials:
            return str(self)
        name, _, password = base64.b64decode(self.credentials).decode().partition(":")
        pair = f"{quote(name, safe='')}:{quote(password, safe='')}"
        return str(self).replace("http://", f"http://{pair}@", 1)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def proxy_from_url(url: str, *, named: str) -> Proxy:
    """Return the proxy that ``url`` names; ``named`` is what names it.

    Raises:
        UsageError: It is no address of an HTTP proxy. The address is not repeated: it may hold a
            password.
    """
    rule = f"{named} must be an address such as http://proxy.example:3128"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(rule) from None
    if parts.scheme != "http":
        raise UsageError(
            f"{rule}; only HTTP proxies are supported, and no {parts.scheme or 'other'}"
        )
    if not host or port == 0 or parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(f"{rule}, without a path")
    credentials = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = base64.b64encode(pair.encode()).decode()
    return Proxy(host, port or _DEFAULT_PORT, credentials)


class Tunnel(asyncio.Protocol):
    """Asks the proxy for a way to the chat server; ``opened`` tells whether there is one.

    Args:
        proxy: The proxy, for messages and its credentials.
        host: Of the chat server.
        port: Of the chat server.
    """

    def __init__(self, proxy: Proxy, host: str, port: int) -> None:
        self._proxy = proxy
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        headers = [("Host", place)]
        if proxy.credentials:
            headers.append(("Proxy-Authorization", f"Basic {proxy.credentials}"))
        self._request = h11.Request(method="CONNECT", target=place, headers=headers)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write the request."""
        head = self._http.send(self._request)
        end = self._http.send(h11.EndOfMessage())
        cast(asyncio.Transport, transport).write((head or b"") + (end or b""))

    def data_received(self, data: bytes) -> None:
        """Take the answer."""
        self._http.receive_data(data)
        try:
            event = self._http.next_event()
            while isinstance(event, h11.InformationalResponse):
                event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            self._fail(f"it did not answer with HTTP: {error}")
            return
        if event is h11.NEED_DATA or self.opened.done():
            return
        if isinstance(event, h11.Response) and 200 <= event.status_code < 300:
            self.opened.set_result(None)
        elif isinstance(event, h11.Response):
            phrase = event.reason.decode("latin-1")
            self._fail(f"it refused the connection: HTTP {event.status_code} {phrase}".rstrip())
        else:
            self._fail("it closed the connection")

    def connection_lost(self, _error: Exception | None) -> None:
        """Take note that the proxy is gone."""
        self._fail("it closed the connection")

    def _fail(self, reason: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(
                TargetError(str(self._proxy), f"proxy {self._proxy}: {reason}; {_REMEDY}")
            )
