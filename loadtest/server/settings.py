"""How a reference server is set up: typed, checked once, never changed while it runs.

All problems of a setting are reported together, so that a person mends them all at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from loadtest.errors import UsageError
from loadtest.server.faults.plan import FaultPlan

__all__ = ["PresenceFanout", "ServerSettings"]

_KIB = 1024
_MIB = 1024 * _KIB
_MAX_PORT = 65_535


class PresenceFanout(StrEnum):
    """Who hears that a user comes online or goes offline.

    In large channels this is the dominant cost of a server: each connection is announced to every
    user who shares a channel with it.
    """

    CONTACTS = "contacts"
    """Chat sessions of the user's channels, and the ``contacts`` topic of their members."""
    CHANNELS = "channels"
    """Chat sessions of the user's channels only."""
    OFF = "off"
    """Nobody."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything that can be chosen about a reference server.

    Raises:
        UsageError: A value is impossible; every problem is named.
    """

    bind: str = "127.0.0.1"
    port: int = 8080
    """0 lets the system pick one."""
    path_prefix: str = ""
    """Stands before ``/rtm/websocket``; starts with a slash, or is empty."""
    certificate: Path | None = None
    """PEM file; with it the server speaks ``wss`` and ``https`` only."""
    private_key: Path | None = None
    api_key: str | None = None
    """The only accepted key; None accepts any, or none."""
    auth_params: Mapping[str, object] | None = None
    """What ``StompX-Auth-Params`` must hold; None ignores the header."""
    client_id: str | None = None
    """The only id, with its secret, that gets a token of the Platform API; None: any gets one."""
    client_secret: str | None = None
    session_limit: int = 10
    """Chat sessions of one connection at once; 0 is no limit."""
    typing_timeout_s: float = 3.0
    heart_beat_ms: int = 10_000
    """Period of beats in both directions before negotiation; 0 turns them off."""
    presence_fanout: PresenceFanout = PresenceFanout.CONTACTS
    history_limit: int = 1_000
    """Messages kept in each channel."""
    read_receipt_limit: int = 50_000
    """Read receipts kept in each channel; above it the oldest messages go."""
    send_buffer_limit_bytes: int = 4 * _MIB
    """What may wait for a slow reader before it is disconnected."""
    max_frame_bytes: int = 1 * _MIB
    push_url: str | None = None
    """Is called for each member who is not connected when a message comes; None calls nobody."""
    faults: FaultPlan = field(default_factory=FaultPlan)
    """What goes wrong from the start on."""
    fault_seed: int = 1

    def __post_init__(self) -> None:
        problems = [*self._network_problems(), *self._limit_problems()]
        if problems:
            raise UsageError(*problems)

    @property
    def websocket_path(self) -> str:
        """The path at which devices connect."""
        return f"{self.path_prefix}/rtm/websocket"

    @property
    def scheme(self) -> str:
        """``https`` with a certificate, else ``http``."""
        return "https" if self.certificate else "http"

    def _network_problems(self) -> Iterator[str]:
        if not 0 <= self.port <= _MAX_PORT:
            yield f"server: port is {self.port}; it must be 0 to {_MAX_PORT}"
        if self.path_prefix and (
            not self.path_prefix.startswith("/") or self.path_prefix.endswith("/")
        ):
            yield (
                f"server: path prefix is {self.path_prefix!r}; it must start with a slash and not "
                "end with one"
            )
        if (self.client_id is None) != (self.client_secret is None):
            yield "server: client id and client secret must be given together"
        if (self.certificate is None) != (self.private_key is None):
            yield "server: certificate and private key must be given together"
        for name, path in (("certificate", self.certificate), ("private key", self.private_key)):
            if path is not None and not path.is_file():
                yield f"server: {name} is {path}; there is no such file"
        if self.push_url is not None and not _is_http_url(self.push_url):
            yield f"server: push URL is {self.push_url!r}; it must be an http or https URL"

    def _limit_problems(self) -> Iterator[str]:
        at_least: tuple[tuple[str, float, float, str], ...] = (
            ("session limit", self.session_limit, 0, ""),
            ("heart-beat", self.heart_beat_ms, 0, " ms"),
            ("history limit", self.history_limit, 1, " messages"),
            ("read receipt limit", self.read_receipt_limit, 1, " receipts"),
            ("send buffer limit", self.send_buffer_limit_bytes, 64 * _KIB, " bytes"),
            ("frame limit", self.max_frame_bytes, 1 * _KIB, " bytes"),
        )
        for name, value, lowest, unit in at_least:
            if value < lowest:
                yield f"server: {name} is {value}{unit}; it must be at least {lowest}{unit}"
        if not self.typing_timeout_s > 0:
            yield f"server: typing timeout is {self.typing_timeout_s} s; it must be above 0 s"


def _is_http_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        has_port = url.port is None or url.port > 0
    except ValueError:
        return False
    return url.scheme in ("http", "https") and bool(url.hostname) and has_port
