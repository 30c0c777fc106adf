"""What a user writes is counted by channel, and a device says when nothing is on its way."""

from loadtest.device import actions
from loadtest.device.core import Drafts
from tests.support.device_world import DeviceWorld


def test_messages_are_counted_by_channel() -> None:
    drafts = Drafts()
    assert [drafts.next_sequence(channel) for channel in (4, 4, 5, 4)] == [1, 2, 1, 3]


def test_a_device_is_quiet_once_nothing_is_on_its_way() -> None:
    world = DeviceWorld()
    rig = world.active_rig()
    links = world.learn_channel()
    rig.enter(links)
    assert rig.device.is_quiet

    actions.send_keystrokes(rig.device, links, "hi", rig.timing())
    assert not rig.device.is_quiet  # they wait for the debounce
    world.advance(0.2)
    assert not rig.device.is_quiet  # they wait for their RECEIPT
    rig.grant_receipts(rig.read())
    assert rig.device.is_quiet
