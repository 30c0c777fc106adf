"""Addresses name targets; parts of them that would not be used are refused."""

import pytest

from loadtest.engine.target import Target, target_from_url
from loadtest.errors import UsageError

GOOD = [
    ("http://127.0.0.1:8080", Target("ws", "127.0.0.1", 8080, "/rtm/websocket")),
    ("ws://127.0.0.1:8080/", Target("ws", "127.0.0.1", 8080, "/rtm/websocket")),
    ("https://chat.example.com", Target("wss", "chat.example.com", 443, "/rtm/websocket")),
    ("WSS://Chat.Example.com", Target("wss", "chat.example.com", 443, "/rtm/websocket")),
    ("http://chat", Target("ws", "chat", 80, "/rtm/websocket")),
    ("http://[::1]:9", Target("ws", "::1", 9, "/rtm/websocket")),
    ("http://chat/deep/path/", Target("ws", "chat", 80, "/deep/path/rtm/websocket")),
    ("http://chat/deep/rtm/websocket", Target("ws", "chat", 80, "/deep/rtm/websocket")),
]


@pytest.mark.parametrize(("url", "target"), GOOD, ids=[url for url, _ in GOOD])
def test_an_address_names_a_target(url: str, target: Target) -> None:
    assert target_from_url(url) == target


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "chat.example.com", "ftp://chat", "http://", "http://:8080", "//chat"],
)
def test_what_is_no_address_of_a_chat_server_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="it must be an address such as") as caught:
        target_from_url(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("port", ["65536", "x", "-1"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    with pytest.raises(UsageError, match="its port must be a number up to 65535"):
        target_from_url(f"http://chat:{port}")


def test_the_key_is_escaped_and_never_shown() -> None:
    target = target_from_url("https://[::1]:8443/x")
    assert target.is_secure
    assert target.uri("a b&c") == "wss://[::1]:8443/x/rtm/websocket?api-key=a%20b%26c"
    assert "key" not in str(target)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://jane:hush@chat.test", "holds a user name or a password"),
        ("http://jane@chat.test:80", "holds a user name or a password"),
        ("http://jane:hush@chat.test:port", "holds a user name or a password"),
        ("http://jane:hush@[::1", "holds a user name or a password"),
        ("http://chat.test/x?token=hush", "query or a fragment behind http://chat.test/x;"),
        ("http://chat.test/#hush", "query or a fragment"),
        ("http://chat.test:0", "no server can be reached at port 0"),
        ("http://[::1", "it is no address: Invalid IPv6 URL"),
        ("http://a..b", "its host name cannot be one: label empty or too long"),
        ("http://" + "a" * 70, "its host name cannot be one"),
        ("http://chat test", "holds no blanks"),
    ],
)
def test_what_would_not_be_used_is_refused_and_no_secret_is_repeated(url: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        target_from_url(url)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_message_says_what_named_the_address() -> None:
    with pytest.raises(UsageError, match=r"^provisioning.api_url holds a user name"):
        target_from_url("http://me:pw@api.test", named="provisioning.api_url")


def test_more_query_parameters_stand_behind_the_key() -> None:
    uri = target_from_url("http://chat").uri("k", [("tenant", "a/b"), ("x y", "ü")])
    assert uri == "ws://chat:80/rtm/websocket?api-key=k&tenant=a%2Fb&x%20y=%C3%BC"


@pytest.mark.parametrize(
    ("url", "expected"), [("http://localhost", True), ("ws://[::1]:8", True), ("ws://x", False)]
)
def test_this_machine_is_told_from_others(url: str, expected: bool) -> None:
    assert target_from_url(url).is_loopback is expected
