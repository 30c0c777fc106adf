from loadtest.observations import ChatEvent
from loadtest.report.headline import THIN, headline
from loadtest.report.tables import Tone
from tests.support.summaries import failed_summary, passing_summary, stopped_summary


def test_the_figures_that_people_ask_for_are_a_line_each() -> None:
    facts = {fact.label: fact.text for fact in headline(passing_summary())}

    assert facts == {
        "delivered": "41,873 of 41,873, 100 %; judged 99.80 %",
        "delivery": "p50 1.93 ms, p99 7.53 ms, max 21.8 ms",
        "last receiver": "p50 3.60 ms, p99 14.0 ms",
        "notifications": "2,318 of 2,318, 100 %; judged 99.27 %; p99 10.1 ms",
        "session starts": "user p95 34.0 ms, chat p95 11.7 ms",
        "generator lag": "p99 0.82 ms, max 2.37 ms",
    }


def test_what_went_wrong_is_in_them() -> None:
    facts = {fact.label: fact for fact in headline(failed_summary())}

    assert facts["delivered"].text.startswith("41,846 of 41,873, 99.93 %")
    assert facts["last receiver"].text.endswith("; never for 19 of 1,204 (1.57 %)")
    assert {facts[name].tone for name in ("delivered", "last receiver", "notifications")} == {
        Tone.BAD
    }


def test_what_was_not_measured_has_no_figure() -> None:
    facts = {fact.label: fact.text for fact in headline(stopped_summary())}

    assert facts["delivery"] == facts["session starts"] == "\N{EN DASH}"
    assert facts["notifications"] == "none expected"


def test_a_percentile_that_says_little_is_in_parentheses_with_the_reason() -> None:
    summary = passing_summary()
    summary["latency"][ChatEvent.MESSAGE_CREATED.value]["count"] = 400
    facts = headline(summary)

    assert "p99 (7.53 ms)" in facts[1].text
    assert facts[-1].text == THIN
