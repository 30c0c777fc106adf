"""The start and the end of a user session, in every state in which either may happen."""

import pytest

from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect
from loadtest.device.state import State
from loadtest.errors import LocalProtocolError
from loadtest.observations import Action
from loadtest.wire.stomp import Frame, encode
from tests.support import stompx_resources as resources
from tests.support.device_states import commands, failed_starts, rig_in
from tests.support.device_world import DeviceWorld, HearingListener
from tests.support.stompx_peer import FakeLink, connected, message, receipt

BOTH = pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])


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
    rig.device.start_up.started = lambda reason, now_ns: told.append((reason, now_ns))
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
    ("state", "words"),
    [
        (State.OPENING, "waiting for its turn to connect"),
        (State.CONNECTING, "waiting for CONNECTED"),
        (State.LOADING_READ_GRANT, "waiting for the read grant"),
        (State.SUBSCRIBING, "waiting for the RECEIPTs of its topics"),
    ],
)
def test_a_start_is_given_up_after_the_connect_timeout(state: State, words: str) -> None:
    world = DeviceWorld(heart_beats=False, action_deadline_ns=100_000_000_000)
    rig = rig_in(state, world)
    world.advance(59.9)
    assert failed_starts(world) == []
    world.advance(0.1)

    reason = f"still {words} after 60 s"
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
    rig.device.start_up.started = lambda reason, _now_ns: told.append(reason)
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
    rig.device.start_up.started = lambda reason, _now_ns: told.append(reason)
    for _ in range(2):
        rig.device.end(world.now_ns)
    if rig.device.state in (State.ENDING, State.CLOSING):
        rig.close_link()
    world.advance(200)

    assert rig.device.state in (State.ENDED, State.IDLE)
    assert world.asked in ([], [rig.owner])
    if (rig.device.state, state) == (State.ENDED, State.SUBSCRIBING):
        assert told == ["ended before it was active"]
    assert not rig.device.pending.awaited
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
