"""The end and the start of chat sessions: hand-off, entry, and what an activation costs."""

from typing import Any

import pytest

from loadtest.metrics.figures.figures import OutcomeFigures
from tests.support.scenes import Scene, ns
from tests.support.scenes import notification_counts as counts


def test_what_happens_while_a_chat_session_starts_is_entry_and_no_fault() -> None:
    """A server counts a session from ``self`` on and can deliver only from ``messages`` on."""
    scene = Scene()
    scene.room(5, present=[1])
    for session in (2, 3, 4, 5):
        scene.start(session, at_ms=995)
    scene.send(1)
    scene.see(1, 1005, 1, 2, 4)
    scene.notify(1, 1006, 3, 4)

    figures = scene.notifications()
    assert counts(figures) == {}
    assert figures.entry == OutcomeFigures(delivered=1, notified=1, neither=1, both=1)


def test_a_message_right_before_a_chat_session_starts_is_entry_as_well() -> None:
    """The server may have taken the SUBSCRIBE first."""
    scene = Scene()
    scene.room(3, present=[1])
    scene.send(1)
    scene.enter(2, at_ms=1001)
    scene.enter(3, at_ms=1001)
    scene.see(1, 1005, 1, 2)

    figures = scene.notifications()
    assert counts(figures) == {}
    assert figures.entry == OutcomeFigures(delivered=1, neither=1)


def test_coming_back_right_after_an_end_is_entry() -> None:
    """The server may have taken the message behind the new SUBSCRIBE."""
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    scene.send(1, at_ms=1000)
    scene.enter(200, device=2, at_ms=1001)
    scene.see(1, 1002, 1)

    figures = scene.notifications()
    assert counts(figures) == {}
    assert figures.entry == OutcomeFigures(neither=1)


def test_what_was_seen_before_somebody_came_back_is_a_gap_all_the_same() -> None:
    """The server had taken the message before the new SUBSCRIBE was written."""
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.enter(200, device=2, at_ms=1002)

    figures = scene.notifications()
    assert counts(figures) == {"handoff_gap": 1, "gap_messages": 1}
    assert figures.entry.total == 0


def test_what_had_come_before_a_start_is_no_entry() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 950)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.notify(1, 1001, 2)
    scene.enter(200, device=2, at_ms=1002)

    figures = scene.notifications()
    assert figures.entry.total == 0
    assert figures.handoff == OutcomeFigures(notified=1)


def test_a_start_that_was_given_up_is_entry_too() -> None:
    """It was never subscribed to messages, so that neither is no gap."""
    scene = Scene()
    scene.room(2, present=[1])
    scene.start(2, at_ms=900)
    scene.leave(2, 950)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)

    figures = scene.notifications()
    assert counts(figures) == {}
    assert figures.entry == OutcomeFigures(neither=1)


def test_four_outcomes_of_a_hand_off_are_counted_and_judged() -> None:
    scene = Scene()
    scene.room(5)
    for session in (2, 3, 4, 5):
        scene.leave(session, 995)
    scene.send(1)
    scene.see(1, 1005, 1, 2, 4)
    scene.notify(1, 1006, 3, 4)

    figures = scene.notifications()
    assert figures.handoff == OutcomeFigures(delivered=1, notified=1, neither=1, both=1)
    assert counts(figures) == {"handoff_gap": 1, "handoff_overlap": 1, "gap_messages": 1} | {
        "overlap_messages": 1
    }


# --- after the fence --------------------------------------------------------------------------


def ended(**settings: Any) -> Scene:
    """Return a room whose second user has left it for certain at 960 ms."""
    scene = Scene(**settings)
    scene.room(2)
    scene.leave(2, 950)
    scene.ledger.chat_session_ended(2, ns(960))
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    return scene


def test_after_the_fence_a_notification_is_expected() -> None:
    scene = ended()
    scene.notify(1, 1002, 2)

    assert counts(scene.notifications()) == {"expected": 1, "delivered": 1}


def test_after_the_fence_neither_is_a_gap_within_the_window() -> None:
    figures = ended().notifications()

    assert counts(figures) == {"handoff_gap": 1, "gap_messages": 1}
    assert figures.handoff == OutcomeFigures(neither=1)


def test_after_the_fence_and_the_window_neither_is_a_missed_notification() -> None:
    figures = ended(handoff_window_s=0.04).notifications()

    assert counts(figures) == {"expected": 1, "missed": 1, "gap_messages": 1}


def test_a_server_that_goes_on_delivering_is_told_by_after_end_and_not_by_a_gap() -> None:
    scene = ended()
    scene.see(1, 1002, 2)
    figures = scene.figures()

    assert figures.event("channel.message.created").after_end == 1
    assert counts(figures.all_notifications()) == {}
    assert figures.all_notifications().handoff == OutcomeFigures(delivered=1)


def test_the_last_of_two_ends_must_be_taken() -> None:
    """A second chat session of the user is ending still, on another connection."""
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.enter(200, device=20)
    scene.leave(2, 950)
    scene.leave(200, 951)
    scene.ledger.chat_session_ended(2, ns(960))
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1, 200)

    figures = scene.notifications()
    assert counts(figures) == {}
    assert figures.handoff == OutcomeFigures(delivered=1)


def test_the_interval_of_an_activation_begins_at_the_last_message_without_a_notification() -> None:
    """A server that notices the end 130 ms late, probed every 50 ms."""
    scene = Scene()
    scene.room(2)
    scene.leave(2, 1000)
    for key in range(1, 7):
        at_ms = 1000 + 50 * key
        scene.send(key, at_ms=at_ms)
        scene.see(key, at_ms + 1, 1)
        if at_ms >= 1130:
            scene.notify(key, at_ms + 2, 2)

    activation = scene.notifications().activation
    assert activation.count == 1
    assert (activation.at_least.max_us, activation.at_most.max_us) == (100_000, 150_000)
    assert activation.resolution.max_us == 50_000


def test_an_activation_by_the_first_message_took_at_least_nothing() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=1050)
    scene.see(1, 1051, 1)
    scene.notify(1, 1052, 2)

    activation = scene.notifications().activation
    assert (activation.at_least.max_us, activation.at_most.max_us) == (1, 50_000)


# --- a probe every 100 ms ---------------------------------------------------------------------


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
    assert counts(figures) == {
        "expected": 1,
        "delivered": 1,
        "handoff_gap": 3,
        "gap_messages": 3,
    }
    assert figures.handoff.notified == 7


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
    assert counts(figures) == {"handoff_overlap": 1, "overlap_messages": 1}
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
        pytest.param(False, True, {"boundary": 1}, id="notified after the end"),
        pytest.param(False, False, {}, id="neither is a loss, if anything"),
        pytest.param(True, True, {"boundary": 1, "handoff_overlap": 1}, id="both is an overlap"),
    ],
)
def test_a_message_from_before_the_last_end_is_no_hand_off(
    sees: bool, is_notified: bool, expected: dict[str, int]
) -> None:
    """The chat session was active when it was written: it was to be delivered."""
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
