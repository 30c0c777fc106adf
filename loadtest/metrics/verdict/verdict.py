"""What a run is worth: passed, failed, not able to say, or stopped.

A run whose instrument was not sound supports no verdict. A load generator that was late, a lost
worker or a ledger that does not add up can be the cause of any broken threshold as well, so that
such a run is INCONCLUSIVE and not FAIL. Too few samples concern their own threshold alone. Load
that could not be offered never excuses a broken threshold: it turns a PASS into INCONCLUSIVE, as
the server was asked for less than planned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from loadtest.metrics.verdict.grammar import Consequence
from loadtest.metrics.verdict.thresholds import ThresholdResult, shown_value

__all__ = ["CODE_RAISED", "ExitCode", "Reason", "Soundness", "Verdict", "judge"]

CODE_RAISED = "user_code_raised"
"""Code of the reason that code of the locustfile raised."""
_CLOCK_SHARE = 0.1
_LONGER = 1.1
"""A run that is advised has this much more than the samples that are needed."""
# Their figures compare instants of two workers, if channels span them; the others never do.
_CROSS_WORKER_SECTIONS = ("cross_worker.", "completion.", "notifications.activation.")


class ExitCode(IntEnum):
    """What a command's exit code says."""

    PASSED = 0
    FAILED = 1
    """A threshold broke, and the run is valid."""
    USAGE = 2
    """Bad profile or arguments, or a refused target: nothing was sent."""
    INCONCLUSIVE = 3
    """The run cannot support a verdict."""
    CODE_RAISED = 4
    """The run is valid but for code of the locustfile that raised."""
    STOPPED = 130
    """A person stopped it."""


