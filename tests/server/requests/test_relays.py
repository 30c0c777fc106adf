from typing import Any

import pytest

from tests.support.chat_devices import ChatWorld


class Scene:
    """Bob has said three things in alice's lobby; there is a den that alice is not in."""

    def __init__(self, dialect: int = 2) -> None:
        self.world = ChatWorld()
        self.alice, self.bob = (self.world.device(n, dialect) for n in ("alice", "bob"))
        self.channel = self.world.lobby(self.alice, "bob")
        self.messages = [self.bob.send_text(self.channel, text) for text in ("one", "two", "three")]
        create = self.bob.resource["_actions"]["createChannel"]
        self.den = self.bob.result(create, {"type": "PRIVATE", "name": "den"})
        self.hall = self.bob.result(create, {"type": "PUBLIC", "name": "hall"})
        self.world.hush()

    def user(self, link: str, **parameters: str) -> dict[str, Any]:
        return self.alice.relay(self.alice.resource["_relays"][link], **parameters)

    def of_channel(self, link: str, **parameters: str) -> dict[str, Any]:
        return self.alice.relay(self.channel["_relays"][link], **parameters)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def names(page: dict[str, Any], list_name: str, field: str = "name") -> list[Any]:
    return [item[field] for item in page.get("_embedded", {}).get(list_name, [])]


@pytest.mark.parametrize("dialect", [1, 2])
def test_every_relay_of_the_current_user_answers(dialect: int) -> None:
    scene = Scene(dialect)

    for link in scene.alice.resource["_relays"]:
        assert scene.user(link)


@pytest.mark.parametrize("dialect", [1, 2])
def test_every_relay_of_a_channel_and_a_message_answers(dialect: int) -> None:
    scene = Scene(dialect)
    scene.alice.act(scene.messages[0]["_actions"]["read"])

    for resource in (scene.channel, scene.messages[0]):
        for destination in resource["_relays"].values():
            assert scene.alice.relay(destination)


def test_grants_differ_by_what_they_allow(scene: Scene) -> None:
    assert scene.user("readFileAccessGrant") != scene.user("writeFileAccessGrant")


def test_channels_are_those_joined_or_all_that_are_visible(scene: Scene) -> None:
    assert names(scene.user("channels", subscribable="true"), "channels") == ["lobby"]
    assert names(scene.user("channels"), "channels") == ["lobby", "hall"]
    assert names(scene.user("channels", name="HAL"), "channels") == ["hall"]
    assert names(scene.user("joinableChannels"), "channels") == ["hall"]


def test_what_is_unread_was_said_by_others_and_not_read(scene: Scene) -> None:
    assert scene.user("unreadMessagesCount", unread="true") == {"count": 3}
    assert scene.user("channelsCount", unread="true") == {"count": 1}
    assert scene.of_channel("unread") == {"exists": True}

    scene.alice.act(scene.channel["_actions"]["read"])

    assert scene.user("unreadMessagesCount") == {"count": 0}
    assert scene.user("unreadChannelsCount") == {"count": 0}
    assert names(scene.user("unreadChannels"), "channels") == []
    assert scene.of_channel("unread") == {"exists": False}
    assert scene.bob.relay(scene.bob.resource["_relays"]["unreadMessagesCount"]) == {"count": 0}


def test_counts_can_be_of_one_type_of_channel(scene: Scene) -> None:
    assert scene.user("channelsCount") == {"count": 1}
    assert scene.user("channelsCount", type="DIRECT") == {"count": 0}


def test_messages_come_newest_first_and_in_pages(scene: Scene) -> None:
    relay = scene.channel["_relays"]["messages"].replace(".size.", ".size.2")

    first = scene.alice.relay(relay)
    second = scene.alice.relay(first["_relays"]["next"])

    assert names(first, "messages", "body") == ["three", "two"]
    assert names(second, "messages", "body") == ["one"]
    assert names(scene.user("messages"), "messages", "body") == ["three", "two", "one"]


def test_messages_can_be_files_only(scene: Scene) -> None:
    assert names(scene.of_channel("messages", type="FILE"), "messages", "id") == []


