"""A device that a person's greenlets drive: each call, its outcome, and why it may fail."""

from collections.abc import Callable
from typing import Any

import pytest
from locust.exception import RescheduleTask, StopUser

from loadtest.errors import ActionFailedError, UsageError
from loadtest.server.settings import ServerSettings
from loadtest.users.scripted import device as scripted_device
from loadtest.users.scripted.device import ChatDevice, ScriptedActionError
from loadtest.users.scripted.resources import Channel, Message
from tests.support.scripted_world import ScriptedWorld


@pytest.fixture
def world() -> ScriptedWorld:
    return ScriptedWorld()


def lobby(*devices: ChatDevice) -> Channel:
    """Return a channel that all devices are members of."""
    rooms = [device.create_channel("PUBLIC", "lobby") for device in devices]
    assert len({room.id for room in rooms}) == 1
    return rooms[0]


# --- user session -----------------------------------------------------------------------------


def test_a_user_session_starts_and_ends(world: ScriptedWorld) -> None:
    device = world.device("alice")
    assert device.is_active
    device.end_session()

    assert not device.is_active
    assert (world.statistics.user_sessions_started, world.statistics.user_sessions_ended) == (1, 1)


def test_a_user_session_that_is_active_is_not_started_twice(world: ScriptedWorld) -> None:
    device = world.device("alice")
    device.start_session()

    assert world.statistics.user_sessions_started == 1


def test_a_user_session_may_be_started_again_after_its_end(world: ScriptedWorld) -> None:
    device = world.device("alice")
    device.end_session()
    device.start_session()

    assert device.is_active


def test_a_start_that_the_server_refuses_fails_with_its_reason() -> None:
    world = ScriptedWorld(server=ServerSettings(api_key="another"))
    with pytest.raises(ScriptedActionError, match="user_session_start: AccessDeniedError"):
        world.device("alice")

    assert list(world.failures("user_session_start").values()) == [1]


def test_a_start_without_an_answer_fails_by_its_deadline(
    world: ScriptedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.fleet, "open_link", lambda owner: None)
    world.patience_s = world.fleet.settings.connect_timeout_ns / 1e9 + 1
    with pytest.raises(ScriptedActionError, match="still waiting for its turn to connect after"):
        world.device("alice")


# --- a bad network ----------------------------------------------------------------------------


