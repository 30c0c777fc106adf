"""How a comparison reads: every figure, difference, interval and sentence, for all renderings."""

import math
from collections.abc import Iterable

from loadtest.comparison.catalogue import DEFAULT_GATES, LevelFigure
from loadtest.comparison.comparison import Comparison
from loadtest.comparison.judgement import FEWEST_REPLICATES, Change, Finding, Power
from loadtest.metrics.catalogue.values import NEVER
from loadtest.report.figures import MISSING, ms_text
from loadtest.report.tables import Column, Table, TableCell, TableRow, Tone

__all__ = [
    "TONES",
    "difference_text",
    "findings_table",
    "headline",
    "interval_text",
    "notes",
    "power_lines",
    "share_of_text",
    "value_text",
    "what_was_compared",
]

TONES = {
    Change.WORSE: Tone.BAD,
    Change.BETTER: Tone.GOOD,
    Change.NONE: Tone.PLAIN,
    Change.UNDECIDED: Tone.WARN,
}
_LEAST_P = 0.001
_TO = " \N{HORIZONTAL ELLIPSIS} "
_COLUMNS = (
    Column("base", "base", "geometric mean of all replicates, or the share over all of them"),
    Column("candidate", "candidate", "the same of the candidate"),
    Column("difference", "change", "candidate against base; of shares in percentage points"),
    Column("interval", "interval", "holds the true change with the stated confidence"),
    Column("verdict", "verdict", "worse, better, no change, or undecided"),
    Column("p", "p", "chance of such a change if nothing changed; of gates corrected by Holm"),
)


def share_of_text(share: float, *, signed: bool = False) -> str:
    """Return a share in per cent with as many digits as it needs: ``0.0042 %``."""
    per_cent = 100 * share
    size = abs(per_cent)
    if not size:
        return "0 %"
    if size >= 1000:
        return f"{per_cent:{'+' if signed else ''},.0f} %"
    decimals = 1 if size >= 1 else 2 if size >= 0.1 else 3 if size >= 0.01 else 4
    return f"{per_cent:{'+' if signed else ''}.{decimals}f} %"


def value_text(finding: Finding, value: float) -> str:
    """Return a figure with its unit."""
    if math.isinf(value):
        return NEVER
    if isinstance(finding.figure, LevelFigure):
        return f"{ms_text(value)} {finding.figure.unit}"
    return share_of_text(value)


def difference_text(finding: Finding) -> str:
    """Return the change: a ratio in per cent, or percentage points; none against never."""
    if math.isinf(finding.difference):
        return MISSING
    if isinstance(finding.figure, LevelFigure):
        return _ratio(finding.difference)
    return _points(finding.difference)


def interval_text(finding: Finding) -> str:
    """Return the interval; nothing with too few replicates."""
    if finding.interval is None:
        return MISSING
    low, high = finding.interval
    if isinstance(finding.figure, LevelFigure):
        return f"{_ratio(low).removesuffix(' %')}{_TO}{_ratio(high)}"
    if not finding.base_value and not finding.candidate_value:
        return f"within {_points(high).lstrip('+')}"
    return f"{_points(low).removesuffix(' pp')}{_TO}{_points(high)}"


def findings_table(title: str, findings: Iterable[Finding]) -> Table:
    """Return a row for each finding, with the notes as its meaning."""
    rows = tuple(
        TableRow(
            finding.figure.label,
            (
                TableCell(value_text(finding, finding.base_value)),
                TableCell(value_text(finding, finding.candidate_value)),
                TableCell(difference_text(finding)),
                TableCell(interval_text(finding)),
                TableCell(finding.change.value, TONES[finding.change]),
                TableCell(_p_text(finding.p), Tone.QUIET),
            ),
            finding.note,
        )
        for finding in findings
    )
    return Table(title, "figure", _COLUMNS, rows)