class Verdict(Enum):
    """The outcome of a run."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    STOPPED = "STOPPED"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a command that ends with this verdict."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.PASS: ExitCode.PASSED,
    Verdict.FAIL: ExitCode.FAILED,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Verdict.STOPPED: ExitCode.STOPPED,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is not PASS."""

    code: str
    figure: str
    """Path of the figure; of what is none, what it is in words."""
    value: float | int | str | None
    limit: float | int | str | None
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``summary.json``."""
        return {
            "code": self.code,
            "figure": self.figure,
            "value": self.value,
            "limit": self.limit,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Soundness:
    """Whether the instrument can be believed."""

    lag_p99_ms: float | None
    lag_p99_limit_ms: float
    loop_lag_p99_ms: float | None = None
    loop_lag_p99_limit_ms: float = float("inf")
    not_offered_ratio: float | None = None
    """Share of the planned actions that could not be offered, or that the server refused."""
    dropped_ratio_limit: float = 1.0
    workers: int = 1
    workers_lost: int = 0
    workers_early: int = 0
    """Ended in order, but before they were told to; not among the lost."""
    missing_s: float = 0.0
    """How much shorter than planned the run has sent."""
    contradictions: tuple[str, ...] = ()
    """Where the ledger does not add up: the paths of the figures."""
    clock_uncertainty_ms: float | None = None
    """Of instants of two workers against each other; None: no figure compares such."""
    is_measured: bool = True
    """Whether anything was measured at all."""
    is_stopped: bool = False
    errors: tuple[str, ...] = ()
    """What failed in the load generator itself, each with its traceback."""
    user_errors: tuple[tuple[str, int], ...] = ()
    """What tasks and handlers of the locustfile raised, and how often."""
    exhausted: int = 0
    """Connections that were not opened because this machine had no port or file left."""
    target_gone: str = ""
    """How the embedded server ended before the run did; empty: it did not."""
    unwritten: int = 0
    """How many files of the results could not be written."""
    absent: tuple[str, ...] = ()
    """What the profile is about and the run did not have."""
    duration_s: float = 0.0
    """How long the run lasted, for advice on how long it should."""


def judge(
    soundness: Soundness, results: Iterable[ThresholdResult]
) -> tuple[Verdict, tuple[Reason, ...]]:
    """Return the verdict of a run and all its reasons, the gravest first."""
    # What is only to be warned of decides nothing: see ``warnings``.
    results = tuple(
        result for result in results if result.threshold.consequence is not Consequence.WARN
    )
    unsound = tuple(_unsound(soundness))
    unclear = tuple(_unclear(soundness, results))
    broken = tuple(
        _broken(result)
        for result in results
        if result.held is False and not _is_broken_by_clocks(soundness, result)
    )
    if soundness.is_stopped:
        verdict = Verdict.STOPPED
    elif unsound:
        verdict = Verdict.INCONCLUSIVE
    elif broken:
        return Verdict.FAIL, broken + unclear
    elif unclear:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.PASS
    return verdict, unsound + unclear + broken


def _unsound(soundness: Soundness) -> Iterable[Reason]:
    if not soundness.is_measured and not soundness.is_stopped:
        remedy = "see sessions.*.errors_by_reason and run.log for why no chat session came up"
        yield Reason("nothing_measured", "load.chat_sessions_started", 0, 1, remedy)
    lag, limit = soundness.lag_p99_ms, soundness.lag_p99_limit_ms
    if lag is not None and lag > limit:
        remedy = "add workers or lower the arrival rate (workload.message_rate_per_s)"
        yield Reason("generator_lag", "generator.lag.p99_ms", lag, limit, remedy)
    loop_lag, limit = soundness.loop_lag_p99_ms, soundness.loop_lag_p99_limit_ms
    if loop_lag is not None and loop_lag > limit:
        remedy = (
            "arrivals were read late: add workers, lower the load, or leave this host's processors "
            "to the generator"
        )
        yield Reason("loop_lag", "generator.loop_lag.p99_ms", loop_lag, limit, remedy)
    if soundness.workers_lost:
        remedy = (
            f"look in the log of the lost worker; the figures are those of what all "
            f"{soundness.workers} had reported"
        )
        lost = soundness.workers_lost
        yield Reason("worker_lost", "generator.workers_lost", lost, 0, remedy)
    if soundness.workers_early:
        remedy = (
            "see what ended the worker (a signal, an eviction); from then on its users were "
            "missing, and what was planned for them is among the dropped"
        )
        early = soundness.workers_early
        yield Reason("worker_ended_early", "generator.workers_early", early, 0, remedy)
    if soundness.exhausted:
        remedy = (
            "this machine had no local port or open file left, whatever the server does: connect "
            "from more addresses (--source-address), raise the limits, or use more hosts"
        )
        yield Reason("generator_exhausted", "generator.exhausted", soundness.exhausted, 0, remedy)
    if soundness.target_gone:
        remedy = (
            "what was measured after it ended says nothing: run again; if nobody ended the server, "
            "see what it printed, or the log of the kernel (out of memory?)"
        )
        yield Reason("target_ended", "the embedded server", soundness.target_gone, None, remedy)
    if soundness.errors:
        remedy = "the generator itself failed: please report it with the run's run.log"
        yield Reason("generator_error", "generator.errors", len(soundness.errors), 0, remedy)
    for figure in soundness.contradictions:
        remedy = "this is a defect of the load generator: please report it with the run's folder"
        yield Reason("does_not_add_up", figure, None, None, remedy)


def _unclear(soundness: Soundness, results: Iterable[ThresholdResult]) -> Iterable[Reason]:
    missing, most = soundness.not_offered_ratio, soundness.dropped_ratio_limit
    if missing is not None and missing > most:
        remedy = (
            "the load was less than planned: see dropped_by_reason and errors_by_reason of actions "
            "and sessions, give sessions more time to come up, or allow it "
            "(generator.dropped_ratio_limit)"
        )
        yield Reason("arrivals_dropped", "work.all.not_offered_ratio", missing, most, remedy)
    if soundness.missing_s and not soundness.is_stopped:
        remedy = "the run ended before its planned end: see run.log for what ended it"
        yield Reason("ended_early", "sending_s", soundness.missing_s, 0, remedy)
    if soundness.user_errors:
        first, raised = soundness.user_errors[0][0], sum(n for _, n in soundness.user_errors)
        remedy = f"users did not do what they were written for: {first} (see run.log)"
        yield Reason(CODE_RAISED, "generator.user_errors", raised, 0, remedy)
    if soundness.unwritten:
        remedy = "the results are not complete: free some space or use --results DIR"
        yield Reason("results_not_written", "results", soundness.unwritten, 0, remedy)
    for feature in soundness.absent:
        remedy = "let the run last as long as its profile, or describe another one (--duration)"
        yield Reason("not_in_run", feature, None, None, remedy)
    uncertainty = soundness.clock_uncertainty_ms
    for result in results:
        figure, limit = result.threshold.figure, result.threshold.limit
        if result.held is None and result.has_enough and result.is_near:
            remedy = "the limit lies within the uncertainty of the figure: let the run last longer"
            value = _between(result.interval)
            yield Reason("too_near", figure, value, _limit_text(result), remedy)
        elif result.held is None:
            remedy = _remedy_for_few(result, soundness.duration_s)
            needed = f">= {max(result.needed, 1)}"
            yield Reason("too_few_samples", figure, result.samples, needed, remedy)
        elif _needs_better_clocks(soundness, result):
            remedy = "keep each channel on one worker, or synchronise the hosts' clocks better"
            allowed = round(_CLOCK_SHARE * limit, 3)
            yield Reason(
                "clock_uncertainty", "generator.clock_uncertainty_ms", uncertainty, allowed, remedy
            )


def _remedy_for_few(result: ThresholdResult, duration_s: float) -> str:
    """Return what would give a threshold the samples that it needs."""
    if not result.samples:
        return "nothing of this happened in the run: let it happen, or leave the threshold out"
    longer_s = _LONGER * duration_s * result.needed / result.samples
    return (
        f"let the run last about {max(longer_s, 1):,.0f} s, which has enough at this rate, or "
        "judge a lower percentile"
    )


def _needs_better_clocks(soundness: Soundness, result: ThresholdResult) -> bool:
    """Return whether the clocks are too uncertain for the limit of a threshold."""
    figure, limit = result.threshold.figure, result.threshold.limit
    return (
        soundness.clock_uncertainty_ms is not None
        and figure.startswith(_CROSS_WORKER_SECTIONS)
        and figure.endswith("_ms")
        and soundness.clock_uncertainty_ms > _CLOCK_SHARE * limit
    )


def _is_broken_by_clocks(soundness: Soundness, result: ThresholdResult) -> bool:
    """Return whether a threshold may hold after all, by what is unknown of the clocks."""
    if not _needs_better_clocks(soundness, result) or result.value is None:
        return False
    # What never happened is no matter of clocks: the difference is infinite then.
    off_ms = abs(result.value - result.threshold.limit)
    return off_ms <= (soundness.clock_uncertainty_ms or 0)


def _broken(result: ThresholdResult) -> Reason:
    threshold = result.threshold
    if threshold.figure.startswith(("ledger.", "notifications.")):
        remedy = "find the seconds of it in timeline.csv, and what the server's log says of them"
    else:
        remedy = "see when it rose in the report's charts, and what the server did then"
    return Reason(
        "threshold", threshold.figure, shown_value(result.value), _limit_text(result), remedy
    )


def _limit_text(result: ThresholdResult) -> str:
    return f"{result.threshold.comparison} {result.threshold.limit:g}"


def _between(interval: tuple[float, float] | None) -> str | None:
    if interval is None:
        return None
    low, high = (shown_value(each) for each in interval)
    return f"{low} to {high}"
