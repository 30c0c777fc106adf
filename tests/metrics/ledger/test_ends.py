"""What the end of a chat session or of a connection excuses, and what stays owed."""

from typing import Any

import pytest

from loadtest.metrics.figures.figures import EventFigures
from loadtest.observations import Action
from tests.support.scenes import Scene, ns


def counts(figures: EventFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = (
        *("expected", "delivered", "lost", "late", "duplicate", "out_of_order"),
        *("boundary", "boundary_seen", "in_flight", "refused", "unexpected", "after_end"),
    )
    return {name: value for name in names if (value := getattr(figures, name))}


def test_an_answer_to_a_later_frame_ends_a_chat_session_for_certain() -> None:
    """The server took the UNSUBSCRIBE before it: nothing that is written now may reach it."""
    scene = Scene()
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=1001)
    scene.ledger.chat_session_ended(2, ns(1003))
    scene.send(2, at_ms=1003)
    for key in (1, 2):
        scene.see(key, 1005, 1, 2)

    assert counts(scene.messages()) == {
        "expected": 2,
        "delivered": 2,
        "boundary": 1,
        "boundary_seen": 1,
        "after_end": 1,
    }


def test_a_server_that_keeps_no_order_has_the_whole_race_window() -> None:
    scene = Scene(server_keeps_order=False)
    scene.room(2)
    scene.leave(2, 1000)
    scene.ledger.chat_session_ended(2, ns(1003))
    scene.send(1, at_ms=1004)
    scene.see(1, 1005, 1, 2)

    found = counts(scene.messages())
    assert found == {"expected": 1, "delivered": 1, "boundary": 1, "boundary_seen": 1}


def test_an_arrival_long_after_the_end_is_after_its_end_as_well() -> None:
    """The slot may be somebody else's by then; the number of the chat session is known still."""
    scene = Scene()
    scene.room(2)
    scene.leave(2, 1000)
    scene.settle(60_000)
    scene.send(1, at_ms=60_000)
    scene.see(1, 60_001, 1, 2)

    assert counts(scene.messages()) == {"expected": 1, "delivered": 1, "after_end": 1}


def test_what_was_written_before_an_end_is_owed() -> None:
    """Only what was written right before may have come to the server after the UNSUBSCRIBE."""
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.send(2, at_ms=1900)
    for key in (1, 2):
        scene.see(key, 1905, 1)
    scene.leave(2, 2500)

    assert counts(scene.messages()) == {"expected": 3, "delivered": 2, "lost": 1, "boundary": 1}


@pytest.mark.parametrize("end_ms", [1003, 1006], ids=["before the end", "after the end"])
def test_a_later_message_that_arrived_proves_a_loss_right_before_an_end(end_ms: float) -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.send(2, at_ms=1001)
    for key in (1, 2):
        scene.see(key, 1002, 1)
    if end_ms > 1005:
        scene.see(2, 1005, 2)
    scene.leave(2, end_ms)
    if end_ms < 1005:
        scene.see(2, 1005, 2)

    assert counts(scene.messages()) == {"expected": 4, "delivered": 3, "lost": 1}


def test_a_later_message_proves_a_loss_right_before_a_broken_connection_too() -> None:
    scene = Scene()
    scene.room(2)
    for key in (1, 2, 3):
        scene.send(key, at_ms=1000 + key)
        scene.see(key, 1005, 1)
    scene.see(2, 1006, 2)
    scene.lose(2, 1007)

    found = counts(scene.messages())
    assert found == {"expected": 5, "delivered": 4, "lost": 1, "boundary": 1}


def test_an_arrival_of_a_message_that_the_server_refused_is_unexpected() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(1001), "RateLimitedError: no")
    scene.see(1, 1002, 2)

    assert counts(scene.messages()) == {"refused": 1, "unexpected": {"refused": 1}}


def test_an_error_that_names_no_action_excuses_no_delivery() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    reason = "an error that names no action: RateLimitedError: no"
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(1001), reason)

    assert counts(scene.messages()) == {"expected": 2, "lost": 2}


# --- causes of a connection that broke --------------------------------------------------------


def broken(*seen: int) -> Scene:
    """Return a room whose first user wrote two messages, got no answer, and lost the connection.

    ``seen`` are the keys that the second user has seen.
    """
    scene = Scene()
    scene.room(3)
    for key in (1, 2):
        scene.send(key, at_ms=5000 + key)
    scene.see(1, 5005, *(2 for key in seen if key == 1))
    scene.see(2, 5005, *(2 for key in seen if key == 2))
    scene.lose(1, 7000)
    for key in (1, 2):
        reason = "connection lost: reset"
        scene.ledger.action_failed(Action.MESSAGE, 1, ns(5000 + key), ns(7000), reason)
    return scene


def test_what_the_server_may_never_have_had_is_not_judged() -> None:
    assert counts(broken().messages()) == {"boundary": 6}


def test_what_somebody_has_seen_is_judged_although_the_connection_broke() -> None:
    found = counts(broken(1).messages())

    assert found == {"expected": 3, "delivered": 1, "lost": 2, "boundary": 3}


def test_what_was_written_before_something_that_was_seen_is_judged() -> None:
    """One connection is one stream: the server had the earlier one first."""
    assert counts(broken(2).messages()) == {"expected": 6, "delivered": 1, "lost": 5}
