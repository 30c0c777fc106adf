"""Options about the way to the chat server; ``docs/network.md`` explains them to users."""

import os
import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from loadtest.engine.network import NetworkSettings
from loadtest.engine.proxy import proxy_from_url
from loadtest.engine.tls import TlsSettings
from loadtest.errors import UsageError
from loadtest.run.secrets import revealed

__all__ = [
    "add_network_arguments",
    "add_way_arguments",
    "ambient_proxy_note",
    "network_settings",
    "way_settings",
]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_COOKIE_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")
# The handshake has them already, with values that it depends on.
_OF_THE_HANDSHAKE = ("upgrade", "connection", "content-length", "transfer-encoding")
_AMBIENT = ("http_proxy", "https_proxy", "all_proxy")
_SECRET = "{env:NAME} and {file:PATH} in it stand for a secret"


def add_way_arguments(add: Callable[..., Any]) -> None:
    """Add the options that matter for the Platform API as well as for devices."""
    add("--ca-file", default="", metavar="PEM", help="certificates to trust, for https and wss")
    add("--client-certificate", default="", metavar="PEM", help="our own certificate")
    add("--client-key", default="", metavar="PEM", help="its key, if it is in a file of its own")
    add(
        "--skip-verification",
        action="store_true",
        help="take any certificate of the server; the report says so",
    )
    add(
        "--proxy",
        default="",
        metavar="URL",
        help=f"HTTP proxy for the API and the WebSockets, http://HOST:PORT; {_SECRET}",
    )


def add_network_arguments(add: Callable[..., Any]) -> None:
    """Add the options about the way to the chat server."""
    add_way_arguments(add)
    add(
        "--source-address",
        action="append",
        default=[],
        metavar="IP",
        help="local address to connect from; repeat it for more than 28 000 devices",
    )
    for name, metavar, what in (
        ("--header", "'NAME: VALUE'", "header"),
        ("--cookie", "NAME=VALUE", "cookie"),
        ("--query", "NAME=VALUE", "query parameter"),
    ):
        add(
            name,
            action="append",
            default=[],
            metavar=metavar,
            help=f"{what} for the upgrade to a WebSocket; repeatable; {_SECRET}",
        )
    add(
        "--permessage-deflate",
        action="store_true",
        help="offer to compress messages, as browsers do; costs memory and time of the generator",
    )


def way_settings(
    options: Namespace, environment: Mapping[str, str] = os.environ
) -> NetworkSettings:
    """Return what ``add_way_arguments`` asked for.

    Raises:
        UsageError: An option cannot be used; all problems at once.
    """
    tls = TlsSettings(
        ca_file=options.ca_file or "",
        client_certificate=options.client_certificate or "",
        client_key=options.client_key or "",
        is_verified=not options.skip_verification,
    )
    problems = tls.problems()
    proxy = None
    try:
        url = revealed(options.proxy or "", named="--proxy", environment=environment)
        proxy = proxy_from_url(url, named="--proxy") if url else None
    except UsageError as error:
        problems += error.problems
    if problems:
        raise UsageError(*problems)
    return NetworkSettings(tls=tls, proxy=proxy)


def network_settings(
    options: Namespace, api_key: str, environment: Mapping[str, str] = os.environ
) -> NetworkSettings:
    """Return what the options ask for.

    Args:
        options: As ``add_network_arguments`` had them read.
        api_key: As the profile has it.
        environment: Holds secrets.

    Raises:
        UsageError: An option cannot be used, or a secret is missing; all problems at once.
    """
    problems: list[str] = []

    def tried(function: Callable[..., Any], *arguments: object, **named: object) -> Any:  # noqa: ANN401
        try:
            return function(*arguments, **named)
        except UsageError as error:
            problems.extend(error.problems)

    way = tried(way_settings, options, environment)
    key = tried(revealed, api_key, named="target.api_key", environment=environment)
    headers = [tried(_header, each, environment) for each in options.header or ()]
    cookies = [tried(_pair, "--cookie", each, environment) for each in options.cookie or ()]
    query = [tried(_pair, "--query", each, environment) for each in options.query or ()]
    problems += [problem for each in cookies if each and (problem := _cookie_problem(*each))]
    if problems:
        raise UsageError(*problems)
    if cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies)))
    return NetworkSettings(
        tls=way.tls,
        proxy=way.proxy,
        source_addresses=tuple(options.source_address or ()),
        api_key=key,
        headers=tuple(headers),
        query=tuple(query),
        offers_deflate=bool(options.permessage_deflate),
    )


def _header(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return name and value of a header; no message repeats the value, which may be a secret."""
    name, colon, value = text.partition(":")
    name = name.strip()
    if not colon or not _TOKEN.fullmatch(name):
        raise UsageError("--header must be 'NAME: VALUE', with a name that HTTP allows")
    lower = name.lower()
    if lower in _OF_THE_HANDSHAKE or lower.startswith("sec-websocket-"):
        raise UsageError(f"--header {name}: the opening handshake sets it itself; leave it out")
    if lower == "cookie":
        raise UsageError("--header Cookie: give each cookie with --cookie NAME=VALUE")
    value = revealed(value.strip(), named=f"--header {name}", environment=environment)
    if not _FIELD_VALUE.fullmatch(value):
        raise UsageError(
            f"--header {name}: its value holds a control character or one beyond U+00FF; HTTP"
            " cannot carry it"
        )
    return name, value


def _pair(option: str, text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{option} must be NAME=VALUE")
    return name, revealed(value, named=f"{option} {name}", environment=environment)


def _cookie_problem(name: str, value: str) -> str:
    if _TOKEN.fullmatch(name) and _COOKIE_VALUE.fullmatch(value):
        return ""
    return (
        f"--cookie {name!r}: a cookie's name is letters, digits and some signs, its value ASCII"
        " without blanks and semicolons; encode it first"
    )


def ambient_proxy_note(
    settings: NetworkSettings, environment: Mapping[str, str] = os.environ
) -> str:
    """Return a line if the environment names a proxy that is not used; else nothing."""
    named = [
        each
        for name in _AMBIENT
        for each in (name, name.upper())
        if environment.get(each, "").strip()
    ]
    if settings.proxy is not None or not named:
        return ""
    return f"{' and '.join(named)} of the environment: not used; a proxy is given with --proxy"
