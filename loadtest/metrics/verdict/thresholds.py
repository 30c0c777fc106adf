"""What must hold, as expressions over the figures of a summary.

    threshold  = value comparison number
    value      = figure | "ratio(" subject ")"
    figure     = the path of a number in summary.json, such as
                 latency.channel.message.created.p99_ms or notifications.missed
    subject    = "ledger." event type | "notifications" | "push"      (delivered of expected)
    comparison = "<" | "<=" | ">" | ">=" | "==" | "!="

A number has the unit that ends the figure's name. One rule: an expression is read, and its figure
looked for among those that exist, before a run begins. A percentile needs samples beyond it: at
least ten, that is ``10 * 100 / (100 - p)`` in all, 20 for p50, 1,000 for p99 and 10,000 for p999.
With fewer, the threshold is neither held nor broken. Nor does a threshold hold because nothing
happened: no loss among no deliveries says nothing.
"""

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

from loadtest.errors import UsageError
from loadtest.metrics.figures.figures import SIZE_CLASSES
from loadtest.observations import Action, ChatEvent

__all__ = [
    "ACTIVATION_COUNTS",
    "COMPLETION_MARKS",
    "DEVICE_CLASSES",
    "DEVICE_CLASS_COUNTS",
    "LATENCY_FIGURES",
    "LEDGER_COUNTS",
    "LOAD_COUNTS",
    "NOTIFICATION_COUNTS",
    "PERCENTILES",
    "PUSH_COUNTS",
    "RECOVERY_COUNTS",
    "SAMPLES_BEYOND",
    "Threshold",
    "ThresholdResult",
    "known_figures",
    "parse",
    "samples_needed",
]

SAMPLES_BEYOND = 10
"""How many samples must lie beyond a percentile that decides a verdict."""

