"""A device knows its own ids only, and needs a connection to write."""

import pytest

from loadtest.device.numbers import wire_id
from loadtest.device.state import State
from loadtest.errors import LocalProtocolError
from tests.support.device_world import DeviceWorld


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


def test_a_step_that_leads_nowhere_is_refused_and_changes_nothing() -> None:
    device = DeviceWorld().rig(7, "alice").device
    text = r"device 7 \(alice\) cannot take 'receipts' while idle"
    with pytest.raises(LocalProtocolError, match=text):
        device.step("receipts")
    assert device.state is State.IDLE
