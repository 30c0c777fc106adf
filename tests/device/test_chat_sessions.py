"""Chat sessions start and end as the SDK's do, and every start ends well or with its reason."""

import pytest

from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect
from loadtest.device import ChatSession
from loadtest.device.chat_sessions import ChatSessionState
from loadtest.observations import Action
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import receipt

SUBSCRIBE_HEADERS = ["id", "receipt", "ack", "destination"]


class Entering:
    """A device that enters a channel, and what ``started`` was told."""

    def __init__(self, **settings: object) -> None:
        self.world = DeviceWorld(**{"heart_beats": False, **settings})
        self.rig = self.world.active_rig()
        self.links = self.world.learn_channel()
        self.told: list[str] = []
        self.asked_ns = self.world.now_ns

    def ask(self) -> ChatSession:
        return self.rig.ask_to_enter(self.links, started=self.started)

    def started(self, reason: str, _now_ns: int) -> None:
        self.told.append(reason)

    def failures(self) -> list[str]:
        """Return the reasons of failed starts; ``started`` must have heard the same."""
        failed = self.world.observer.named("action_failed")
        reasons = [call[-1] for call in failed if call[1] is Action.CHAT_SESSION_START]
        assert [reason for reason in self.told if reason] == reasons
        return reasons


def destinations(frames: list[Frame]) -> list[str]:
    """Return where SUBSCRIBE frames lead, shortened to the topic's name."""
    assert all(frame.command == "SUBSCRIBE" for frame in frames)
    return [frame.require("destination").removeprefix("~topic~4~") for frame in frames]


def topics_of(rig: Rig, frames: list[Frame]) -> list[str]:
    """Return the topics that UNSUBSCRIBE frames end, by name."""
    assert all(frame.command == "UNSUBSCRIBE" for frame in frames)
    names = rig.world.dialect.channel_topics
    by_id = {rig.topic_id(name, ordinal=1): name for name in names}
    return [by_id[frame.require("id")] for frame in frames]


@pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])
def test_other_topics_are_subscribed_after_the_receipt_of_self(dialect: Dialect) -> None:
    entering = Entering(dialect=dialect)
    rig = entering.rig
    chat_session = entering.ask()
    [first] = rig.read()
    assert destinations([first]) == ["self"]
    assert [name for name, _ in first.headers] == SUBSCRIBE_HEADERS

    rig.grant_receipts([first])
    others = rig.read()
    assert destinations(others) == list(dialect.channel_topics[1:])
    rig.grant_receipts(others[:-1])
    assert not chat_session.is_active
    entering.world.advance(0.2)
    rig.grant_receipts(others[-1:])
    assert chat_session.is_active
    assert entering.told == [""]
    now_ns = entering.world.now_ns
    assert entering.world.observer.calls == [
        ("chat_session_starting", chat_session.number, 1, 4, entering.asked_ns),
        ("chat_session_started", chat_session.number, now_ns),
        (
            "action_completed",
            Action.CHAT_SESSION_START,
            1,
            *[entering.asked_ns] * 2,
            *[now_ns] * 2,
        ),
    ]


def test_a_topic_that_needs_escapes_is_escaped() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    topics = {name: f"~a:b\\c~{name}~ü" for name in world.dialect.channel_topics}
    rig.ask_to_enter(world.learn_channel(4, _topics=topics))
    [frame] = rig.read()
    assert frame.require("destination") == "~a:b\\c~self~ü"
    assert [name for name, _ in frame.headers] == SUBSCRIBE_HEADERS


def test_a_late_start_tells_when_it_was_due_and_when_it_was_written() -> None:
    entering = Entering()
    due_ns = entering.world.now_ns - 30
    entering.rig.device.chat_sessions.start(
        entering.links, due_ns=due_ns, now_ns=entering.world.now_ns
    )
    for _ in range(2):
        entering.rig.grant_receipts(entering.rig.read())
    [completed] = entering.world.observer.named("action_completed")
    assert completed[3:5] == (due_ns, entering.asked_ns)


def test_repeated_and_unasked_receipts_change_nothing() -> None:
    entering = Entering()
    rig = entering.rig
    chat_session = entering.ask()
    rig.hear(receipt(rig.topic_id("messages", 1).replace("subscription-id", "receipt")))
    assert rig.read()[1:] == []
    rig = entering.rig
    first = rig.topic_id("self", 1).replace("subscription-id", "receipt")
    rig.hear(receipt(first), receipt(first))
    others = rig.read()
    rig.grant_receipts(others + others)
    rig.hear(receipt(first))

    assert chat_session.is_active
    assert len(entering.world.observer.named("chat_session_started")) == 1
    assert rig.read() == []


@pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])
def test_it_ends_in_the_order_of_the_sdk_with_self_last(dialect: Dialect) -> None:
    entering = Entering(dialect=dialect)
    rig = entering.rig
    chat_session = rig.enter(entering.links)
    entering.world.observer.calls.clear()
    rig.device.chat_sessions.end(chat_session, entering.world.now_ns)
    frames = rig.read()

    assert topics_of(rig, frames) == list(dialect.channel_topics_ended)
    assert all(list(frame.headers) == [("id", frame.get("id"))] for frame in frames)
    assert entering.world.observer.calls == [
        ("chat_session_ending", chat_session.number, entering.world.now_ns)
    ]


def test_what_has_ended_stays_ended() -> None:
    entering = Entering()
    chat_session = entering.rig.enter(entering.links)
    for _ in range(2):
        entering.rig.device.chat_sessions.end(chat_session, entering.world.now_ns)
    assert len(entering.world.observer.named("chat_session_ending")) == 1


@pytest.mark.parametrize(
    ("granted", "ended"),
    [
        pytest.param(0, ["self"], id="before the RECEIPT of self"),
        pytest.param(1, list(DIALECT_2.channel_topics_ended), id="before the other RECEIPTs"),
    ],
)
def test_ending_a_start_ends_what_was_subscribed(granted: int, ended: list[str]) -> None:
    entering = Entering()
    rig = entering.rig
    chat_session = entering.ask()
    for _ in range(granted):
        rig.grant_receipts(rig.read())
    rig.read()
    rig.device.chat_sessions.end(chat_session, entering.world.now_ns)
    assert topics_of(rig, rig.read()) == ended
    assert entering.told == ["ended before it was active"]

    rig.hear(receipt(rig.topic_id("self", 1).replace("subscription-id", "receipt")))
    assert rig.read() == []
    assert not entering.world.observer.named("chat_session_started", "action_failed")


def test_several_chat_sessions_live_side_by_side() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    first = rig.enter(world.learn_channel(4))
    second = rig.enter(world.learn_channel(5))
    again = rig.enter(world.learn_channel(4))  # the SDK allows it: every event comes twice
    rig.device.chat_sessions.end(first, world.now_ns)

    assert [second, again] == list(rig.device.chat_sessions)
    assert len({first.number, second.number, again.number}) == 3
    assert rig.device.chat_sessions.in_channel(4) is again


def test_a_chat_session_is_found_by_its_channel() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    first, second = rig.enter(world.learn_channel(4)), rig.enter(world.learn_channel(5))

    assert rig.device.chat_sessions.in_channel(4) is first
    assert rig.device.chat_sessions.in_channel(5) is second
    assert rig.device.chat_sessions.in_channel(6) is None


def test_the_end_of_a_start_is_told_once() -> None:
    told: list[tuple[str, int]] = []
    chat_session = ChatSession(1, 1, DeviceWorld().learn_channel(4), frozenset())
    chat_session.started = lambda reason, now_ns: told.append((reason, now_ns))
    chat_session.settle_start("", 1)
    chat_session.settle_start("late", 2)
    assert told == [("", 1)]


# --- failed starts ----------------------------------------------------------------------------


def test_an_eleventh_chat_session_is_refused() -> None:
    entering = Entering()
    for number in range(10):
        entering.rig.enter(entering.world.learn_channel(number + 10))
    refused = entering.rig.device.chat_sessions.start(
        entering.links,
        due_ns=1,
        now_ns=entering.world.now_ns,
        started=entering.started,
    )

    assert refused is None
    assert entering.failures() == ["the device has 10 chat sessions, its limit"]
    assert entering.rig.read() == []


def test_a_limit_of_nothing_is_no_limit() -> None:
    entering = Entering(session_limit=0)
    for number in range(12):
        entering.rig.enter(entering.world.learn_channel(number + 10))
    assert len(entering.rig.device.chat_sessions) == 12


def test_none_starts_before_the_user_session_is_active() -> None:
    entering = Entering()
    entering.rig.close_link("reset")
    now_ns = entering.world.now_ns
    device = entering.rig.device
    started = entering.started
    assert (
        device.chat_sessions.start(entering.links, due_ns=1, now_ns=now_ns, started=started) is None
    )
    assert device.chat_sessions.start(entering.links, due_ns=1, now_ns=now_ns) is None
    assert entering.told == ["the user session is not active: waiting to reconnect"]
    assert len(entering.world.observer.named("action_failed")) == 2


