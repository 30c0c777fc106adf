from loadtest.metrics.ledger.model import (
    EXPECTED,
    Record,
    TrackedChannel,
    TrackedDevice,
    TrackedUser,
)
from loadtest.observations import ChatEvent


def test_a_record_is_a_copy_of_its_channels_template() -> None:
    channel = TrackedChannel(1)
    channel.template.append(EXPECTED)
    channel.active_count = 1
    record = Record(ChatEvent.MESSAGE_CREATED, channel, 0, 0, 10)
    channel.template[0] = 0

    assert record.state == bytes([EXPECTED])
    assert (record.expected, record.remaining) == (1, 1)


def test_the_attendance_of_a_user_in_a_channel_is_one() -> None:
    channel, user = TrackedChannel(1), TrackedUser(2)

    assert channel.attendance(user) is channel.attendance(user)
    assert not channel.attendance(user).is_present


def test_a_user_has_several_devices_from_the_second_on() -> None:
    user = TrackedUser(1)
    found = []
    for number in (1, 2):
        user.devices = (*user.devices, TrackedDevice(number))
        found.append(user.has_several_devices)

    assert found == [False, True]
