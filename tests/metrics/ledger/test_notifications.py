from typing import Any

import pytest

from loadtest.metrics.figures.figures import (
    SEVERAL_DEVICES,
    SINGLE_DEVICE,
    NotificationFigures,
)
from loadtest.observations import Action
from tests.support.scenes import ROOM, Scene, ns


def counts(figures: NotificationFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = (
        *("expected", "delivered", "missed", "late", "duplicate", "spurious", "boundary"),
        *("in_flight", "handoff_gap", "handoff_overlap"),
    )
    found = {name: getattr(figures, name) for name in names}
    for name in ("gap_messages", "overlap_messages"):
        found[name] = getattr(figures.activation, name)
    return {name: value for name, value in found.items() if value}


def test_a_member_without_a_chat_session_is_notified_on_each_connected_device() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.online(20, user=2)
    scene.send(1, due_ms=990)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2, 20)

    figures = scene.notifications()
    assert counts(figures) == {"expected": 2, "delivered": 2}
    assert (figures.latency.min_us, figures.service.min_us) == (16_000, 6_000)


def test_a_notification_that_does_not_come_is_missed() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2)

    assert counts(scene.notifications()) == {"expected": 2, "delivered": 1, "missed": 1}


def test_a_late_notification_is_missed_no_more() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.settle(12_000)
    scene.notify(1, 12_500, 2)

    assert counts(scene.notifications()) == {"expected": 1, "delivered": 1, "late": 1}


def test_a_second_notification_on_one_device_is_a_duplicate() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2, 2)

    assert counts(scene.notifications()) == {"expected": 1, "delivered": 1, "duplicate": 1}


def test_one_active_chat_session_silences_all_devices_of_its_user() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.notify(1, 1006, 20)

    assert counts(scene.notifications()) == {"spurious": 1}


def test_a_notification_from_before_the_end_of_the_chat_session_is_spurious() -> None:
    """It was there before the UNSUBSCRIBE was written, so no race explains it."""
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.notify(1, 1006, 2)
    scene.leave(2, 1010)

    assert counts(scene.notifications()) == {"spurious": 1}


def test_a_notification_from_before_a_connection_is_known_to_be_lost_may_be_right() -> None:
    """The server may have noticed the loss first, and notified another device of the user."""
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.notify(1, 1006, 20)
    scene.lose(2, 1010)

    assert counts(scene.notifications()) == {"boundary": 1, "handoff_overlap": 1}


def test_the_author_is_not_notified() -> None:
    scene = Scene()
    scene.room(2, present=[])
    scene.send(1)
    scene.identify(1, 1005)
    scene.notify(1, 1006, 1, 2)

    assert counts(scene.notifications()) == {"expected": 1, "delivered": 1, "spurious": 1}


def test_who_is_no_member_is_not_notified() -> None:
    scene = Scene()
    scene.room(1)
    scene.online(9)
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 9)

    assert counts(scene.notifications()) == {"spurious": 1}


def test_a_device_whose_user_session_starts_or_ends_may_be_notified_or_not() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.ledger.user_session_starting(20, ns(990))
    scene.ledger.user_session_ending(3, ns(995))
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.ledger.user_session_started(20, 2, ns(1006))
    scene.notify(1, 1007, 2, 20, 3)

    assert counts(scene.notifications()) == {"expected": 1, "delivered": 1, "boundary": 2}


def test_what_is_pending_when_a_user_session_ends_is_delivered_or_boundary() -> None:
    scene = Scene()
    scene.room(4, present=[1])
    scene.send(1)
    for device in (2, 3):
        scene.ledger.user_session_ending(device, ns(1001))
    scene.notify(1, 1004, 4, 2)
    scene.see(1, 1005, 1)

    assert counts(scene.notifications()) == {"expected": 2, "delivered": 2, "boundary": 1}


def test_what_is_pending_on_a_lost_connection_is_missed_unless_it_comes() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.lose(2, 2006)
    scene.lose(3, 2006)
    scene.send(2, at_ms=3000)
    scene.see(2, 3005, 1)
    scene.online(2, 6000)
    scene.notify(1, 6010, 2)

    assert counts(scene.notifications()) == {"expected": 2, "delivered": 1, "missed": 1}


def test_a_notification_may_come_before_its_message_is_known() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.notify(1, 1003, 2)
    scene.see(1, 1005, 1)

    figures = scene.notifications()
    assert counts(figures) == {"expected": 1, "delivered": 1}
    assert figures.latency.max_us == 3_000


def test_a_notification_of_an_unknown_message_is_spurious_after_the_deadline() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.notify(77, 1003, 2)
    scene.settle(10_900)
    early = scene.ledger.roll(ns(10_900)).figures.all_notifications()
    scene.settle(11_100)

    assert early.spurious == 0
    assert counts(scene.notifications()) == {"spurious": 1}


