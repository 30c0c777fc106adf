"""Options about the way to the server: what they mean, and what is refused before a run."""

from argparse import ArgumentParser, Namespace

import pytest

from loadtest.engine.network import NetworkSettings
from loadtest.engine.proxy import Proxy
from loadtest.errors import UsageError
from loadtest.run.network_options import (
    add_network_arguments,
    ambient_proxy_note,
    network_settings,
)

ENVIRONMENT = {"TOKEN": "hush", "KEY": "hush-key", "PW": "p@w"}


def parsed(*arguments: str) -> Namespace:
    parser = ArgumentParser()
    add_network_arguments(parser.add_argument)
    return parser.parse_args(arguments)


def settings(*arguments: str, api_key: str = "key") -> NetworkSettings:
    return network_settings(parsed(*arguments), api_key, ENVIRONMENT)


def problems(*arguments: str, api_key: str = "key") -> list[str]:
    with pytest.raises(UsageError) as caught:
        settings(*arguments, api_key=api_key)
    return list(caught.value.problems)


def test_nothing_is_set_unless_asked_for() -> None:
    assert settings() == NetworkSettings(api_key="key")


def test_each_option_has_its_place_and_secrets_are_read() -> None:
    found = settings(
        *("--header", "Authorization: Bearer {env:TOKEN}", "--header", "X-Env:staging"),
        *("--cookie", "route=b", "--cookie", "sid={env:TOKEN}", "--query", "tenant=a b"),
        *("--proxy", "http://me:{env:PW}@proxy.test:8080", "--permessage-deflate"),
        *("--source-address", "127.0.0.2", "--skip-verification"),
        api_key="{env:KEY}",
    )

    assert found.headers == (
        ("Authorization", "Bearer hush"),
        ("X-Env", "staging"),
        ("Cookie", "route=b; sid=hush"),
    )
    assert found.query == (("tenant", "a b"),)
    assert found.api_key == "hush-key"
    assert found.source_addresses == ("127.0.0.2",)
    assert found.offers_deflate
    assert not found.tls.is_verified
    assert found.proxy is not None
    assert str(found.proxy) == "http://proxy.test:8080"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--header", "hush"), "--header must be 'NAME: VALUE'"),
        (("--header", "X Y: hush"), "with a name that HTTP allows"),
        (("--header", "Upgrade: hush"), "--header Upgrade: the opening handshake sets it itself"),
        (("--header", "Sec-WebSocket-Key: hush"), "the opening handshake sets it itself"),
        (("--header", "cookie: a=hush"), "give each cookie with --cookie NAME=VALUE"),
        (("--header", "X: hush\r\nEvil: 1"), "its value holds a control character"),
        (("--header", "X: hush\u20ac"), "beyond U+00FF"),
        (("--header", "X: {env:NONE}"), "--header X: the variable NONE of the environment is not"),
        (("--cookie", "hush"), "--cookie must be NAME=VALUE"),
        (("--cookie", "a=hu;sh"), "--cookie 'a': a cookie's name is letters"),
        (("--query", "=hush"), "--query must be NAME=VALUE"),
        (("--proxy", "socks5://hush@p"), "--proxy must be an address such as"),
        (("--client-key", "k.pem"), "--client-key is of no use without --client-certificate"),
    ],
)
def test_what_cannot_be_used_is_refused_without_its_value(
    arguments: tuple[str, ...], words: str
) -> None:
    [problem] = problems(*arguments)
    assert words in problem
    assert "hush" not in problem


def test_all_problems_are_told_at_once() -> None:
    found = problems("--header", "x", "--cookie", "y", "--ca-file", "/no", api_key="{env:NONE}")
    assert [each.partition(" ")[0].rstrip(":") for each in found] == [
        "--ca-file",
        "target.api_key",
        "--header",
        "--cookie",
    ]


def test_a_proxy_of_the_environment_is_not_used_and_that_is_said() -> None:
    ambient = {"http_proxy": "http://hush@p", "HTTPS_PROXY": "http://p"}

    note = ambient_proxy_note(NetworkSettings(), ambient)
    assert note == (
        "http_proxy and HTTPS_PROXY of the environment: not used; a proxy is given with --proxy"
    )
    assert ambient_proxy_note(NetworkSettings(proxy=Proxy("p", 1)), ambient) == ""
    assert ambient_proxy_note(NetworkSettings(), {}) == ""
