import pytest

from loadtest.observations import ChatEvent
from loadtest.report.facts import (
    error_facts,
    generator_facts,
    ledger_check,
    load_facts,
    notification_facts,
    outside_facts,
    push_facts,
    run_facts,
    unexpected_facts,
)
from loadtest.report.figures import MISSING, Summary
from loadtest.report.findings import (
    findings,
    ledger_trouble,
    verdict,
    verdict_sentence,
    verdict_tone,
)
from loadtest.report.reasons import reasons, warnings
from loadtest.report.tables import Tone
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    no_figures,
    passing_summary,
    stopped_summary,
    with_pushes,
    with_slow_devices,
    without_notifications,
)


@pytest.mark.parametrize(
    ("summary", "sentence", "tone"),
    [
        (passing_summary(), "The run is valid and all its thresholds held (2).", Tone.GOOD),
        (failed_summary(), "The run is valid and 1 of 2 thresholds broke.", Tone.BAD),
        (inconclusive_summary(), "This run cannot support a verdict.", Tone.WARN),
        (
            stopped_summary(),
            "A person stopped the run; what was measured until then is shown.",
            Tone.WARN,
        ),
        ({"verdict": "PASS"}, "The run is valid; no threshold was set.", Tone.GOOD),
        ({}, "This run cannot support a verdict.", Tone.WARN),
    ],
)
def test_the_verdict_is_one_sentence(summary: Summary, sentence: str, tone: Tone) -> None:
    assert verdict_sentence(summary) == sentence
    assert verdict_tone(summary) is tone


def test_a_summary_without_a_verdict_never_passes() -> None:
    assert verdict({}) == "INCONCLUSIVE"


def test_a_reason_names_figure_value_limit_and_remedy() -> None:
    late, _ = reasons(inconclusive_summary())

    assert late.text == "generator.lag.p99 is 180 ms; limit 20.0 ms (9.0 times as much)"
    assert late.remedy == "add workers or lower workload.message_rate_per_s"


def test_a_reason_without_a_value_says_so() -> None:
    (reason,) = reasons({"reasons": [{"code": "few_samples", "value": None}]})

    assert reason.text == "few_samples: not measured"
    assert reason.remedy == ""


def test_a_clean_run_says_that_each_delivery_arrived_once() -> None:
    counts, latency, notifications = findings(passing_summary())

    expected = "Each of the 41,873 expected deliveries of messages arrived once, in order."
    assert counts.text == expected
    assert latency.text == (
        "Half of them took at most 1.93 ms, 99 % at most 7.53 ms, the slowest 21.8 ms. "
        "99 % of messages had reached their last receiver after 14.0 ms."
    )
    assert notifications.text == "All 2,318 expected notifications came, once."


def test_a_single_notification_is_told_in_the_singular() -> None:
    summary = passing_summary()
    summary["notifications"] |= {"expected": 1, "delivered": 1}

    texts = [finding.text for finding in findings(summary)]
    assert "The one notification that was expected came, once." in texts


def test_a_loss_is_told_with_everything_else_that_went_wrong() -> None:
    counts, _, notifications, _ = findings(failed_summary())

    assert counts.text == (
        "41,846 of 41,873 expected deliveries of messages arrived (99.93 %): "
        "27 lost, 3 late, 5 duplicate, 2 out of order, 1 unexpected."
    )
    assert notifications.text == (
        "Notifications: 2,306 of 2,318 right; 12 missed, 3 spurious, 2 hand-off gap."
    )
    assert counts.tone is notifications.tone is Tone.BAD


def test_a_ledger_that_does_not_add_up_is_no_success() -> None:
    summary = passing_summary()
    summary["ledger"][ChatEvent.MESSAGE_CREATED.value]["delivered"] -= 1
    summary["verdict"] = "INCONCLUSIVE"

    assert findings(summary)[0].text == "41,872 of 41,873 deliveries of messages arrived."
    assert ledger_check(summary).text == "does not add up for 1 event types"
    assert ledger_check(summary).tone is Tone.BAD


