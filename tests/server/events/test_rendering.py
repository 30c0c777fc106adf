import json
from typing import Any

import pytest

from loadtest.server.events.rendering import RENDERERS, Notification
from loadtest.server.state.store import (
    ChannelType,
    FileLink,
    Message,
    NewMessage,
    StoredChannel,
    User,
)


def loads(rendered: bytes) -> Any:
    return json.loads(rendered)


@pytest.fixture
def alice() -> User:
    return User(1, "alice", display_name="Alice: \\ \n é😀", properties=b'{"age":7}')


@pytest.fixture
def channel(alice: User) -> StoredChannel:
    channel = StoredChannel(
        4, 5, ChannelType.PUBLIC, "lobby", "The lobby", alice, created_time="then"
    )
    channel.members[alice.id] = alice
    return channel


def message_in(channel: StoredChannel, content: NewMessage, **fields: Any) -> Message:
    assert channel.creator is not None
    message = Message(6, channel, channel.creator, "then", content, **fields)
    channel.history[message.id] = message
    return message


def test_a_user_is_rendered_with_its_presence(alice: User) -> None:
    offline = loads(RENDERERS[2].user(alice))
    alice.connection_count = 1
    alice.touch()
    online = loads(RENDERERS[2].user(alice))

    assert offline["displayName"] == "Alice: \\ \n é😀"
    assert offline["properties"] == {"age": 7}
    assert offline["presence"] == {"status": "UNAVAILABLE", "online": False}
    assert online["presence"] == {"status": "AVAILABLE", "online": True}


def test_a_user_is_rendered_once_for_each_dialect(alice: User) -> None:
    first = RENDERERS[1].user(alice)

    assert RENDERERS[1].user(alice) is first
    assert RENDERERS[2].user(alice) != first


def test_a_group_has_a_name_and_a_direct_channel_its_members(
    alice: User, channel: StoredChannel
) -> None:
    group = loads(RENDERERS[2].channel(channel, for_member=True))
    channel.kind = ChannelType.DIRECT
    direct = loads(RENDERERS[2].channel(channel, for_member=True))

    assert group["displayName"] == "The lobby"
    assert "members" not in group
    assert [user["id"] for user in direct["members"]] == [alice.id]
    assert "displayName" not in direct


@pytest.mark.parametrize(
    ("kind", "for_member", "present", "absent"),
    [
        (ChannelType.PUBLIC, True, "leave", "join"),
        (ChannelType.PUBLIC, False, "join", "leave"),
        (ChannelType.PRIVATE, False, "message", "join"),
        (ChannelType.DIRECT, True, "message", "leave"),
    ],
)
def test_optional_actions_depend_on_the_viewer(
    channel: StoredChannel, kind: ChannelType, for_member: bool, present: str, absent: str
) -> None:
    channel.kind = kind

    actions = loads(RENDERERS[2].channel(channel, for_member=for_member))["_actions"]

    assert present in actions
    assert absent not in actions


def test_a_channel_holds_its_last_message(channel: StoredChannel) -> None:
    without = loads(RENDERERS[1].channel(channel, for_member=True))
    message_in(channel, NewMessage(body="hello"))
    with_message = loads(RENDERERS[1].channel(channel, for_member=True))

    assert "lastReceivedMessage" not in without
    assert with_message["lastReceivedMessage"]["body"] == "hello"


def test_a_text_is_known_by_its_body(channel: StoredChannel) -> None:
    message = message_in(channel, NewMessage(body="hello", properties=b'{"n":1}'))

    text = loads(RENDERERS[2].message(message))

    assert (text["type"], text["body"], text["links"]) == ("TEXT", "hello", [])
    assert text["properties"] == {"n": 1}
    assert text["nestedLevel"] == 0
    assert "file" not in text


def test_a_file_is_known_by_its_file(channel: StoredChannel) -> None:
    link = FileLink("https://example.test/a", "a", "text/plain", 3)
    message = message_in(channel, NewMessage(file=link, group_tag="tag"))

    file = loads(RENDERERS[2].message(message))

    assert (file["type"], file["file"]["type"], file["groupTag"]) == ("FILE", "EXTERNAL", "tag")
    assert "body" not in file


def test_only_dialect_2_has_levels(channel: StoredChannel) -> None:
    reply = message_in(channel, NewMessage(body="hello"), parent_id=3)

    assert loads(RENDERERS[2].message(reply))["nestedLevel"] == 1
    assert "nestedLevel" not in loads(RENDERERS[1].message(reply))


def test_reactions_are_summed_up_by_emoji(alice: User, channel: StoredChannel) -> None:
    message = message_in(channel, NewMessage(body="hello"))
    message.reactions["👍"] = {alice: "then"}

    (summary,) = loads(RENDERERS[1].message(message))["reactions"]

    assert summary["emoji"]["character"] == "👍"
    assert (summary["count"], summary["users"][0]["id"]) == (1, alice.id)


def test_keystrokes_name_their_user(alice: User, channel: StoredChannel) -> None:
    keystrokes = loads(RENDERERS[1].keystrokes(alice, channel, "how are"))

    assert keystrokes == {
        "username": "alice",
        "keys": "how are",
        "_relays": {
            "thread": "/application/v1/threads/5.relay",
            "user": "/application/v1/users/1.relay",
        },
    }


def test_a_notification_holds_channel_recipient_and_message(
    alice: User, channel: StoredChannel
) -> None:
    message = message_in(channel, NewMessage(body="hello"))
    notification = Notification(
        7, "USER:REPLIED_TO:MESSAGE", alice, message, message, "then", is_muted=True
    )

    rendered = loads(RENDERERS[2].notification(notification))

    assert (rendered["id"], rendered["body"], rendered["muted"]) == (7, "hello", True)
    assert rendered["channel"]["id"] == channel.id
    assert rendered["data"]["recipient"]["id"] == alice.id
    assert rendered["data"]["message"] == rendered["data"]["parent"]


def test_the_main_thread_links_to_its_channel(channel: StoredChannel) -> None:
    thread = loads(RENDERERS[2].thread(channel))

    assert (thread["id"], thread["type"]) == (5, "MAIN")
    assert thread["_relays"]["channel"] == "/application/channels/4.relay"


def test_a_reaction_and_a_read_receipt_link_to_their_message(
    alice: User, channel: StoredChannel
) -> None:
    message = message_in(channel, NewMessage(body="hello"))
    link = {"message": "/application/messages/6.relay"}

    assert loads(RENDERERS[2].read_receipt(message, alice, "then"))["_relays"] == link
    assert loads(RENDERERS[2].reaction(message, alice, "👍", "then"))["_relays"] == link


def test_a_triggered_event_keeps_the_type_of_the_application(
    alice: User, channel: StoredChannel
) -> None:
    rendered = loads(RENDERERS[2].triggered_event(channel, alice, "moved", b'{"x":1}'))

    assert (rendered["type"], rendered["properties"]) == ("moved", {"x": 1})
