"""Refusals and losses of a connection, and how a device comes back from them."""

import pytest

from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect
from loadtest.device.state import State
from loadtest.observations import Action
from loadtest.wire.stomp import encode
from tests.support import stompx_resources as resources
from tests.support.device_states import commands, failed_starts, rig_in
from tests.support.device_world import DeviceWorld, HearingListener
from tests.support.stompx_peer import connected, receipt

BOTH = pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])


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


# --- silence before the end -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silence_s", "hint"),
    [
        (14, ""),
        (59.2, " after 60 s without traffic: an idle timeout of a proxy?"),
        (61.9, " after 60 s without traffic: an idle timeout of a proxy?"),
    ],
)
def test_a_connection_that_is_closed_when_nothing_came_hints_at_a_proxy(
    silence_s: float, hint: str
) -> None:
    world = DeviceWorld(heart_beats=False)
    rig = world.active_rig()
    world.advance(silence_s)
    rig.close_link()

    [reason] = [call[-1] for call in world.observer.calls if call[0] == "connection_lost"]
    assert reason == f"connection closed by the server{hint}"


def test_what_a_server_says_at_the_end_is_harmless_and_short() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    rig.feed(rig.peer.close(1011, "\x1b[2J PASS\r\n"))

    [reason] = [call[-1] for call in world.observer.calls if call[0] == "connection_lost"]
    assert reason == "closed by the server with code 1011 (\ufffd[2J PASS )"