def test_messages_can_be_without_replies(scene: Scene) -> None:
    reply = scene.messages[0]["_actions"]["reply"]
    scene.alice.result(reply, {"type": "TEXT", "body": "reply"})

    with_replies = names(scene.of_channel("messages"), "messages", "body")
    without = names(scene.of_channel("messages", mainThread="true"), "messages", "body")

    assert with_replies == ["reply", *without]
    replies = scene.alice.relay(scene.messages[0]["_relays"]["replies"])
    assert names(replies, "messages", "body") == ["reply"]
    assert scene.alice.relay(scene.messages[0]["_relays"]["repliesCount"]) == {"count": 1}


def test_counts_of_messages_can_be_of_the_unread(scene: Scene) -> None:
    scene.alice.act(scene.messages[0]["_actions"]["read"])

    assert scene.of_channel("messagesCount") == {"count": 3}
    assert scene.of_channel("messagesCount", unread="true") == {"count": 2}


def test_members_and_contacts_are_users(scene: Scene) -> None:
    assert names(scene.of_channel("members"), "users") == ["alice", "bob"]
    assert names(scene.of_channel("members", displayName="BO"), "users") == ["bob"]
    assert names(scene.user("contacts"), "users") == ["bob"]
    assert names(scene.user("contacts", online="false"), "users") == []
    assert scene.user("contactsCount") == {"count": 1}


def test_members_in_the_order_of_dialect_2_are_found(scene: Scene) -> None:
    relay = scene.channel["_relays"]["members"] + "user.displayName,asc"

    assert names(scene.alice.relay(relay), "users") == ["alice", "bob"]


def test_membership_of_a_user_can_be_asked_for(scene: Scene) -> None:
    relay = f"/application/users/{scene.bob.resource['id']}.channel_member.relay"

    assert scene.alice.relay(relay, channelId=str(scene.channel["id"])) == {"exists": True}
    assert scene.alice.relay(relay, channelId="99") == {"exists": False}


@pytest.mark.parametrize("value", ["x", "", "²", "9" * 19])
def test_a_parameter_that_is_no_number_is_refused(scene: Scene, value: str) -> None:
    relay = f"/application/users/{scene.bob.resource['id']}.channel_member.relay"

    scene.alice.ask(relay, channelId=value)

    assert scene.alice.take_error()["error"] == "ClientError"


def test_the_last_messages_are_the_last_ones(scene: Scene) -> None:
    scene.alice.act(scene.messages[1]["_actions"]["read"])

    assert scene.of_channel("lastReceivedMessage")["body"] == "three"
    assert scene.of_channel("lastReadMessage", username="alice")["body"] == "two"


@pytest.mark.parametrize("link", ["lastReceivedMessage", "lastReadMessage"])
def test_a_last_message_that_is_not_there_is_not_found(scene: Scene, link: str) -> None:
    scene.bob.ask(scene.hall["_relays"][link])

    assert scene.bob.take_error()["error"] == "ResourceNotFoundError"


def test_the_context_says_who_has_read_what(scene: Scene) -> None:
    first, second, _ = (message["id"] for message in scene.messages)
    for message in scene.messages[:2]:
        scene.alice.act(message["_actions"]["read"])
    reader = scene.alice.resource["id"]

    assert scene.of_channel("context")["readBy"] == {str(first): [reader], str(second): [reader]}
    assert scene.of_channel("context", startCursor=str(second))["readBy"] == {str(second): [reader]}


def test_read_receipts_and_reactions_are_lists(scene: Scene) -> None:
    message = scene.messages[0]
    scene.alice.act(message["_actions"]["read"])
    scene.alice.act(message["_actions"]["react"], {"emoji": "👍"})

    (receipt,) = scene.alice.relay(message["_relays"]["readReceipts"])["_embedded"]["receipts"]
    (reaction,) = scene.alice.relay(message["_relays"]["reactions"])["_embedded"]["reactions"]

    assert receipt["user"]["name"] == reaction["user"]["name"] == "alice"


def test_the_main_thread_is_the_only_one(scene: Scene) -> None:
    page = scene.of_channel("threads")
    (thread,) = page["_embedded"]["threads"]

    assert scene.alice.relay(thread["_relays"]["self"]) == thread
    assert "_embedded" not in scene.of_channel("threads", includeMainThread="false")
