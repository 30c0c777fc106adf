"""What a study claims: a limit only if a valid trial failed, else at least what passed."""

import pytest

from loadtest.capacity.answer import Answer, answered, load_text, replayed
from loadtest.capacity.search import SearchSettings, StoppedBy
from loadtest.capacity.study import TrialRecord
from tests.support.studies import trial

SETTINGS = SearchSettings(first=20, lowest=2.5, highest=640)
SPOILED = trial(
    320,
    "invalid",
    invalid_because="generator.lag.p99_ms is 55; limit 20",
    remedy="add workers",
    is_load_to_blame=True,
)


def answer(*trials: TrialRecord, by: StoppedBy | None) -> Answer:
    return answered(replayed(SETTINGS, trials), trials, "message_rate", by)


def test_a_limit_is_named_with_its_interval_and_with_what_broke() -> None:
    found = answer(
        *(trial(load) for load in (20, 40, 80, 160, 176, 178)),
        *(trial(load, "fail") for load in (320, 226, 184, 181)),
        by=StoppedBy.PRECISION,
    )

    assert found.limit is not None
    assert found.limit.high is not None
    assert found.limit.low < 180 < found.limit.high
    assert (found.bracket.highest_passed, found.bracket.lowest_failed) == (178, 181)
    assert not found.is_at_least
    assert found.first_broken is not None
    assert found.first_broken.value == 812
    assert found.sentence.startswith("It carries 180 messages/s (95% interval 164 to 201); ")
    assert found.sentence.endswith(
        "at 181 messages/s, latency.channel.message.created.p99_ms < 500 broke: it was 812."
    )
    assert found.advice == ""


def test_a_generator_that_is_the_limit_gives_at_least_and_what_to_change() -> None:
    found = answer(trial(160), SPOILED, by=StoppedBy.GENERATOR)

    assert found.is_at_least
    assert found.limit is not None
    assert (found.limit.low, found.limit.high) == (160, None)
    assert found.sentence == (
        "It carries at least 160 messages/s; its limit was not reached, because at 320 messages/s"
        " the load generator was the limit: generator.lag.p99_ms is 55; limit 20."
    )
    assert "--processes 2" in found.advice
    assert "add workers" in found.advice


def test_a_generator_that_ends_a_bracketed_search_claims_no_limit_either() -> None:
    trials = [trial(160), trial(640, "fail"), SPOILED, SPOILED, SPOILED]

    found = answer(*trials, by=StoppedBy.GENERATOR)

    assert found.is_at_least
    assert found.limit is not None
    assert found.limit.high is None


@pytest.mark.parametrize(
    ("by", "sentence", "advice"),
    [
        pytest.param(
            StoppedBy.RANGE,
            "It carries at least 640 messages/s, the highest load asked for; nothing failed.",
            "to see more, search up to a higher load (--to)",
            id="the range",
        ),
        pytest.param(
            StoppedBy.PERSON,
            "It carries at least 640 messages/s; no load failed before the search ended.",
            "to see more, go on with --resume",
            id="a person",
        ),
    ],
)
def test_without_a_failure_only_at_least_is_known(
    by: StoppedBy, sentence: str, advice: str
) -> None:
    found = answer(trial(320), trial(640), by=by)

    assert (found.sentence, found.advice, found.is_at_least) == (sentence, advice, True)


def test_an_interval_that_is_too_wide_says_how_to_go_on() -> None:
    found = answer(trial(160), trial(320, "fail"), by=StoppedBy.BUDGET)

    assert found.limit is not None
    assert found.advice == "the interval is wider than the ±10% asked for: go on with --resume"


def test_if_nothing_passed_there_is_only_an_upper_bound() -> None:
    found = answer(trial(2.5, "fail"), by=StoppedBy.RANGE)

    assert found.limit is None
    assert found.sentence.startswith("Nothing passed: it carries less than 2.5 messages/s: ")


def test_if_nothing_could_be_judged_that_is_the_answer() -> None:
    found = answer(SPOILED, by=StoppedBy.GENERATOR)

    assert (found.limit, found.is_at_least) == (None, False)
    assert found.sentence == ("No trial could be judged: generator.lag.p99_ms is 55; limit 20.")


def test_before_the_first_trial_there_is_no_answer() -> None:
    assert answer(by=None).sentence == "No trial has ended yet."
    assert answer(by=StoppedBy.PERSON).sentence == "No trial was completed."


def test_a_load_has_its_unit() -> None:
    assert load_text(1234.4, "devices") == "1,234 devices"
    assert load_text(22.55, "deliveries") == "22.6 deliveries/s"
