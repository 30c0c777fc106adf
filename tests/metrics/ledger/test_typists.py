from typing import Any

import pytest

from loadtest.metrics.figures.figures import EventFigures, Figures
from loadtest.observations import Action, ChatEvent
from tests.support.scenes import ROOM, Scene, ns

STARTED = ChatEvent.TYPING_STARTED
STOPPED = ChatEvent.TYPING_STOPPED


def counts(figures: EventFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = ("expected", "delivered", "lost", "duplicate", "boundary", "coalesced", "unexpected")
    return {name: value for name in names if (value := getattr(figures, name))}


class Typing(Scene):
    """A room of two, in which user 1 types with device 1."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.room(2)
        self._key = 100

    def type(self, at_ms: float, device: int = 1) -> None:
        """Write keystrokes."""
        self._key += 1
        self.ledger.keystrokes_sent(self._key, device, ROOM, ns(at_ms - 1), ns(at_ms))

    def outcome(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what became of starts and stops."""
        figures: Figures = self.figures()
        return counts(figures.event(STARTED)), counts(figures.event(STOPPED))


def test_keystrokes_start_typing_and_a_pause_stops_it() -> None:
    scene = Typing()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.type(2000)
    scene.event(STOPPED, 1, 5010, 1, 2)
    scene.settle(5100)
    figures = scene.figures()

    assert counts(figures.event(STARTED)) == {"expected": 2, "delivered": 2}
    assert counts(figures.event(STOPPED)) == {"expected": 2, "delivered": 2}
    assert figures.event(STARTED).latency.max_us == 5_000
    assert figures.event(STOPPED).latency.max_us == 10_000


def test_keystrokes_put_the_stop_off_also_after_it_was_looked_for() -> None:
    scene = Typing()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.type(2500)
    scene.settle(4001)
    scene.settle(5400)
    before = scene.ledger.roll(ns(5400)).figures.event(STOPPED)
    scene.settle(5501)

    assert before.expected == 0
    assert scene.outcome()[1] == {"expected": 2, "lost": 2}


def test_a_stop_after_a_pause_is_expected_whenever_settling_happens() -> None:
    for settles_ms in (4001, 4700):
        scene = Typing()
        scene.type(1000)
        scene.event(STARTED, 1, 1004, 1, 2)
        scene.settle(settles_ms)

        assert scene.outcome()[1] == {"expected": 2, "lost": 2}


def test_a_message_stops_typing() -> None:
    scene = Typing()
    scene.type(1000)
    scene.send(1, at_ms=1500)
    scene.event(STOPPED, 1, 1502, 1, 2)
    scene.settle(9000)

    assert scene.outcome()[1] == {"expected": 2, "delivered": 2}


def test_a_message_of_someone_who_does_not_type_stops_nothing() -> None:
    scene = Typing()
    scene.send(1, at_ms=1500)

    assert scene.outcome() == ({}, {})


def test_the_end_of_the_last_chat_session_stops_typing() -> None:
    scene = Typing()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.leave(1, 1500)
    scene.event(STOPPED, 1, 1502, 2)

    assert scene.outcome()[1] == {"expected": 1, "delivered": 1, "boundary": 1}


@pytest.mark.parametrize("stops", [True, False])
def test_keystrokes_about_when_the_pause_runs_out_are_not_judged(stops: bool) -> None:
    """Whether the server saw a stop and a new start, or neither, nobody is accused."""
    for again_ms in (3800, 4200):
        scene = Typing()
        scene.type(1000)
        scene.event(STARTED, 1, 1004, 1, 2)
        scene.settle(again_ms - 10)
        scene.type(again_ms)
        if stops:
            scene.event(STOPPED, 1, again_ms + 1, 1, 2)
            scene.event(STARTED, 1, again_ms + 2, 1, 2)
        scene.event(STOPPED, 1, again_ms + 3001, 1, 2)
        scene.settle(again_ms + 3100)
        started, stopped = scene.outcome()

        for found in (started, stopped):
            assert "lost" not in found
            assert "unexpected" not in found
            assert "duplicate" not in found


def test_after_a_stop_that_was_seen_keystrokes_start_anew() -> None:
    scene = Typing()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.settle(4100)
    scene.event(STOPPED, 1, 4110, 1, 2)
    scene.type(4200)
    scene.event(STARTED, 1, 4202, 1)

    assert scene.outcome()[0] == {"expected": 4, "delivered": 3, "lost": 1}


def test_keystrokes_and_a_message_from_two_devices_at_once_are_not_judged() -> None:
    for message_first in (True, False):
        scene = Typing()
        scene.online(10, user=1)
        scene.type(1000)
        scene.event(STARTED, 1, 1004, 1, 2)
        if message_first:
            scene.send(1, device=10, at_ms=1500)
            scene.event(STOPPED, 1, 1504, 1, 2)
            scene.type(1501)
        else:
            scene.type(1500)
            scene.send(1, device=10, at_ms=1501)
        scene.event(STOPPED, 1, 1504, 1, 2)
        scene.event(STARTED, 1, 1505, 1, 2)
        scene.event(STOPPED, 1, 4505, 1, 2)
        scene.settle(9000)
        started, stopped = scene.outcome()

        for found in (started, stopped):
            assert "lost" not in found
            assert "unexpected" not in found


def test_keystrokes_of_a_device_without_a_user_are_not_judged() -> None:
    scene = Typing()
    scene.type(1000, device=77)

    assert scene.outcome() == ({}, {})


def test_typing_that_nobody_began_is_unexpected() -> None:
    scene = Typing()
    scene.event(STARTED, 2, 1000, 1)
    scene.event(STOPPED, 2, 1001, 1)

    assert scene.outcome() == ({"unexpected": {"no_cause": 1}}, {"unexpected": {"no_cause": 1}})


class Refused(Typing):
    """The same, with a server that refuses."""

    def refuse_keystrokes(self, at_ms: float) -> None:
        """Refuse what ``type`` wrote at an instant."""
        self._refuse(Action.KEYSTROKES, at_ms - 1)

    def refuse_message(self, at_ms: float) -> None:
        """Refuse the message that was written at an instant."""
        self._refuse(Action.MESSAGE, at_ms)

    def _refuse(self, action: Action, due_ms: float) -> None:
        reason = "RateLimitedError: too many"
        self.ledger.action_failed(action, 1, ns(due_ms), ns(due_ms + 5), reason)

    def refused(self) -> tuple[int, int]:
        """Return how many starts and stops the refusals took back."""
        figures = self.figures()
        return figures.event(STARTED).refused, figures.event(STOPPED).refused


def test_refused_keystrokes_start_no_typing() -> None:
    scene = Refused()
    scene.type(1000)
    scene.refuse_keystrokes(1000)
    scene.settle(5000)

    assert scene.outcome() == ({}, {})
    assert scene.refused() == (1, 0)


def test_typing_starts_with_the_first_keystrokes_that_are_not_refused() -> None:
    scene = Refused()
    scene.type(1000)
    scene.refuse_keystrokes(1000)
    scene.type(1500)
    scene.event(STARTED, 1, 1504, 1, 2)
    scene.event(STOPPED, 1, 4505, 1, 2)
    scene.settle(4600)

    expected = {"expected": 2, "delivered": 2}
    assert scene.outcome() == (expected, expected)


def test_a_refusal_that_is_known_late_leaves_the_start_to_the_keystrokes_behind_it() -> None:
    scene = Refused()
    scene.type(1000)
    scene.type(1002)
    scene.refuse_keystrokes(1000)
    scene.event(STARTED, 1, 1006, 1, 2)
    scene.event(STOPPED, 1, 4005, 1, 2)
    scene.settle(4100)

    expected = {"expected": 2, "delivered": 2}
    assert scene.outcome() == (expected, expected)


def test_refused_keystrokes_put_no_stop_off() -> None:
    scene = Refused()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.type(2500)
    scene.refuse_keystrokes(2500)
    scene.event(STOPPED, 1, 4004, 1, 2)
    scene.settle(4050)
    scene.type(4900)
    scene.event(STARTED, 1, 4904, 1, 2)
    figures = scene.figures()

    assert counts(figures.event(STARTED)) == {"expected": 4, "delivered": 4}
    assert counts(figures.event(STOPPED))["delivered"] == 2
    assert figures.event(STOPPED).latency.max_us == 4_000


def test_refused_keystrokes_before_a_message_have_neither_started_nor_stopped() -> None:
    scene = Refused()
    scene.type(1000)
    scene.send(1, at_ms=1003)
    scene.refuse_keystrokes(1000)

    assert scene.outcome() == ({}, {})
    assert scene.refused() == (1, 1)


def test_a_refused_message_has_not_stopped_typing() -> None:
    scene = Refused()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.send(1, at_ms=1500)
    scene.refuse_message(1500)
    scene.event(STOPPED, 1, 4002, 1, 2)
    scene.settle(4100)
    figures = scene.figures()

    assert counts(figures.event(STARTED)) == {"expected": 2, "delivered": 2}
    assert counts(figures.event(STOPPED)) == {"expected": 2, "delivered": 2}
    assert figures.event(STOPPED).latency.max_us == 2_000, "counted from the end of the pause"
    assert scene.refused() == (0, 1)


def test_keystrokes_behind_a_refused_message_begin_nothing() -> None:
    scene = Refused()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 1, 2)
    scene.send(1, at_ms=1500)
    scene.type(1503)
    scene.refuse_message(1500)
    scene.event(STOPPED, 1, 4506, 1, 2)
    scene.settle(4600)
    figures = scene.figures()

    assert counts(figures.event(STARTED)) == {"expected": 2, "delivered": 2}
    assert counts(figures.event(STOPPED)) == {"expected": 2, "delivered": 2}
    assert figures.event(STOPPED).latency.max_us == 3_000


def test_a_refusal_of_somebody_who_does_not_type_changes_nothing() -> None:
    scene = Refused()
    scene.send(1, at_ms=1500)
    scene.refuse_message(1500)
    scene.type(2000, device=77)
    scene.ledger.action_failed(
        Action.KEYSTROKES, 77, ns(1999), ns(2004), "RateLimitedError: too many"
    )

    assert scene.outcome() == ({}, {})


def test_what_somebody_saw_was_not_refused() -> None:
    scene = Refused()
    scene.type(1000)
    scene.event(STARTED, 1, 1004, 2)
    scene.refuse_keystrokes(1000)

    assert scene.outcome()[0] == {"expected": 2, "delivered": 1, "lost": 1}