def test_while_a_chat_session_starts_delivered_and_notified_are_both_right() -> None:
    scene = Scene()
    scene.room(5, present=[1])
    for session in (2, 3, 4, 5):
        scene.start(session, at_ms=995)
    scene.send(1)
    scene.see(1, 1005, 1, 2, 4)
    scene.notify(1, 1006, 3, 4)

    # 2 delivered, 3 notified, 4 both, 5 neither
    assert counts(scene.notifications()) == {
        "boundary": 4,
        "handoff_gap": 1,
        "handoff_overlap": 1,
    }


def test_a_message_right_before_a_chat_session_starts_is_hand_off_as_well() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.enter(2, at_ms=1001)
    scene.enter(3, at_ms=1001)
    scene.see(1, 1005, 1, 2)

    assert counts(scene.notifications()) == {"boundary": 2, "handoff_gap": 1}


def test_the_start_of_a_chat_session_excuses_no_old_miss() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.enter(2, at_ms=3000)

    assert counts(scene.notifications()) == {"expected": 1, "missed": 1}


def probe(scene: Scene, first_ms: int, last_ms: int) -> None:
    """Send a message every 100 ms that reaches the sender."""
    for key, at_ms in enumerate(range(first_ms, last_ms + 1, 100), 1):
        scene.settle(at_ms)
        scene.send(key, at_ms=at_ms)
        scene.see(key, at_ms + 1, 1)


def test_activation_is_the_time_to_the_first_message_that_was_notified() -> None:
    """A server that notices the end 300 ms late: three messages in the gap."""
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    probe(scene, 1000, 2000)
    for key in range(4, 12):
        scene.notify(key, 900 + key * 100 + 5, 2)

    figures = scene.notifications()
    assert figures.activation.count == 1
    assert figures.activation.at_least.max_us == 250_000
    assert figures.activation.at_most.max_us == 350_000
    assert figures.activation.resolution.max_us == 100_000
    assert counts(figures) == {"boundary": 11, "handoff_gap": 3, "gap_messages": 3}


def test_activation_needs_no_order_of_the_notifications() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    probe(scene, 1000, 1300)
    scene.notify(4, 1310, 2)
    scene.notify(2, 1320, 2)

    assert scene.notifications().activation.at_most.max_us == 150_000


def test_a_message_that_came_as_both_after_the_end_is_an_overlap() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    probe(scene, 1000, 1200)
    scene.see(1, 1010, 2)
    scene.notify(1, 1011, 2)
    scene.see(2, 1110, 2)
    scene.notify(3, 1211, 2)

    figures = scene.notifications()
    assert counts(figures) == {"boundary": 3, "handoff_overlap": 1, "overlap_messages": 1}
    assert figures.activation.at_most.max_us == 50_000


def test_after_the_hand_off_window_a_user_must_be_notified() -> None:
    scene = Scene(handoff_window_s=2)
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=2900)
    scene.see(1, 2901, 1)
    scene.send(2, at_ms=3100)
    scene.see(2, 3101, 1)

    assert counts(scene.notifications()) == {
        "boundary": 1,
        "expected": 1,
        "missed": 1,
        "handoff_gap": 1,
        "gap_messages": 2,
    }


def test_an_activation_after_the_window_is_still_timed() -> None:
    scene = Scene(handoff_window_s=2)
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=4000)
    scene.see(1, 4001, 1)
    scene.notify(1, 4002, 2)

    figures = scene.notifications()
    assert counts(figures) == {"expected": 1, "delivered": 1}
    assert figures.activation.at_most.max_us == 3_000_000


def test_ending_one_of_two_chat_sessions_activates_nothing() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.enter(200, device=20)
    scene.leave(2, 950)
    probe(scene, 1000, 1200)
    for key in (1, 2, 3):
        scene.see(key, 1300, 200)
    scene.notify(2, 1301, 2)

    figures = scene.notifications()
    assert counts(figures) == {"spurious": 1}
    assert figures.activation.count == 0


def test_coming_back_ends_the_hand_off() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    scene.enter(200, device=2, at_ms=1000)
    scene.send(1, at_ms=1100)
    scene.see(1, 1101, 1, 200)
    scene.notify(1, 1102, 2)

    figures = scene.notifications()
    assert counts(figures) == {"spurious": 1}
    assert figures.activation.count == 0


