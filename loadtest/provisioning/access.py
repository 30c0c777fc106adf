"""How a Platform API is reached: addresses, style of its paths, credentials, patience.

A secret comes from the environment, is never printed, and never written anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from loadtest.errors import UsageError

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "ApiAccess",
    "Credentials",
    "PathStyle",
    "api_url_of",
    "credentials_from",
    "token_url_of",
]

CLIENT_ID = "LOADTEST_CLIENT_ID"
CLIENT_SECRET = "LOADTEST_CLIENT_SECRET"
# The vendor gives tokens on a host of their own.
_TOKEN_HOSTS = {"api.chatkitty.com": "authorization.chatkitty.com"}
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class PathStyle(StrEnum):
    """The two styles of the Platform API."""

    PLAIN = "plain"
    """``/users``, and names such as ``display_name``."""
    V1 = "v1"
    """``/v1/users``, and names such as ``displayName``."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of an OAuth client."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Where a Platform API is, and how it is called."""

    api_url: str
    token_url: str
    style: PathStyle = PathStyle.PLAIN
    ca_file: str = ""
    """PEM file of certificates to trust; empty: the system's."""
    client_certificate: str = ""
    """PEM file with our own certificate; empty: none."""
    client_key: str = ""
    """PEM file with its key; empty: it stands in the file of the certificate."""
    is_verified: bool = True
    """Whether the server's certificate is checked."""
    proxy: str = field(default="", repr=False)
    """Address of an HTTP proxy, with credentials if it wants any; empty: none, whatever the
    environment says."""
    requests_at_once: int = 8
    attempts: int = 6
    """How often a call is tried that is answered with 429 or 5xx, or not at all."""
    timeout_s: float = 30.0

    @property
    def prefix(self) -> str:
        """What stands before each path."""
        return "/v1" if self.style is PathStyle.V1 else ""


def credentials_from(environment: Mapping[str, str]) -> Credentials:
    """Return the credentials that the environment holds.

    Raises:
        UsageError: A variable is missing or empty.
    """
    missing = [name for name in (CLIENT_ID, CLIENT_SECRET) if not environment.get(name)]
    if missing:
        raise UsageError(
            f"{' and '.join(missing)} must be set in the environment: the id and the secret of the"
            " OAuth client of the Platform API"
        )
    return Credentials(environment[CLIENT_ID], environment[CLIENT_SECRET])


def api_url_of(host: str) -> str:
    """Return the Platform API's address at a chat server's: the same host and port, no path.

    Raises:
        UsageError: ``host`` is no address.
    """
    parts = urlsplit(host)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UsageError(
            f"the address {host!r} cannot be used; it must be one such as http://127.0.0.1:8080"
        )
    return f"{_SCHEMES[parts.scheme]}://{parts.netloc.rpartition('@')[2]}"


def token_url_of(api_url: str) -> str:
    """Return where the tokens for a Platform API are given."""
    parts = urlsplit(api_url)
    netloc = _TOKEN_HOSTS.get(parts.netloc, parts.netloc)
    return f"{parts.scheme}://{netloc}/oauth/token"
