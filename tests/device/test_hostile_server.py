"""A server may say anything at any time: a device tells it, and never fails because of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.chat.dialect import DIALECT_2
from loadtest.device.state import State
from loadtest.wire.stomp import encode
from tests.support import stompx_resources as resources
from tests.support.device_states import rig_in
from tests.support.device_world import DeviceWorld, Rig
from tests.support.examples import examples
from tests.support.stompx_peer import connected, message, receipt


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


def test_a_session_id_that_connect_could_not_repeat_breaks_the_connection() -> None:
    world = DeviceWorld()
    rig = rig_in(State.CONNECTING, world)
    rig.hear(b"CONNECTED\nversion:1.2\nsession:a\rb\n\n\0")
    assert rig.device.state is State.WAITING
    assert rig.device.start_up.auth_session == ""


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


@examples(share=2)
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
    assert not rig.device.pending.awaited
    assert not rig.device.chat_sessions
