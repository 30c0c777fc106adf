import pytest

from loadtest.profile.events_file import EventKind, UserEvent
from loadtest.profile.observed import Observed, observe


def on(
    at_s: float, kind: str, device: str = "phone", channel: str = "", user: str = "jane"
) -> UserEvent:
    return UserEvent(at_s, EventKind(kind), user, device, channel)


def seen(*events: UserEvent) -> Observed:
    return observe(sorted(events, key=lambda event: event.at_s))


def test_a_stay_lasts_from_enter_to_leave_of_a_device_in_a_channel() -> None:
    found = seen(
        on(1, "enter", channel="a"),
        on(2, "enter", channel="b"),
        on(3, "enter", "tablet", "a"),
        on(11, "leave", channel="a"),
        on(22, "leave", channel="b"),
        on(33, "leave", "tablet", "a"),
    )

    assert found.stays.whole_s == [10, 20, 30]
    assert found.stays.cut == 0
    assert found.open_s == 60
    assert found.span_s == 32


def test_an_absence_lasts_from_leave_to_the_next_enter() -> None:
    found = seen(
        on(1, "enter", channel="a"),
        on(2, "leave", channel="a"),
        on(7, "enter", channel="a"),
        on(8, "leave", channel="a"),
        on(9, "enter", channel="b"),
    )

    assert found.absences.whole_s == [5]
    assert found.absences.cut == 1, "the second one of channel a does not end"


def test_a_stay_that_does_not_end_is_counted_and_not_timed() -> None:
    found = seen(on(1, "enter", channel="a"), on(5, "online", "tablet"))

    assert found.stays.whole_s == []
    assert found.stays.cut == 1
    assert found.open_s == 4


def test_going_offline_cuts_the_stays_of_that_device() -> None:
    found = seen(
        on(0, "online"),
        on(1, "enter", channel="a"),
        on(2, "enter", "tablet", "a"),
        on(6, "offline"),
        on(9, "leave", channel="a"),
        on(12, "leave", "tablet", "a"),
    )

    assert found.stays.whole_s == [10]
    assert found.stays.cut == 1
    assert found.open_s == 15


def test_a_user_is_offline_with_the_last_device() -> None:
    found = seen(
        on(0, "online"),
        on(0, "online", "tablet"),
        on(1, "offline"),
        on(3, "offline", "tablet"),
        on(3.5, "offline", "tablet"),
        on(8, "online"),
        on(9, "offline"),
    )

    assert found.times_offline == 2
    assert found.offline.whole_s == [5]
    assert found.offline.cut == 1


def test_members_and_messages_are_counted() -> None:
    def member(user: str, channel: str) -> UserEvent:
        return UserEvent(0, EventKind.MEMBER, user, channel=channel, type="PRIVATE")

    found = seen(
        member("jane", "a"),
        member("joe", "a"),
        member("jane", "b"),
        member("jane", "b"),
        UserEvent(1, EventKind.MESSAGE, "jane", channel="a", length=7),
        UserEvent(2, EventKind.MESSAGE, "jane", channel="a"),
    )

    assert found.members == {"a": {"jane", "joe"}, "b": {"jane"}}
    assert found.channels_of_user == {"jane": 2, "joe": 1}
    assert found.messages == {"a": 2}
    assert found.written == {"jane": 2}
    assert found.lengths == [7]
    assert found.devices == {}


@pytest.mark.parametrize("kind", ["leave", "offline"])
def test_an_end_without_a_beginning_says_nothing(kind: str) -> None:
    """It began before the export did."""
    found = seen(on(5, kind, channel="a"), on(6, "online"))

    assert found.stays.whole_s == found.absences.whole_s == found.offline.whole_s == []
    assert found.times_offline == 0
