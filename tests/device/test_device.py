"""The life of a user session: start-up, refusals, loss, reconnect, end, and hostile servers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect
from loadtest.device.state import State
from loadtest.errors import LocalProtocolError
from loadtest.observations import Action
from loadtest.wire.stomp import Frame, encode
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, HearingListener, Rig
from tests.support.stompx_peer import FakeLink, connected, message, receipt

BOTH = pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])


def commands(frames: list[Frame]) -> list[str]:
    """Return commands with destinations."""
    return [" ".join(filter(None, (f.command, f.get("destination")))) for f in frames]


def failed_starts(world: DeviceWorld) -> list[tuple[Action, str]]:
    """Return name and reason of each start that failed."""
    return [
        (call[1], call[-1])
        for call in world.observer.named("action_failed")
        if call[1] in (Action.USER_SESSION_START, Action.RECONNECT)
    ]


def rig_in(state: State, world: DeviceWorld) -> Rig:
    """Return a device in ``state``, by the way that leads there."""
    rig = world.rig()
    if state is State.IDLE:
        return rig
    rig.start()
    if state is State.OPENING:
        rig.owner = world.asked[-1]
        return rig
    rig.open()
    rig.feed(rig.peer.accept())
    if state is State.CONNECTING:
        return rig
    rig.hear(connected())
    user = resources.current_user(world.dialect)
    loading = (State.LOADING_USER, State.LOADING_WRITE_GRANT, State.LOADING_READ_GRANT)
    for passed, resource in zip(loading, (user, {"grant": "w"}, {"grant": "r"}), strict=True):
        if state is passed:
            return rig
        rig.answer_relay(rig.read()[-1], resource)
    if state is State.SUBSCRIBING:
        return rig
    rig.grant_receipts(rig.read())
    if state is State.WAITING:
        rig.close_link("reset")
    elif state is not State.ACTIVE:
        rig.device.end(world.now_ns)
        if state is not State.ENDING:
            rig.hear(receipt("close-0"))
        if state is State.ENDED:
            rig.close_link()
    return rig


@pytest.mark.parametrize("state", State)
def test_the_way_to_each_state_is_known(state: State) -> None:
    assert rig_in(state, DeviceWorld()).device.state is state


# --- start-up ---------------------------------------------------------------------------------


@BOTH
def test_a_user_session_starts_as_the_sdk_starts_it(dialect: Dialect) -> None:
    world = DeviceWorld(dialect=dialect)
    rig = world.rig(1, "jane:doe@example.com")
    rig.start()
    connect = rig.connect()
    assert connect.headers == (
        ("StompX-User", "jane:doe@example.com"),
        ("StompX-User-Agent", dialect.user_agent),
        ("accept-version", "1.2"),
        ("heart-beat", "60000,10000"),
    )

    prefix = dialect.application_prefix
    steps = [
        (["user.relay"], resources.current_user(dialect, 31)),
        ([dialect.errors_queue, "user.write_file_access_grant.relay"], {"grant": "w"}),
        (["user.read_file_access_grant.relay"], {"grant": "r"}),
    ]
    for destinations, resource in steps:
        frames = rig.read()
        expected = [name if name[0] == "/" else prefix + name for name in destinations]
        assert commands(frames) == [f"SUBSCRIBE {name}" for name in expected]
        assert all([name for name, _ in f.headers] == ["id", "destination"] for f in frames)
        rig.answer_relay(frames[-1], resource)
    topics = rig.read()
    assert commands(topics) == [f"SUBSCRIBE ~user-topic~31~{name}" for name in dialect.user_topics]
    assert all(frame.get("ack") == "client-individual" for frame in topics)
    assert rig.device.user == 31

    rig.grant_receipts(topics[:-1])
    assert not rig.device.is_active
    rig.grant_receipts(topics[-1:])
    assert rig.device.is_active
    assert rig.read() == []


def test_a_start_is_told_from_connect_to_the_last_receipt() -> None:
    world = DeviceWorld()
    rig, asked_ns = world.rig(), world.now_ns
    told: list[tuple[str, int]] = []
    rig.device.started = lambda reason, now_ns: told.append((reason, now_ns))
    rig.device.listener = listener = HearingListener()
    rig.device.start(due_ns=asked_ns - 5, now_ns=asked_ns)
    world.advance(1)
    written_ns = world.now_ns
    rig.connect()
    rig.load()
    world.advance(1)
    rig.grant_receipts(rig.read())

    now_ns = world.now_ns
    calls = [call for call in world.observer.calls if call[1] is not Action.RELAY]
    instants = (asked_ns - 5, asked_ns, now_ns, now_ns)
    assert calls == [
        ("user_session_starting", 1, written_ns),
        ("user_session_started", 1, 1, now_ns),
        ("action_completed", Action.USER_SESSION_START, 1, *instants),
    ]
    assert told == [("", now_ns)]
    assert listener.heard == [("user_session_changed", "ACTIVE")]


def test_auth_params_go_as_base64_of_latin_1() -> None:
    rig = DeviceWorld().rig(auth_params='{"password":"ü"}')
    rig.start()
    connect = rig.connect()
    assert [name for name, _ in connect.headers][:3] == [
        "StompX-User",
        "StompX-User-Agent",
        "StompX-Auth-Params",
    ]
    assert connect.get("StompX-Auth-Params") == "eyJwYXNzd29yZCI6IvwifQ=="


@pytest.mark.parametrize("state", [s for s in State if s not in (State.IDLE, State.ENDED)])
def test_a_user_session_that_has_not_ended_cannot_start(state: State) -> None:
    world = DeviceWorld()
    device = rig_in(state, world).device
    if state is State.WAITING:
        device.start(due_ns=world.now_ns, now_ns=world.now_ns)  # sooner than the timer
        assert device.state is State.OPENING
        return
    with pytest.raises(LocalProtocolError, match=r"device 1 \(alice\) cannot take 'start' while"):
        device.start(due_ns=world.now_ns, now_ns=world.now_ns)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"?", "cannot be used", id="unreadable"),
        pytest.param(resources.relayed({"id": 1}), "cannot be used", id="not a user"),
        pytest.param(
            resources.relayed(resources.current_user(DIALECT_1)),
            "has no link elements, features, styles, readReceipts",
            id="topics of the other dialect",
        ),
        pytest.param(
            resources.relayed({**resources.current_user(DIALECT_2), "_actions": {}}),
            "has no link createChannel",
            id="no way to create a channel",
        ),
        pytest.param(
            resources.relayed(
                {
                    **resources.current_user(DIALECT_2),
                    "_topics": dict.fromkeys(DIALECT_2.user_topics, "a\nb"),
                }
            ),
            "it cannot be subscribed",
            id="a topic that no frame can carry",
        ),
    ],
)
def test_a_current_user_that_is_of_no_use_fails_the_start(body: bytes, words: str) -> None:
    world = DeviceWorld()
    rig = rig_in(State.LOADING_USER, world)
    rig.hear(message(rig.read()[-1].require("id"), body))

    assert rig.device.state is State.WAITING
    [(action, reason)] = failed_starts(world)
    assert action is Action.USER_SESSION_START
    assert words in reason


@pytest.mark.parametrize(
    "state", [State.LOADING_USER, State.LOADING_WRITE_GRANT, State.LOADING_READ_GRANT]
)
def test_a_refused_relay_fails_the_start_which_then_begins_anew(state: State) -> None:
    world = DeviceWorld()
    rig = rig_in(state, world)
    relay = rig.read()[-1]
    rig.hear_error(resources.error("ClientError"), subscription_id=relay.require("id"))
    destination = relay.require("destination")
    assert failed_starts(world) == [(Action.USER_SESSION_START, f"{destination}: ClientError: no")]

    world.advance(5)
    connect = rig.connect()
    assert connect.get("StompX-Auth-Session-ID") == "session-1"
    assert commands(rig.peer.read() or [])[0:1] == ["SUBSCRIBE /application/user.relay"]


def test_a_relay_of_the_start_that_is_never_answered_fails_it() -> None:
    world = DeviceWorld(heart_beats=False)
    rig_in(State.LOADING_USER, world)
    world.advance(10)
    assert failed_starts(world) == [
        (Action.USER_SESSION_START, "/application/user.relay: no answer within 10 s")
    ]


def test_a_refused_topic_of_the_user_fails_the_start() -> None:
    world = DeviceWorld()
    rig = rig_in(State.SUBSCRIBING, world)
    error = resources.error("AccessDeniedError", "not yours")
    rig.hear_error(error, subscription_id=rig.topic_id("self"))
    assert failed_starts(world) == [
        (Action.USER_SESSION_START, "topic self: AccessDeniedError: not yours")
    ]


def test_an_error_about_a_topic_that_has_its_receipt_changes_nothing() -> None:
    rig = DeviceWorld().active_rig()
    rig.hear_error(resources.error("ClientError"), subscription_id=rig.topic_id("self"))
    rig.hear_error(resources.error("ClientError"), subscription_id=rig.errors_queue_id())
    assert rig.device.is_active


@pytest.mark.parametrize(
    "state", [State.OPENING, State.CONNECTING, State.LOADING_READ_GRANT, State.SUBSCRIBING]
)
def test_a_start_is_given_up_after_the_connect_timeout(state: State) -> None:
    world = DeviceWorld(heart_beats=False, action_deadline_ns=100_000_000_000)
    rig = rig_in(state, world)
    world.advance(59.9)
    assert failed_starts(world) == []
    world.advance(0.1)

    reason = f"still {state.value} after 60 s"
    assert failed_starts(world) == [(Action.USER_SESSION_START, reason)]
    assert rig.device.state is State.WAITING


def test_a_connection_that_comes_after_the_timeout_is_turned_away() -> None:
    world = DeviceWorld()
    rig = rig_in(State.OPENING, world)
    world.advance(60)
    late = FakeLink()
    rig.owner.link_opened(late, world.now_ns)
    assert late.is_aborted
    assert rig.device.state is State.WAITING


def test_a_failure_that_comes_after_the_next_try_does_not_harm_it() -> None:
    world = DeviceWorld()
    rig = rig_in(State.OPENING, world)
    first = rig.owner
    world.advance(65)
    rig.connect()
    first.link_closed("connection timed out", world.now_ns)
    assert rig.device.state is State.LOADING_USER


def test_a_second_connection_for_one_try_is_turned_away() -> None:
    world = DeviceWorld()
    rig = rig_in(State.CONNECTING, world)
    second = FakeLink()
    rig.owner.link_opened(second, world.now_ns)
    assert second.is_aborted
    assert not rig.link.is_aborted


def test_a_refused_connection_fails_the_start_and_is_tried_again() -> None:
    world = DeviceWorld()
    rig = rig_in(State.OPENING, world)
    told: list[str] = []
    rig.device.started = lambda reason, _now_ns: told.append(reason)
    rig.close_link("connection refused")
    assert told == ["connection refused"]
    world.advance(5)
    assert rig.device.state is State.OPENING
    world.asked[-1].link_closed("connection refused", world.now_ns)

    assert failed_starts(world) == [(Action.USER_SESSION_START, "connection refused")] * 2
    assert not world.observer.named("connection_lost")
    assert told == ["connection refused"]


def test_a_refused_handshake_says_why() -> None:
    world = DeviceWorld()
    rig = world.rig()
    rig.start()
    rig.open()
    rig.feed(rig.peer.refuse(401, "unknown key"))
    [(_, reason)] = failed_starts(world)
    assert "HTTP 401 Unauthorized unknown key" in reason
    assert rig.link.is_aborted


def test_a_close_during_the_handshake_says_what_it_cut_short() -> None:
    world = DeviceWorld()
    rig = world.rig()
    rig.start()
    rig.open()
    rig.close_link("connection closed by the server")
    [(_, reason)] = failed_starts(world)
    assert reason.startswith("connection closed by the server: the WebSocket handshake failed")


# --- ERROR frames -----------------------------------------------------------------------------


def test_access_denied_is_for_good() -> None:
    world = DeviceWorld()
    rig = rig_in(State.CONNECTING, world)
    rig.hear(encode("ERROR", (), resources.error("AccessDeniedError", "no such key")))

    reason = "AccessDeniedError: no such key"
    assert failed_starts(world) == [(Action.USER_SESSION_START, reason)]
    assert rig.device.state is State.ENDED
    world.advance(100)
    assert len(world.asked) == 0


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        pytest.param((), resources.error("Busy", "later"), "Busy: later", id="JSON"),
        pytest.param((), b"go away", "UnknownChatKittyError: go away", id="no JSON"),
        pytest.param(
            (("message", "go away"),), b"", "UnknownChatKittyError: go away", id="header only"
        ),
    ],
)
def test_after_any_other_refusal_the_device_comes_back_after_exactly_5_s(
    headers: tuple[tuple[str, str], ...], body: bytes, reason: str
) -> None:
    world = DeviceWorld()
    rig = rig_in(State.CONNECTING, world)
    rig.hear(encode("ERROR", headers, body))
    assert failed_starts(world) == [(Action.USER_SESSION_START, reason)]
    world.advance(4.999)
    assert world.asked == []
    world.advance(0.001)
    assert len(world.asked) == 1
    assert rig.connect().get("StompX-Auth-Session-ID") is None


def test_what_follows_an_error_in_the_same_read_is_not_taken() -> None:
    world = DeviceWorld()
    rig = rig_in(State.SUBSCRIBING, world)
    topics = [receipt(f.require("receipt")) for f in rig.read()]
    rig.hear(encode("ERROR", (), b"{}"), *topics)
    assert rig.device.state is State.WAITING
    assert rig.read() == []


# --- loss and reconnect -----------------------------------------------------------------------


@BOTH
def test_a_reconnect_repeats_everything_in_one_burst(dialect: Dialect) -> None:
    world = DeviceWorld(dialect=dialect)
    rig = world.rig()
    rig.start()
    rig.connect(session="known")
    first = rig.read()
    rig.answer_relay(first[-1], resources.current_user(dialect))
    errors_queue, grant = rig.read()
    rig.answer_relay(grant, {"grant": "w"})
    rig.answer_relay(rig.read()[-1], {"grant": "r"})
    topics = rig.read()
    rig.grant_receipts(topics)
    rig.close_link("reset")
    lost_ns = world.now_ns
    world.advance(5)
    world.observer.calls.clear()

    rig.open()
    rig.feed(rig.peer.accept())
    assert [name for name, _ in rig.read()[0].headers] == [
        "StompX-User",
        "StompX-User-Agent",
        "StompX-Auth-Session-ID",
        "accept-version",
        "heart-beat",
    ]
    rig.hear(connected())
    assert len(rig.link.written) == 1
    burst = rig.read()
    assert burst[:-1] == [errors_queue, *topics]
    assert commands(burst[-1:]) == [f"SUBSCRIBE {dialect.user_relay}"]
    assert burst[-1].get("id") != first[-1].get("id")

    rig.grant_receipts(burst)
    now_ns = world.now_ns
    reconnected = ("action_completed", Action.RECONNECT, 1, lost_ns, lost_ns, now_ns, now_ns)
    assert world.observer.calls[-2:] == [("user_session_started", 1, 1, now_ns), reconnected]


def test_a_loss_is_told_with_its_reason() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    rig.device.listener = listener = HearingListener()
    rig.close_link("connection reset by the server")
    assert world.observer.calls == [
        ("connection_lost", 1, world.now_ns, "connection reset by the server")
    ]
    assert listener.heard == [("user_session_changed", "WAITING")]
    assert not rig.device.may_start


def test_a_loss_in_mid_start_is_a_loss_and_a_failed_start() -> None:
    world = DeviceWorld()
    rig = rig_in(State.SUBSCRIBING, world)
    rig.close_link("reset")
    assert [call[0] for call in world.observer.calls[-2:]] == ["connection_lost", "action_failed"]
    assert failed_starts(world) == [(Action.USER_SESSION_START, "reset")]


def test_every_failed_try_to_come_back_is_told() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    rig.close_link("reset")
    for _ in range(2):
        world.advance(5)
        world.asked.pop().link_closed("connection refused", world.now_ns)
    assert failed_starts(world) == [(Action.RECONNECT, "connection refused")] * 2
    assert len(world.observer.named("connection_lost")) == 1


def test_the_server_s_close_frame_is_a_loss_with_its_code() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    rig.feed(rig.peer.close(1012, "restart"))
    assert world.observer.calls[0][-1] == "closed by the server with code 1012 (restart)"
    assert rig.device.state is State.WAITING
    rig.close_link()
    assert rig.device.state is State.WAITING

    world.advance(5)
    rig.connect()
    rig.grant_receipts(rig.read())
    rig.feed(rig.peer.close(1001))
    [_, second] = world.observer.named("connection_lost")
    assert second[-1] == "closed by the server with code 1001"


def test_without_reconnect_a_loss_is_the_end() -> None:
    world = DeviceWorld(reconnect=False)
    rig = world.active_rig()
    rig.close_link("reset")
    assert rig.device.may_start
    world.advance(100)
    assert world.asked == []


def test_a_user_session_after_the_end_of_another_begins_anew() -> None:
    world = DeviceWorld()
    rig = rig_in(State.ENDED, world)
    rig.start()
    connect = rig.connect()
    assert connect.get("StompX-Auth-Session-ID") is None
    assert commands(rig.read()) == ["SUBSCRIBE /application/user.relay"]


# --- end --------------------------------------------------------------------------------------


@BOTH
def test_a_user_session_ends_as_the_sdk_ends_it(dialect: Dialect) -> None:
    world = DeviceWorld(dialect=dialect)
    rig = world.active_rig()
    rig.device.listener = listener = HearingListener()
    rig.device.end(world.now_ns)
    *unsubscribes, disconnect = rig.read()
    assert [frame.headers for frame in unsubscribes] == [
        (("id", rig.topic_id(name)),) for name in dialect.user_topics
    ]
    assert disconnect == Frame("DISCONNECT", (("receipt", "close-0"),))

    rig.hear(receipt("close-0"))
    rig.read()
    assert rig.peer.closed_by_device is not None
    assert rig.peer.closed_by_device.data == b""
    rig.feed(rig.peer.answer_close())
    assert rig.link.is_closed
    rig.close_link()
    assert world.observer.calls == [
        ("user_session_ending", 1, world.now_ns),
        ("user_session_ended", 1, world.now_ns),
    ]
    assert listener.heard == [("user_session_changed", "ENDED")]


@pytest.mark.parametrize("state", State)
def test_an_end_is_an_end_in_every_state(state: State) -> None:
    world = DeviceWorld(heart_beats=False)
    rig = rig_in(state, world)
    told: list[str] = []
    rig.device.started = lambda reason, _now_ns: told.append(reason)
    for _ in range(2):
        rig.device.end(world.now_ns)
    if rig.device.state in (State.ENDING, State.CLOSING):
        rig.close_link()
    world.advance(200)

    assert rig.device.state in (State.ENDED, State.IDLE)
    assert world.asked in ([], [rig.owner])
    if (rig.device.state, state) == (State.ENDED, State.SUBSCRIBING):
        assert told == ["ended before it was active"]
    assert not rig.device.pending
    # Whatever was told as starting was told as ended, or as lost.
    names = [call[0] for call in world.observer.calls]
    ends = names.count("user_session_ended") + names.count("connection_lost")
    assert ends == names.count("user_session_starting")


@pytest.mark.parametrize("state", [State.ENDING, State.CLOSING])
def test_an_end_that_the_server_does_not_answer_is_given_up(state: State) -> None:
    world = DeviceWorld(heart_beats=False)
    rig = rig_in(state, world)
    world.advance(10)
    assert rig.device.state is State.ENDED
    assert rig.link.is_aborted


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([encode("ERROR", (), resources.error("ClientError"))], id="ERROR"),
        pytest.param([connected()], id="CONNECTED"),
        pytest.param([b"MESSAGE\n\n\0"], id="a broken frame"),
    ],
)
def test_a_broken_end_is_an_end(frames: list[bytes]) -> None:
    world = DeviceWorld()
    rig = rig_in(State.ENDING, world)
    rig.hear(*frames)
    assert rig.device.state is State.ENDED
    assert rig.link.is_aborted
    assert world.observer.calls[-1][0] == "user_session_ended"


def test_a_receipt_of_disconnect_that_nobody_asked_for_closes_nothing() -> None:
    rig = DeviceWorld().active_rig()
    rig.hear(receipt("close-0"))
    rig.read()
    assert rig.device.is_active
    assert rig.peer.closed_by_device is None


# --- frames that are not ours, or not right ---------------------------------------------------


def test_a_message_for_somebody_else_is_unexplained_and_dropped() -> None:
    world = DeviceWorld()
    rig, bob = world.active_rig(), world.active_rig(2, "bob")
    body = resources.event("contact.presence.changed", {"id": 2})
    rig.hear(message(bob.topic_id("contacts"), body, ack="a"), receipt("receipt-of-nobody"))

    assert world.observer.calls == [
        ("event_unexplained", "foreign MESSAGE", 1, 0, world.now_ns),
        ("event_unexplained", "foreign RECEIPT", 1, 0, world.now_ns),
    ]
    assert rig.read() == []
    assert rig.device.is_active


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        pytest.param(connected(), "got CONNECTED while active", id="a second CONNECTED"),
        pytest.param(encode("SEND", ()), "got SEND, which only a client may send", id="SEND"),
        pytest.param(b"MESSAGE\n\n\0", "got MESSAGE without the header", id="no subscription"),
        pytest.param(b"RECEIPT\n\n\0", "got RECEIPT without the header", id="no receipt-id"),
        pytest.param(b"GREET\n\n\0", "GREET", id="an unknown command"),
    ],
)
def test_a_broken_rule_breaks_the_connection(frame: bytes, words: str) -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    rig.hear(frame)
    assert rig.device.state is State.WAITING
    [lost] = world.observer.named("connection_lost")
    assert lost[-1].startswith("protocol error: ")
    assert words in lost[-1]


def test_a_session_id_that_connect_cannot_repeat_breaks_the_connection() -> None:
    world = DeviceWorld()
    rig = rig_in(State.CONNECTING, world)
    rig.hear(b"CONNECTED\nversion:1.2\nsession:a\rb\n\n\0")
    assert rig.device.state is State.WAITING
    assert rig.device.auth_session == ""


def test_what_is_read_after_the_connection_was_given_up_is_dropped() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    late = rig.peer.say(connected())
    rig.close_link("reset")
    rig.feed(late)
    assert rig.device.state is State.WAITING


_NUMBERS = [*range(32), 1 << 44 | 1, 1 << 44 | 2, 1 << 45 | 4, 1 << 45 | 5]
_PREFIX = DeviceWorld().rig().device.prefix
_BODIES = [
    b"",
    b"[" * 5_000,
    b'{"type":"message.read_receipt.created"}',
    resources.relayed(resources.current_user(DIALECT_2)),
    resources.relayed(resources.channel(DIALECT_2)),
    resources.event("channel.message.created", resources.message(6)),
    resources.event("message.read_receipt.created", resources.read_receipt(6)),
    resources.event(
        "message.read_receipt.created", {"user": {"id": 1}, "_relays": {"message": "nul\0"}}
    ),
    resources.error("RateLimitedError", coolOffDuration="PT0.1S"),
    resources.error("AccessDeniedError"),
]
_ids = st.sampled_from(_NUMBERS).map(lambda number: f"{_PREFIX}{number:012x}")
_bodies = st.sampled_from(_BODIES)
# Frames of all kinds, right and wrong, about the device's own ids.
_frames = st.one_of(
    st.sampled_from(
        [connected(), connected(session="a\\b"), b"\n", receipt("close-0"), b"A\n\n\0"]
    ),
    _bodies.map(lambda body: encode("ERROR", (), body)),
    _ids.map(lambda number: receipt(f"receipt-{number}")),
    st.builds(
        lambda number, named, body: message(
            f"subscription-id-{number}",
            body,
            ack="a",
            extra=(
                ("receipt-id", f"receipt-{named}"),
                ("subscription-id", f"subscription-id-{named}"),
            ),
        ),
        st.one_of(_ids, st.just(f"{_PREFIX}{15:012x}")),
        _ids,
        _bodies,
    ),
)


def _trouble(rig: Rig, world: DeviceWorld, data: st.DataObject) -> None:
    """Have one thing happen to a device."""
    is_linked = not rig.link.is_aborted
    match data.draw(st.integers(0, 9)):
        case 0:
            rig.close_link("reset")
        case 1:
            world.advance(data.draw(st.sampled_from([0.1, 5, 10, 60])))
        case 2:
            rig.device.end(world.now_ns)
        case 3 if world.asked:
            rig.open()
            if not rig.link.is_aborted:
                rig.feed(rig.peer.accept())
        case 4 if is_linked:
            rig.feed(data.draw(st.binary(max_size=30)))
        case 5 if is_linked:
            rig.feed(rig.peer.say_joined(data.draw(st.lists(_frames, max_size=5))))
        case _ if is_linked:
            rig.hear(*data.draw(st.lists(_frames, max_size=5)))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_server_can_make_a_device_fail(data: st.DataObject) -> None:
    world = DeviceWorld()
    rig = rig_in(data.draw(st.sampled_from(State)), world)
    if rig.device.is_active:
        rig.ask_to_enter(world.learn_channel())
    for _ in range(data.draw(st.integers(1, 12))):
        _trouble(rig, world, data)
    rig.device.end(world.now_ns)
    rig.close_link()
    world.advance(200)

    assert rig.device.state in (State.ENDED, State.IDLE)
    assert not rig.device.pending
    assert not rig.device.chat_sessions
