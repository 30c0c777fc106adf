"""The trials of a study as a table and as lines, for the terminal, Markdown and the page alike."""

from loadtest.capacity.answer import broken_text
from loadtest.capacity.study import Study, TrialRecord
from loadtest.report.figures import MISSING, count_text, ms_text, span_text
from loadtest.report.tables import Column, Table, TableCell, TableRow, Tone

__all__ = ["outcome_text", "so_far_text", "trial_line", "trial_table"]

_TONES = {"pass": Tone.GOOD, "fail": Tone.BAD, "invalid": Tone.WARN}


def trial_table(study: Study) -> Table:
    """Return the trials in the order in which they were made."""
    columns = (
        Column("outcome", "outcome", "fail: a threshold broke; invalid: nothing can be said"),
        Column("devices", "devices", "connected at the peak"),
        Column("deliveries_per_s", "deliveries/s", "arrived per second of the hold"),
        Column("p50", "p50 ms", "delivery latency"),
        Column("p99", "p99 ms", "delivery latency"),
        Column("lost", "lost", "deliveries that did not come"),
        Column("lag", "lag p99", "of the generator, in ms"),
        Column("cpu", "CPU", "of the generator's busiest process, in cores, at its peak"),
        Column("server", "server CPU", "in cores, while the load was held"),
    )
    rows = tuple(
        TableRow(f"{load_digits(each.load)} {study.unit}", _cells(each), outcome_text(each))
        for each in study.trials
    )
    table = Table("Trials", "load", columns, rows)
    if any(each.server is not None for each in study.trials):
        return table
    return table.only(*(column.key for column in columns[:-1]))


def _cells(each: TrialRecord) -> tuple[TableCell, ...]:
    server = each.server.cpu_cores if each.server is not None else None
    return (
        TableCell(each.outcome, _TONES[each.outcome]),
        TableCell(count_text(each.devices)),
        TableCell(count_text(each.deliveries_per_s)),
        TableCell(ms_text(each.p50_ms)),
        TableCell(ms_text(each.p99_ms)),
        TableCell(count_text(each.lost), Tone.BAD if each.lost else Tone.PLAIN),
        TableCell(ms_text(each.generator_lag_p99_ms)),
        TableCell(_cores(each.cpu)),
        TableCell(_cores(server)),
    )


def _cores(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"


def load_digits(load: float) -> str:
    """Return a load without its unit."""
    return f"{load:,.0f}" if load >= 100 else f"{load:.3g}"


def outcome_text(each: TrialRecord) -> str:
    """Return why a trial ended as it did."""
    if each.outcome == "invalid":
        return each.invalid_because
    return "; ".join(broken_text(broken) for broken in each.broken)


def trial_line(number: int, each: TrialRecord, unit: str) -> str:
    """Return a trial in one line, for a log."""
    why = outcome_text(each)
    said = f"p99 {span_text(each.p99_ms)}, {count_text(each.deliveries_per_s)} deliveries/s"
    tail = f": {why}" if why else ""
    return f"trial {number}: {load_digits(each.load)} {unit} {each.outcome.upper()}, {said}{tail}"


def so_far_text(study: Study, left_s: float) -> str:
    """Return what is known by now, and how long the search may still take."""
    left = f"at most {max(0.0, left_s) / 60:.0f} min left"
    limit, bracket = study.limit, study.bracket
    if limit is None:
        if bracket.lowest_failed is not None:
            return f"the limit is below {load_digits(bracket.lowest_failed)} {study.unit}; {left}"
        return f"nothing is known yet; {left}"
    low = load_digits(limit.low)
    if limit.high is None:
        return f"the limit is above {low} {study.unit}; {left}"
    interval = f"{low} to {load_digits(limit.high)} {study.unit}"
    return f"the limit is {interval} ({limit.level:.0%} interval); {left}"
