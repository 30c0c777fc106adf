"""A comparison as one HTML page, in the style of a run's report; it needs no network."""

import math

from loadtest.comparison.comparable import settings_of
from loadtest.comparison.comparison import Comparison
from loadtest.comparison.drawings import curves, dots
from loadtest.comparison.judgement import Change
from loadtest.comparison.replicates import Replicate, Side
from loadtest.comparison.texts import (
    TONES,
    findings_table,
    headline,
    notes,
    power_lines,
    what_was_compared,
)
from loadtest.observations import ChatEvent
from loadtest.report.facts import Fact
from loadtest.report.figures import at, count_text, measured, plain_text, span_text
from loadtest.report.page import drawn, render_page
from loadtest.report.tables import Column, Table, TableCell, TableRow, Tone

__all__ = ["html_comparison"]

_MESSAGE = ChatEvent.MESSAGE_CREATED.value
_CERTAIN = (Change.WORSE, Change.BETTER)
_MACHINE = ("environment", "versions", "engine")
_APART = (Column("base", "base", ""), Column("candidate", "candidate", ""))
_RUNS = (
    Column("verdict", "verdict", ""),
    Column("seed", "seed", ""),
    Column("p50", "p50", "of deliveries of messages"),
    Column("p99", "p99", ""),
    Column("lost", "lost", "deliveries of messages"),
    Column("lag", "generator lag p99", "how late the generator itself was"),
)


def html_comparison(compared: Comparison) -> str:
    """Return the comparison as one HTML page."""
    changed = [each for each in compared.information if each.change in _CERTAIN]
    others = [each for each in compared.information if each.change not in _CERTAIN]
    gates = compared.gates
    values = {
        "word": compared.change.value.upper(),
        "tone": _tone(compared.change),
        "headline": headline(compared),
        "what": what_was_compared(compared),
        "notes": notes(compared),
        "powers": power_lines(compared),
        "gates": findings_table("Gates", gates),
        "dots": [
            drawn(dots(gate, is_paired=compared.is_paired))
            for gate in gates
            if math.isfinite(gate.difference)
        ],
        "curves": [drawn(figure) for figure in curves(compared)],
        "changed": findings_table("Changed", changed),
        "others": findings_table("All other figures", others),
        "sides": (Fact("base", compared.base.label), Fact("candidate", compared.candidate.label)),
        "runs": _runs_table(compared),
        "apart": _apart_table(compared),
        "machine": _facts(compared.base, *_MACHINE),
        "profile": _facts(compared.base, "profile"),
    }
    title = f"{compared.change.value.upper()}: {compared.candidate.label}"
    return render_page(
        "comparison.html.jinja", title=title, values=values, package="loadtest.comparison"
    )


def _tone(change: Change) -> Tone:
    return Tone.GOOD if change is Change.NONE else TONES[change]


def _runs_table(compared: Comparison) -> Table:
    rows = [
        _run_row(name, number, run)
        for name, side in (("base", compared.base), ("candidate", compared.candidate))
        for number, run in enumerate(side.replicates, start=1)
    ]
    return Table("Runs", "run", _RUNS, tuple(rows))


def _run_row(name: str, number: int, run: Replicate) -> TableRow:
    latency = at(run.summary, "latency", _MESSAGE)
    texts = (
        plain_text(at(run.summary, "verdict")),
        plain_text(at(run.summary, "seed")),
        span_text(measured(latency, "p50_ms")),
        span_text(measured(latency, "p99_ms")),
        count_text(at(run.summary, "ledger", _MESSAGE, "lost")),
        span_text(measured(at(run.summary, "generator", "lag"), "p99_ms")),
    )
    return TableRow(f"{name} {number}", tuple(map(TableCell, texts)), run.name)


def _apart_table(compared: Comparison) -> Table:
    rows = tuple(
        TableRow(each.name, (TableCell(each.base), TableCell(each.candidate)))
        for each in compared.apart
    )
    return Table("What differs", "setting", _APART, rows)


def _facts(side: Side, *keys: str) -> tuple[Fact, ...]:
    if not side.replicates:
        return ()
    summary = side.summaries[0]
    return tuple(
        Fact(name, text)
        for key in keys
        for name, text in settings_of(at(summary, key), f"{key}.").items()
    )
