from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clock import NS_PER_S
from loadtest.workload import RandomStream, Writing
from loadtest.workload.distributions import Distribution, Fixed, LogNormal, Uniform, WeightedTable
from loadtest.workload.typing import (
    DEBOUNCE_S,
    TYPING_MAX_S,
    typed_before,
    typing_ahead_s,
    typing_figures,
)


def writing(
    gap: Distribution | None = None, *, bursts: Distribution | None = None, length: float = 30
) -> Writing:
    return Writing(
        Fixed(length), bursts or Fixed(2), Uniform(0.3, 1.2), 0.0, Fixed(1), key_gap_s=gap
    )


@given(st.integers(1, 200), st.integers(0, 1000))
def test_typing_goes_back_from_the_whole_message(length: int, seed: int) -> None:
    """Each call is earlier than the one before, with fewer characters; the last has them all."""
    human = writing(LogNormal(0.216, 0.45))
    typed = list(typed_before(human, length, RandomStream(seed)))

    assert typed[0].characters == length
    for later, earlier in pairwise(typed):
        assert earlier.before_ns > later.before_ns
        assert earlier.characters < later.characters
    assert typed[-1].characters >= 1


@given(st.integers(0, 1000))
def test_no_call_is_planned_that_the_debounce_would_swallow(seed: int) -> None:
    typed = list(typed_before(writing(LogNormal(0.216, 0.45)), 60, RandomStream(seed)))

    for later, earlier in pairwise(typed):
        assert earlier.before_ns - later.before_ns > DEBOUNCE_S * NS_PER_S
    assert typed[0].before_ns >= 2 * DEBOUNCE_S * NS_PER_S, "the message is never debounced away"


def test_a_steady_fast_typist_sends_nothing_before_the_end() -> None:
    """As with the SDK: gaps below the debounce never let it run out."""
    typed = list(typed_before(writing(Fixed(0.1)), 40, RandomStream(1)))

    assert [each.characters for each in typed] == [40]


def test_a_slow_typist_sends_every_key() -> None:
    typed = list(typed_before(writing(Fixed(0.2)), 40, RandomStream(1)))

    assert [each.characters for each in typed] == list(range(40, 0, -1))


def test_human_typing_sends_four_of_five_keys() -> None:
    figures = typing_figures(writing(LogNormal(0.216, 0.45)))

    assert figures.keystrokes / 30 == pytest.approx(0.8, abs=0.03)
    assert figures.typed_ratio == 1.0


def test_bursts_are_what_a_profile_says() -> None:
    mostly_none = writing(bursts=WeightedTable((0, 3), (3, 1)))

    assert typing_figures(mostly_none).keystrokes == pytest.approx(0.75, abs=0.1)
    assert typing_figures(mostly_none).typed_ratio == pytest.approx(0.25, abs=0.03)


def test_what_is_typed_too_early_is_not_counted() -> None:
    """A thousand keys at five per second would take 200 s."""
    figures = typing_figures(writing(Fixed(0.2), length=1000))

    assert figures.keystrokes == pytest.approx(TYPING_MAX_S / 0.2, rel=0.02)


def test_a_plan_looks_as_far_ahead_as_typing_can_begin() -> None:
    assert typing_ahead_s(writing(Fixed(0.2))) == TYPING_MAX_S
    assert typing_ahead_s(writing()) == pytest.approx(3 * 1.2)
    assert typing_ahead_s(writing(bursts=Fixed(1000))) == TYPING_MAX_S
    assert typing_ahead_s(writing(bursts=LogNormal(2, 1))) == TYPING_MAX_S
