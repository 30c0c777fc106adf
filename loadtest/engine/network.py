"""How this machine gets to the chat server, and what it says at the door.

From which addresses, through which proxy, with which TLS; and the key, headers and query parameters
of the WebSocket's opening handshake. All of it is plain data, so that a worker on another host gets
it with the plan of the run.
"""

import errno
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from loadtest.engine.proxy import Proxy
from loadtest.engine.target import Target
from loadtest.engine.threads import NativeSocket
from loadtest.engine.tls import TlsSettings
from loadtest.errors import UsageError

__all__ = ["NetworkSettings", "check_source_addresses"]


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """The way to the chat server."""

    tls: TlsSettings = field(default_factory=TlsSettings)
    source_addresses: tuple[str, ...] = ()
    """Local addresses to connect from, in turn; none: the kernel's choice."""
    proxy: Proxy | None = None
    first_address: int = 0
    """Which address of the host name is the first one's turn."""
    api_key: str = field(default="", repr=False)
    """API key of the application, in plain text."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """More headers of the opening handshake, cookies among them."""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """More query parameters of the opening handshake."""
    offers_deflate: bool = False
    """Whether ``permessage-deflate`` is offered, as browsers do."""

    @property
    def source_families(self) -> frozenset[int]:
        """The address families that the source addresses allow; empty: all."""
        return frozenset(
            int(socket.AF_INET6 if ":" in each else socket.AF_INET)
            for each in self.source_addresses
        )

    def for_worker(self, worker: int) -> Self:
        """Return the same for one of several workers, which begin with different addresses."""
        return replace(self, first_address=worker)

    def to_plain(self) -> dict[str, Any]:
        """Return all of it as plain data, the secrets too."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """Return what ``to_plain`` made plain."""
        fields = dict(data)
        proxy = fields["proxy"]
        fields["tls"] = TlsSettings(**fields["tls"])
        fields["proxy"] = None if proxy is None else Proxy(**proxy)
        fields["source_addresses"] = tuple(fields["source_addresses"])
        for name in ("headers", "query"):
            fields[name] = tuple((key, value) for key, value in fields[name])
        return cls(**fields)

    def notes(self) -> tuple[str, ...]:
        """Return what a report should say about it; names, and never a value that may be secret."""
        cookies = [
            pair for name, value in self.headers if name == "Cookie" for pair in value.split("; ")
        ]
        headers = [name for name, _ in self.headers if name != "Cookie"]
        named = {
            "header": headers,
            "cookie": [pair.partition("=")[0] for pair in cookies],
            "query parameter": [name for name, _ in self.query],
        }
        notes = [f"{kind} {name}" for kind, names in named.items() for name in names]
        if self.proxy is not None:
            notes.append(f"through the proxy {self.proxy}")
        if self.source_addresses:
            notes.append(f"from {', '.join(self.source_addresses)}")
        if self.tls.client_certificate:
            notes.append("with a client certificate")
        if self.tls.ca_file:
            notes.append("trusting a CA file")
        if self.offers_deflate:
            notes.append("offering permessage-deflate")
        return tuple(notes)

    @property
    def deviations(self) -> tuple[str, ...]:
        """Return what devices do otherwise than an app of a user would, for reports."""
        if self.tls.is_verified:
            return ()
        return ("TLS certificates are not verified (--skip-verification)",)


def check_source_addresses(addresses: Sequence[str], target: Target | None) -> None:
    """Check that connections to ``target`` can come from these addresses of this machine.

    Raises:
        UsageError: One is no address, not of this machine, or not of the target's family; all
            problems at once.
    """
    problems = [problem for each in addresses if (problem := _problem_of(each, target))]
    if problems:
        raise UsageError(*problems)


def _problem_of(address: str, target: Target | None) -> str:
    family = _family(address)
    if family is None:
        return (
            f"--source-address is {address!r}; it must be an IP address of this machine, such as"
            " 192.0.2.7"
        )
    wanted = _family(target.host) if target is not None else None
    if wanted is not None and wanted != family:
        names = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
        return (
            f"--source-address {address} is {names[family]}, and the chat server {target} is"
            f" {names[wanted]}; give an address of its family"
        )
    with NativeSocket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            reason = "it is no address of this machine"
            if error.errno != errno.EADDRNOTAVAIL:
                reason = error.strerror or str(error)
            return f"--source-address {address}: {reason}; `ip address` lists those that are"
    return ""


def _family(host: str) -> socket.AddressFamily | None:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return family
    return None