@pytest.mark.parametrize(
    ("sees", "is_notified", "expected"),
    [
        pytest.param(True, False, {}, id="delivered"),
        pytest.param(False, True, {}, id="notified"),
        pytest.param(False, False, {"handoff_gap": 1}, id="neither is a gap"),
        pytest.param(True, True, {"handoff_overlap": 1}, id="both is an overlap"),
    ],
)
def test_a_message_under_way_when_the_last_chat_session_ends_is_hand_off(
    sees: bool, is_notified: bool, expected: dict[str, int]
) -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.leave(2, 1002)
    if sees:
        scene.see(1, 1003, 2)
    if is_notified:
        scene.notify(1, 1004, 2)

    assert counts(scene.notifications()) == expected


def test_delivered_and_then_notified_because_of_an_end_is_an_overlap() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1, 2)
    scene.leave(2, 1002)
    scene.notify(1, 1004, 2)

    assert counts(scene.notifications()) == {"boundary": 1, "handoff_overlap": 1}


def test_a_loss_noticed_after_its_notification_excuses_it() -> None:
    """The server closes a connection and notifies before the device learns of the close."""
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.notify(1, 1002, 20)
    scene.lose(2, 1003)

    assert counts(scene.notifications()) == {"boundary": 1}


def test_after_a_lost_connection_nobody_is_accused_within_the_window() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.lose(2, 990)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    assert counts(scene.notifications()) == {"boundary": 1}


def test_who_is_not_connected_at_all_is_owed_nothing() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.ledger.user_session_ending(2, ns(500))
    scene.ledger.user_session_ended(2, ns(501))
    scene.send(1)
    scene.see(1, 1001, 1)

    assert counts(scene.notifications()) == {}


def test_leaving_with_the_user_session_owes_nothing() -> None:
    scene = Scene()
    scene.room(2)
    scene.ledger.user_session_ending(2, ns(990))
    scene.ledger.chat_session_ending(2, ns(990))
    scene.send(1)
    scene.see(1, 1001, 1)

    assert counts(scene.notifications()) == {}


def test_a_membership_that_begins_or_ends_around_a_message_is_boundary() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.online(3)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.ledger.member_left(ROOM, 2, ns(1002))
    scene.ledger.member_joined(ROOM, 3, ns(1002))
    scene.notify(1, 1003, 3)

    assert counts(scene.notifications()) == {"boundary": 2}


def test_users_with_several_devices_are_a_class_of_their_own() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.online(30, user=3)
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2, 3)

    figures = scene.figures().notifications
    assert counts(figures[SINGLE_DEVICE]) == {"expected": 1, "delivered": 1}
    assert counts(figures[SEVERAL_DEVICES]) == {"expected": 2, "delivered": 1, "missed": 1}


def test_without_a_drain_a_young_notification_is_in_flight() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    assert counts(scene.notifications(1100, drained=False)) == {"boundary": 1, "in_flight": 1}


def test_a_notification_of_a_forgotten_message_is_spurious() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1, 2)
    scene.settle(12_000)
    scene.notify(1, 12_001, 2)

    assert counts(scene.notifications()) == {"spurious": 1}


def test_an_unexpected_notification_after_the_deadline_is_judged_at_once() -> None:
    scene = Scene()
    scene.room(3, present=[1, 2])
    scene.send(1)
    scene.see(1, 1001, 1, 2)
    scene.settle(12_000)  # kept, because 3 was not notified
    scene.notify(1, 12_001, 2)

    assert counts(scene.notifications()) == {"expected": 1, "missed": 1, "spurious": 1}


def test_a_notification_of_a_device_without_a_user_is_spurious() -> None:
    scene = Scene()
    scene.room(1)
    scene.send(1)
    scene.see(1, 1001, 1)
    scene.notify(1, 1002, 99)

    assert counts(scene.notifications()) == {"spurious": 1}


def test_once_notified_a_user_is_like_any_other_absentee() -> None:
    scene = Scene(handoff_window_s=1)
    scene.room(2)
    scene.leave(2, 1000)
    for key, at_ms in ((1, 1500), (2, 3000), (3, 4000)):
        scene.send(key, at_ms=at_ms)
        scene.see(key, at_ms + 1, 1)
        scene.notify(key, at_ms + 2, 2)

    figures = scene.notifications()
    assert counts(figures) == {"expected": 2, "delivered": 2, "boundary": 1}
    assert (figures.activation.count, figures.activation.at_most.max_us) == (1, 500_000)


def test_without_a_drain_a_hand_off_is_not_judged() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    assert counts(scene.notifications(1100, drained=False)) == {"boundary": 1}


def test_a_refused_message_notifies_nobody_and_nobody_is_missed() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.leave(1, 950)
    scene.send(1, at_ms=1000)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(1001), "RateLimitedError: too fast")

    assert counts(scene.notifications()) == {"boundary": 2}
