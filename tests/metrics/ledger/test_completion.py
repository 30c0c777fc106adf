"""Percentiles of completion are over all messages: a loss is never, not left out."""

from loadtest.metrics.figures.figures import CompletionFigures
from tests.support.scenes import Scene

MARKS = ("first", "p50", "p90", "p99", "last")


def completion(scene: Scene) -> CompletionFigures:
    return scene.figures().all_completion()


def never(figures: CompletionFigures) -> dict[str, int]:
    return {mark: count for mark, count in figures.never.items() if count}


def test_a_message_that_nobody_got_is_never_in_every_mark() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    figures = completion(scene)

    assert never(figures) == dict.fromkeys(MARKS, 1)
    assert [figures.count(mark) for mark in MARKS] == [1] * 5
    assert figures.incomplete == 1


def test_a_message_has_the_marks_that_it_reached() -> None:
    """Nine of ten devices have it: the first, half and 90 %, but neither 99 % nor the last."""
    scene = Scene()
    scene.room(10)
    scene.send(1)
    for session in range(1, 10):
        scene.see(1, 1000 + session, session)
    figures = completion(scene)

    assert never(figures) == {"p99": 1, "last": 1}
    assert figures.first.max_us == 1_000
    assert figures.p50.max_us == 5_000
    assert figures.p90.max_us == 9_000
    assert figures.spread.count == 0


def test_the_headline_says_never_where_messages_are_lost() -> None:
    """Seven of ten messages are lost at one of two devices."""
    scene = Scene()
    scene.room(2)
    for key in range(10):
        scene.send(key, at_ms=1000 + key)
        scene.see(key, 1001 + key, 1, *((2,) if key < 3 else ()))
    figures = completion(scene)

    assert figures.count("last") == 10
    assert figures.percentile_us("last", 30) == 1_000
    assert figures.percentile_us("last", 31) == float("inf")
    assert figures.percentile_us("first", 99) == 1_000


def test_a_late_arrival_takes_a_never_back() -> None:
    scene = Scene()
    scene.room(10)
    scene.send(1)
    scene.settle(12_000)
    scene.ledger.roll(12_000_000_000)
    for session in (1, 2, 3, 4, 5):
        scene.see(1, 13_000, session)
    figures = completion(scene)

    assert never(figures) == {"p90": 1, "p99": 1, "last": 1}
    assert (figures.first.max_us, figures.p50.max_us) == (12_000_000, 12_000_000)
    assert figures.incomplete == 1


def test_a_message_with_a_loss_is_incomplete_and_has_no_last() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1)
    figures = completion(scene)

    assert figures.incomplete == 1
    assert figures.last.count == 0
    assert figures.first.count == 1


def test_a_message_whose_losses_come_late_is_complete_after_all() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1)
    scene.settle(12_000)
    scene.see(1, 13_000, 2)
    figures = scene.figures()

    assert figures.completion["2"].incomplete == 0
    assert figures.completion["2"].last.max_us == 12_000_000
    assert figures.completion["2"].spread.max_us == 11_999_000
    assert never(figures.completion["2"]) == {}


def test_completion_leaves_out_a_chat_session_that_ended_meanwhile() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1004, 1)
    scene.leave(3, 1005)
    scene.see(1, 1006, 2)
    figures = scene.figures()

    assert figures.completion["2"].last.max_us == 6_000