PERCENTILES: Mapping[str, float] = {
    "p50_ms": 50,
    "p90_ms": 90,
    "p95_ms": 95,
    "p99_ms": 99,
    "p999_ms": 99.9,
}
LATENCY_FIGURES = ("count", "min_ms", "mean_ms", *PERCENTILES, "max_ms")
LEDGER_COUNTS = (
    *("expected", "delivered", "lost", "late", "duplicate", "out_of_order", "unexpected"),
    *("boundary", "in_flight", "coalesced", "refused"),
)
NOTIFICATION_COUNTS = (
    *("expected", "delivered", "missed", "late", "duplicate", "spurious"),
    *("handoff_gap", "handoff_overlap", "boundary", "in_flight"),
)
PUSH_COUNTS = (
    *("received", "unassigned", "unreadable", "expected", "delivered", "missed", "late"),
    *("duplicate", "spurious", "boundary", "boundary_seen", "in_flight"),
)
ACTIVATION_COUNTS = ("gap_messages", "overlap_messages")
DEVICE_CLASSES = ("slow", "others")
DEVICE_CLASS_COUNTS = ("devices", "expected", "delivered", "lost", "late")
RECOVERY_COUNTS = ("chat_sessions_lost", "lost_in_gap")
COMPLETION_MARKS = ("first", "p50", "p90", "p99", "last", "spread")
LOAD_COUNTS = (
    *("users", "devices", "devices_peak", "user_sessions", "chat_sessions_started"),
    *("chat_sessions_ended", "chat_sessions_peak", "connections_lost"),
)
_LAGS = ("lag", "loop_lag", "hub_lag", "gc_pause")
_GENERATOR_COUNTS = (
    *("cpu_ratio_peak", "unsent_bytes_peak", "open_files_peak", "dropped_arrivals"),
    "dropped_ratio",
    *("errors", "workers", "workers_lost", "clock_uncertainty_ms"),
)
_SESSIONS = (Action.USER_SESSION_START, Action.CHAT_SESSION_START)

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_EXPRESSION = re.compile(
    r"\s*(?:ratio\(\s*(?P<subject>[^\s()]+)\s*\)|(?P<figure>[^\s()<>=!]+))\s*"
    r"(?P<comparison><=|>=|==|!=|<|>)\s*(?P<limit>\S+)\s*"
)
_NAMES_SHOWN = 5
_WRONGS = (".errors", ".dropped", ".incomplete")
_AMOUNTS = (".count", ".expected")
"""Of these 0 is a value as any other."""
_SAMPLES_OF: Mapping[str, tuple[str, ...]] = {
    "errors": ("count", "errors"),
    "dropped": ("count", "errors", "dropped"),
    "incomplete": ("last.count", "incomplete"),
}
"""What is counted beside a wrong outcome of an action, or of a fan-out."""
_OF_EXPECTED = frozenset(
    {"expected", "delivered", "lost", "missed", "late", "duplicate", "out_of_order"}
)
"""Counts that mean something only beside how many were expected."""


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """How a run stood against one threshold."""

    threshold: "Threshold"
    value: float | None
    held: bool | None
    """None: it cannot be said, for want of samples."""
    samples: int | None
    """How many values the figure comes from; None where that means nothing."""
    needed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``summary.json``."""
        return {
            "expression": self.threshold.expression,
            "value": self.value,
            "held": self.held,
            "samples": self.samples,
        }


@dataclass(frozen=True, slots=True)
class Threshold:
    """One expression that must hold."""

    expression: str
    figure: str
    """Path of the figure, or of the subject of a ratio."""
    comparison: str
    limit: float
    is_ratio: bool = False

    def evaluate(self, summary: Mapping[str, Any]) -> ThresholdResult:
        """Return how a run with this ``summary`` stood."""
        if self.is_ratio:
            value, samples = _ratio(summary, self.figure)
        else:
            value, samples = _value(summary, self.figure), _samples(summary, self.figure)
        needed = samples_needed(self.figure)
        held = None
        if value is not None and (samples is None or samples >= needed):
            held = _COMPARISONS[self.comparison](value, self.limit)
            if held and samples == 0 and not self.figure.endswith(_AMOUNTS):
                held = None
        return ThresholdResult(self, value, held, samples, needed)


def parse(expression: str) -> Threshold:
    """Return the threshold that ``expression`` states.

    Raises:
        UsageError: it is no threshold, or its figure does not exist.
    """
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        raise UsageError(
            f"threshold {expression!r} cannot be read; write FIGURE COMPARISON NUMBER, "
            "such as 'latency.channel.message.created.p99_ms < 250'"
        )
    try:
        limit = float(match["limit"])
    except ValueError:
        limit = float("nan")
    if limit != limit or limit in (float("inf"), float("-inf")):
        raise UsageError(f"threshold {expression!r} compares with {match['limit']!r}, not a number")
    figure, is_ratio = match["subject"] or match["figure"], match["subject"] is not None
    known = _ratio_subjects() if is_ratio else known_figures()
    if figure not in known:
        raise UsageError(
            f"threshold {expression!r} names {figure!r}, which is no "
            f"{'subject of a ratio' if is_ratio else 'figure'}; {_alternatives(figure, known)}"
        )
    return Threshold(expression.strip(), figure, match["comparison"], limit, is_ratio)


def samples_needed(figure: str) -> int:
    """Return how many samples ``figure`` needs to decide anything: more for a percentile."""
    percentile = PERCENTILES.get(figure.rpartition(".")[2])
    if percentile is None:
        return 0
    return ceil(round(SAMPLES_BEYOND * 100 / (100 - percentile), 6))


@cache
def known_figures() -> frozenset[str]:
    """Return the path of every figure that a threshold can name."""
    figures: set[str] = set()
    for event in ChatEvent:
        figures |= _paths(f"ledger.{event}", LEDGER_COUNTS)
        for section in ("latency", "service_latency", "staleness"):
            figures |= _paths(f"{section}.{event}", LATENCY_FIGURES)
        figures |= _cross_worker_paths(f"cross_worker.{event}")
    for size in ("all", *SIZE_CLASSES):
        figures.add(f"completion.{size}.incomplete")
        for mark in COMPLETION_MARKS:
            figures |= _paths(f"completion.{size}.{mark}", LATENCY_FIGURES)
    for section, actions in (("actions", tuple(Action)), ("sessions", _SESSIONS)):
        for action in actions:
            figures |= _paths(f"{section}.{action}", (*LATENCY_FIGURES, "errors", "dropped"))
            figures |= _paths(f"{section}.{action}.completion", LATENCY_FIGURES)
    figures |= _paths("notifications", NOTIFICATION_COUNTS)
    figures |= _paths("notifications.latency", LATENCY_FIGURES)
    figures |= _paths("notifications.activation", (*LATENCY_FIGURES, *ACTIVATION_COUNTS))
    for name in DEVICE_CLASSES:
        figures |= _paths(f"by_device_class.{name}", DEVICE_CLASS_COUNTS)
        figures |= _paths(f"by_device_class.{name}.latency", LATENCY_FIGURES)
    figures |= _paths("recovery", (*LATENCY_FIGURES, *RECOVERY_COUNTS))
    figures |= _paths("push", PUSH_COUNTS)
    for section in ("latency", "service_latency"):
        figures |= _paths(f"push.{section}", LATENCY_FIGURES)
    for lag in _LAGS:
        figures |= _paths(f"generator.{lag}", LATENCY_FIGURES)
    return frozenset(figures | _paths("generator", _GENERATOR_COUNTS) | _paths("load", LOAD_COUNTS))


def _cross_worker_paths(prefix: str) -> set[str]:
    latencies = (f"{prefix}.latency", f"{prefix}.service_latency")
    return set().union(*(_paths(each, LATENCY_FIGURES) for each in latencies)) | {
        f"{prefix}.negative_count"
    }


def _paths(prefix: str, names: Iterable[str]) -> set[str]:
    return {f"{prefix}.{name}" for name in names}


@cache
def _ratio_subjects() -> frozenset[str]:
    return frozenset({f"ledger.{event}" for event in ChatEvent} | {"notifications", "push"})


def _alternatives(figure: str, known: Iterable[str]) -> str:
    """Return what exists near ``figure``: similar names, or what its longest known part holds."""
    similar = difflib.get_close_matches(figure, known, n=_NAMES_SHOWN, cutoff=0.8)
    if similar:
        return f"did you mean {' or '.join(similar)}?"
    prefix = figure
    while prefix:
        prefix = prefix.rpartition(".")[0]
        below = sorted({name for name in known if name.startswith(f"{prefix}.")})
        if prefix and below:
            names = sorted({name.removeprefix(f"{prefix}.") for name in below})
            return f"{prefix} has: {', '.join(names)}"
    sections = sorted({name.partition(".")[0] for name in known})
    return f"figures begin with one of: {', '.join(sections)}"


def _find(summary: Mapping[str, Any], figure: str) -> float | None:
    """Return the number at a path whose names may hold dots themselves."""
    if figure in summary:
        value = summary[figure]
        return value if isinstance(value, int | float) else None
    for name, part in summary.items():
        if isinstance(part, Mapping) and figure.startswith(f"{name}."):
            value = _find(part, figure[len(name) + 1 :])
            if value is not None:
                return value
    return None


def _value(summary: Mapping[str, Any], figure: str) -> float | None:
    value = _find(summary, figure)
    # A summary lists no action and no size class that never occurred.
    return 0 if value is None and figure.endswith(_WRONGS) else value


def _samples(summary: Mapping[str, Any], figure: str) -> int | None:
    """Return how many values a figure rests on; None where that means nothing."""
    parent, _, name = figure.rpartition(".")
    parts = _SAMPLES_OF.get(name, ("expected",) if name in _OF_EXPECTED else ())
    if name in LATENCY_FIGURES:
        parts = ("count",)
    found = [_find(summary, f"{parent}.{part}") for part in parts]
    if not found:
        return None
    if all(each is None for each in found):
        return 0 if name in PERCENTILES or name in _SAMPLES_OF else None
    return sum(int(each) for each in found if each is not None)


def _ratio(summary: Mapping[str, Any], subject: str) -> tuple[float | None, int | None]:
    expected = _find(summary, f"{subject}.expected")
    delivered = _find(summary, f"{subject}.delivered")
    if not expected or delivered is None:
        return None, 0
    return delivered / expected, int(expected)
