import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.metrics.figures.figures import SIZE_CLASSES, Figures, add, size_class
from loadtest.observations import Action, ChatEvent, Phase


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    made = Figures()
    for event in draw(st.lists(st.sampled_from([ChatEvent.MESSAGE_CREATED, "other"]))):
        made.event(event).expected += draw(st.integers(-3, 9))
        made.event(event).latency.record_all(draw(st.lists(st.integers(-5, 10**9), max_size=4)))
        made.event(event).unexpected[draw(st.sampled_from("ab"))] = draw(st.integers(1, 3))
    made.action(Action.EDIT).errors[draw(st.sampled_from("ab"))] = 1
    made.notification(has_several=draw(st.booleans())).missed += 1
    made.completed(draw(st.sampled_from(SIZE_CLASSES))).incomplete += 1
    made.load.messages = draw(st.integers(0, 9))
    made.notification(has_several=draw(st.booleans())).handoff.both += 1
    phase = made.phase(draw(st.sampled_from(Phase)))
    phase.from_s_low = draw(st.sampled_from([None, 0.5, 2.0]))
    phase.to_s_peak = draw(st.integers(0, 4)) / 4
    phase.completed("1").never[draw(st.sampled_from(["first", "last"]))] = draw(st.integers(1, 3))
    made.health.cpu_ratio_peak = draw(st.integers(0, 4)) / 4
    return made


def total(*parts: Figures) -> Figures:
    whole = Figures()
    for part in parts:
        add(whole, part)
    return whole


@given(figures(), figures(), figures())
def test_adding_is_associative_and_commutative(some: Figures, more: Figures, rest: Figures) -> None:
    assert total(total(some, more), rest) == total(some, total(more, rest))
    assert total(some, more) == total(more, some)


@given(figures(), figures())
def test_adding_leaves_the_part_alone(some: Figures, more: Figures) -> None:
    before = copy.deepcopy(more)
    whole = total(some, more)
    add(whole, some)

    assert more == before


@given(figures())
def test_the_plain_form_gives_the_same_figures_back(some: Figures) -> None:
    assert Figures.from_plain(some.to_plain()) == some


def test_a_peak_is_the_higher_one() -> None:
    some, more = Figures(), Figures()
    some.health.cpu_ratio_peak, more.health.cpu_ratio_peak = 0.7, 0.4

    assert total(some, more).health.cpu_ratio_peak == 0.7


@pytest.mark.parametrize(
    ("expected", "label"),
    [(1, "1"), (2, "2"), (3, "3-10"), (10, "3-10"), (11, "11-100"), (1000, "101-1000")],
)
def test_size_classes_end_at_their_upper_number(expected: int, label: str) -> None:
    assert size_class(expected) == label


def test_the_largest_size_class_has_no_end() -> None:
    assert size_class(1001) == size_class(10**6) == SIZE_CLASSES[-1]


def test_all_notifications_are_those_of_both_classes_of_users() -> None:
    made = Figures()
    made.notification(has_several=True).missed = 2
    made.notification(has_several=False).missed = 3

    assert made.all_notifications().missed == 5


def test_all_completion_is_that_of_every_size_class() -> None:
    made = Figures()
    made.completed("1").last.record_all([5])
    made.completed("2").last.record_all([7])

    assert made.all_completion().last.count == 2