def headline(compared: Comparison) -> str:
    """Return the outcome in a sentence."""
    named = [gate.figure.label for gate in compared.gates if gate.change is compared.change]
    listed = ", ".join(named)
    if not compared.replicates:
        return "Nothing could be compared: no pair of usable runs is left."
    if compared.change is Change.WORSE:
        return f"The candidate is worse in {_of_gates(len(named), compared)}: {listed}."
    if compared.change is Change.BETTER:
        return f"No gate is worse; {_of_gates(len(named), compared)} better: {listed}."
    if compared.change is Change.NONE:
        return f"No gate has changed by more than {share_of_text(compared.settings.tolerance)}."
    if compared.replicates < FEWEST_REPLICATES:
        return (
            f"Too few runs: {compared.replicates} on a side; a verdict needs {FEWEST_REPLICATES} or"
            " more, as fewer do not show how far they differ by themselves."
        )
    if compared.absent_gates:
        listed = ", ".join((*named, *(f"{path} (absent)" for path in compared.absent_gates)))
    return f"The runs cannot tell whether these gates have changed: {listed}."


def what_was_compared(compared: Comparison) -> str:
    """Return how many runs of which kind were compared how."""
    method = "pairs, paired t" if compared.is_paired else "stored runs, Welch's t"
    counts = [len(side.replicates) for side in (compared.base, compared.candidate)]
    number = f"{counts[0]}" if compared.is_paired else f"{counts[0]} and {counts[1]}"
    settings = compared.settings
    return (
        f"{number} {method}; {settings.confidence:.0%} intervals;"
        f" tolerance {share_of_text(settings.tolerance)}, of shares"
        f" {_points(settings.share_tolerance).lstrip('+')}; {len(settings.gates)} gates with Holm"
    )


def notes(compared: Comparison) -> tuple[str, ...]:
    """Return what a reader must know: what was overruled, left out, or not judged."""
    found = [f"compared with --force although {warning}" for warning in compared.warnings]
    found += [f"left out: {text}" for text in compared.left_out]
    found += [f"gate {path}: a run does not have it" for path in compared.absent_gates]
    found += [f"{gate.figure.label}: {gate.note}" for gate in compared.gates if gate.note]
    if set(compared.settings.gates) < set(DEFAULT_GATES):
        found += [
            f"{each.figure.label} is no gate here: {each.note}"
            for each in compared.information
            if each.figure.path in DEFAULT_GATES
        ]
    found += [
        f"{gate.figure.label}: its interval is beyond 0, but not after Holm's correction for"
        f" {len(compared.settings.gates)} gates"
        for gate in compared.gates
        if _is_held_back(gate)
    ]
    return tuple(found)


def power_lines(compared: Comparison) -> tuple[str, ...]:
    """Return what change so many replicates find, a line for each gate; none if not asked for."""
    if compared.wanted is None:
        return ()
    lines = []
    for gate in compared.gates:
        power = compared.powers.get(gate.figure.path)
        if power is not None:
            found = ", ".join(
                f"{share_of_text(change)} by {count}" for count, change in power.smallest.items()
            )
            lines.append(
                f"{gate.figure.label}: spread of a pair {share_of_text(power.spread)}; found with"
                f" power 0.8: {found} replicates; {_needed(power, compared)}"
            )
        elif isinstance(gate.figure, LevelFigure):
            lines.append(f"{gate.figure.label}: no spread to compute it from")
    return tuple(lines)


def _needed(power: Power, compared: Comparison) -> str:
    wanted = compared.wanted or 0.0
    text = share_of_text(wanted)
    if wanted <= compared.settings.tolerance:
        return f"{text} is within the tolerance, so that no number finds it"
    return f"{text} needs {power.needed if power.needed is not None else 'more than 1,000'}"


def _p_text(p: float | None) -> str:
    if p is None:
        return MISSING
    return f"{p:.3f}" if p >= _LEAST_P else f"<{_LEAST_P}"


def _ratio(share: float) -> str:
    """Return a change in per cent to one decimal, with its sign."""
    per_cent = round(100 * share, 1)
    return f"{per_cent:+,.1f} %" if per_cent else "0.0 %"


def _is_held_back(gate: Finding) -> bool:
    if gate.change is not Change.UNDECIDED or gate.interval is None:
        return False
    return not gate.note.startswith("too few") and not gate.interval[0] <= 0 <= gate.interval[1]


def _of_gates(count: int, compared: Comparison) -> str:
    return f"{count} of {len(compared.settings.gates)} gates"


def _signed(share: float) -> str:
    return share_of_text(share, signed=True)


def _points(share: float) -> str:
    return _signed(share).replace(" %", " pp")
