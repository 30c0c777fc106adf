"""What a report says besides the trials."""

from loadtest.capacity.study import Limit
from loadtest.capacity.study_facts import (
    answer_word,
    environment_facts,
    law_facts,
    limit_facts,
    method_facts,
    tiles,
    tone,
    validity,
    workload_facts,
)
from loadtest.report.figures import MISSING
from loadtest.report.tables import Tone
from tests.support.studies import study, trial

AT_LEAST = study(
    limit=Limit(estimate=160, low=160, high=None, level=0.95),
    is_at_least=True,
    stopped_by="generator",
)


def test_the_answer_in_a_word() -> None:
    assert answer_word(study()) == "180 messages/s"
    assert answer_word(AT_LEAST) == "At least 160 messages/s"
    assert answer_word(study(limit=None)) == "No limit found"
    assert [tone(each) for each in (study(), AT_LEAST, study(limit=None))] == [
        *(Tone.GOOD, Tone.WARN, Tone.BAD)
    ]


def test_the_tiles_show_interval_and_bracket() -> None:
    shown = {fact.label: fact.text for fact in tiles(study())}

    assert shown["limit"] == "170\N{EN DASH}190"
    assert (shown["highest passed"], shown["lowest failed"]) == ("176", "184")
    assert shown["deliveries/s"] == "1,440"
    assert {fact.label: fact.text for fact in tiles(AT_LEAST)}["limit"] == "160 or more"
    assert {fact.label: fact.text for fact in tiles(study(limit=None))}["limit"] == MISSING


def test_why_the_search_ended_is_said() -> None:
    shown = {fact.label: fact.text for fact in limit_facts(AT_LEAST)}

    assert shown["the search ended because"] == "the load generator was the limit"


def test_workload_environment_method_and_law_have_their_facts() -> None:
    texts = [
        f"{fact.label}: {fact.text}"
        for facts in (workload_facts, environment_facts, method_facts, law_facts)
        for fact in facts(study())
    ]

    assert "a message reaches: 8 devices" in texts
    assert "cores: 2" in texts
    assert "interval: 95%, wanted ±10%" in texts
    assert "scalability law: not fitted: not fitted here" in texts


def test_the_limits_of_validity_follow_from_the_study() -> None:
    at_least = "\n".join(validity(AT_LEAST))

    assert "carries more than is said here" in at_least
    assert "more than 1,200 were not tried" in at_least
    assert "carries more than is said here" not in "\n".join(validity(study()))
    spoiled = study(trials=[trial(20), trial(40, "invalid")], is_embedded=False, axis="devices")
    text = "\n".join(validity(spoiled))
    assert "1 of 2 trials were invalid" in text
    assert "embedded" not in text
    assert "were not tried" not in text
