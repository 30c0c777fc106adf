from dataclasses import replace

import pytest

from loadtest.metrics.verdict.grammar import parse
from loadtest.metrics.verdict.thresholds import ThresholdResult
from loadtest.metrics.verdict.verdict import ExitCode, Soundness, Verdict, judge

SOUND = Soundness(lag_p99_ms=1.0, lag_p99_limit_ms=20.0)
P99 = parse("latency.channel.message.created.p99_ms < 50")
HELD = ThresholdResult(P99, 10.0, True, 5000, 1000)
BROKEN = ThresholdResult(P99, 60.0, False, 5000, 1000)
ACROSS = parse("cross_worker.channel.message.created.latency.p99_ms < 50")
UNCLEAR = ThresholdResult(parse("actions.edit.p99_ms < 5"), 1.0, None, 12, 1000)


@pytest.mark.parametrize(
    ("soundness", "results", "verdict", "codes"),
    [
        pytest.param(SOUND, [], Verdict.PASS, [], id="no thresholds"),
        pytest.param(SOUND, [HELD], Verdict.PASS, [], id="all held"),
        pytest.param(SOUND, [HELD, BROKEN], Verdict.FAIL, ["threshold"], id="one broke"),
        pytest.param(
            SOUND, [HELD, UNCLEAR], Verdict.INCONCLUSIVE, ["too_few_samples"], id="too few samples"
        ),
        pytest.param(
            SOUND,
            [UNCLEAR, BROKEN],
            Verdict.FAIL,
            ["threshold", "too_few_samples"],
            id="too few samples excuse no other threshold",
        ),
        pytest.param(
            replace(SOUND, lag_p99_ms=20.1),
            [BROKEN],
            Verdict.INCONCLUSIVE,
            ["generator_lag", "threshold"],
            id="a late generator can be the cause of a failure",
        ),
        pytest.param(
            replace(SOUND, loop_lag_p99_ms=200.1, loop_lag_p99_limit_ms=200),
            [HELD, BROKEN],
            Verdict.INCONCLUSIVE,
            ["loop_lag", "threshold"],
            id="an engine that reads late can be the cause of a failure",
        ),
        pytest.param(
            replace(SOUND, loop_lag_p99_ms=200, loop_lag_p99_limit_ms=200),
            [HELD],
            Verdict.PASS,
            [],
            id="an engine at its limit",
        ),
        pytest.param(
            replace(SOUND, not_offered_ratio=0.02, dropped_ratio_limit=0.01),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["arrivals_dropped"],
            id="less load than planned is no pass",
        ),
        pytest.param(
            replace(SOUND, not_offered_ratio=0.02, dropped_ratio_limit=0.01),
            [BROKEN],
            Verdict.FAIL,
            ["threshold", "arrivals_dropped"],
            id="and excuses no failure",
        ),
        pytest.param(
            replace(SOUND, not_offered_ratio=0.01, dropped_ratio_limit=0.01),
            [HELD],
            Verdict.PASS,
            [],
            id="as much less as is allowed",
        ),
        pytest.param(
            replace(SOUND, workers=2, workers_lost=1),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["worker_lost"],
            id="a lost worker",
        ),
        pytest.param(
            replace(SOUND, workers=2, workers_early=1),
            [BROKEN],
            Verdict.INCONCLUSIVE,
            ["worker_ended_early", "threshold"],
            id="a worker that ended before it was told to",
        ),
        pytest.param(
            replace(SOUND, missing_s=7.0),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["ended_early"],
            id="a run that was shorter than planned",
        ),
        pytest.param(
            replace(SOUND, missing_s=7.0),
            [BROKEN],
            Verdict.FAIL,
            ["threshold", "ended_early"],
            id="which excuses no failure",
        ),
        pytest.param(
            replace(SOUND, missing_s=7.0, is_stopped=True),
            [HELD],
            Verdict.STOPPED,
            [],
            id="a person who stops a run makes it shorter",
        ),
        pytest.param(
            replace(SOUND, user_errors=(("KeyError: 4", 7), ("x", 1))),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["user_code_raised"],
            id="code of the locustfile that raised",
        ),
        pytest.param(
            replace(SOUND, exhausted=3),
            [BROKEN],
            Verdict.INCONCLUSIVE,
            ["generator_exhausted", "threshold"],
            id="a machine without a port or a file left is no fault of the server",
        ),
        pytest.param(
            replace(SOUND, unwritten=2),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["results_not_written"],
            id="results that nobody can look at",
        ),
        pytest.param(
            replace(SOUND, errors=("Traceback …",)),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["generator_error"],
            id="a failure of the generator itself",
        ),
        pytest.param(
            replace(SOUND, contradictions=("notifications",)),
            [HELD],
            Verdict.INCONCLUSIVE,
            ["does_not_add_up"],
            id="a ledger that does not add up",
        ),
        pytest.param(
            replace(SOUND, clock_uncertainty_ms=5.1),
            [replace(HELD, threshold=ACROSS)],
            Verdict.INCONCLUSIVE,
            ["clock_uncertainty"],
            id="clocks less certain than a tenth of a limit",
        ),
        pytest.param(
            replace(SOUND, clock_uncertainty_ms=5.1),
            [HELD],
            Verdict.PASS,
            [],
            id="a latency within one worker needs no second clock",
        ),
        pytest.param(
            replace(SOUND, clock_uncertainty_ms=5.1),
            [ThresholdResult(ACROSS, 55.0, False, 5000, 1000)],
            Verdict.INCONCLUSIVE,
            ["clock_uncertainty"],
            id="broken by less than is unknown of the clocks",
        ),
        pytest.param(
            replace(SOUND, clock_uncertainty_ms=5.1),
            [ThresholdResult(ACROSS, 55.2, False, 5000, 1000)],
            Verdict.FAIL,
            ["threshold", "clock_uncertainty"],
            id="broken by more than is unknown of the clocks",
        ),
        pytest.param(
            replace(SOUND, is_measured=False),
            [],
            Verdict.INCONCLUSIVE,
            ["nothing_measured"],
            id="nothing measured",
        ),
        pytest.param(
            replace(SOUND, is_stopped=True, is_measured=False),
            [BROKEN],
            Verdict.STOPPED,
            ["threshold"],
            id="stopped by a person, whatever was measured",
        ),
        pytest.param(
            replace(SOUND, lag_p99_ms=None), [HELD], Verdict.PASS, [], id="a closed workload"
        ),
    ],
)
def test_a_run_is_judged(
    soundness: Soundness, results: list[ThresholdResult], verdict: Verdict, codes: list[str]
) -> None:
    found, reasons = judge(soundness, results)

    assert found is verdict
    assert [reason.code for reason in reasons] == codes


