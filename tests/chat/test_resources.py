"""Every recorded body is read, field by field as a full decode reads it."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from loadtest.chat.resources import (
    ErrorBody,
    KeystrokesEvent,
    MessageEvent,
    NotificationEvent,
    ReadReceiptEvent,
    SubjectEvent,
    decode,
    relayed_channel,
    relayed_channel_page,
    relayed_current_user,
    relayed_message,
    resource_of,
    type_of,
)
from loadtest.errors import RemoteProtocolError
from loadtest.observations import ChatEvent
from tests.support.recordings import RecordedFrame, recording

BODIES = [
    line.body
    for number in (1, 2)
    for line in recording(number)
    if isinstance(line, RecordedFrame) and not line.is_out and line.command == "MESSAGE"
]
Resource = dict[str, Any]


def reader(struct: type[Any]) -> Callable[[bytes], Any]:
    decoder = msgspec.json.Decoder(struct)
    return lambda body: decode(decoder, body)


def of_type(kind: str) -> list[bytes]:
    """Return the recorded bodies of an event type; there are some."""
    found = [body for body in BODIES if json.loads(body)["type"] == kind]
    assert found, f"no {kind} was recorded"
    return found


def test_every_recorded_body_has_its_type_and_resource() -> None:
    assert len(BODIES) > 100
    for body in BODIES:
        whole = json.loads(body)
        assert type_of(body) == whole["type"]
        assert json.loads(resource_of(body)) == whole["resource"]


@pytest.mark.parametrize(
    "kind",
    [
        ChatEvent.TYPING_STARTED,
        ChatEvent.TYPING_STOPPED,
        ChatEvent.PARTICIPANT_ENTERED,
        ChatEvent.PARTICIPANT_LEFT,
        ChatEvent.PRESENCE_CHANGED,
        ChatEvent.CHANNEL_UPDATED,
        ChatEvent.MESSAGE_UPDATED,
    ],
)
def test_events_are_known_by_the_id_of_their_resource(kind: ChatEvent) -> None:
    for body in of_type(kind):
        event = reader(SubjectEvent)(body)
        assert (event.type, event.resource.id) == (kind, json.loads(body)["resource"]["id"])


@pytest.mark.parametrize("kind", [ChatEvent.MESSAGE_CREATED, ChatEvent.MESSAGE_UPDATED])
def test_messages_are_read_with_their_links(kind: ChatEvent) -> None:
    for body in of_type(kind):
        resource: Resource = json.loads(body)["resource"]
        event = reader(MessageEvent)(body)
        message = relayed_message(body)

        assert (event.type, event.resource.id) == (kind, resource["id"])
        assert event.resource.properties.loadtest is None
        assert (message.id, message.channel) == (resource["id"], resource["channelId"])
        assert message.user is not None
        assert message.user.id == resource["user"]["id"]
        assert message.relays.self_ == resource["_relays"]["self"]
        links = {
            name: getattr(message.actions, name) for name in ("read", "edit", "reply", "react")
        }
        assert links.items() <= resource["_actions"].items()


def test_a_message_without_an_author_is_read() -> None:
    whole = json.loads(of_type(ChatEvent.MESSAGE_CREATED)[0])
    del whole["resource"]["user"]
    assert relayed_message(json.dumps(whole).encode()).user is None


def test_keystrokes_are_read() -> None:
    for body in of_type(ChatEvent.KEYSTROKES_CREATED):
        assert reader(KeystrokesEvent)(body).resource.keys == json.loads(body)["resource"]["keys"]


def test_read_receipts_are_read() -> None:
    for body in of_type(ChatEvent.MESSAGE_READ):
        resource = json.loads(body)["resource"]
        receipt = reader(ReadReceiptEvent)(body).resource
        assert receipt.user.id == resource["user"]["id"]
        assert receipt.relays.message == resource["_relays"]["message"]


def test_notifications_are_read() -> None:
    for body in of_type(ChatEvent.NOTIFICATION_CREATED):
        resource = json.loads(body)["resource"]
        notification = reader(NotificationEvent)(body).resource
        assert notification.channel.id == resource["channel"]["id"]
        assert notification.data.type == resource["data"]["type"]
        assert notification.data.message.id == resource["data"]["message"]["id"]


def test_relayed_resources_are_read_by_what_they_are() -> None:
    read = {"users": 0, "channels": 0, "messages": 0, "grants": 0}
    for body in of_type("resource.relayed"):
        resource: Resource = json.loads(body)["resource"]
        if "grant" in resource:
            read["grants"] += 1
        elif "channelId" in resource:
            assert relayed_message(body).id == resource["id"]
            read["messages"] += 1
        elif "displayPicture" in resource.get("_streams", {}):
            user = relayed_current_user(body)
            assert (user.id, user.name) == (resource["id"], resource["name"])
            assert user.topics == resource["_topics"]
            assert user.actions == resource["_actions"]
            assert user.relays == resource["_relays"]
            read["users"] += 1
        else:
            check_channel(body)
            read["channels"] += 1
    assert all(read.values()), read


@pytest.mark.parametrize(
    "kind", ["user.channel.created", "user.channel.joined", "user.channel.updated"]
)
def test_channels_are_read_from_events(kind: str) -> None:
    for body in of_type(kind):
        check_channel(body)


def check_channel(body: bytes) -> None:
    """Compare a channel with a full decode."""
    resource = json.loads(body)["resource"]
    channel, raw = relayed_channel(body)
    assert (channel.id, channel.type, channel.name) == (
        resource["id"],
        resource["type"],
        resource["name"],
    )
    assert channel.topics == resource["_topics"]
    assert channel.actions == resource["_actions"]
    assert channel.relays == resource["_relays"]
    assert raw in body
    assert json.loads(raw) == resource


# --- errors -----------------------------------------------------------------------------------


def test_an_error_is_read_with_what_it_has() -> None:
    read = reader(ErrorBody)
    assert read(b"{}") == ErrorBody()
    assert read(b"{}").error == "UnknownChatKittyError"
    whole = read(b'{"error":"RateLimitedError","message":"slow","coolOffDuration":"PT1.5S","x":1}')
    assert whole == ErrorBody("RateLimitedError", "slow", "PT1.5S")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"?",
        b"[]",
        b'"text"',
        b'{"type":',
        b'{"type":1}',
        b'{"resource":{}}',
        b'{"type":"\xff"}',
        b'{"type":"x","deep":' + b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_of_no_use_is_the_peer_s_fault(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be used"):
        type_of(body)


def test_a_long_body_is_shown_by_its_beginning() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        type_of(b"x" * 10_000)
    assert len(str(caught.value)) < 250


def test_a_page_of_channels_tells_what_they_are_recognised_by() -> None:
    direct = {"id": 4, "type": "DIRECT", "name": "x", "members": [{"name": "jane", "id": 1}]}
    group = {"id": 5, "type": "PUBLIC", "name": "lobby", "displayName": "The lobby"}
    page = {"_embedded": {"channels": [direct, group]}, "_relays": {"next": "~next~"}}
    found = relayed_channel_page(json.dumps({"resource": page}).encode())

    first, second = found.embedded.channels
    assert (first.id, [member.name for member in first.members]) == (4, ["jane"])
    assert (second.name, second.members) == ("lobby", [])
    assert found.relays.next == "~next~"


def test_an_empty_page_has_nothing_embedded() -> None:
    found = relayed_channel_page(b'{"resource":{"page":{},"_relays":{"self":"~self~"}}}')

    assert (found.embedded.channels, found.relays.next) == ([], "")
