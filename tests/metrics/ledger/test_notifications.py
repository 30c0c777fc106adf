from loadtest.metrics.figures.figures import (
    SEVERAL_DEVICES,
    SINGLE_DEVICE,
)
from loadtest.observations import Action
from tests.support.scenes import ROOM, Scene, notification_counts, ns


def test_a_member_without_a_chat_session_is_notified_on_each_connected_device() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.online(20, user=2)
    scene.send(1, due_ms=990)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2, 20)

    figures = scene.notifications()
    assert notification_counts(figures) == {"expected": 2, "delivered": 2}
    assert (figures.latency.min_us, figures.service.min_us) == (16_000, 6_000)


def test_a_notification_that_does_not_come_is_missed() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2)

    assert notification_counts(scene.notifications()) == {
        "expected": 2,
        "delivered": 1,
        "missed": 1,
    }


def test_a_late_notification_is_missed_no_more() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.settle(12_000)
    scene.notify(1, 12_500, 2)

    assert notification_counts(scene.notifications()) == {"expected": 1, "delivered": 1, "late": 1}


def test_a_second_notification_on_one_device_is_a_duplicate() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2, 2)

    assert notification_counts(scene.notifications()) == {
        "expected": 1,
        "delivered": 1,
        "duplicate": 1,
    }


def test_one_active_chat_session_silences_all_devices_of_its_user() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.notify(1, 1006, 20)

    assert notification_counts(scene.notifications()) == {"spurious": 1}


def test_a_notification_from_before_the_end_of_the_chat_session_is_spurious() -> None:
    """It was there before the UNSUBSCRIBE was written, so no race explains it."""
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.notify(1, 1006, 2)
    scene.leave(2, 1010)

    assert notification_counts(scene.notifications()) == {"spurious": 1}


def test_a_notification_from_before_a_connection_is_known_to_be_lost_may_be_right() -> None:
    """The server may have noticed the loss first, and notified another device of the user."""
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.notify(1, 1006, 20)
    scene.lose(2, 1010)

    assert notification_counts(scene.notifications()) == {"boundary": 1, "handoff_overlap": 1}


def test_the_author_is_not_notified() -> None:
    scene = Scene()
    scene.room(2, present=[])
    scene.send(1)
    scene.identify(1, 1005)
    scene.notify(1, 1006, 1, 2)

    assert notification_counts(scene.notifications()) == {
        "expected": 1,
        "delivered": 1,
        "spurious": 1,
    }


def test_who_is_no_member_is_not_notified() -> None:
    scene = Scene()
    scene.room(1)
    scene.online(9)
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 9)

    assert notification_counts(scene.notifications()) == {"spurious": 1}


def test_a_device_whose_user_session_starts_or_ends_may_be_notified_or_not() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.ledger.user_session_starting(20, ns(990))
    scene.ledger.user_session_ending(3, ns(995))
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.ledger.user_session_started(20, 2, ns(1006))
    scene.notify(1, 1007, 2, 20, 3)

    assert notification_counts(scene.notifications()) == {
        "expected": 1,
        "delivered": 1,
        "boundary": 2,
    }


def test_what_is_pending_when_a_user_session_ends_is_delivered_or_boundary() -> None:
    scene = Scene()
    scene.room(4, present=[1])
    scene.send(1)
    for device in (2, 3):
        scene.ledger.user_session_ending(device, ns(1001))
    scene.notify(1, 1004, 4, 2)
    scene.see(1, 1005, 1)

    assert notification_counts(scene.notifications()) == {
        "expected": 2,
        "delivered": 2,
        "boundary": 1,
    }


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

    assert notification_counts(scene.notifications()) == {
        "expected": 2,
        "delivered": 1,
        "missed": 1,
    }


def test_what_was_written_before_a_user_session_ended_is_owed() -> None:
    """Only within the race window the server may have taken the end first."""
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.send(2, at_ms=3000)
    scene.see(1, 1005, 1)
    scene.see(2, 3005, 1)
    for device in (2, 3):
        scene.ledger.user_session_ending(device, ns(3001))
    scene.notify(1, 1006, 2)

    found = notification_counts(scene.notifications())
    assert found == {"expected": 2, "delivered": 1, "missed": 1, "boundary": 2}


def test_a_later_notification_that_came_proves_a_miss_right_before_an_end() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    for key in (1, 2, 3):
        scene.send(key, at_ms=1000 + key)
        scene.see(key, 1005, 1)
    scene.notify(2, 1006, 2)
    scene.ledger.user_session_ending(2, ns(1007))

    found = notification_counts(scene.notifications())
    assert found == {"expected": 2, "delivered": 1, "missed": 1, "boundary": 1}


def test_a_notification_of_a_message_that_arrived_nowhere_is_right_all_the_same() -> None:
    """It carries our mark, so that nothing else need arrive to know what it is about."""
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.notify(1, 1003, 2, 3, is_marked=True)

    assert notification_counts(scene.notifications()) == {"expected": 2, "delivered": 2}


def test_a_message_that_the_server_never_had_owes_no_notification() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1, at_ms=5000)
    scene.lose(1, 7000)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(5000), ns(7000), "connection lost: reset")

    assert notification_counts(scene.notifications()) == {"boundary": 1}


