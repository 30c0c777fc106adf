"""Deadlines come due once, in order, and cost nothing when they are over."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.device.timers import TimerLanes


class Due:
    """Keeps what came due."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def __call__(self, name: str, now_ns: int) -> None:
        self.seen.append((name, now_ns))


def test_an_entry_is_called_once_with_the_present_instant() -> None:
    timers, due = TimerLanes(), Due()
    timers.after(100, 1_000, due, "beat")

    timers.run(1_099)
    assert due.seen == []
    timers.run(1_105)
    timers.run(1_200)
    assert due.seen == [("beat", 1_105)]


def test_the_next_instant_is_the_earliest_of_all_delays() -> None:
    timers, due = TimerLanes(), Due()
    assert timers.next_due_ns() is None
    timers.after(500, 0, due, "slow")
    timers.after(100, 300, due, "quick")
    assert timers.next_due_ns() == 400
    timers.run(400)
    assert timers.next_due_ns() == 500
    timers.run(500)
    assert timers.next_due_ns() is None


def test_what_a_call_adds_waits_for_the_next_run() -> None:
    timers = TimerLanes()
    calls: list[int] = []

    def again(now_ns: int) -> None:
        calls.append(now_ns)
        timers.after(0, now_ns, again)

    timers.after(0, 7, again)
    timers.run(7)
    assert calls == [7]
    timers.run(8)
    assert calls == [7, 8]


def test_a_call_that_fails_leaves_the_others_in_place() -> None:
    timers, due = TimerLanes(), Due()

    def fail(_now_ns: int) -> None:
        raise ZeroDivisionError

    timers.after(1, 0, fail)
    timers.after(1, 0, due, "after it")
    try:
        timers.run(1)
    except ZeroDivisionError:
        timers.run(2)
    assert due.seen == [("after it", 2)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=40))
def test_every_entry_comes_due_once_at_its_instant(entries: list[tuple[int, int]]) -> None:
    timers, due = TimerLanes(), Due()
    expected: list[tuple[str, int]] = []
    now_ns = 0
    for number, (delay_ns, step_ns) in enumerate(entries):
        timers.after(delay_ns, now_ns, due, str(number))
        expected.append((str(number), now_ns + delay_ns))
        assert len(timers) == number + 1 - len(due.seen)
        for now_ns in range(now_ns, now_ns + step_ns + 1):  # noqa: B020 - time goes on
            timers.run(now_ns)
    for instant_ns in range(now_ns, now_ns + 6):
        timers.run(instant_ns)

    assert sorted(due.seen) == sorted(expected)
    assert [at_ns for _, at_ns in due.seen] == sorted(at_ns for _, at_ns in due.seen)
    assert len(timers) == 0


def test_a_delay_that_is_used_once_leaves_no_queue_behind() -> None:
    timers, due = TimerLanes(), Due()
    for delay_ns in range(1_000):
        timers.after(delay_ns, 0, due, "cool-off")
    timers.run(1_000)
    assert timers._lanes == {}