def test_a_reason_names_figure_value_limit_and_remedy() -> None:
    _, (reason,) = judge(SOUND, [BROKEN])

    entry = reason.to_dict()
    assert entry.pop("remedy")
    assert entry == {
        "code": "threshold",
        "figure": "latency.channel.message.created.p99_ms",
        "value": 60.0,
        "limit": "< 50",
    }


def test_a_broken_ratio_says_so() -> None:
    result = ThresholdResult(parse("ratio(notifications) == 1"), 0.5, False, 10, 0)
    _, (reason,) = judge(SOUND, [result])

    assert reason.figure == "notifications.delivery_ratio"


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.PASS, 0),
        (Verdict.FAIL, 1),
        (Verdict.INCONCLUSIVE, 3),
        (Verdict.STOPPED, 130),
    ],
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, code: int) -> None:
    assert verdict.exit_code == code
    assert int(ExitCode.USAGE) == 2


def test_a_person_s_stop_is_no_pass_whatever_held() -> None:
    verdict, reasons = judge(replace(SOUND, is_stopped=True), [HELD])

    assert verdict is Verdict.STOPPED
    assert reasons == ()


def test_a_run_without_what_it_is_about_is_no_pass_and_excuses_no_failure() -> None:
    about = replace(SOUND, absent=("the peak is not in a run of 20 s",))

    assert judge(about, [HELD])[0] is Verdict.INCONCLUSIVE
    assert judge(about, [BROKEN])[0] is Verdict.FAIL


def test_it_is_said_how_long_a_run_must_last_for_enough_samples() -> None:
    few = ThresholdResult(P99, 1.0, None, 400, 1000)
    _, (reason,) = judge(replace(SOUND, duration_s=30.0), [few])

    assert reason.remedy.startswith("let the run last about 82 s, which has enough at this rate")


def test_what_never_happened_cannot_be_helped_by_a_lower_percentile() -> None:
    nothing = ThresholdResult(parse("notifications.missed == 0"), 0, None, 0, 0)
    _, (reason,) = judge(SOUND, [nothing])

    assert "percentile" not in reason.remedy
    assert reason.remedy.startswith("nothing of this happened in the run")
