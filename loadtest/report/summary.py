"""The summary of a run: one dict that every rendering is made from.

The figures and their keys are declared in ``metrics.catalogue``, and ``docs/summary.md`` is made
from the same declarations. Here it is decided from which counts each block comes. Nothing is
measured here, and the verdict comes from its own rules. The ledger is checked to add up, and a run
in which it does not supports no verdict.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from msgspec import structs

from loadtest.metrics import Histogram, Totals
from loadtest.metrics.catalogue.declaration import Better
from loadtest.metrics.catalogue.deliveries import STALENESS
from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.metrics.catalogue.machine import GENERATOR
from loadtest.metrics.catalogue.notified import RECOVERY
from loadtest.metrics.catalogue.values import block_values, ratio_value
from loadtest.metrics.clocks.state import ClockState
from loadtest.metrics.figures.figures import EventFigures, Figures
from loadtest.metrics.verdict.abort import Abort
from loadtest.metrics.verdict.grammar import Threshold
from loadtest.metrics.verdict.thresholds import ThresholdResult, evaluate
from loadtest.metrics.verdict.verdict import Soundness, judge
from loadtest.metrics.verdict.warnings import warnings_of
from loadtest.observations import OWN_LIMITS
from loadtest.report.absent import absent_from_run
from loadtest.report.blocks import (
    NOTIFICATION,
    actions_block,
    by_event,
    completion_block,
    cross_worker_block,
    device_class_block,
    latency_block,
    ledger_block,
    load_block,
    notifications_block,
    phases_block,
    push_block,
    sessions_block,
    steady_times,
    work_block,
)
from loadtest.report.distributions import distribution_of

__all__ = ["END_TOLERANCE_S", "SCHEMA", "RunFacts", "build_summary", "contradictions", "standing"]

SCHEMA = "chatkitty-loadtest/1"

END_TOLERANCE_S = 1.0
"""A run that sends this much shorter than planned has kept its plan."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run apart from its figures."""

    run_id: str
    host: str
    dialect: int
    is_embedded: bool
    """Whether the target was this package's own reference server."""
    profile: Mapping[str, Any]
    """As resolved."""
    seed: int
    duration_s: float
    versions: Mapping[str, str]
    lag_p99_limit_ms: float
    loop_lag_p99_limit_ms: float = float("inf")
    dropped_ratio_limit: float = 1.0
    thresholds: tuple[Threshold, ...] = ()
    workers: int = 1
    workers_lost: int = 0
    """Without a final report, or with one that came before anybody asked for it."""
    workers_early: int = 0
    """The latter: they ended in order, but before they were told to."""
    planned_s: float | None = None
    """How long sending was to go on; None: until somebody stops it."""
    sending_s: float | None = None
    """How long it did; None: it is not known."""
    readers: tuple[str, ...] = ()
    """Which readers the devices of its workers had."""
    clock_uncertainty_ms: float | None = None
    """How far instants of two workers may be off against each other."""
    clocks: tuple[tuple[int, ClockState], ...] = ()
    """With the number of the worker."""
    is_stopped: bool = False
    """Whether a person stopped the run."""
    user_errors: tuple[tuple[str, int], ...] = ()
    """What tasks and handlers of the locustfile raised, and how often."""
    errors: tuple[str, ...] = ()
    """What failed in the load generator itself."""
    target_gone: str = ""
    """How the embedded server ended before the run did; empty: it did not."""
    unwritten: tuple[str, ...] = ()
    """Which files of the results could not be written, and why."""
    is_open_workload: bool = True
    """Whether a schedule decided what was due; a closed one has no generator lag."""
    deviations: tuple[str, ...] = ()
    """What the devices did otherwise than the published SDK, by the user's wish."""
    connection: tuple[str, ...] = ()
    """What was set about the way to the server: names, and no value that may be secret."""
    has_implied_thresholds: bool = False
    """Whether nobody chose the thresholds: those on what never happened are left out then."""
    aborted: Abort | None = None
    """The threshold that ended the run before its time."""
    selftest: Mapping[str, Any] | None = field(default=None)
    push_sink: Mapping[str, Any] | None = None
    """What the push sink says of itself: ``url``, ``received``, ``unreadable``; None: no sink."""


