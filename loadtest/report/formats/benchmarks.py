"""Figures that a dashboard follows from commit to commit, in the forms two of them read.

github-action-benchmark reads a list of entries, one file where less is better and one where more
is. Bencher reads an object of benchmarks with measures; its ``latency`` is in nanoseconds. A figure
that was not measured is left out: a missing point is better than a false one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loadtest.metrics.catalogue.lookup import figure_named
from loadtest.observations import ChatEvent
from loadtest.report.figures import Summary, at, number, number_at, plain_text

__all__ = ["FOLLOWED", "bencher", "benchmarks_bigger", "benchmarks_smaller"]

_NS_PER_MS = 1_000_000
_MESSAGE = ChatEvent.MESSAGE_CREATED.value
FOLLOWED = (
    *(f"fanout.{key}" for key in ("p50", "p95", "p99")),
    *(f"fanout.last.{key}" for key in ("p50", "p95", "p99")),
    *(f"notifications.{key}" for key in ("p50", "p95", "p99")),
    *("session.start.p95", "chat_session.start.p95"),
)
"""Latencies, by their short names."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    unit: str
    value: float
    measure: str
    """What Bencher calls what is measured."""


def benchmarks_smaller(summary: Summary) -> list[dict[str, Any]]:
    """Return the entries of which less is better."""
    return _entries(summary, (*_latencies(summary), *_losses(summary)))


def benchmarks_bigger(summary: Summary) -> list[dict[str, Any]]:
    """Return the entries of which more is better."""
    return _entries(summary, (*_throughput(summary), *_ratios(summary)))


def bencher(summary: Summary) -> dict[str, Any]:
    """Return everything in the Bencher Metric Format."""
    found: dict[str, Any] = {}
    for entry in (*_latencies(summary), *_losses(summary), *_throughput(summary)):
        scale = _NS_PER_MS if entry.unit == "ms" else 1
        measures = found.setdefault(_named(summary, entry), {})
        measures[entry.measure] = {"value": round(entry.value * scale, 6)}
    return found


def _entries(summary: Summary, entries: tuple[_Entry, ...]) -> list[dict[str, Any]]:
    extra = f"run {plain_text(at(summary, 'run_id'))}, {plain_text(at(summary, 'verdict'))}"
    return [
        {
            "name": _named(summary, entry),
            "unit": entry.unit,
            "value": entry.value,
            "extra": extra,
        }
        for entry in entries
    ]


def _named(summary: Summary, entry: _Entry) -> str:
    return f"{plain_text(at(summary, 'profile', 'name'))}/{entry.name}"


def _latencies(summary: Summary) -> Iterator[_Entry]:
    for name in FOLLOWED:
        figure = figure_named(name)
        value = number_at(summary, figure.path) if figure is not None else None
        if value is not None:
            yield _Entry(name, "ms", value, "latency")


def _losses(summary: Summary) -> Iterator[_Entry]:
    for name, part, whole in (
        ("delivery.message.lost", f"ledger.{_MESSAGE}.lost", f"ledger.{_MESSAGE}.expected"),
        ("notifications.missed", "notifications.missed", "notifications.expected"),
    ):
        share = _share(summary, part, whole)
        if share is not None:
            yield _Entry(name, "%", share, "lost-percent")


def _ratios(summary: Summary) -> Iterator[_Entry]:
    for name, part, whole in (
        (
            "delivery.message.ratio",
            f"ledger.{_MESSAGE}.delivered",
            f"ledger.{_MESSAGE}.expected",
        ),
        ("notifications.ratio", "notifications.delivered", "notifications.expected"),
    ):
        share = _share(summary, part, whole)
        if share is not None:
            yield _Entry(name, "%", share, "delivered-percent")


def _throughput(summary: Summary) -> Iterator[_Entry]:
    delivered = number_at(summary, f"ledger.{_MESSAGE}.delivered")
    seconds = number(at(summary, "duration_s"))
    if delivered is not None and seconds:
        rate = round(delivered / seconds, 3)
        yield _Entry("delivery.message", "deliveries/s", rate, "throughput")


def _share(summary: Summary, part: str, whole: str) -> float | None:
    counted, total = number_at(summary, part), number_at(summary, whole)
    return None if counted is None or not total else round(100 * counted / total, 6)
