"""What devices share: the newest links of each channel, and links of messages."""

import pytest

from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect
from loadtest.chat.resources import relayed_channel
from loadtest.device import fleet as fleet_module
from loadtest.device.fleet import check_topics
from loadtest.errors import RemoteProtocolError
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld


@pytest.mark.parametrize("dialect", [DIALECT_1, DIALECT_2], ids=["dialect 1", "dialect 2"])
def test_topics_stand_in_the_order_of_their_subscription(dialect: Dialect) -> None:
    links = DeviceWorld(dialect=dialect).learn_channel(4)
    assert links.topics == tuple(f"~topic~4~{name}" for name in dialect.channel_topics)
    assert (links.id, links.name) == (4, "lobby4")


def test_all_devices_share_the_links_of_a_channel() -> None:
    world = DeviceWorld()
    first = world.learn_channel(4)
    again = world.learn_channel(4, displayName="New name")

    assert again is first
    assert b"New name" in first.resource


def test_actions_that_only_a_member_sees_stay_known() -> None:
    world = DeviceWorld()
    world.learn_channel(4, _actions={"join": "~join"})
    links = world.learn_channel(4, _actions={"leave": "~leave", "join": "~other"})
    assert links.actions == {"join": "~other", "leave": "~leave"}


def test_a_channel_with_other_topics_is_learnt_anew() -> None:
    world = DeviceWorld()
    first = world.learn_channel(4)
    topics = {name: f"~moved~{name}" for name in world.dialect.channel_topics}
    moved = world.learn_channel(4, _topics=topics)

    assert moved is not first
    assert world.fleet.channels[4] is moved
    assert moved.topics[0] == "~moved~self"


def test_a_channel_without_a_topic_of_the_dialect_is_refused() -> None:
    world = DeviceWorld()
    resource = resources.channel(world.dialect, 4)
    del resource["_topics"]["typing"]
    with pytest.raises(RemoteProtocolError, match="channel 4 has no topic 'typing'"):
        world.fleet.learn_channel(*relayed_channel(resources.relayed(resource)))


@pytest.mark.parametrize("topic", ["", "a\nb", "a\0b"], ids=["empty", "line feed", "NUL"])
def test_a_topic_that_no_frame_can_carry_is_refused(topic: str) -> None:
    with pytest.raises(RemoteProtocolError, match="it cannot be subscribed"):
        check_topics(["/fine", topic], "channel 4")


def test_message_links_are_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "_MESSAGE_LINKS_KEPT", 2)
    fleet = DeviceWorld().fleet
    for number in (1, 2, 3):
        fleet.learn_message_link(f"~{number}", number)
    fleet.learn_message_link("~3", 3)

    assert [fleet.message_of_link(f"~{number}") for number in (1, 2, 3)] == [None, 2, 3]
