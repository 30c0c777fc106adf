"""The search for a limit: its decisions one by one, and whole searches of a known limit."""

import pytest

from loadtest.capacity.search import (
    Next,
    Outcome,
    Phase,
    Search,
    SearchSettings,
    Stop,
    StoppedBy,
    rounded,
)
from tests.support.capacity import Deployment, searched

PASS, FAIL, INVALID = Outcome.PASS, Outcome.FAIL, Outcome.INVALID
SETTINGS = SearchSettings(first=20, lowest=2.5, highest=1280)


def after(*trials: tuple[float, Outcome], settings: SearchSettings = SETTINGS) -> Search:
    search = Search(settings)
    for load, outcome in trials:
        search.note(load, outcome)
    return search


@pytest.mark.parametrize(
    ("trials", "decision"),
    [
        pytest.param((), Next(20, Phase.BRACKET), id="the first load is the given one"),
        pytest.param(((20, PASS),), Next(40, Phase.BRACKET), id="a pass doubles it"),
        pytest.param(((20, FAIL),), Next(10, Phase.BRACKET), id="a fail halves it"),
        pytest.param(
            ((20, PASS), (900, PASS)), Next(1280, Phase.BRACKET), id="never above the highest"
        ),
        pytest.param(
            ((20, PASS), (1280, PASS)), Stop(StoppedBy.RANGE), id="the highest load passes"
        ),
        pytest.param(((2.5, FAIL),), Stop(StoppedBy.RANGE), id="the lowest load fails"),
        pytest.param(
            ((80, INVALID), (40, PASS)),
            Next(80, Phase.REPEAT),
            id="a first invalid trial may be an accident",
        ),
        pytest.param(
            ((40, PASS), (80, INVALID), (80, INVALID)),
            Next(56.6, Phase.BELOW_GENERATOR),
            id="below what the generator could not carry",
        ),
        pytest.param(
            ((40, PASS), (43, INVALID), (43, INVALID)),
            Stop(StoppedBy.GENERATOR),
            id="nothing is left below the generator's limit",
        ),
        pytest.param(
            ((40, INVALID), (38.8, INVALID), (37.6, INVALID)),
            Stop(StoppedBy.GENERATOR),
            id="three invalid trials in a row",
        ),
        pytest.param(
            ((20, INVALID),), Next(10, Phase.BELOW_GENERATOR), id="the first trial is invalid"
        ),
    ],
)
def test_the_next_decision(
    trials: tuple[tuple[float, Outcome], ...], decision: Next | Stop
) -> None:
    assert after(*trials).decide() == decision


def test_between_a_pass_and_a_fail_the_load_is_where_a_trial_tells_most() -> None:
    decision = after((40, PASS), (80, FAIL)).decide()

    assert isinstance(decision, Next)
    assert decision.phase is Phase.NARROW
    assert decision.load == pytest.approx(56.6, rel=0.02)


def test_a_trial_spoiled_below_a_measured_load_is_repeated_a_little_lower() -> None:
    """A higher load was measured before, so that the generator's limit is not down here."""
    decision = after((40, PASS), (80, FAIL), (56.6, INVALID)).decide()

    assert isinstance(decision, Next)
    assert 53 < decision.load < 56


def test_a_trial_that_was_too_short_is_repeated_at_its_load() -> None:
    search = after((40, PASS))
    search.note(80, INVALID, is_load_to_blame=False)
    repeated = search.decide()
    search.note(80, PASS)

    assert repeated == Next(80, Phase.REPEAT)
    assert search.decide() == Next(160, Phase.BRACKET)


def test_the_bracket_is_literal() -> None:
    search = after((40, PASS), (50, PASS), (50, FAIL), (60, FAIL), (45, FAIL))

    assert (search.highest_passed, search.lowest_failed) == (40, 45)


def test_the_plan_names_the_loads_of_a_search_in_which_nothing_fails() -> None:
    settings = SearchSettings(first=20, lowest=5, highest=100)

    assert settings.loads() == (20, 40, 80, 100)


def test_a_load_has_three_digits() -> None:
    assert [rounded(load) for load in (1234.5, 56.789, 0.12345)] == [1230, 56.8, 0.123]


@pytest.mark.parametrize("limit", [27.0, 333.0, 1100.0])
def test_a_sharp_limit_is_found(limit: float) -> None:
    found = searched(Deployment(limit), SETTINGS, seed=1)

    assert found.by is StoppedBy.PRECISION
    assert found.contains(limit)
    assert found.is_near(limit)


def test_a_limit_below_the_first_load_is_found() -> None:
    found = searched(Deployment(7), SETTINGS, seed=1)

    assert found.by is StoppedBy.PRECISION
    assert found.is_near(7)


def test_a_limit_that_jitters_is_found() -> None:
    founds = [searched(Deployment(333, jitter=0.08), SETTINGS, seed) for seed in range(5)]

    assert all(found.by is StoppedBy.PRECISION for found in founds)
    assert sum(found.contains(333) for found in founds) >= 4


@pytest.mark.parametrize("seed", range(5))
def test_a_generator_that_is_the_limit_is_never_taken_for_the_server(seed: int) -> None:
    found = searched(Deployment(1000, generator_limit=300), SETTINGS, seed)

    assert found.by is StoppedBy.GENERATOR
    assert not found.search.is_bracketed
    assert found.search.highest_passed is not None
    assert found.search.highest_passed > 200


def test_the_same_outcomes_give_the_same_search() -> None:
    """A study that is resumed goes on as if there had been no pause."""
    trials = ((20, PASS), (40, PASS), (80, FAIL), (56, PASS))

    assert after(*trials).decide() == after(*trials).decide()
