"""Handlers of scripted users: when they are called, with what, and what becomes of their errors."""

from typing import Any

import pytest
from locust.exception import StopUser

from loadtest.users.scripted.device import ChatDevice, ScriptedActionError
from loadtest.users.scripted.handlers import HANDLERS
from loadtest.users.scripted.resources import Channel, Message
from tests.support.scripted_world import ScriptedWorld

Heard = list[tuple[str, tuple[Any, ...]]]


class Scene:
    """Alice listens in the lobby; Bob does something there."""

    def __init__(self, *names: str) -> None:
        self.world = ScriptedWorld()
        self.heard: Heard = []
        handlers = {name: self._keep(name) for name in names}
        self.alice = self.world.device("alice", **handlers)
        self.bob = self.world.device("bob")
        self.room: Channel = self.alice.create_channel("PUBLIC", "lobby")
        self.bob.create_channel("PUBLIC", "lobby")
        self.chat = self.alice.start_chat_session(self.room)

    def _keep(self, name: str) -> Any:
        return lambda *arguments: self.heard.append((name, arguments))

    def names(self) -> list[str]:
        """Return which handlers were called."""
        self.world.let_handlers_run()
        return [name for name, _ in self.heard]


def say_everything(device: ChatDevice, room: Channel, world: ScriptedWorld) -> None:
    """Do what makes each handler of a listener be called once at least."""
    chat = device.start_chat_session(room)
    device.send_keystrokes(room, "hello")
    message = device.send_message(room, "hello")
    device.edit_message(message, "hello, all")
    device.react_to_message(message, "\N{WAVING HAND SIGN}")
    device.update_channel(room, display_name="Lobby")
    world.pass_time(10)  # typing stops
    chat.end()
    device.end_session()


def test_every_handler_of_the_sdk_is_called() -> None:
    scene = Scene(*HANDLERS)
    message = scene.alice.send_message(scene.room, "read me")
    scene.bob.read_message(message)
    say_everything(scene.bob, scene.room, scene.world)

    assert set(scene.names()) == HANDLERS


def test_a_reply_comes_with_its_parent() -> None:
    scene = Scene("on_message_received")
    question = scene.bob.send_message(scene.room, "anybody?")
    scene.bob.reply_to_message(question, "nobody")
    scene.names()
    messages: list[Message] = [arguments[0] for _, arguments in scene.heard]

    assert [(each.body, each.parent and each.parent.id) for each in messages] == [
        ("anybody?", None),
        ("nobody", question.id),
    ]


def test_a_reaction_comes_with_its_message() -> None:
    scene = Scene("on_message_reaction_added")
    message = scene.bob.send_message(scene.room, "hello")
    scene.bob.react_to_message(message, "\N{WAVING HAND SIGN}")
    scene.names()
    [(_, (heard, reaction))] = scene.heard

    assert heard.id == message.id
    assert reaction.json["user"]["name"] == "bob"


def test_handlers_are_called_in_the_order_of_the_events() -> None:
    scene = Scene("on_message_received")
    for text in ("one", "two", "three"):
        scene.bob.send_message(scene.room, text)
    scene.names()

    assert [arguments[0].body for _, arguments in scene.heard] == ["one", "two", "three"]


def test_a_read_receipt_comes_with_its_message() -> None:
    scene = Scene("on_message_read")
    message = scene.alice.send_message(scene.room, "read me")
    scene.bob.read_message(message)
    scene.names()

    [(_, (read, receipt))] = scene.heard
    assert isinstance(read, Message)
    assert read.id == message.id
    assert "user" in receipt.json


def test_without_a_handler_for_read_messages_no_relay_is_made() -> None:
    with_handler, without = Scene("on_message_read"), Scene("on_message_received")
    relays = []
    for scene in (with_handler, without):
        message = scene.alice.send_message(scene.room, "read me")
        before = scene.world.statistics.relays_answered
        scene.bob.read_message(message)
        relays.append(scene.world.statistics.relays_answered - before)

    assert relays == [1, 0]


def test_a_handler_may_be_given_for_one_chat_session() -> None:
    scene = Scene()
    heard: list[str] = []
    scene.chat.end()
    scene.alice.start_chat_session(scene.room, on_message_received=lambda m: heard.append(m.body))
    scene.bob.send_message(scene.room, "hello")
    scene.world.let_handlers_run()

    assert heard == ["hello"]


def test_after_the_end_of_a_chat_session_a_message_is_a_notification() -> None:
    scene = Scene("on_message_received", "on_notification_received")
    scene.chat.end()
    scene.bob.send_message(scene.room, "are you there?")

    assert scene.names() == ["on_notification_received"]
    [(_, (notification,))] = scene.heard
    assert "are you there?" in notification.body
    assert notification.channel_id == scene.room.id


def test_a_handler_may_act() -> None:
    world = ScriptedWorld()
    alice = world.device("alice", on_message_received=lambda m: alice.read_message(m))
    bob = world.device("bob")
    room = alice.create_channel("PUBLIC", "lobby", members=("bob",))
    alice.start_chat_session(room)
    bob.send_message(room, "hello")
    world.let_handlers_run()

    assert world.figures().actions["read"].completed == 1


def raising(error: Exception) -> Any:
    def handler(*_: object) -> None:
        raise error

    return handler


def test_what_a_handler_raises_is_told_and_the_next_event_is_handled() -> None:
    scene = Scene()
    heard: list[str] = []
    scene.chat.end()
    scene.alice.start_chat_session(
        scene.room,
        on_message_received=raising(ZeroDivisionError("in a handler")),
        on_message_updated=lambda message: heard.append(message.body),
    )
    message = scene.bob.send_message(scene.room, "hello")
    scene.bob.edit_message(message, "hello again")
    scene.world.let_handlers_run()

    assert [str(error) for error in scene.world.handler_errors] == ["in a handler"]
    assert heard == ["hello again"]
    assert scene.alice.is_active


def test_an_action_that_fails_in_a_handler_is_a_failed_action_and_no_error_of_the_handler() -> None:
    scene = Scene()
    scene.chat.end()
    handler = raising(ScriptedActionError("read", "refused"))
    scene.alice.start_chat_session(scene.room, on_message_received=handler)
    scene.bob.send_message(scene.room, "hello")
    scene.world.let_handlers_run()

    assert scene.world.handler_errors == []


def test_handlers_end_with_the_user() -> None:
    scene = Scene()
    scene.chat.end()
    heard: list[object] = []
    scene.alice.start_chat_session(
        scene.room, on_message_received=raising(StopUser()), on_message_updated=heard.append
    )
    message = scene.bob.send_message(scene.room, "hello")
    scene.bob.edit_message(message, "hello again")
    scene.world.let_handlers_run()

    assert (heard, scene.world.handler_errors) == ([], [])


@pytest.mark.parametrize("is_restarted", [False, True])
def test_handlers_are_called_while_the_user_session_is_there(is_restarted: bool) -> None:
    scene = Scene("on_notification_received")
    scene.alice.end_session()
    if is_restarted:
        scene.alice.start_session()
    scene.bob.send_message(scene.room, "hello")

    assert scene.names() == ["on_notification_received"] * is_restarted