@pytest.mark.parametrize(
    ("granted", "waiting"),
    [
        pytest.param(0, "waiting for the RECEIPT of the topic self", id="self"),
        pytest.param(1, "waiting for the RECEIPTs of the other topics", id="other topics"),
    ],
)
def test_a_start_without_its_receipts_fails_at_the_deadline(granted: int, waiting: str) -> None:
    entering = Entering()
    rig = entering.rig
    chat_session = entering.ask()
    for _ in range(granted):
        rig.grant_receipts(rig.read())
    rig.read()
    entering.world.advance(9.999)
    assert entering.told == []
    entering.world.advance(0.001)

    assert entering.failures() == [f"still {waiting} after 10 s"]
    assert chat_session.state is ChatSessionState.ENDED
    assert {frame.command for frame in rig.read()} == {"UNSUBSCRIBE"}
    assert entering.world.observer.calls[-1][0] == "chat_session_ending"


def test_a_start_that_was_in_time_is_left_alone_at_the_deadline() -> None:
    entering = Entering()
    chat_session = entering.rig.enter(entering.links, started=entering.started)
    entering.world.advance(20)
    assert chat_session.is_active
    assert entering.failures() == []


def test_a_refused_topic_fails_the_start_at_once() -> None:
    entering = Entering()
    entering.ask()
    error = resources.error("ChatSessionLimitExceededError", "ten already")
    entering.rig.hear_error(error, subscription_id=entering.rig.topic_id("self", 1))
    assert entering.failures() == ["ChatSessionLimitExceededError: ten already"]
    assert not entering.rig.device.chat_sessions


def test_an_error_about_a_topic_of_an_active_chat_session_ends_nothing() -> None:
    entering = Entering()
    chat_session = entering.rig.enter(entering.links)
    entering.rig.hear_error(
        resources.error("ClientError"), subscription_id=entering.rig.topic_id("typing", 1)
    )
    assert chat_session.is_active


# --- loss and end of the connection -----------------------------------------------------------


def test_all_topics_come_back_at_once_with_the_same_ids() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    entering.ask()
    first = rig.read()
    rig.grant_receipts(first)
    others = rig.read()
    rig.grant_receipts(others)
    other = rig.enter(world.learn_channel(5))
    rig.close_link("reset")
    world.advance(5)
    world.observer.calls.clear()
    rig.connect()
    frames = rig.read()

    topics = [frame for frame in frames if frame.require("destination").startswith("~topic~4")]
    assert topics == first + others
    assert len([f for f in frames if f.require("destination").startswith("~topic~5")]) == 11
    assert other.state is ChatSessionState.TOPICS_WRITTEN
    rig.grant_receipts(frames)
    assert other.is_active
    assert [call[0] for call in world.observer.named("chat_session_started")] != []
    started = [c for c in world.observer.named("action_completed") if c[1] is not Action.RELAY]
    assert [call[1] for call in started] == [Action.RECONNECT]


def test_a_start_that_was_cut_short_goes_on_after_the_reconnect() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    chat_session = entering.ask()
    rig.close_link("reset")
    world.advance(5)
    rig.connect()
    rig.grant_receipts(rig.read())
    rig.grant_receipts(rig.read())

    assert chat_session.is_active
    assert entering.told == [""]


def test_a_start_that_was_cut_short_keeps_its_deadline() -> None:
    entering = Entering()
    entering.ask()
    entering.world.advance(6)
    entering.rig.close_link("reset")
    entering.world.advance(4)
    assert entering.failures() == ["still waiting for the RECEIPT of the topic self after 10 s"]

    entering.world.advance(1)
    entering.rig.connect()
    written = [frame.get("destination") for frame in entering.rig.read()]
    assert "~topic~4~self" not in written


def test_a_chat_session_that_does_not_come_back_fails_after_the_deadline() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    chat_session = rig.enter(entering.links)
    rig.close_link("reset")
    world.advance(5)
    rig.connect()
    frames = rig.read()
    rig.grant_receipts([f for f in frames if not f.require("destination").startswith("~topic~")])
    written_ns = world.now_ns
    world.advance(10)

    assert chat_session.state is ChatSessionState.ENDED
    [failed] = [
        c for c in world.observer.named("action_failed") if c[1] is Action.CHAT_SESSION_START
    ]
    assert failed[-1] == "still waiting for the RECEIPTs of the other topics after 10 s"
    assert failed[-2] == written_ns + 10_000_000_000


