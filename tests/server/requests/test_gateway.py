import base64
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.chat.dialect import DIALECT_1
from loadtest.server.settings import ServerSettings
from loadtest.wire.stomp import encode
from tests.support.chat_devices import ChatWorld, FakeDevice

FIELDS = st.sampled_from(
    [
        "type",
        "name",
        "body",
        "members",
        "properties",
        "keys",
        "emoji",
        "state",
        "user",
        "id",
        "file",
    ]
)
PATHS = st.sampled_from(
    [
        *("user.create_channel", "user.update", "channels/2.message", "channels/2.keystrokes"),
        *("channels/2.update", "channels/2.leave", "channels/2.invite", "channels/2.mute"),
        *("channels/2.trigger_event", "channels/2.delete", "messages/<message>.reply"),
        *("messages/<message>.edit", "messages/<message>.react", "messages/<message>.read"),
        *("messages/<message>.update_properties", "messages/<message>.remove_reaction"),
    ]
)


def new_device(world: ChatWorld, api_key: str | None = None) -> FakeDevice:
    return FakeDevice(world.gateway, 2, api_key)


def error_frame(device: FakeDevice) -> Mapping[str, str]:
    """Return the body of the ERROR frame that ended a connection."""
    (frame,) = device.take()
    assert frame.command == "ERROR"
    assert not device.socket.is_open
    body: Mapping[str, str] = json.loads(frame.body)
    return body


# --- CONNECT ----------------------------------------------------------------------------------


def test_an_unknown_user_is_created_as_a_guest() -> None:
    world = ChatWorld()
    device = new_device(world)

    device.connect("jane: é")

    (connected,) = device.take()
    assert connected.command == "CONNECTED"
    assert (connected.get("version"), connected.get("heart-beat")) == ("1.2", "10000,10000")
    assert connected.get("user-name") == "jane: é"
    assert world.chat.store.find_user(name="jane: é") is device.connection.user


def test_user_sessions_have_ids_of_their_own() -> None:
    world = ChatWorld()
    devices = [new_device(world) for _ in range(2)]
    for device in devices:
        device.connect("jane")

    first, second = (device.take()[0].require("session") for device in devices)
    assert first != second


def test_a_reconnect_keeps_its_id() -> None:
    world = ChatWorld()
    device = new_device(world)
    device.connect("jane")
    known = device.take()[0].require("session")
    device.lose()

    again = new_device(world)
    again.connect("jane", **{"StompX-Auth-Session-ID": known})

    assert again.take()[0].get("session") == known


def test_an_id_of_another_server_is_no_error() -> None:
    device = new_device(ChatWorld())

    device.connect("jane", **{"StompX-Auth-Session-ID": "elsewhere-1"})

    assert device.take()[0].get("session") != "elsewhere-1"


@pytest.mark.parametrize(
    ("given_key", "is_right"), [("right", True), ("wrong", False), (None, False)]
)
def test_the_api_key_is_checked_at_connect(given_key: str | None, is_right: bool) -> None:
    device = new_device(ChatWorld(ServerSettings(api_key="right")), given_key)

    device.connect("jane")

    if is_right:
        assert device.take()[0].command == "CONNECTED"
    else:
        assert error_frame(device)["error"] == "AccessDeniedError"


@pytest.mark.parametrize(
    ("header", "is_right"),
    [
        pytest.param(base64.b64encode('{"password":"ü"}'.encode("latin-1")), True, id="right"),
        pytest.param(base64.b64encode(b'{"password":"x"}'), False, id="wrong"),
        pytest.param(base64.b64encode(b"{"), False, id="not JSON"),
        pytest.param(b"*", False, id="not Base64"),
        pytest.param(None, False, id="missing"),
    ],
)
def test_required_auth_params_are_compared(header: bytes | None, is_right: bool) -> None:
    device = new_device(ChatWorld(ServerSettings(auth_params={"password": "ü"})))

    device.connect("jane", **({"StompX-Auth-Params": header.decode()} if header else {}))

    if is_right:
        assert device.take()[0].command == "CONNECTED"
    else:
        assert error_frame(device)["error"] == "AccessDeniedError"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"accept-version": "1.2"}, id="no user"),
        pytest.param({"accept-version": "1.2", "StompX-User": ""}, id="empty user"),
        pytest.param({"accept-version": "1.0,1.1", "StompX-User": "jane"}, id="old versions"),
        pytest.param(
            {"accept-version": "1.2", "StompX-User": "jane", "heart-beat": "often"},
            id="garbled heart-beat",
        ),
    ],
)
def test_a_connect_that_makes_no_sense_is_refused(headers: dict[str, str]) -> None:
    world = ChatWorld()
    device = new_device(world)

    device.say("CONNECT", headers)

    assert error_frame(device)["error"] == "ClientError"
    assert world.chat.counters.user_sessions_started == 0


