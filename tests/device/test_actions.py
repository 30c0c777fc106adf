"""What each action writes, tells, and refuses; the debounce of keystrokes."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from loadtest.chat.correlation import PROPERTY, key_of_keystrokes
from loadtest.chat.resources import ChannelLinks, MessageLinks, relayed_message
from loadtest.device import DeviceCore, Outcome, actions
from loadtest.device.actions import Timing
from loadtest.observations import Action
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN, DeviceWorld
from tests.support.stompx_peer import receipt

MESSAGE = relayed_message(resources.relayed(resources.message(6, channel=4)))

Act = Callable[[DeviceCore, ChannelLinks, Timing], None]

# Each action with what it is called, where it goes, and its body.
ACTIONS: list[Any] = [
    pytest.param(
        lambda device, _links, timing: actions.create_channel(device, {"type": "DIRECT"}, timing),
        (Action.CREATE_CHANNEL, "~user-action~1~createChannel", {"type": "DIRECT"}),
        id="create a channel",
    ),
    pytest.param(
        lambda device, links, timing: actions.invite_user(device, links, "bob", timing),
        (Action.INVITE_USER, "~action~4~invite", {"user": {"username": "bob"}}),
        id="invite a user",
    ),
    pytest.param(
        lambda device, _links, timing: actions.edit_message(device, MESSAGE, "new", timing),
        (Action.EDIT, "~message-action~6~edit", {"body": "new"}),
        id="edit a message",
    ),
    pytest.param(
        lambda device, _links, timing: actions.react_to_message(device, MESSAGE, "👍", timing),
        (Action.REACT, "~message-action~6~react", {"emoji": "👍"}),
        id="react to a message",
    ),
    pytest.param(
        lambda device, _links, timing: actions.read_message(device, MESSAGE, timing),
        (Action.READ, "~message-action~6~read", {}),
        id="read a message",
    ),
    pytest.param(
        lambda device, links, timing: actions.join_channel(device, links, timing),
        (Action.JOIN_CHANNEL, "~action~4~join", None),
        id="join a channel",
    ),
    pytest.param(
        lambda device, links, timing: actions.update_channel(device, links, {"name": "x"}, timing),
        (Action.UPDATE_CHANNEL, "~action~4~update", None),
        id="update a channel",
    ),
    pytest.param(
        lambda device, links, timing: actions.send_message(device, links, "hi", timing),
        (Action.MESSAGE, "~action~4~message", None),
        id="send a message",
    ),
    pytest.param(
        lambda device, _links, timing: actions.reply_to_message(device, MESSAGE, "hi", timing),
        (Action.REPLY, "~message-action~6~reply", None),
        id="reply to a message",
    ),
    pytest.param(
        lambda device, _links, timing: actions.get_channel(device, 4, timing),
        (Action.GET_CHANNEL, "/application/channels/4.relay", None),
        id="get a channel",
    ),
    pytest.param(
        lambda device, _links, timing: actions.get_current_user(device, timing),
        (Action.RELAY, "/application/user.relay", None),
        id="get the current user",
    ),
    pytest.param(
        lambda device, _links, timing: actions.list_channels(device, "~list~", {}, timing),
        (Action.RELAY, "~list~", None),
        id="list channels",
    ),
]


class Acting:
    """A device that acts in a channel."""

    def __init__(self, **changes: object) -> None:
        self.world = DeviceWorld(heart_beats=False)
        self.rig = self.world.active_rig()
        self.device = self.rig.device
        self.links = self.world.learn_channel(4, **changes)
        self.outcomes: list[Outcome] = []
        self.now_ns = self.world.now_ns

    def timing(self, lag_ns: int = 0) -> Timing:
        return Timing(self.world.now_ns - lag_ns, self.world.now_ns, self.done)

    def done(self, outcome: Outcome, _now_ns: int) -> None:
        self.outcomes.append(outcome)

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        return self.world.observer.take(*names)


@pytest.mark.parametrize(("act", "expected"), ACTIONS)
def test_an_action_goes_where_its_link_leads(act: Act, expected: tuple[Any, ...]) -> None:
    acting = Acting()
    act(acting.device, acting.links, acting.timing())
    [frame] = acting.rig.read()
    _, destination, body = expected

    assert frame.require("destination") == destination
    if frame.command == "SEND":
        names = ["destination", "content-type", "receipt", "content-length"]
        assert [name for name, _ in frame.headers] == names
        assert frame.require("content-type") == "application/json;charset=UTF-8"
    if body is not None:
        assert json.loads(frame.body) == body
    assert len(acting.rig.link.written) == 0


@pytest.mark.parametrize(("act", "expected"), ACTIONS)
def test_an_action_without_a_user_session_fails_at_once(
    act: Act, expected: tuple[Any, ...]
) -> None:
    acting = Acting()
    acting.rig.close_link("reset")
    acting.told()
    act(acting.device, acting.links, acting.timing(lag_ns=5))

    reason = "the user session is not active: waiting to reconnect"
    now_ns = acting.now_ns
    assert acting.told() == [("action_failed", expected[0], 1, now_ns - 5, now_ns, reason)]
    assert acting.outcomes == [Outcome(reason)]
    assert acting.device.pending.awaited == {}


@pytest.mark.parametrize(
    ("act", "link"),
    [
        (lambda d, links, t: actions.send_message(d, links, "hi", t), "message"),
        (lambda d, links, t: actions.invite_user(d, links, "bob", t), "invite"),
        (lambda d, links, t: actions.join_channel(d, links, t), "join"),
        (lambda d, links, t: actions.update_channel(d, links, {}, t), "update"),
    ],
    ids=["message", "invite", "join", "update"],
)
def test_an_action_that_the_server_does_not_offer_fails_at_once(act: Act, link: str) -> None:
    acting = Acting(_actions={})
    act(acting.device, acting.links, acting.timing())

    assert acting.outcomes == [Outcome(f"channel 4 offers no action '{link}' to this user")]
    assert [call[0] for call in acting.told()] == ["action_failed"]
    assert acting.rig.read() == []


def test_a_message_carries_its_mark_and_is_told_with_the_same_figures() -> None:
    acting = Acting()
    for text in ("one", "zwei ü"):
        actions.send_message(acting.device, acting.links, text, acting.timing(lag_ns=7))
    actions.reply_to_message(acting.device, MESSAGE, "three", acting.timing())
    actions.send_message(acting.device, acting.world.learn_channel(5), "four", acting.timing())
    bodies = [json.loads(frame.body) for frame in acting.rig.read()]

    assert [list(body) for body in bodies] == [["type", "body", "properties"]] * 4
    assert [body["body"] for body in bodies] == ["one", "zwei ü", "three", "four"]
    marks = [body["properties"][PROPERTY] for body in bodies]
    told = acting.told("message_sent")
    assert [call[1:] for call in told] == [
        (key, sender, channel, sequence, due_ns, written_ns)
        for (_, key, sender, sequence, due_ns, written_ns), channel in zip(
            marks, (4, 4, 4, 5), strict=True
        )
    ]
    assert {mark[0] for mark in marks} == {RUN}
    assert [mark[3] for mark in marks] == [1, 2, 3, 1]
    assert marks[0][4:] == [acting.now_ns - 7, acting.now_ns]
    assert len({mark[1] for mark in marks}) == 4


def test_causes_are_told_as_they_are_written() -> None:
    acting = Acting()
    actions.read_message(acting.device, MESSAGE, acting.timing())
    actions.edit_message(acting.device, MESSAGE, "new", acting.timing())
    actions.update_channel(acting.device, acting.links, {}, acting.timing())
    instants = (acting.now_ns, acting.now_ns)
    assert acting.told() == [
        ("message_read", 1, 4, 6, *instants),
        ("message_edited", 1, 4, 6, *instants),
        ("channel_updated", 1, 4, *instants),
    ]
    assert acting.world.fleet.message_of_link("~message-relay~6~self") == 6


def test_a_read_ends_at_its_receipt() -> None:
    acting = Acting()
    actions.read_message(acting.device, MESSAGE, acting.timing())
    acting.rig.grant_receipts(acting.rig.read())
    assert acting.outcomes == [Outcome()]


def test_an_update_sends_the_whole_channel_with_the_changes_in_place() -> None:
    acting = Acting(properties={"topic": "old"}, note="kept")
    before = json.loads(acting.links.resource)
    changes: dict[str, object] = {"name": "x", "properties": {"topic": "new"}}
    actions.update_channel(acting.device, acting.links, changes, acting.timing())
    [frame] = acting.rig.read()

    assert list(json.loads(frame.body)) == list(before)
    assert json.loads(frame.body) == {**before, **changes}


def test_a_join_sends_the_whole_channel_back() -> None:
    acting = Acting()
    actions.join_channel(acting.device, acting.links, acting.timing())
    [frame] = acting.rig.read()
    assert json.loads(frame.body) == {"channel": json.loads(acting.links.resource)}


def test_a_message_without_an_author_can_be_read() -> None:
    resource = resources.message(6)
    del resource["user"]
    assert msgspec.convert(resource, MessageLinks).user is None


# --- keystrokes -------------------------------------------------------------------------------


def typed(acting: Acting) -> list[Frame]:
    """Return the frames that typing has caused, each with its RECEIPT given."""
    frames = acting.rig.read()
    acting.rig.grant_receipts(frames)
    return frames


def keys_in(frame: Frame) -> str:
    keys = json.loads(frame.body)["keys"]
    assert isinstance(keys, str)
    assert key_of_keystrokes(keys, RUN) is not None
    return keys.partition("#")[0]


def test_only_the_last_of_a_burst_is_sent_150_ms_after_it() -> None:
    acting = Acting()
    for keys in ("h", "ho", "how"):
        acting.world.advance(0.1)
        actions.send_keystrokes(acting.device, acting.links, keys, acting.timing())
    due_ns = acting.world.now_ns + 150_000_000
    acting.world.advance(0.149)
    assert acting.rig.read() == []
    acting.world.advance(0.001)
    [frame] = typed(acting)

    assert frame.require("destination") == "~action~4~keystrokes"
    assert keys_in(frame) == "how"
    [sent] = acting.world.observer.named("keystrokes_sent")
    assert sent[2:] == (1, 4, due_ns, due_ns)
    replaced = Outcome("later keystrokes came within the debounce")
    assert acting.outcomes == [replaced, replaced, Outcome()]
    [completed] = acting.world.observer.named("action_completed")
    assert completed[1] is Action.KEYSTROKES


def test_a_steady_typist_sends_nothing_until_a_pause() -> None:
    acting = Acting()
    for count in range(1, 50):
        actions.send_keystrokes(acting.device, acting.links, "x" * count, acting.timing())
        acting.world.advance(0.149)
        assert acting.rig.read() == []
    acting.world.advance(0.001)
    assert [len(keys_in(frame)) for frame in typed(acting)] == [49]


def test_typing_in_a_second_channel_within_the_debounce_loses_the_first() -> None:
    acting = Acting()
    other = acting.world.learn_channel(5)
    actions.send_keystrokes(acting.device, acting.links, "lost", acting.timing())
    acting.world.advance(0.1)
    actions.send_keystrokes(acting.device, other, "kept", acting.timing())
    acting.world.advance(1)
    [frame] = typed(acting)
    assert (frame.require("destination"), keys_in(frame)) == ("~action~5~keystrokes", "kept")


def test_the_debounce_of_one_device_is_not_another_s() -> None:
    acting = Acting()
    bob = acting.world.active_rig(2, "bob")
    actions.send_keystrokes(acting.device, acting.links, "a", acting.timing())
    actions.send_keystrokes(bob.device, acting.links, "b", bob.timing())
    acting.world.advance(0.15)
    assert [keys_in(frame) for frame in (*typed(acting), *bob.read())] == ["a", "b"]


def test_what_was_typed_when_the_user_session_was_lost_is_dropped() -> None:
    acting = Acting()
    actions.send_keystrokes(acting.device, acting.links, "how", acting.timing())
    due_ns = acting.now_ns + 150_000_000
    acting.rig.close_link("reset")
    acting.told()
    acting.world.advance(0.15)

    reason = "the user session is not active: waiting to reconnect"
    assert acting.told() == [("action_dropped", Action.KEYSTROKES, 1, due_ns, reason)]
    assert acting.outcomes == [Outcome(reason)]


def test_keystrokes_that_the_server_does_not_offer_fail() -> None:
    acting = Acting(_actions={})
    actions.send_keystrokes(acting.device, acting.links, "how", acting.timing())
    acting.world.advance(0.15)
    assert acting.outcomes == [Outcome("channel 4 offers no action 'keystrokes' to this user")]


def test_nobody_needs_to_wait_for_keystrokes() -> None:
    acting = Acting()
    for keys in ("h", "ho"):
        actions.send_keystrokes(acting.device, acting.links, keys, Timing(1, acting.now_ns))
    acting.rig.close_link("reset")
    acting.world.advance(0.2)
    acting.rig.hear(receipt("receipt-late"))
    assert len(acting.told("action_dropped")) == 1


def test_the_filters_of_a_list_stand_before_its_id_as_headers() -> None:
    acting = Acting()
    filters = {"subscribable": "true", "name": "a:b"}
    actions.list_channels(acting.device, "~list~", filters, acting.timing())
    [frame] = acting.rig.read()

    assert frame.headers[:2] == (("subscribable", "true"), ("name", "a:b"))
    assert [name for name, _ in frame.headers[2:]] == ["id", "destination"]


def test_a_user_that_may_create_no_channel_is_told_when_it_tries() -> None:
    acting = Acting()
    acting.device.create_channel_link = ""
    actions.create_channel(acting.device, {"type": "DIRECT"}, acting.timing())

    assert acting.rig.read() == []
    assert acting.outcomes == [Outcome("the server offers no action 'createChannel' to this user")]
