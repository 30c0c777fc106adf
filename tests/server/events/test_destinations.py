import re

import pytest

from loadtest.chat.dialect import DIALECT_1, DIALECT_2
from loadtest.server.events.destinations import (
    PageRequest,
    address_of,
    channel_topic,
    is_relay,
    topic_of,
    user_topic,
)
from loadtest.server.events.links import LINKS
from loadtest.server.state.refusals import RefusedError


@pytest.mark.parametrize(
    ("destination", "kind", "number", "name"),
    [
        ("/application/user.relay", "user", 0, ""),
        ("/application/user.channels.count.relay", "user", 0, "channels.count"),
        ("/application/channels/4.relay", "channels", 4, ""),
        ("/application/channels/4.message", "channels", 4, "message"),
        ("/application/messages/6.read_receipts.relay", "messages", 6, "read_receipts"),
        ("/application/users/7.channel_member.relay", "users", 7, "channel_member"),
    ],
)
def test_a_destination_says_whose_and_what(
    destination: str, kind: str, number: int, name: str
) -> None:
    address = address_of(destination)

    assert (address.kind, address.id, address.name) == (kind, number, name)
    assert address.dialect is DIALECT_2


def test_the_prefix_tells_the_dialect() -> None:
    assert address_of("/application/v1/user.relay").dialect is DIALECT_1
    assert topic_of("/topic/v1/users/1").dialect is DIALECT_1
    assert topic_of("/topic/users/1").dialect is DIALECT_2


@pytest.mark.parametrize(
    ("ending", "page"),
    [
        ("", PageRequest()),
        (".page..size..sort.", PageRequest()),
        (".page.2.size..sort.", PageRequest(number=2)),
        (".page..size.7.sort.", PageRequest(size=7)),
        (
            ".page.1.size.5.sort.user.displayName,asc",
            PageRequest(1, 5, "user.displayName,asc"),
        ),
    ],
)
def test_a_list_says_which_page_is_wanted(ending: str, page: PageRequest) -> None:
    address = address_of(f"/application/channels/4.members.relay{ending}")

    assert (address.name, address.page) == ("members", page)


@pytest.mark.parametrize("size", ["0", "1001"])
def test_an_impossible_size_is_refused(size: str) -> None:
    with pytest.raises(RefusedError, match="it must be 1 to 1000"):
        address_of(f"/application/channels/4.members.relay.page..size.{size}.sort.")


@pytest.mark.parametrize(
    "destination",
    [
        "undefined",
        "",
        "/application/",
        "/application/channels/x.relay",
        "/application/channels/4",
        "/application/channels/4.",
        "/application/planets/4.relay",
        "/application/channels/9999999999999999999.relay",
        "/topic/users/1",
    ],
)
def test_what_is_no_address_is_refused(destination: str) -> None:
    with pytest.raises(RefusedError, match="none of this server's"):
        address_of(destination)


@pytest.mark.parametrize("destination", ["undefined", "/topic/", "/topic/users/x", "/topic/a/1"])
def test_what_is_no_topic_is_refused(destination: str) -> None:
    with pytest.raises(RefusedError, match="none of this server's"):
        topic_of(destination)


def test_topics_of_both_dialects_are_the_same_topic() -> None:
    first = topic_of("/topic/v1/channels/4.read_receipts")
    second = topic_of("/topic/channels/4.read_receipts")

    assert first.topic == second.topic == channel_topic(4, "read_receipts")
    assert topic_of("/topic/users/1").topic == user_topic(1, "")


def test_relays_are_told_from_actions() -> None:
    assert is_relay("/application/channels/4.relay")
    assert is_relay("/application/channels/4.members.relay.page..size..sort.")
    assert not is_relay("/application/channels/4.message")
    assert not is_relay("/application/channels/4.relays")


@pytest.mark.parametrize("dialect", [1, 2])
def test_every_link_of_every_resource_can_be_read(dialect: int) -> None:
    links = LINKS[dialect]
    for kind in links.__slots__:
        text = re.sub("<[a-z]+>", "4", getattr(links, kind).decode())
        for destination in re.findall(r'"(/application/[^"]+)"', text):
            assert address_of(destination).dialect.number == dialect
        for destination in re.findall(r'"(/topic/[^"]+)"', text):
            assert topic_of(destination).dialect.number == dialect
