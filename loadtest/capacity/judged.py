"""What one run says of the server at its load: passed, failed, or nothing.

A run with a verdict of PASS or FAIL counts as it is. An INCONCLUSIVE one decides nothing about the
server; whether its load was the reason is told by its reasons. There is one exception: a run whose
only doubt is that a figure is too near its threshold is at the limit, which is what is looked for.
It counts by its figure as it stands; the search knows that outcomes there are uncertain.

The settle test: at the beginning of the hold there are nearly as many chat sessions as at its
highest. If not, the load was still growing, and the trial is repeated with a longer wait.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from loadtest.capacity.study import FirstBroken, ServerUse, TrialRecord
from loadtest.metrics.verdict.grammar import Consequence, Threshold, parse
from loadtest.observations import ChatEvent
from loadtest.report.figures import Summary, TimelineRow, at, listed, number
from loadtest.report.reasons import reasons

__all__ = ["SETTLED_RATIO", "TrialPlan", "judged", "was_settled"]

SETTLED_RATIO = 0.98
_FIRST_SECONDS = 3
# Reasons for which a lower load helps.
_BY_LOAD = frozenset({"generator_lag", "loop_lag", "arrivals_dropped", "worker_lost"})
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_MESSAGE = ChatEvent.MESSAGE_CREATED.value


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What was to be done in a trial."""

    load: float
    phase: str
    hold_from_s: float
    """When the hold begins, in seconds of the run."""
    hold_s: float
    is_settling_judged: bool = True
    """Whether a load that still grew makes the trial invalid: a longer wait can help."""


def judged(
    plan: TrialPlan,
    summary: Summary,
    timeline: Sequence[TimelineRow],
    *,
    length_s: float,
    server: ServerUse | None = None,
) -> TrialRecord:
    """Return the trial that a run was."""
    held = _held(plan, summary, timeline)
    outcome, because, remedy, is_load = _outcome(plan, summary, held)
    latency = at(summary, "latency", _MESSAGE)
    return TrialRecord(
        run_id=str(at(summary, "run_id")),
        load=plan.load,
        outcome=outcome,
        phase=plan.phase,
        devices=int(number(at(summary, "load", "devices_peak")) or 0),
        messages_per_s=_mean(held, "messages"),
        deliveries_per_s=_mean(held, "deliveries"),
        p50_ms=number(at(latency, "p50_ms")),
        p99_ms=number(at(latency, "p99_ms")),
        lost=int(number(at(summary, "ledger", _MESSAGE, "lost")) or 0),
        generator_lag_p99_ms=number(at(summary, "generator", "lag", "p99_ms")),
        cpu=number(at(summary, "generator", "cpu_ratio_peak")),
        hold_s=plan.hold_s,
        length_s=length_s,
        broken=_broken(summary),
        invalid_because=because,
        remedy=remedy,
        is_load_to_blame=is_load,
        server=server,
    )


def was_settled(held: Sequence[TimelineRow]) -> bool:
    """Return whether as many chat sessions were there at the beginning as later."""
    sessions = [number(row.get("chat_sessions")) or 0.0 for row in held]
    if not sessions:
        return False
    return max(sessions[:_FIRST_SECONDS]) >= SETTLED_RATIO * max(sessions)


def _outcome(
    plan: TrialPlan, summary: Summary, held: Sequence[TimelineRow]
) -> tuple[Literal["pass", "fail", "invalid"], str, str, bool]:
    """Return the outcome; of an invalid one why, a remedy, and whether its load was the reason."""
    verdict = at(summary, "verdict")
    if verdict == "INCONCLUSIVE" and _is_only_near(summary):
        verdict = "FAIL" if _broken(summary) else "PASS"
    if verdict not in ("PASS", "FAIL"):
        told = reasons(summary)
        said = "; ".join(each.text for each in told) or f"the run's verdict is {verdict}"
        remedy = next((each.remedy for each in told if each.remedy), "")
        codes = {at(each, "code") for each in listed(at(summary, "reasons"))}
        is_load = bool(codes & _BY_LOAD)
        return "invalid", said, remedy, is_load
    if plan.is_settling_judged and not was_settled(held):
        because = "chat sessions were still being started when the hold began"
        return "invalid", because, "the next trial waits longer before it holds", False
    return ("pass" if verdict == "PASS" else "fail"), "", "", False


def _broken(summary: Summary) -> list[FirstBroken]:
    found = []
    for each in listed(at(summary, "thresholds")):
        expression, value = str(at(each, "expression")), at(each, "value")
        known, threshold = number(value), parse(expression)
        if threshold.consequence is Consequence.WARN or not _is_broken(each, threshold):
            continue
        found.append(
            FirstBroken(
                expression=expression,
                value=known if known is not None else None if value is None else str(value),
                limit=f"{threshold.comparison} {threshold.limit:g}",
            )
        )
    return found


def _is_broken(result: object, threshold: Threshold) -> bool:
    """Return whether a threshold broke; of a figure that is near its limit, by how it stands."""
    value, held = number(at(result, "value")), at(result, "held")
    if held is not None or value is None:
        return held is False
    return not _COMPARISONS[threshold.comparison](value, threshold.limit)


def _is_only_near(summary: Summary) -> bool:
    codes = {at(each, "code") for each in listed(at(summary, "reasons"))}
    return bool(codes) and codes <= {"too_near", "threshold"}


def _held(plan: TrialPlan, summary: Summary, timeline: Sequence[TimelineRow]) -> list[TimelineRow]:
    """Return the seconds of the hold: those of the steady phase, as far as the run tells it."""
    steady = at(summary, "phases", "steady")
    first = max(number(at(steady, "from_s")) or 0.0, plan.hold_from_s)
    last = number(at(steady, "to_s")) or plan.hold_from_s + plan.hold_s
    # A row stands for the second that ends at its time.
    return [row for row in timeline if first + 1 <= (number(row.get("t_s")) or 0.0) <= last]


def _mean(held: Sequence[TimelineRow], key: str) -> float | None:
    values = [value for row in held if (value := number(row.get(key))) is not None]
    return sum(values) / len(values) if values else None