def build_summary(totals: Totals, run: RunFacts) -> dict[str, Any]:
    """Return the summary of a run."""
    figures, times = totals.figures, steady_times(totals.figures)
    work = work_block(figures)
    problems = contradictions(totals)
    summary: dict[str, Any] = {
        **_run_block(run),
        "load": load_block(totals),
        "work": work,
        "ledger": ledger_block(figures),
        "adds_up": not problems,
        "latency": latency_block(times),
        "service_latency": latency_block(times, is_service=True),
        "cross_worker": cross_worker_block(figures),
        "staleness": by_event(STALENESS, figures.events, EventFigures()),
        "completion": completion_block(times),
        "actions": actions_block(figures, times),
        "sessions": sessions_block(figures),
        "notifications": notifications_block(figures, times),
        "by_device_class": device_class_block(figures),
        "recovery": block_values(RECOVERY, figures.recovery),
        "push": push_block(figures.push, run.push_sink) if run.push_sink is not None else None,
        "generator": _generator(totals, run, work["all"]),
        "phases": phases_block(figures),
        "unexpected": _unexpected(figures),
        "other_events": dict(sorted(figures.counted.items())),
        "selftest": dict(run.selftest) if run.selftest is not None else None,
    }
    results = [
        _as_aborted(standing(threshold, summary, figures), run.aborted)
        for threshold in run.thresholds
    ]
    if run.has_implied_thresholds:
        results = [result for result in results if result.samples != 0]
    summary["thresholds"] = [result.to_dict() for result in results]
    verdict, reasons = judge(_soundness(summary, run, problems), results)
    summary["verdict"] = verdict.value
    summary["reasons"] = [reason.to_dict() for reason in reasons]
    summary["warnings"] = [warning.to_dict() for warning in warnings_of(summary, results)]
    return summary


def _run_block(run: RunFacts) -> dict[str, Any]:
    """Return what is known of a run apart from its figures; the verdict is filled in last."""
    return {
        "schema": SCHEMA,
        "run_id": run.run_id,
        "verdict": None,
        "reasons": [],
        "warnings": [],
        "target": {
            "host": run.host,
            "dialect": run.dialect,
            "embedded": run.is_embedded,
            "connection": list(run.connection),
        },
        "profile": dict(run.profile),
        "workload": "open" if run.is_open_workload else "closed",
        "deviations": list(run.deviations),
        "seed": run.seed,
        "duration_s": round(run.duration_s, 3),
        "planned_s": _seconds(run.planned_s),
        "aborted": asdict(run.aborted) if run.aborted is not None else None,
        "sending_s": _seconds(run.sending_s),
        "versions": dict(run.versions),
        "engine": {"reader": " and ".join(run.readers) or None},
    }


def standing(threshold: Threshold, summary: Mapping[str, Any], figures: Figures) -> ThresholdResult:
    """Return how a run stands against one threshold, with the uncertainty of its figure."""
    figure = all_figures()[threshold.figure]
    return evaluate(threshold, summary, distribution_of(figure, figures))


def _as_aborted(result: ThresholdResult, aborted: Abort | None) -> ThresholdResult:
    """Return the result as it ended the run: what came afterwards cannot mend it."""
    if aborted is None or result.threshold.expression != aborted.expression:
        return result
    return replace(result, value=aborted.value, held=False, interval=None)


def contradictions(totals: Totals) -> tuple[str, ...]:
    """Return the paths of the figures that do not add up; none in a sound run.

    Delivered and lost must be all that was expected, every delivery must have been timed, and
    nothing may be open once the run is over.
    """
    figures = totals.figures
    wrong = [
        f"ledger.{name}"
        for name, event in figures.events.items()
        if event.delivered + event.lost != event.expected
        or event.latency.count + figures.crossed_count(name) != event.delivered
        or not 0 <= event.late <= event.delivered
        or min(event.lost, event.boundary, event.duplicate) < 0
    ]
    notifications = figures.all_notifications()
    if (
        notifications.delivered + notifications.missed != notifications.expected
        or notifications.latency.count + figures.crossed_count(NOTIFICATION)
        != notifications.delivered
        or min(notifications.missed, notifications.boundary) < 0
    ):
        wrong.append("notifications")
    push = figures.push
    if push.delivered + push.missed != push.expected or push.latency.count != push.delivered:
        wrong.append("push")
    if totals.open_count:
        wrong.append("ledger.open")
    return tuple(wrong)


