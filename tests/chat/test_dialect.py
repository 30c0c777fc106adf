"""Names and orders of both dialects, against what the vendor's SDKs wrote."""

import json
from collections.abc import Iterator

import pytest

from loadtest.chat.dialect import DIALECTS, dialect_of_destination
from tests.support.recordings import RecordedFrame, recording

BOTH = pytest.mark.parametrize("number", [1, 2])


def frames(number: int, device: str = "", *, is_out: bool = True) -> Iterator[RecordedFrame]:
    """Yield recorded frames of one device, or of all."""
    for line in recording(number):
        if not isinstance(line, RecordedFrame) or line.is_out != is_out:
            continue
        if device in ("", line.device):
            yield line


def names_by_link(number: int, event_type: str, group: str) -> dict[str, str]:
    """Return the names of links in the first recorded resource of a kind."""
    for frame in frames(number, is_out=False):
        body = json.loads(frame.body or b"{}")
        if body.get("type") == event_type and group in body["resource"]:
            return {link: name for name, link in body["resource"][group].items()}
    raise AssertionError(f"no {event_type} with {group} was recorded")


@BOTH
def test_connect_names_the_user_agent(number: int) -> None:
    agents = {f.get("StompX-User-Agent") for f in frames(number) if f.command == "CONNECT"}
    assert agents == {DIALECTS[number].user_agent}


@BOTH
def test_topics_of_the_user_are_in_the_sdk_s_order(number: int) -> None:
    names = names_by_link(number, "resource.relayed", "_topics")
    subscribed = [
        names[frame.get("destination")]
        for frame in frames(number, "alice")
        if frame.command == "SUBSCRIBE" and frame.get("destination") in names
    ]
    assert tuple(subscribed) == DIALECTS[number].user_topics


@BOTH
def test_topics_of_a_channel_are_in_the_sdk_s_order_and_end_in_another(number: int) -> None:
    names = names_by_link(number, "user.channel.created", "_topics")
    subscribed: dict[str, str] = {}
    ended = []
    for frame in frames(number, "alice"):
        if frame.command == "SUBSCRIBE" and frame.get("destination") in names:
            subscribed[frame.get("id")] = names[frame.get("destination")]
        elif frame.command == "UNSUBSCRIBE" and frame.get("id") in subscribed:
            ended.append(subscribed[frame.get("id")])

    assert tuple(subscribed.values()) == DIALECTS[number].channel_topics
    assert tuple(ended) == DIALECTS[number].channel_topics_ended


@BOTH
def test_the_destinations_that_a_client_builds_are_the_sdk_s(number: int) -> None:
    dialect = DIALECTS[number]
    bare = [
        frame.get("destination")
        for frame in frames(number, "bob")
        if frame.command == "SUBSCRIBE" and not frame.get("receipt")
    ]
    built = [
        dialect.user_relay,
        dialect.errors_queue,
        dialect.write_grant_relay,
        dialect.read_grant_relay,
        dialect.channel_relay(4),
    ]
    assert bare[: len(built)] == built


def test_a_user_is_relayed_by_id() -> None:
    assert DIALECTS[1].user_by_id_relay(7) == "/application/v1/users/7.relay"
    assert DIALECTS[2].user_by_id_relay(7) == "/application/users/7.relay"


@BOTH
def test_a_destination_tells_the_dialect(number: int) -> None:
    for frame in frames(number):
        destination = frame.get("destination")
        expected = DIALECTS[number] if destination.startswith("/application/") else None
        assert dialect_of_destination(destination) is expected
