"""Both heart-beats, at the instants at which the SDK's come."""

import pytest

from loadtest.device.state import State
from loadtest.wire.stomp import HEART_BEAT
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import connected, receipt


def active(world: DeviceWorld, heart_beat: str) -> Rig:
    """Return an active device whose server answered with ``heart_beat``."""
    rig = world.rig()
    rig.start()
    rig.connect(heart_beat=heart_beat)
    rig.load()
    rig.grant_receipts(rig.read())
    return rig


def beats(rig: Rig) -> int:
    """Return how many heart-beats the device has written since the last time."""
    return rig.peer.read_all().count(None)


def test_a_beat_goes_out_every_minute_whatever_else_is_sent() -> None:
    world = DeviceWorld()
    rig = active(world, "0,10000")
    for _ in range(5):
        world.advance(59.9)
        assert beats(rig) == 0
        rig.hear_event(rig.topic_id("contacts"), "contact.presence.changed", {"id": 2})
        assert len(rig.read()) == 1  # its ACK
        world.advance(0.1)
        assert beats(rig) == 1


@pytest.mark.parametrize(
    ("heart_beat", "period_s"),
    [
        pytest.param("0,90000", 90, id="the slower of both"),
        pytest.param("0,1000", 60, id="never faster than offered"),
    ],
)
def test_the_period_is_what_both_sides_can_bear(heart_beat: str, period_s: int) -> None:
    world = DeviceWorld()
    rig = active(world, heart_beat)
    world.advance(period_s * 3 + 1)
    assert beats(rig) == 3


def test_a_server_that_wants_no_beats_gets_none() -> None:
    world = DeviceWorld()
    rig = active(world, "10000,0")
    for _ in range(20):
        world.advance(9)
        rig.hear(HEART_BEAT)
    assert beats(rig) == 0
    assert rig.device.is_active


def test_a_server_that_is_silent_at_once_is_given_up_after_two_periods() -> None:
    world = DeviceWorld()
    rig = active(world, "10000,10000")
    world.advance(19.9)
    assert rig.device.is_active
    world.advance(0.1)

    assert rig.device.state is State.WAITING
    assert rig.link.is_aborted
    reason = "nothing came from the server for two heart-beats (20 s)"
    assert world.observer.named("connection_lost") == [("connection_lost", 1, world.now_ns, reason)]


def test_silence_that_begins_later_is_noticed_within_three_periods() -> None:
    world = DeviceWorld()
    rig = active(world, "10000,10000")
    world.advance(5)
    rig.hear(HEART_BEAT)
    world.advance(24.9)
    assert rig.device.is_active
    world.advance(0.1)
    assert rig.device.state is State.WAITING


def test_any_byte_keeps_the_connection() -> None:
    world = DeviceWorld()
    rig = active(world, "10000,10000")
    for byte in rig.peer.say(receipt("slow")):
        world.advance(9)
        rig.feed(bytes((byte,)))
    assert rig.device.is_active


def test_a_server_that_promises_nothing_may_be_silent() -> None:
    world = DeviceWorld()
    rig = active(world, "0,0")
    world.advance(100_000)
    assert rig.device.is_active
    assert beats(rig) == 0


def test_an_answer_without_the_header_means_no_heart_beats() -> None:
    world = DeviceWorld()
    rig = world.rig()
    rig.start()
    rig.open()
    rig.feed(rig.peer.accept())
    rig.hear(b"CONNECTED\nversion:1.2\n\n\0")
    rig.load()
    rig.grant_receipts(rig.read())
    world.advance(100_000)
    assert rig.device.is_active


def test_heart_beats_can_be_switched_off() -> None:
    world = DeviceWorld(heart_beats=False)
    rig = active(world, "10000,10000")
    world.advance(1_000)
    assert beats(rig) == 0
    assert rig.device.is_active


def test_an_unreadable_answer_breaks_the_connection() -> None:
    world = DeviceWorld()
    rig = world.rig()
    rig.start()
    rig.open()
    rig.feed(rig.peer.accept())
    rig.hear(connected(heart_beat="often"))

    assert rig.device.state is State.WAITING
    [(_, _, _, _, _, reason)] = world.observer.named("action_failed")
    assert reason.startswith("protocol error: heart-beat is 'often'")


def test_the_beats_of_a_connection_end_with_it() -> None:
    world = DeviceWorld()
    rig = active(world, "0,10000")
    rig.close_link()
    world.advance(5)
    rig.connect(heart_beat="0,10000")
    rig.grant_receipts(rig.read())
    rig.peer.read_all()
    world.advance(59.9)
    assert beats(rig) == 0
    world.advance(0.1)
    assert beats(rig) == 1


def test_a_silent_server_is_given_up_during_the_end_too() -> None:
    world = DeviceWorld(action_deadline_ns=1_000_000_000_000)
    rig = active(world, "10000,10000")
    rig.device.end(world.now_ns)
    world.advance(20)
    assert rig.device.state is State.ENDED