def test_a_notification_proves_that_the_server_had_its_message() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1, at_ms=5000)
    scene.notify(1, 5001, 2, is_marked=True)
    scene.lose(1, 7000)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(5000), ns(7000), "connection lost: reset")

    figures = scene.figures()
    found = notification_counts(figures.all_notifications())
    assert found == {"expected": 2, "delivered": 1, "missed": 1}
    assert figures.event("channel.message.created").lost == 1


def test_a_notification_may_come_before_its_message_is_known() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.notify(1, 1003, 2)
    scene.see(1, 1005, 1)

    figures = scene.notifications()
    assert notification_counts(figures) == {"expected": 1, "delivered": 1}
    assert figures.latency.max_us == 3_000


def test_a_notification_of_an_unknown_message_is_spurious_after_the_deadline() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.notify(77, 1003, 2)
    scene.settle(10_900)
    early = scene.ledger.roll(ns(10_900)).figures.all_notifications()
    scene.settle(11_100)

    assert early.spurious == 0
    assert notification_counts(scene.notifications()) == {"spurious": 1}


def test_the_start_of_a_chat_session_excuses_no_old_miss() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.enter(2, at_ms=3000)

    assert notification_counts(scene.notifications()) == {"expected": 1, "missed": 1}


def test_delivered_and_then_notified_because_of_an_end_is_an_overlap() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1, 2)
    scene.leave(2, 1002)
    scene.notify(1, 1004, 2)

    assert notification_counts(scene.notifications()) == {"boundary": 1, "handoff_overlap": 1}


def test_a_loss_noticed_after_its_notification_excuses_it() -> None:
    """The server closes a connection and notifies before the device learns of the close."""
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.notify(1, 1002, 20)
    scene.lose(2, 1003)

    assert notification_counts(scene.notifications()) == {"boundary": 1}


def test_after_a_lost_connection_nobody_is_accused_within_the_window() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.lose(2, 990)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    assert notification_counts(scene.notifications()) == {"boundary": 1}


def test_who_is_not_connected_at_all_is_owed_nothing() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.ledger.user_session_ending(2, ns(500))
    scene.ledger.user_session_ended(2, ns(501))
    scene.send(1)
    scene.see(1, 1001, 1)

    assert notification_counts(scene.notifications()) == {}


def test_leaving_with_the_user_session_owes_nothing() -> None:
    scene = Scene()
    scene.room(2)
    scene.ledger.user_session_ending(2, ns(990))
    scene.ledger.chat_session_ending(2, ns(990))
    scene.send(1)
    scene.see(1, 1001, 1)

    assert notification_counts(scene.notifications()) == {}


def test_a_membership_that_begins_or_ends_around_a_message_is_boundary() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.online(3)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.ledger.member_left(ROOM, 2, ns(1002))
    scene.ledger.member_joined(ROOM, 3, ns(1002))
    scene.notify(1, 1003, 3)

    assert notification_counts(scene.notifications()) == {"boundary": 2}


def test_users_with_several_devices_are_a_class_of_their_own() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.online(30, user=3)
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.notify(1, 1006, 2, 3)

    figures = scene.figures().notifications
    assert notification_counts(figures[SINGLE_DEVICE]) == {"expected": 1, "delivered": 1}
    assert notification_counts(figures[SEVERAL_DEVICES]) == {
        "expected": 2,
        "delivered": 1,
        "missed": 1,
    }


def test_without_a_drain_a_young_notification_is_in_flight() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    assert notification_counts(scene.notifications(1100, drained=False)) == {
        "boundary": 1,
        "in_flight": 1,
    }


def test_a_notification_of_a_forgotten_message_is_spurious() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1, 2)
    scene.settle(12_000)
    scene.notify(1, 12_001, 2)

    assert notification_counts(scene.notifications()) == {"spurious": 1}


def test_an_unexpected_notification_after_the_deadline_is_judged_at_once() -> None:
    scene = Scene()
    scene.room(3, present=[1, 2])
    scene.send(1)
    scene.see(1, 1001, 1, 2)
    scene.settle(12_000)  # kept, because 3 was not notified
    scene.notify(1, 12_001, 2)

    assert notification_counts(scene.notifications()) == {"expected": 1, "missed": 1, "spurious": 1}


def test_a_notification_of_a_device_without_a_user_is_spurious() -> None:
    scene = Scene()
    scene.room(1)
    scene.send(1)
    scene.see(1, 1001, 1)
    scene.notify(1, 1002, 99)

    assert notification_counts(scene.notifications()) == {"spurious": 1}


def test_once_notified_a_user_is_like_any_other_absentee() -> None:
    scene = Scene(handoff_window_s=1)
    scene.room(2)
    scene.leave(2, 1000)
    for key, at_ms in ((1, 1500), (2, 3000), (3, 4000)):
        scene.send(key, at_ms=at_ms)
        scene.see(key, at_ms + 1, 1)
        scene.notify(key, at_ms + 2, 2)

    figures = scene.notifications()
    assert notification_counts(figures) == {"expected": 2, "delivered": 2}
    assert figures.handoff.notified == 1
    assert (figures.activation.count, figures.activation.at_most.max_us) == (1, 500_000)


def test_without_a_drain_a_hand_off_is_not_judged() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    assert notification_counts(scene.notifications(1100, drained=False)) == {"boundary": 1}


def test_a_refused_message_notifies_nobody_and_nobody_is_missed() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.leave(1, 950)
    scene.send(1, at_ms=1000)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(1001), "RateLimitedError: too fast")

    assert notification_counts(scene.notifications()) == {}
