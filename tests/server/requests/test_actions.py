from typing import Any

import pytest

from tests.support.chat_devices import ChatWorld

CREATED = "channel.message.created"


class Scene:
    """Alice and bob have chat sessions, carol has none; bob has said hello."""

    def __init__(self, dialect: int = 2) -> None:
        self.world = ChatWorld()
        self.alice, self.bob, self.carol = (
            self.world.device(name, dialect) for name in ("alice", "bob", "carol")
        )
        self.channel = self.world.lobby(self.alice, "bob", "carol")
        self.alice.enter(self.channel)
        self.bob.enter(self.channel)
        self.message = self.bob.send_text(self.channel)
        self.world.hush()

    def link(self, name: str) -> str:
        link: str = self.message["_actions"][name]
        return link


@pytest.fixture
def scene() -> Scene:
    return Scene()


# --- sending ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [1, 2])
def test_a_message_reaches_all_sessions_its_author_included(dialect: int) -> None:
    scene = Scene(dialect)

    sent = scene.bob.send_text(scene.channel, "hello again")

    ((kind, received),) = scene.alice.take_events()
    assert (kind, received) == (CREATED, sent)
    assert received["body"] == "hello again"


def test_the_receipt_comes_before_the_event(scene: Scene) -> None:
    scene.bob.act(scene.channel["_actions"]["message"], {"type": "TEXT", "body": "x"})

    assert [frame.command for frame in scene.bob.take()] == ["RECEIPT", "MESSAGE"]


def test_another_device_of_the_author_gets_it_without_the_receipt_id(scene: Scene) -> None:
    other = scene.world.device("bob")
    other.enter(scene.channel)
    other.take()

    scene.bob.act(scene.channel["_actions"]["message"], {"type": "TEXT", "body": "x"})

    (frame,) = other.take()
    assert frame.get("receipt-id") is None


def test_an_author_without_a_session_learns_it_from_a_topic_of_their_own(scene: Scene) -> None:
    receipt = scene.carol.act(scene.channel["_actions"]["message"], {"type": "TEXT", "body": "x"})

    _, frame = scene.carol.take()
    assert frame.get("receipt-id") == receipt
    assert b'"user.message.created"' in frame.body
    assert scene.alice.take_types() == [CREATED]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"type": "TEXT"}, id="text without a body"),
        pytest.param({"type": "FILE"}, id="file without a file"),
        pytest.param({"type": "SYSTEM_TEXT", "body": "x"}, id="system message"),
    ],
)
def test_a_message_that_says_nothing_is_refused(scene: Scene, body: object) -> None:
    receipt = scene.bob.act(scene.channel["_actions"]["message"], body)

    assert scene.bob.take_error() | {"message": "", "timestamp": ""} == {
        "error": "ClientError",
        "message": "",
        "timestamp": "",
        "receipt-id": receipt,
    }
    assert scene.alice.take() == []


def test_a_file_by_its_url_is_a_message(scene: Scene) -> None:
    file = {"url": "https://example.test/a", "name": "a", "contentType": "text/plain", "size": 3}

    message = scene.bob.result(scene.channel["_actions"]["message"], {"type": "FILE", "file": file})

    assert message["file"] == {"type": "EXTERNAL", **file}


def test_a_reply_links_to_its_parent_and_is_counted(scene: Scene) -> None:
    reply = scene.alice.result(scene.link("reply"), {"type": "TEXT", "body": "yes"})

    parent = scene.alice.relay(reply["_relays"]["parent"])
    assert (parent["id"], parent["repliesCount"]) == (scene.message["id"], 1)


# --- reading ----------------------------------------------------------------------------------


def test_a_read_message_is_told_to_the_channel_author_and_reader(scene: Scene) -> None:
    scene.alice.act(scene.link("read"))

    event = "message.read_receipt.created"
    ((_, receipt), *own) = scene.alice.take_events(event)
    assert receipt["user"]["name"] == "alice"
    assert len(own) == 1
    assert scene.bob.take_types() == [event, event]
    assert scene.carol.take() == []


def test_a_user_topic_for_read_receipts_is_of_dialect_2_only() -> None:
    scene = Scene(dialect=1)

    scene.alice.act(scene.link("read"))

    assert scene.bob.take_types() == ["message.read_receipt.created"]


