"""Texts of servers are keys of figures: their number is bounded, whatever a server sends."""

from typing import Any

from loadtest.device.kinds import OTHERS, with_bounded_kinds
from loadtest.observations import Action, Observer
from tests.support.recording_observer import RecordingObserver


def bounded() -> tuple[Observer, RecordingObserver]:
    recorder = RecordingObserver()
    return with_bounded_kinds(recorder), recorder


def reasons(recorder: RecordingObserver) -> list[Any]:
    return [call[-1] for call in recorder.calls]


def test_every_observation_arrives_as_it_was_told() -> None:
    observer, recorder = bounded()
    observer.message_delivered(1, 2, 3, 4)
    observer.action_failed(Action.MESSAGE, 7, 1, 2, "no answer within 10 s")
    observer.event_counted("user.contact.updated", 7, 9)

    assert recorder.calls == [
        ("message_delivered", 1, 2, 3, 4),
        ("action_failed", Action.MESSAGE, 7, 1, 2, "no answer within 10 s"),
        ("event_counted", "user.contact.updated", 7, 9),
    ]


def test_reasons_that_differ_in_a_number_become_one_kind() -> None:
    observer, recorder = bounded()
    for second in range(65):
        observer.connection_lost(1, 2, f"closed by the server with code 1011 (bye {second})")

    kinds = set(reasons(recorder))
    assert len(kinds) == 4
    assert "closed by the server with code # (bye #)" in kinds


def test_reasons_that_differ_in_words_are_bounded_too() -> None:
    observer, recorder = bounded()
    words = [first + second for first in "abcdefghijklmnop" for second in "qrstuvwxyz"]
    for word in words:
        observer.action_failed(Action.MESSAGE, 1, 2, 3, word)

    kinds = reasons(recorder)
    assert kinds[:50] == words[:50]
    assert set(kinds[50:]) == {OTHERS}


def test_event_names_of_any_length_and_number_take_bounded_memory() -> None:
    observer, recorder = bounded()
    for number in range(1_000):
        name = "".join(chr(97 + int(digit)) for digit in f"{number:04}")
        observer.event_unexplained(f"{name}{'x' * 100_000}\x1b[2J", 1, 0, 3)

    names = {call[1] for call in recorder.calls}
    assert len(names) == 51
    assert OTHERS in names
    assert max(map(len, names)) <= 60
    assert all(name.isprintable() for name in names)