def test_the_deadline_of_an_older_connection_is_void() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    chat_session = rig.enter(entering.links)
    for _ in range(2):
        rig.close_link("reset")
        world.advance(5)
        rig.connect()
        world.advance(3)
    world.advance(4)  # the deadline of the first reconnect
    assert chat_session.state is ChatSessionState.TOPICS_WRITTEN


def test_ending_one_while_the_connection_is_down_writes_nothing() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    chat_session = rig.enter(entering.links)
    rig.close_link("reset")
    world.advance(5)
    rig.open()
    rig.device.chat_sessions.end(chat_session, world.now_ns)
    rig.feed(rig.peer.accept())
    assert [frame.command for frame in rig.read()] == ["CONNECT"]
    assert len(world.observer.named("chat_session_ending")) == 1


def test_the_end_of_the_user_session_ends_topics_in_the_order_of_subscription() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    rig.enter(entering.links)
    rig.ask_to_enter(world.learn_channel(5), started=entering.started)
    rig.read()
    rig.device.end(world.now_ns)
    ended = [frame.get("id") for frame in rig.read() if frame.command == "UNSUBSCRIBE"]

    dialect = world.dialect
    assert ended == [
        *[rig.topic_id(name) for name in dialect.user_topics],
        *[rig.topic_id(name, 1) for name in dialect.channel_topics],
        rig.topic_id("self", 2),
    ]
    assert entering.told == ["the user session ended"]
    assert not rig.device.chat_sessions


def interleaved(entering: Entering) -> list[Frame]:
    """Start two chat sessions at the same time; return what subscribed them, as it was written."""
    rig, world = entering.rig, entering.world
    rig.ask_to_enter(entering.links)
    rig.ask_to_enter(world.learn_channel(5))
    selves = rig.read()
    # The server answers the second one first.
    rig.grant_receipts(selves[::-1])
    others = rig.read()
    rig.grant_receipts(others)
    return selves + others


@pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])
def test_a_reconnect_subscribes_in_the_order_of_the_first_time(dialect: Dialect) -> None:
    entering = Entering(dialect=dialect)
    rig, world = entering.rig, entering.world
    written = interleaved(entering)
    for _ in range(2):  # the second reconnect repeats what the first one wrote
        rig.close_link("reset")
        world.advance(5)
        rig.connect()
        burst = rig.read()
        assert burst[1 + len(dialect.user_topics) : -1] == written
        rig.grant_receipts(burst)
    assert all(each.is_active for each in rig.device.chat_sessions)


@pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])
def test_the_end_of_the_user_session_keeps_the_order_of_mixed_starts(dialect: Dialect) -> None:
    entering = Entering(dialect=dialect)
    rig, world = entering.rig, entering.world
    written = interleaved(entering)
    rig.device.end(world.now_ns)
    ended = [frame.get("id") for frame in rig.read() if frame.command == "UNSUBSCRIBE"]
    assert ended[len(dialect.user_topics) :] == [frame.get("id") for frame in written]


def test_what_was_ended_in_between_is_left_out_of_the_order() -> None:
    entering = Entering()
    rig, world = entering.rig, entering.world
    written = interleaved(entering)
    [first, _] = rig.device.chat_sessions
    rig.device.chat_sessions.end(first, world.now_ns)
    rig.read()
    again = rig.enter(entering.links)
    rig.device.end(world.now_ns)
    ended = [frame.require("id") for frame in rig.read() if frame.command == "UNSUBSCRIBE"]

    names = world.dialect.channel_topics
    second_ones = [f.require("id") for f in written if "~topic~5~" in f.require("destination")]
    assert ended[len(world.dialect.user_topics) :] == [
        *second_ones,
        *[rig.topic_id(name, again.ordinal) for name in names],
    ]


def test_a_loss_for_good_ends_chat_sessions_and_fails_starts() -> None:
    entering = Entering(reconnect=False)
    rig, world = entering.rig, entering.world
    chat_session = rig.enter(entering.links)
    entering.ask()
    rig.close_link("reset")

    assert entering.failures() == ["connection lost: reset"]
    assert chat_session.state is ChatSessionState.ENDED
    assert len(world.observer.named("chat_session_ending")) == 2
    assert not rig.device.chat_sessions
