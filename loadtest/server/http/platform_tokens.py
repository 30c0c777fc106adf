"""Who may use the Platform API: OAuth client credentials, and the tokens given for them.

A token is worth what its text says to this server only, until it expires. No scopes, no
refreshing; who has an expired token asks for a new one with the credentials.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from loadtest.clock import NS_PER_S, Clock
from loadtest.errors import LoadtestError
from loadtest.http import Request
from loadtest.server.settings import ServerSettings

__all__ = ["TOKEN_LIFE_S", "DeniedError", "Tokens"]

TOKEN_LIFE_S = 42_892
"""As long as the documented example says."""

_GRANT = "client_credentials"
_TOKEN_BYTES = 16
# A field of a form in parts: its name, and its value up to the end of the line.
_PART = re.compile(rb'name="([^"]*)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)')


class DeniedError(LoadtestError):
    """A request without a right to its answer; the text says why."""


class Tokens:
    """The tokens of one server."""

    def __init__(self, settings: ServerSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._expires_ns: dict[str, int] = {}

    def give(self, request: Request) -> dict[str, Any]:
        """Return a token, for JSON.

        Raises:
            DeniedError: The credentials are missing or wrong, or another grant was asked for.
        """
        client_id, secret = _basic(request.headers.get("authorization", ""))
        settings = self._settings
        if settings.client_id is not None and (client_id, secret) != (
            settings.client_id,
            settings.client_secret,
        ):
            raise DeniedError(f"the client id {client_id!r} with its secret is not known here")
        grant = _form(request).get("grant_type", "")
        if grant != _GRANT:
            raise DeniedError(f"grant_type is {grant!r}; it must be {_GRANT}")
        token = secrets.token_hex(_TOKEN_BYTES)
        now_ns = self._clock()
        self._expires_ns = {t: end for t, end in self._expires_ns.items() if end > now_ns}
        self._expires_ns[token] = now_ns + TOKEN_LIFE_S * NS_PER_S
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": TOKEN_LIFE_S,
            "scope": "org:1:app",
        }

    def check(self, request: Request) -> None:
        """Make sure that a request has a token that is worth something.

        Raises:
            DeniedError: It has none.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise DeniedError("the header Authorization must be Bearer and a token")
        if self._expires_ns.get(token.strip(), 0) <= self._clock():
            raise DeniedError("the token is not known or has expired; ask for a new one")


def _basic(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        raise DeniedError("the header Authorization must be Basic, with client id and secret")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise DeniedError(f"the header Authorization cannot be read: {error}") from error
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise DeniedError("the header Authorization has no secret")
    return client_id, secret


def _form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, in parts or as a query."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return {
            name.decode("utf-8", "replace"): value.decode("utf-8", "replace")
            for name, value in _PART.findall(request.body)
        }
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))