def test_several_versions_may_be_offered() -> None:
    device = new_device(ChatWorld())

    device.say("STOMP", {"accept-version": "1.1,1.2", "StompX-User": "jane"})

    assert device.take()[0].command == "CONNECTED"


# --- broken devices ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n\0", id="not STOMP"),
        pytest.param(encode("SEND", (("destination", "/d"),)), id="before CONNECT"),
    ],
)
def test_bytes_that_cannot_be_used_end_the_connection(data: bytes) -> None:
    world = ChatWorld()
    device = new_device(world)

    device.hear(data)

    assert error_frame(device)["error"] == "ClientError"
    assert world.chat.counters.errors == {"ClientError": 1}


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(
            encode("CONNECT", (("accept-version", "1.2"), ("StompX-User", "x"))), id="CONNECT twice"
        ),
        pytest.param(encode("BEGIN", (("transaction", "t"),)), id="transactions"),
        pytest.param(encode("SEND"), id="SEND without destination"),
        pytest.param(encode("SUBSCRIBE", (("destination", "/d"),)), id="SUBSCRIBE without id"),
        pytest.param(encode("UNSUBSCRIBE"), id="UNSUBSCRIBE without id"),
    ],
)
def test_a_frame_out_of_place_ends_the_user_session(frame: bytes) -> None:
    world = ChatWorld()
    device = world.device("jane")

    device.hear(frame)

    assert error_frame(device)["error"] == "ClientError"
    assert world.chat.counters.user_sessions_ended == 1


def test_nothing_is_heard_after_the_end() -> None:
    world = ChatWorld()
    device = world.device("jane")
    device.hear(b"NONSENSE\n\n\0")
    device.take()

    device.socket.is_open = True
    device.connect("jane")

    assert device.take() == []


def test_a_lost_connection_is_cleaned_up_once() -> None:
    world = ChatWorld()
    device = world.device("jane")
    device.disconnect()

    device.lose()

    assert world.chat.counters.user_sessions_ended == 1
    assert device.connection.user.connection_count == 0


@given(pieces=st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_any_split_of_the_bytes_gives_the_same_answers(pieces: list[int]) -> None:
    def session(device: FakeDevice) -> bytes:
        frames = [
            encode("CONNECT", (("StompX-User", "jane"), ("accept-version", "1.2"))),
            encode("SUBSCRIBE", (("id", "e"), ("destination", "/user/queue/errors"))),
            encode("SEND", (("destination", "/nowhere"), ("receipt", "r")), b"a\0b"),
            b"\n",
            encode("ACK", (("id", "1"), ("subscription", "s"))),
            encode("DISCONNECT", (("receipt", "close-0"),)),
        ]
        return b"".join(frames)

    whole, split = ChatWorld(), ChatWorld()
    devices = new_device(whole), new_device(split)
    devices[0].hear(session(devices[0]))
    rest = session(devices[1])
    for size in [*pieces, len(rest)]:
        devices[1].hear(rest[:size])
        rest = rest[size:]

    assert [frame.command for frame in devices[0].take()] == [
        frame.command for frame in devices[1].take()
    ]
    assert whole.chat.counters.as_json(0, 0) == split.chat.counters.as_json(0, 0)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(FIELDS | st.text(), values),
    max_leaves=8,
)


@given(path=PATHS, body=st.dictionaries(FIELDS, ANY_JSON).map(json.dumps) | st.text())
def test_no_body_breaks_an_action(path: str, body: str) -> None:
    """Whatever a device sends, the answer is a receipt, and then an event or a refusal."""
    world = ChatWorld()
    device = world.device("jane")
    message = device.send_text(world.lobby(device))
    device.take()
    destination = f"/application/{path}".replace("<message>", str(message["id"]))
    headers = (("destination", destination), ("receipt", "r"))

    device.hear(encode("SEND", headers, body.encode("utf-8", "surrogatepass")))

    commands = [frame.command for frame in device.take()]
    assert commands[0] == "RECEIPT"
    assert device.socket.is_open


# --- requests ---------------------------------------------------------------------------------


def test_a_relay_is_answered_once_and_forgotten() -> None:
    device = ChatWorld().device("jane")
    known = len(device.connection.subscriptions)

    subscription = device.ask("/application/user.relay")

    (frame,) = device.take()
    assert frame.get("subscription") == subscription
    assert frame.get("ack") is None
    assert json.loads(frame.body)["type"] == "resource.relayed"
    assert len(device.connection.subscriptions) == known


