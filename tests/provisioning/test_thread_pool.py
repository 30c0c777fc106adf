import threading

import pytest

from loadtest.provisioning.thread_pool import work_through


def test_every_item_is_worked_on_once() -> None:
    done: list[int] = []

    work_through(range(100), done.append, workers=4, stop=threading.Event())

    assert sorted(done) == list(range(100))


def test_as_many_work_at_once_as_are_allowed() -> None:
    """The barrier opens only when three are inside together."""
    barrier = threading.Barrier(3)

    def work(_item: int) -> None:
        barrier.wait(10)

    work_through(range(9), work, workers=3, stop=threading.Event())

    assert not barrier.broken


def test_the_first_error_ends_the_work_and_is_raised() -> None:
    stop, done = threading.Event(), []

    def work(item: int) -> None:
        done.append(item)
        if item == 3:
            raise ValueError(item)

    with pytest.raises(ValueError, match="3"):
        work_through(range(1_000), work, workers=1, stop=stop)

    assert done == [0, 1, 2, 3]
    assert stop.is_set()


def test_a_stop_leaves_the_rest_undone() -> None:
    stop, done = threading.Event(), []

    def work(item: int) -> None:
        done.append(item)
        stop.set()

    work_through(range(1_000), work, workers=1, stop=stop)

    assert done == [0]