def test_a_ledger_adds_up_or_is_empty() -> None:
    assert ledger_check(failed_summary()).text == "adds up"
    assert ledger_check(stopped_summary()).text == MISSING


def test_nothing_expected_is_no_success() -> None:
    told = findings(stopped_summary())

    assert told[0].text == "No delivery of a message was expected, so none was judged."
    assert told[0].tone is Tone.WARN
    assert told[1].text == "No notification was expected, and none came wrongly."


def test_deliveries_without_latency_say_so() -> None:
    summary = passing_summary()
    summary["latency"][ChatEvent.MESSAGE_CREATED.value] = {"count": 0}

    assert findings(summary)[1].text == "No delivery latency was measured."


def test_missing_notifications_without_a_known_kind_are_bad() -> None:
    summary = passing_summary()
    summary["notifications"]["delivered"] = 2_300
    summary["verdict"] = "FAIL"

    assert findings(summary)[-1].text == "Notifications: 2,300 of 2,318 right."
    assert findings(summary)[-1].tone is Tone.BAD


def test_a_run_without_notifications_claims_none() -> None:
    assert findings(without_notifications())[-1].tone is Tone.QUIET


@pytest.mark.parametrize(
    ("summary", "sentence", "tone"),
    [
        pytest.param(with_pushes(), "All 310 expected pushes came, once.", Tone.GOOD, id="right"),
        pytest.param(
            with_pushes(missed=2, duplicate=1),
            "Pushes: 308 of 310 right; 2 missed, 1 duplicate.",
            Tone.BAD,
            id="wrong",
        ),
        pytest.param(
            with_pushes(expected=0, delivered=0),
            "No push was expected, and none came wrongly.",
            Tone.QUIET,
            id="nothing expected",
        ),
    ],
)
def test_pushes_are_one_sentence(summary: Summary, sentence: str, tone: Tone) -> None:
    found = findings({**summary, "verdict": "FAIL"})[-1]

    assert (found.text, found.tone) == (sentence, tone)


def test_each_wrong_push_is_a_fact() -> None:
    facts = {fact.label: fact for fact in push_facts(with_pushes(spurious=3, unassigned=7))}

    assert (facts["pushes spurious"].text, facts["pushes spurious"].tone) == ("3", Tone.BAD)
    assert (facts["pushes unassigned"].text, facts["pushes unassigned"].tone) == ("7", Tone.WARN)
    assert push_facts(passing_summary()) == ()


def test_the_run_is_named_with_its_target() -> None:
    facts = {fact.label: fact.text for fact in run_facts(passing_summary())}

    assert facts == {
        "run": "20261122T191500Z-smoke-3f9a",
        "profile": "smoke",
        "target": "embedded server (http://127.0.0.1:41873)",
        "dialect": "2",
        "workload": "open",
        "duration": "20.0 s",
        "seed": "7",
    }


def test_what_devices_do_otherwise_than_the_sdk_is_told_with_the_run() -> None:
    summary = passing_summary() | {"deviations": ["no ACK for events", "no STOMP heart-beats"]}
    facts = {fact.label: fact for fact in run_facts(summary)}

    assert facts["unlike the SDK"].text == "no ACK for events; no STOMP heart-beats"
    assert facts["unlike the SDK"].tone is Tone.WARN


def test_an_empty_summary_has_dashes_for_facts() -> None:
    assert {fact.text for fact in run_facts({})} == {MISSING}
    assert {fact.text for fact in generator_facts({})} == {MISSING}
    assert notification_facts({})[0].text == MISSING


def test_the_seed_zero_is_a_seed() -> None:
    assert run_facts(stopped_summary())[-1].text == "0"


def test_load_lists_the_actions() -> None:
    facts = {fact.label: fact.text for fact in load_facts(passing_summary())}

    assert facts["chat sessions"] == "612 started, 598 ended, 402 at the peak"
    assert facts["actions"].startswith("message 1,204, keystrokes 3,381")