def _soundness(summary: Mapping[str, Any], run: RunFacts, problems: tuple[str, ...]) -> Soundness:
    return Soundness(
        lag_p99_ms=summary["generator"]["lag"]["p99_ms"],
        lag_p99_limit_ms=run.lag_p99_limit_ms,
        loop_lag_p99_ms=summary["generator"]["loop_lag"]["p99_ms"],
        loop_lag_p99_limit_ms=run.loop_lag_p99_limit_ms,
        not_offered_ratio=summary["work"]["all"]["not_offered_ratio"],
        dropped_ratio_limit=run.dropped_ratio_limit,
        workers=run.workers,
        workers_lost=run.workers_lost - run.workers_early,
        workers_early=run.workers_early,
        missing_s=_missing_s(run),
        contradictions=problems,
        # Of no weight where every figure comes from one clock.
        clock_uncertainty_ms=run.clock_uncertainty_ms if summary["cross_worker"] else None,
        is_measured=summary["load"]["chat_sessions_started"] > 0,
        is_stopped=run.is_stopped,
        errors=run.errors,
        target_gone=run.target_gone,
        absent=absent_from_run(run.profile, summary),
        duration_s=run.duration_s,
        unwritten=len(run.unwritten),
        exhausted=summary["generator"]["exhausted"],
        user_errors=run.user_errors,
    )


def _missing_s(run: RunFacts) -> float:
    """Return how much shorter than planned the run has sent; 0 if it kept its plan."""
    if run.planned_s is None or run.sending_s is None or run.aborted is not None:
        return 0.0
    missing_s = run.planned_s - run.sending_s
    return round(missing_s, 3) if missing_s > END_TOLERANCE_S else 0.0


def _seconds(value_s: float | None) -> float | None:
    return None if value_s is None else round(value_s, 3)


def _generator(totals: Totals, run: RunFacts, work: Mapping[str, Any]) -> dict[str, Any]:
    health = totals.figures.health
    counts: dict[str, Any] = structs.asdict(health) | {
        "loop_lag": _loop_lag(totals),
        "cpu_ratio_peak": round(health.cpu_ratio_peak, 3),
        "dropped_arrivals": work["dropped"],
        "dropped_ratio": ratio_value(work["dropped"], work["planned"], Better.LOWER),
        "errors": len(run.errors),
        "exhausted": _exhausted(totals),
        "user_errors": sum(times for _, times in run.user_errors),
        "workers": run.workers,
        "workers_lost": run.workers_lost,
        "workers_early": run.workers_early,
        "clock_uncertainty_ms": run.clock_uncertainty_ms,
    }
    if not health.samples:
        counts |= dict.fromkeys(("cpu_ratio_peak", "unsent_bytes_peak", "open_files_peak"))
    clocks = [{"worker": number + 1, **asdict(clock)} for number, clock in run.clocks]
    return {**block_values(GENERATOR, counts), "clocks": clocks}


def _exhausted(totals: Totals) -> int:
    """Return how many connections were not opened because this machine had no more."""
    actions = totals.figures.actions.values()
    return sum(action.errors.get(reason, 0) for action in actions for reason in OWN_LIMITS)


def _loop_lag(totals: Totals) -> Histogram:
    """Return how late the engine's loop was in the seconds in which there was something to time.

    In the first second a process starts its engine, its users and its files, and sends nothing yet:
    what is late then delays no arrival.
    """
    busy = Histogram()
    busy.record_all(
        max(row.loop_lag_us_peak, 1) for row in totals.timeline if row.messages or row.events
    )
    return busy


def _unexpected(figures: Figures) -> dict[str, Any]:
    return {
        name: dict(sorted(event.unexpected.items()))
        for name, event in sorted(figures.events.items())
        if event.unexpected
    }