def test_a_cut_connection_comes_back_after_the_pause_of_the_sdk(world: ScriptedWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    room = lobby(alice, bob)
    chat = alice.start_chat_session(room)
    alice.cut_connection()
    assert not alice.is_active
    with pytest.raises(ScriptedActionError, match="waiting to reconnect"):
        alice.send_message(room, "hello")
    bob.send_message(room, "hello")
    world.pass_time(6)

    assert alice.is_active
    assert chat.is_active
    figures = world.figures()
    assert figures.load.connections_lost == {"cut by the user": 1}
    assert figures.recovery.lost_in_gap == 1


def test_a_device_may_read_slowly(world: ScriptedWorld) -> None:
    world.device("alice").read_slowly(500)

    assert world.network.slowed == [500]


def test_a_device_cannot_read_nothing_at_all(world: ScriptedWorld) -> None:
    with pytest.raises(UsageError, match="0 bytes per second; it must be above 0"):
        world.device("alice").read_slowly(0)


# --- actions ----------------------------------------------------------------------------------


def test_messages_are_sent_replied_to_edited_reacted_to_and_read(world: ScriptedWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    room = lobby(alice, bob)
    bob.start_chat_session(room)
    message = alice.send_message(room, "hello")
    reply = bob.reply_to_message(message, "hello yourself")
    edited = alice.edit_message(message, "hello, Bob")
    bob.react_to_message(message, "👍")
    bob.read_message(message)

    assert (message.body, message.author) == ("hello", "alice")
    assert (reply.body, reply.author) == ("hello yourself", "bob")
    assert (edited.id, edited.body) == (message.id, "hello, Bob")
    done = world.figures().actions
    names = ("message", "reply", "edit", "react", "read")
    assert {name: done[name].completed for name in names} == dict.fromkeys(names, 1)


def test_keystrokes_are_sent_after_the_debounce_of_the_sdk(world: ScriptedWorld) -> None:
    alice = world.device("alice")
    room = lobby(alice)
    alice.start_chat_session(room)
    world.patience_s = 0.01
    alice.send_keystrokes(room, "h")
    alice.send_keystrokes(room, "he")
    world.pass_time(1)

    assert world.figures().load.keystrokes == 1


def test_a_channel_is_created_read_joined_changed_and_invited_to(world: ScriptedWorld) -> None:
    alice, bob, carol = (world.device(name) for name in ("alice", "bob", "carol"))
    room = alice.create_channel("PUBLIC", "lobby", members=("bob",))
    assert bob.get_channel(room.id).name == "lobby"
    found = carol.get_channel(room.id)  # a stranger is offered what a member is not
    assert carol.join_channel(found).id == room.id
    changed = alice.update_channel(room, display_name="Lobby", properties={"topic": "trains"})

    assert changed.json["displayName"] == "Lobby"
    assert changed.json["properties"] == {"topic": "trains"}
    dave = world.device("dave")
    alice.invite_user(room, "dave")
    assert dave.start_chat_session(room).is_active


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda device, room, _: device.send_message(room, "hello"), id="message"),
        pytest.param(lambda device, _, message: device.read_message(message), id="read"),
        pytest.param(lambda device, room, _: device.start_chat_session(room), id="chat session"),
        pytest.param(lambda device, room, _: device.get_channel(room.id), id="get channel"),
    ],
)
def test_without_a_user_session_every_action_fails_with_that_reason(
    world: ScriptedWorld, act: Callable[[ChatDevice, Channel, Message], object]
) -> None:
    alice = world.device("alice")
    room = lobby(alice)
    message = alice.send_message(room, "hello")
    alice.end_session()

    with pytest.raises(ScriptedActionError, match="the user session is not active: ended"):
        act(alice, room, message)