def test_wrong_notifications_are_bad() -> None:
    facts = {fact.label: fact for fact in notification_facts(failed_summary())}

    assert facts["right"].text == "2,306 of 2,318"
    assert facts["missed"].tone is facts["right"].tone is Tone.BAD
    assert facts["duplicate"].tone is Tone.PLAIN


def test_a_sick_generator_is_marked() -> None:
    facts = {fact.label: fact for fact in generator_facts(inconclusive_summary())}

    assert (facts["CPU at the peak"].text, facts["CPU at the peak"].tone) == ("98 %", Tone.WARN)
    assert facts["workers lost"].tone is Tone.BAD
    assert facts["clock uncertainty"].text == "0.083 ms"


def test_trouble_names_only_what_went_wrong() -> None:
    assert ledger_trouble({"lost": 1, "late": 0, "duplicate": None}) == "1 lost"
    assert ledger_trouble({}) == ""


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        pytest.param(
            {"code": "does_not_add_up", "figure": "ledger.e", "value": None, "limit": None},
            "ledger.e does not add up",
            id="counts that contradict each other have no value",
        ),
        pytest.param(
            {"code": "too_few_samples", "figure": "latency.e.p99_ms", "value": 40, "limit": ">= 1"},
            "latency.e.p99_ms rests on 40 samples; needed >= 1",
            id="the value of few samples is their number",
        ),
    ],
)
def test_a_reason_is_told_in_the_words_of_its_rule(reason: Summary, text: str) -> None:
    assert reasons({"reasons": [reason]})[0].text == text


def test_errors_are_told_with_their_reasons_the_most_frequent_first() -> None:
    errors, dropped = error_facts(failed_summary())

    assert errors.label == "message errors"
    assert errors.text == "4 (no STOMP receipt within 10 s 3, ClientError: too many requests 1)"
    assert dropped.text == "5 (no chat session 5)"
    assert error_facts(passing_summary()) == ()


def test_many_reasons_are_cut() -> None:
    kinds = {f"kind {number}": number for number in range(1, 9)}

    (fact,) = unexpected_facts({"unexpected": {"channel.message.created": kinds}})

    assert fact.label == "message received"
    assert fact.text == "kind 8 8, kind 7 7, kind 6 6, kind 5 5, kind 4 4 and 3 more kinds"


def test_samples_outside_a_histogram_are_told_where_they_belong() -> None:
    (fact,) = outside_facts(failed_summary())

    assert fact.label == "latency.channel.message.created"
    assert fact.text == "2 above the range of a histogram"


def test_lost_connections_are_told_with_their_reasons() -> None:
    facts = {fact.label: fact for fact in load_facts(failed_summary())}

    assert facts["connections lost"].text == "3 (closed (1006) 3)"
    assert facts["connections lost"].tone is Tone.WARN


def test_a_contradiction_beyond_the_counts_is_told() -> None:
    summary = passing_summary() | {"adds_up": False}

    assert ledger_check(summary).text == "does not add up; see the reasons"


def test_one_remedy_for_several_reasons_is_given_once() -> None:
    reason = {"code": "does_not_add_up", "figure": "a", "remedy": "report it"}

    told = reasons({"reasons": [reason, {**reason, "figure": "b"}, {**reason, "remedy": "wait"}]})

    assert [each.remedy for each in told] == ["", "report it", "wait"]


def test_what_came_late_is_a_warning_and_no_fault() -> None:
    summary = passing_summary()
    summary["ledger"][ChatEvent.MESSAGE_CREATED.value]["late"] = 2

    assert findings(summary)[0].tone is Tone.WARN


def test_the_way_back_is_told_only_where_connections_broke() -> None:
    told = [finding.text for finding in findings(passing_summary())]

    assert not any("came back" in text for text in told)


