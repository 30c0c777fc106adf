"""A study from its trials: the answer, the law and the size follow from them."""

from typing import Any

import pytest

from loadtest.capacity.search import Next, StoppedBy
from loadtest.capacity.studied import StudyFacts, law_of, search_of, studied
from loadtest.profile import load_profile
from tests.support.studies import study, trial


def facts() -> StudyFacts:
    known: dict[str, Any] = load_profile("capacity").resolved()
    return StudyFacts.of(study(profile=known))


def test_a_study_says_what_its_trials_say() -> None:
    trials = study().trials
    made = studied(facts(), trials, StoppedBy.BUDGET, 400)

    assert made.trials == trials
    assert made.stopped_by == "budget"
    assert made.limit is not None
    assert 170 < made.limit.estimate < 190
    assert made.headroom is not None
    assert (made.headroom.load, made.headroom.lag_p99_ms) == (176, 0.8)
    assert made.headroom.lag_limit_ms == 20
    assert made.usl is not None
    assert made.sizing is not None
    assert made.sizing["assumptions"]["users"]["value"] == 10_000
    assert made.sizing["size"]["nodes"] >= 2


def test_a_study_that_goes_on_has_no_end_yet() -> None:
    made = studied(facts(), [trial(20)], None, 50)

    assert made.stopped_by is None
    assert made.limit is not None
    assert made.is_at_least
    assert made.usl is None
    assert made.usl_refused.startswith("1 valid trials at 1 loads")


def test_a_study_goes_on_where_it_was() -> None:
    decision = search_of(StudyFacts.of(study(profile=facts().profile)), [trial(20)]).decide()

    assert isinstance(decision, Next)
    assert decision.load == 40


def test_invalid_trials_are_not_in_the_law() -> None:
    trials = [*study().trials, trial(170, "invalid", deliveries_per_s=1.0)]

    with_it, _ = law_of(trials)
    without, _ = law_of(study().trials)
    assert with_it is not None
    assert without is not None
    assert with_it.scale.value == pytest.approx(without.scale.value)