def test_a_refused_action_has_its_receipt_first() -> None:
    device = ChatWorld().device("jane")

    receipt = device.act("/application/nowhere")

    first, second = device.take()
    assert (first.command, first.get("receipt-id")) == ("RECEIPT", receipt)
    assert second.get("receipt-id") == receipt
    assert second.get("destination") == "/user/queue/errors"
    assert json.loads(second.body).keys() == {"error", "message", "timestamp"}


def test_a_relay_cannot_be_sent_to() -> None:
    device = ChatWorld().device("jane")

    device.act("/application/user.relay")

    assert "only be subscribed" in device.take_error()["message"]


def test_without_an_errors_queue_an_error_is_only_counted() -> None:
    world = ChatWorld()
    device = new_device(world)
    device.connect("jane")
    device.take()

    device.act("/application/nowhere")

    assert [frame.command for frame in device.take()] == ["RECEIPT"]
    assert world.chat.counters.errors == {"ClientError": 1}


def test_the_errors_queue_can_be_given_up() -> None:
    device = ChatWorld().device("jane")

    device.unsubscribe("errors")
    device.act("/application/nowhere")

    assert [frame.command for frame in device.take()] == ["RECEIPT"]


def test_the_first_destination_decides_the_dialect_of_events() -> None:
    world = ChatWorld()
    alice, bob = world.device("alice"), new_device(world)
    bob.connect("bob")
    bob.say("SUBSCRIBE", {"id": "e", "destination": DIALECT_1.errors_queue})
    bob.subscribe(f"/topic/v1/users/{bob.connection.user.id}.channels")
    bob.take()

    world.lobby(alice, "bob")

    ((_, channel),) = bob.take_events()
    assert channel["_relays"]["self"].startswith("/application/v1/")


def test_a_disconnect_is_confirmed_and_ends_everything() -> None:
    world = ChatWorld()
    device = world.device("jane")
    device.enter(world.lobby(device))
    device.take()

    device.disconnect()

    (frame,) = device.take()
    assert (frame.command, frame.get("receipt-id")) == ("RECEIPT", "close-0")
    stats = world.chat.counters.as_json(0, 0)
    assert stats["user_sessions"]["open"] == stats["chat_sessions"]["open"] == 0
    assert device.socket.is_open, "it is the device that closes"


def test_acks_are_counted_and_nothing_is_delivered_again() -> None:
    world = ChatWorld()
    device = world.device("jane")

    device.say("ACK", {"id": "1", "subscription": "s"})
    device.say("NACK", {"id": "1", "subscription": "s"})

    assert world.chat.counters.acks == 1
    assert world.chat.counters.frames_in["ACK"] == world.chat.counters.frames_in["NACK"] == 1
    assert device.take() == []


def test_a_server_that_stops_announces_nothing() -> None:
    """With N devices in one channel their leaving would be N times N events."""
    world = ChatWorld()
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    bob.enter(channel)
    alice.take()

    world.gateway.stop()
    bob.lose()

    assert alice.take() == []


# --- heart-beats ------------------------------------------------------------------------------


def heart_beats(device: FakeDevice) -> int:
    return device.socket.frames.count(None)


def test_the_server_beats_every_ten_seconds() -> None:
    world = ChatWorld()
    device = world.device("jane")

    world.pass_time(30.1)

    assert heart_beats(device) == 3
    assert world.chat.counters.heart_beats_out == 3


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        pytest.param("0,0", 0, id="wants none"),
        pytest.param("60000,20000", 1, id="wants fewer"),
        pytest.param("60000,1000", 3, id="wants more than the server sends"),
    ],
)
def test_the_period_is_negotiated(offer: str, expected: int) -> None:
    world = ChatWorld()
    device = new_device(world)
    device.connect("jane", **{"heart-beat": offer})

    world.pass_time(30.1)

    assert heart_beats(device) == expected


def test_a_server_without_heart_beats_sends_none() -> None:
    world = ChatWorld(ServerSettings(heart_beat_ms=0))
    device = world.device("jane")

    world.pass_time(300)

    assert heart_beats(device) == 0
    assert not device.socket.was_aborted


def test_a_device_that_is_silent_for_three_periods_is_dead() -> None:
    world = ChatWorld()
    device = world.device("jane")

    world.pass_time(179)
    before = device.socket.was_aborted
    world.pass_time(62)

    assert before is False
    assert device.socket.was_aborted
    assert world.chat.counters.dead_connections == 1


def test_a_device_that_beats_lives() -> None:
    world = ChatWorld()
    device = world.device("jane")

    for _ in range(6):
        world.pass_time(60)
        device.hear(b"\n")

    assert not device.socket.was_aborted
    assert world.chat.counters.heart_beats_in == 6


def test_nobody_beats_after_the_end() -> None:
    world = ChatWorld()
    device = world.device("jane")
    device.disconnect()
    device.take()

    world.pass_time(300)

    assert heart_beats(device) == 0
    assert not device.socket.was_aborted
