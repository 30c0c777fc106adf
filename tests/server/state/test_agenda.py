from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.server.state.agenda import Agenda


class Bench:
    """An agenda, its clock, and what was called."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.called: list[str] = []
        self.woken: list[int] = []
        self.agenda = Agenda(lambda: self.now_ns)
        self.agenda.wake = self.woken.append

    def note(self, name: str) -> Callable[[], None]:
        return partial(self.called.append, name)

    def run(self, now_ns: int) -> list[str]:
        self.now_ns = now_ns
        self.agenda.run()
        called = self.called.copy()
        self.called.clear()
        return called


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_nothing_is_called_before_it_is_due(bench: Bench) -> None:
    bench.agenda.at(10, bench.note("a"))

    assert bench.run(9) == []
    assert bench.run(10) == ["a"]
    assert bench.run(11) == []


@given(st.lists(st.integers(0, 9), max_size=30))
def test_what_is_due_comes_in_the_order_of_time_and_of_coming(dues: list[int]) -> None:
    bench = Bench()
    for number, due_ns in enumerate(dues):
        bench.agenda.at(due_ns, bench.note(f"{due_ns} {number}"))

    called = bench.run(9)

    expected = sorted(range(len(dues)), key=lambda number: (dues[number], number))
    assert called == [f"{dues[number]} {number}" for number in expected]


def test_the_owner_is_woken_for_the_next_instant_only(bench: Bench) -> None:
    for due_ns in (20, 30, 10):
        bench.agenda.at(due_ns, bench.note(""))
    woken = bench.woken.copy()

    bench.run(10)

    assert woken == [20, 10]
    assert bench.woken == [20, 10, 20]
    assert bench.agenda.next_due_ns == 20


def test_a_delay_counts_from_now(bench: Bench) -> None:
    bench.now_ns = 100
    bench.agenda.after(5, bench.note("a"))

    assert bench.agenda.next_due_ns == 105


def test_a_callback_may_ask_for_another(bench: Bench) -> None:
    bench.agenda.at(1, lambda: bench.agenda.after(2, bench.note("later")))

    assert bench.run(1) == []
    assert bench.run(3) == ["later"]


def test_a_defect_in_one_callback_does_not_stop_the_others(bench: Bench) -> None:
    def break_down() -> None:
        raise ZeroDivisionError

    bench.agenda.at(1, break_down)
    bench.agenda.at(1, bench.note("a"))

    with pytest.raises(ZeroDivisionError):
        bench.run(1)
    assert bench.woken[-1] == 1
    assert bench.run(1) == ["a"]


def test_what_is_cleared_never_happens(bench: Bench) -> None:
    bench.agenda.at(1, bench.note("a"))

    bench.agenda.clear()

    assert bench.run(2) == []
    assert bench.agenda.next_due_ns is None