def test_the_way_back_is_told_with_what_was_missed_meanwhile() -> None:
    (told,) = [each for each in findings(failed_summary()) if "came back" in each.text]

    assert told.tone is Tone.WARN, "one of them did not"
    assert told.text.startswith("11 of 12 chat sessions whose connection broke came back: half of")
    assert told.text.endswith("before the chat session was back: 1,047.")


def test_a_gap_in_which_nobody_wrote_lost_nothing() -> None:
    summary = failed_summary()
    summary["recovery"] |= {"count": 12, "lost_in_gap": 0}
    (told,) = [each for each in findings(summary) if "came back" in each.text]

    assert told.text.endswith("No message was lost in the gap.")
    assert told.tone is Tone.PLAIN


def test_chat_sessions_that_never_came_back_have_no_times() -> None:
    summary = failed_summary()
    summary["recovery"] |= no_figures()
    (told,) = [each for each in findings(summary) if "came back" in each.text]

    assert told.text.startswith("0 of 12 chat sessions whose connection broke came back. ")


def test_slow_devices_are_told_apart_from_those_who_might_suffer() -> None:
    for lost, tone in ((0, Tone.PLAIN), (3, Tone.BAD)):
        summary = with_slow_devices(lost) | {"verdict": "FAIL"}
        (told,) = [each for each in findings(summary) if "slowly" in each.text]

        assert told.tone is tone
        assert "10 devices read slowly, on purpose." in told.text
        assert "1,200 of 2,000 were lost. Of the others, 194:" in told.text
        assert told.text.endswith(f"{lost} of 39,873 were lost.")


def test_without_slow_devices_nothing_is_told_of_them() -> None:
    assert not any("slowly" in finding.text for finding in findings(passing_summary()))


def test_what_crossed_workers_is_said_apart_with_its_uncertainty() -> None:
    text = " ".join(finding.text for finding in findings(inconclusive_summary()))

    assert "Within one worker, half took at most 1.93 ms" in text
    assert "Between workers, half took at most 4.30 ms" in text
    assert "give or take 0.083 ms by their clocks. 99 % of messages had reached" in text


def test_beside_a_pass_a_fault_is_told_as_one_that_nobody_limits() -> None:
    """PASS beside a red cross would leave the reader to guess which of them is right."""
    summary = failed_summary() | {"verdict": "PASS"}
    told = findings(summary)

    assert Tone.BAD not in {each.tone for each in told}
    assert told[0].text.endswith("1 unexpected. No threshold of this run limits that.")
    assert told[0].tone is Tone.WARN


def test_the_headline_is_about_all_messages_and_not_the_survivors() -> None:
    summary = passing_summary()
    last = summary["completion"]["all"]["last"]
    last |= {"count": 1_000, "never": 700, "p50_ms": "never", "p99_ms": "never"}

    assert findings(summary)[1].text.endswith("The last receiver: never for 70.00 % of messages.")


def test_the_few_that_never_arrived_everywhere_are_told() -> None:
    text = findings(failed_summary())[1].text

    assert text.endswith("had reached their last receiver after 14.0 ms, 19 never did.")


def test_a_warning_says_what_was_judged() -> None:
    summary = passing_summary()
    path = "notifications.judged_share"
    summary["warnings"] = [
        {"code": "little_judged", "figure": path, "value": 0.613, "limit": ">= 0.95", "remedy": "r"}
    ]

    (told,) = warnings(summary)
    assert told.text == f"only 61.30 % of what happened was judged ({path})"
    assert told.remedy == "r"


def test_a_sentence_speaks_of_no_percentile_with_too_few_samples() -> None:
    summary = passing_summary()
    summary["completion"]["all"]["last"]["count"] = 164
    summary["latency"][ChatEvent.MESSAGE_CREATED.value]["count"] = 40
    text = findings(summary)[1].text

    assert "99 %" not in text
    assert "90 % of messages had reached their last receiver after 6.12 ms." in text
    assert text.startswith("Half of them took at most 1.93 ms, the slowest 21.8 ms.")