def test_reading_twice_and_reading_the_own_message_only_have_a_receipt(scene: Scene) -> None:
    scene.alice.act(scene.link("read"))
    scene.world.hush()

    scene.alice.act(scene.link("read"))
    scene.bob.act(scene.link("read"))

    assert [frame.command for frame in scene.alice.take()] == ["RECEIPT"]
    assert [frame.command for frame in scene.bob.take()] == ["RECEIPT"]


def test_an_unread_message_was_read_before(scene: Scene) -> None:
    scene.alice.act(scene.link("unread"))
    before = scene.bob.take_types()
    scene.alice.act(scene.link("read"))
    scene.alice.act(scene.link("unread"))

    assert before == []
    assert (
        scene.bob.take_types("message.read_receipt.deleted") == ["message.read_receipt.deleted"] * 2
    )


# --- changing ---------------------------------------------------------------------------------


def test_an_edit_is_told_to_all_sessions(scene: Scene) -> None:
    scene.world.clock.now_ns += 10**9

    edited = scene.bob.result(scene.link("edit"), {"body": "hi"})

    assert scene.alice.take_events() == [("channel.message.updated", edited)]
    assert edited["body"] == "hi"
    assert edited["lastEditedTime"] > edited["createdTime"]


def test_properties_are_replaced(scene: Scene) -> None:
    updated = scene.bob.result(scene.link("updateProperties"), {"properties": {"a": 1}})

    assert (updated["properties"], updated["body"]) == ({"a": 1}, "hello")


@pytest.mark.parametrize(
    ("action", "body"),
    [("edit", {"body": "x"}), ("updateProperties", {"properties": {}}), ("delete", {})],
)
def test_only_the_author_changes_a_message(scene: Scene, action: str, body: dict[str, Any]) -> None:
    scene.carol.act(scene.link(action), body)

    assert scene.carol.take_error()["error"] == "AccessDeniedError"


def test_a_file_cannot_be_edited(scene: Scene) -> None:
    file = {"url": "u", "name": "a", "contentType": "text/plain", "size": 3}
    sent = scene.bob.result(scene.channel["_actions"]["message"], {"type": "FILE", "file": file})

    scene.bob.act(sent["_actions"]["edit"], {"body": "x"})

    assert "only a text can be edited" in scene.bob.take_error()["message"]


@pytest.mark.parametrize("name", ["bob", "alice"])
def test_author_and_creator_of_the_channel_delete_a_message(scene: Scene, name: str) -> None:
    actor = {"bob": scene.bob, "alice": scene.alice}[name]

    deleted = actor.result(scene.link("delete"))

    assert deleted["id"] == scene.message["id"]
    scene.carol.ask(scene.message["_relays"]["self"])
    assert scene.carol.take_error()["error"] == "ResourceNotFoundError"


# --- reactions --------------------------------------------------------------------------------


def test_a_reaction_comes_back_to_all_sessions(scene: Scene) -> None:
    reaction = scene.alice.result(scene.link("react"), {"emoji": "👍"})

    assert scene.bob.take_events() == [("message.reaction.created", reaction)]
    assert reaction["user"]["name"] == "alice"


def test_a_removed_reaction_is_gone(scene: Scene) -> None:
    scene.alice.result(scene.link("react"), {"emoji": "👍"})

    scene.alice.result(scene.link("removeReaction"), {"emoji": "👍"})

    assert scene.alice.relay(scene.message["_relays"]["self"])["reactions"] == []


def test_a_reaction_that_is_not_there_cannot_be_removed(scene: Scene) -> None:
    scene.alice.act(scene.link("removeReaction"), {"emoji": "👍"})

    assert scene.alice.take_error()["error"] == "ClientError"


def test_a_reaction_without_a_session_completes_on_a_user_topic(scene: Scene) -> None:
    reaction = scene.carol.result(scene.link("react"), {"emoji": "👍"})

    assert reaction["user"]["name"] == "carol"


# --- the current user -------------------------------------------------------------------------


def test_a_changed_user_is_told_to_all_devices_and_seen_by_others(scene: Scene) -> None:
    other = scene.world.device("alice")
    me = {**scene.alice.resource, "displayName": "Alice!", "properties": {"a": 1}}

    updated = scene.alice.result(scene.alice.resource["_actions"]["update"], me)

    assert (updated["displayName"], updated["properties"]) == ("Alice!", {"a": 1})
    assert other.take_types() == ["user.self.updated"]
    user = scene.bob.relay(f"/application/users/{updated['id']}.relay")
    assert user["displayName"] == "Alice!"
