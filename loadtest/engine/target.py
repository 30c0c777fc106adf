"""Where the chat server is: what ``--host`` may say, and the address of the WebSocket there."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from loadtest.errors import UsageError
from loadtest.wire.hosts import is_loopback

__all__ = ["Target", "target_from_url"]

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_PATH = "/rtm/websocket"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the chat server is."""

    scheme: str
    """``ws`` or ``wss``."""
    host: str
    port: int
    path: str

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "wss"

    def uri(self, api_key: str, query: Iterable[tuple[str, str]] = ()) -> str:
        """Return the WebSocket address for an API key, with more query parameters behind it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        pairs = [("api-key", api_key), *query]
        text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
        return f"{self.scheme}://{host}:{self.port}{self.path}?{text}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def target_from_url(url: str, *, named: str = "--host") -> Target:
    """Return the target that ``url`` names: ``http``, ``https``, ``ws`` or ``wss``.

    Args:
        url: The address.
        named: What names it, for messages.

    Raises:
        UsageError: It is not such an address, or has a part that would not be used. A password in
            it is not repeated.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(_explain(url, named, error)) from None
    if "@" in parts.netloc:
        raise UsageError(
            f"{named} holds a user name or a password; they are not used, and would stand in the"
            " results: leave them out (docs/network.md says how to send a header or a cookie)"
        )
    if parts.scheme not in _SCHEMES or not host:
        raise UsageError(
            f"{named} is {url!r}; it must be an address such as http://127.0.0.1:8080 "
            "(http, https, ws or wss)"
        )
    _check_parts(url, parts, named)
    if port == 0:
        raise UsageError(f"{named} is {url!r}; no server can be reached at port 0")
    scheme = _SCHEMES[parts.scheme]
    path = parts.path.rstrip("/")
    return Target(
        scheme=scheme,
        host=host,
        port=port or (443 if scheme == "wss" else 80),
        path=path if path.endswith(_PATH) else path + _PATH,
    )


def _explain(url: str, named: str, error: ValueError) -> str:
    if "@" in url:
        return f"{named} is no address, and holds a user name or a password; leave them out"
    if "ort" in str(error):
        return f"{named} is {url!r}; its port must be a number up to 65535"
    return f"{named} is {url!r}; it is no address: {error}"


def _check_parts(url: str, parts: SplitResult, named: str) -> None:
    if parts.query or parts.fragment:
        # It may hold a token.
        raise UsageError(
            f"{named} has a query or a fragment behind {url.partition('?')[0].partition('#')[0]};"
            " leave it out, and give query parameters with --query NAME=VALUE"
        )
    if not parts.netloc.isprintable() or " " in url:
        raise UsageError(f"{named} is {url!r}; an address holds no blanks and control characters")
    try:
        (parts.hostname or "").rstrip(".").encode("idna")
    except UnicodeError as error:
        raise UsageError(
            f"{named} is {url!r}; its host name cannot be one: {error.__cause__ or error}"
        ) from None
