"""Resources as a person's handlers read them."""

import json

from loadtest.chat.dialect import DIALECT_2
from loadtest.chat.resources import relayed_channel
from loadtest.observations import ChatEvent
from loadtest.users.scripted.resources import (
    Channel,
    Message,
    Notification,
    Resource,
    handler_argument,
)
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld


def event(kind: ChatEvent, resource: object) -> bytes:
    return json.dumps({"type": str(kind), "resource": resource}).encode()


def test_a_message_has_its_text_its_author_and_links_to_act_on_it() -> None:
    body = event(ChatEvent.MESSAGE_CREATED, resources.message(7, body="hello"))
    message = handler_argument(ChatEvent.MESSAGE_CREATED, body)

    assert isinstance(message, Message)
    assert (message.id, message.body) == (7, "hello")
    assert message.author == message.json["user"]["name"]
    assert "read" in message.json["_actions"]


def test_a_system_message_has_no_author() -> None:
    body = event(ChatEvent.MESSAGE_UPDATED, resources.message(7, user=None))

    assert Message.from_body(body).author == ""


def test_any_other_argument_is_a_resource_with_id_and_name() -> None:
    user = resources.current_user(DIALECT_2, 3, "carol")
    found = handler_argument(ChatEvent.TYPING_STARTED, event(ChatEvent.TYPING_STARTED, user))

    assert isinstance(found, Resource)
    assert (found.id, found.name) == (3, "carol")


def test_a_resource_may_lack_both() -> None:
    assert (Resource({}).id, Resource({"username": "bob"}).name) == (None, "bob")


def test_a_channel_is_what_was_last_seen_of_it() -> None:
    world = DeviceWorld()
    channel = Channel(world.learn_channel(4, displayName="before"))
    changed = resources.channel(world.dialect, 4, displayName="after")
    world.fleet.learn_channel(*relayed_channel(resources.relayed(changed)))

    assert (channel.id, channel.name, channel.json["displayName"]) == (4, "lobby4", "after")


def test_a_notification_names_its_channel() -> None:
    resource = {"title": "lobby", "body": "hello", "channel": {"id": 4}}
    found = Notification.from_body(event(ChatEvent.NOTIFICATION_CREATED, resource))

    assert (found.title, found.body, found.channel_id) == ("lobby", "hello", 4)
    assert Notification({}).channel_id is None
