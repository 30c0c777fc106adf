"""A device's credentials are checked at once, and it knows its own ids only."""

import pytest

from loadtest.device.core import ChatSession, Outcome
from loadtest.device.numbers import wire_id
from loadtest.errors import UsageError
from tests.support.device_world import DeviceWorld


@pytest.mark.parametrize(
    "username",
    ["", "a\nb", "a\rb", "a\0b", "a\ud800b"],
    ids=["empty", "line feed", "carriage return", "NUL", "lone surrogate"],
)
def test_a_name_that_connect_cannot_carry_is_refused(username: str) -> None:
    with pytest.raises(UsageError, match="the user name is"):
        DeviceWorld().rig(username=username)


def test_auth_params_beyond_latin_1_are_refused_without_being_shown() -> None:
    with pytest.raises(UsageError, match=r"hold U\+20AC") as caught:
        DeviceWorld().rig(auth_params='{"password":"secret €"}')
    assert "secret" not in str(caught.value)


def test_only_ids_of_the_device_itself_have_a_number() -> None:
    world = DeviceWorld()
    one, two = world.rig(1).device, world.rig(2).device
    identifier = wire_id("receipt", one.prefix, 5).encode()
    assert one.number_of_id(identifier) == 5
    assert two.number_of_id(identifier) is None


def test_a_new_device_is_idle_and_writes_nothing_without_a_connection() -> None:
    device = DeviceWorld().rig().device
    device.write(b"SEND\n\n\0")
    device.flush()

    assert device.may_start
    assert not device.is_active
    assert not device.is_subscribed


def test_a_chat_session_is_found_by_its_channel() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    first, second = rig.enter(world.learn_channel(4)), rig.enter(world.learn_channel(5))

    assert rig.device.chat_session_in(4) is first
    assert rig.device.chat_session_in(5) is second
    assert rig.device.chat_session_in(6) is None


def test_the_end_of_a_start_is_told_once() -> None:
    told: list[tuple[str, int]] = []
    chat_session = ChatSession(1, 1, DeviceWorld().learn_channel(4), frozenset())
    chat_session.started = lambda reason, now_ns: told.append((reason, now_ns))
    chat_session.settle_start("", 1)
    chat_session.settle_start("late", 2)
    assert told == [("", 1)]


def test_an_outcome_is_well_without_a_reason() -> None:
    assert Outcome(body=b"{}").is_ok
    assert not Outcome("no answer").is_ok