def test_an_action_without_an_answer_fails_by_its_deadline(
    world: ScriptedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = world.device("alice")
    room = lobby(alice)
    monkeypatch.setattr(world.network.gateway, "receive", lambda *_: None)
    world.patience_s = world.fleet.settings.action_deadline_ns / 1e9 + 1

    with pytest.raises(ScriptedActionError, match="message: no answer within 10 s"):
        alice.send_message(room, "hello")
    assert world.failures("message") == {"no answer within 10 s": 1}


def test_what_the_server_refuses_fails_with_the_server_s_reason(world: ScriptedWorld) -> None:
    with pytest.raises(ScriptedActionError, match=r"get_channel: \w+Error"):
        world.device("alice").get_channel(4711)


# --- chat sessions ----------------------------------------------------------------------------


def test_a_chat_session_is_active_until_it_is_ended(world: ScriptedWorld) -> None:
    alice = world.device("alice")
    chat = alice.start_chat_session(lobby(alice))
    assert chat.is_active
    assert chat.channel.name == "lobby"
    chat.end()

    assert not chat.is_active
    assert world.statistics.chat_sessions_ended == 1


def test_the_eleventh_chat_session_of_a_device_fails(world: ScriptedWorld) -> None:
    alice = world.device("alice")
    rooms = [alice.create_channel("PUBLIC", f"room {number}") for number in range(11)]
    for room in rooms[:10]:
        alice.start_chat_session(room)

    with pytest.raises(ScriptedActionError, match="the device has 10 chat sessions, its limit"):
        alice.start_chat_session(rooms[10])
    assert world.failures("chat_session_start") == {"the device has 10 chat sessions, its limit": 1}


def test_a_handler_that_the_sdk_does_not_know_is_a_usage_error(world: ScriptedWorld) -> None:
    alice = world.device("alice")
    with pytest.raises(UsageError, match="on_message is no handler; known are on_channel_updated"):
        alice.start_chat_session(lobby(alice), on_message=print)


# --- how failures and the end of a run reach a task ---------------------------------------------


def test_a_failure_ends_a_task_without_ending_the_user(world: ScriptedWorld) -> None:
    error = ScriptedActionError("message", "refused")

    assert isinstance(error, ActionFailedError)
    assert isinstance(error, RescheduleTask), "Locust takes it as: go on with the next task"
    assert str(error) == "message: refused"


def test_once_the_run_ends_a_call_waits_for_the_end_and_stops_the_user(
    world: ScriptedWorld,
) -> None:
    alice = world.device("alice")
    room = lobby(alice)
    world.is_sending = False

    for call in (
        lambda: alice.send_message(room, "late"),
        lambda: alice.send_keystrokes(room, "l"),
    ):
        with pytest.raises(StopUser):
            call()
    assert world.figures().load.messages == 0


def test_a_call_that_meets_a_stopped_engine_stops_the_user(world: ScriptedWorld) -> None:
    alice = world.device("alice")
    room = lobby(alice)
    world.is_stopped = True

    with pytest.raises(StopUser):
        alice.send_keystrokes(room, "h")
    alice.end_session()


def test_an_engine_that_never_answers_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = ScriptedWorld("run.action_deadline_s=0.01", "target.connect_timeout_s=0.01")
    alice = world.device("alice")
    room = lobby(alice)
    monkeypatch.setattr(world, "submit", lambda *_: None)
    monkeypatch.setattr(scripted_device, "_SPARE_S", 0)

    with pytest.raises(ScriptedActionError, match="the engine has not told how it ended"):
        alice.send_message(room, "hello")


def test_scripted_traffic_is_judged_by_the_ledger(world: ScriptedWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    carol: Any = world.device("carol")
    room = lobby(alice, bob, carol)
    for device in (alice, bob):
        device.start_chat_session(room)
    world.pass_time(1)
    alice.send_message(room, "hello")
    figures = world.figures()

    seen = figures.events["channel.message.created"]
    assert (seen.expected, seen.delivered, seen.unexpected) == (2, 2, {})
    notified = figures.all_notifications()
    assert (notified.expected, notified.delivered, notified.spurious) == (1, 1, 0)


# --- what cannot be sent ----------------------------------------------------------------------

HALF = "\ud83d"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda device, room: device.send_message(room, f"hi {HALF}"), "send_message: text is"),
        (lambda device, room: device.send_message(room, b"hi"), "of the type bytes"),
        (lambda device, room: device.send_keystrokes(room, HALF), "send_keystrokes: keys is"),
        (lambda device, _: device.create_channel("PUBLIC", HALF), "create_channel: name is"),
        (
            lambda device, _: device.create_channel("DIRECT", members=("bob", HALF)),
            "create_channel: member is",
        ),
        (lambda device, room: device.invite_user(room, HALF), "invite_user: username is"),
        (
            lambda device, room: device.update_channel(room, properties={"a": object()}),
            "cannot be sent; it is no JSON",
        ),
        (lambda device, room: device.update_channel(room, display_name=HALF), "surrogate"),
    ],
)
def test_what_cannot_be_sent_is_refused_where_the_caller_is(
    world: ScriptedWorld, act: Callable[[ChatDevice, Channel], object], words: str
) -> None:
    device = world.device("alice")
    room = lobby(device)
    with pytest.raises(UsageError, match=words):
        act(device, room)

    # The ledger was told nothing, and the next message is the sender's first.
    assert device.send_message(room, "first").body == "first"


def test_a_defect_in_the_engine_reaches_the_caller_at_once(
    world: ScriptedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = world.device("alice")
    room = lobby(device)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("loadtest.device.actions.send_message", broken)
    with pytest.raises(ZeroDivisionError):
        device.send_message(room, "hi")
