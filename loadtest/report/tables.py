"""What every rendering shows, as plain tables.

Terminal, Markdown and HTML differ in how they draw, not in what they say: each takes its tables
from here and picks the columns that fit. A cell is text and a tone; what it looks like is the
renderer's affair. Headings and meanings are those of ``metrics.catalogue``. Nothing here draws, and
nothing computes a statistic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from loadtest.metrics.catalogue.declaration import (
    LATENCY_KEYS,
    LATENCY_MEANINGS,
    PERCENTILES,
    Block,
    Gravity,
    Kind,
)
from loadtest.metrics.catalogue.deliveries import (
    BY_DEVICE_CLASS,
    COMPLETION,
    CROSS_WORKER,
    LEDGER,
)
from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.metrics.catalogue.machine import GENERATOR
from loadtest.metrics.catalogue.notified import ACTIVATION, ENTRY, HANDOFF, NOTIFICATIONS
from loadtest.metrics.catalogue.values import NEVER
from loadtest.metrics.catalogue.work import ACTIONS
from loadtest.metrics.figures.figures import SEVERAL_DEVICES, SHEDDABLE, SINGLE_DEVICE
from loadtest.metrics.verdict.grammar import Consequence
from loadtest.observations import ChatEvent, Phase
from loadtest.report.figures import (
    MISSING,
    Summary,
    action_label,
    at,
    count_text,
    event_label,
    is_thin,
    items,
    listed,
    ms_text,
    number,
    percent_text,
    share_text,
)
from loadtest.report.reasons import value_text

__all__ = [
    "Column",
    "Table",
    "TableCell",
    "TableRow",
    "Tone",
    "actions_table",
    "between_workers_table",
    "column_of",
    "completion_table",
    "device_classes_table",
    "fan_out_table",
    "generator_table",
    "handoff_table",
    "latency_table",
    "ledger_table",
    "notification_latency_table",
    "phases_table",
    "reading_table",
    "recovery_table",
    "starts_table",
    "thresholds_table",
    "tone_of",
]


class Tone(StrEnum):
    """What a cell means to the reader."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class TableCell:
    """One figure as text."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key it is picked by, its heading, and what its figures mean."""

    key: str
    title: str
    meaning: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table; ``meaning`` explains the line where its label alone does not."""

    label: str
    cells: tuple[TableCell, ...]
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of figures under columns; ``subject`` heads the column of labels."""

    title: str
    subject: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    unit: str = ""

    def only(self, *keys: str) -> "Table":
        """Return the table with these columns, in the table's own order."""
        kept = [place for place, column in enumerate(self.columns) if column.key in keys]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(
                replace(row, cells=tuple(row.cells[place] for place in kept)) for row in self.rows
            ),
        )


def column_of(block: Block, name: str) -> Column:
    """Return the column of one declared figure."""
    figure = block.figure(name)
    return Column(name, figure.heading, figure.meaning)


def tone_of(block: Block, name: str) -> Tone:
    """Return the tone of a count above 0 of one declared figure."""
    return _GRAVITIES[block.figure(name).gravity]


_GRAVITIES = {Gravity.NOTHING: Tone.PLAIN, Gravity.REMARK: Tone.WARN, Gravity.FAULT: Tone.BAD}
_TITLES = {"count": "samples", "p999_ms": "p99.9"}
_FIGURES = tuple(
    Column(key, _TITLES.get(key, key.removesuffix("_ms")), LATENCY_MEANINGS[key])
    for key in LATENCY_KEYS
)
_COUNT = _FIGURES[0]
_QUANTILES = tuple(column for column in _FIGURES if column.key in (*PERCENTILES, "max_ms"))
_SHOWN = ("p50_ms", "p90_ms", "p99_ms", "max_ms")
_SHOWN_QUANTILES = tuple(column for column in _QUANTILES if column.key in _SHOWN)
_RECOVERY = (_COUNT, *_SHOWN_QUANTILES)
_READING_CLASSES = {"slow": "slowly, on purpose", "others": "at once"}
_LEDGER_SHOWN = (
    *("expected", "delivered", "delivery_ratio", "lost", "late", "duplicate", "out_of_order"),
    *("after_end", "unexpected", "boundary", "judged_share", "in_flight", "refused", "coalesced"),
)
_LATENCY_TITLES = {
    "latency": "Delivery latency",
    "service_latency": "Service latency",
    "staleness": "Staleness of what a newer event overtook",
}
_DEVICE_CLASSES = {SINGLE_DEVICE: "one device", SEVERAL_DEVICES: "several devices"}
_NOTIFICATIONS_SHOWN = (
    *("expected", "delivered", "missed", "late", "duplicate", "spurious", "handoff_gap"),
    *("handoff_overlap", "boundary", "judged_share"),
)


def fan_out_table(summary: Summary) -> Table:
    """Return how long messages took: to each device, and to first, half, most and last of them."""
    message = ChatEvent.MESSAGE_CREATED.value
    everyone = at(summary, "completion", "all")
    lines = [
        ("each device", at(summary, "latency", message), "from due to arrival, for each delivery")
    ]
    for mark in COMPLETION.keys(Kind.LATENCY):
        declared = COMPLETION.figure(mark)
        lines.append((declared.heading, at(everyone, mark), declared.meaning))
    rows = tuple(
        TableRow(label, _figure_cells(figures, _FIGURES), meaning)
        for label, figures, meaning in lines
    )
    return Table("Fan-out of messages", "a message reached", _FIGURES, rows, unit="ms")


def completion_table(summary: Summary) -> Table:
    """Return the time to the last receiver by how many devices a message had to reach."""
    columns = (
        Column("messages", "messages", "messages that reached all their devices"),
        column_of(COMPLETION, "incomplete"),
        *_QUANTILES,
    )
    rows = []
    for size, block in items(at(summary, "completion")):
        last = at(block, "last")
        incomplete = at(block, "incomplete")
        cells = (
            TableCell(count_text(at(last, "count"))),
            TableCell(count_text(incomplete), Tone.BAD if number(incomplete) else Tone.PLAIN),
            *_figure_cells(last, _QUANTILES),
        )
        rows.append(TableRow("all sizes" if size == "all" else f"{size} devices", cells))
    title = "Time to the last receiver, by fan-out"
    return Table(title, "devices to reach", columns, tuple(rows), unit="ms")


def ledger_table(summary: Summary) -> Table:
    """Return what should have arrived and what did, for each event type."""
    entries = tuple(items(at(summary, "ledger")))
    columns = tuple(
        column_of(LEDGER, name)
        for name in _LEDGER_SHOWN
        if not LEDGER.figure(name).is_shown_if_any
        or any(number(at(entry, name)) for _, entry in entries)
    )
    rows = tuple(
        TableRow(event_label(event), _ledger_cells(event, entry, columns), event)
        for event, entry in entries
    )
    return Table("Deliveries", "event", columns, rows)


def latency_table(summary: Summary, key: str) -> Table:
    """Return times by event type; ``key`` is that of their block in the summary."""
    rows = tuple(
        TableRow(event_label(event), _figure_cells(figures, _FIGURES), event)
        for event, figures in items(at(summary, key))
    )
    return Table(_LATENCY_TITLES[key], "event", _FIGURES, rows, unit="ms")


def between_workers_table(summary: Summary) -> Table:
    """Return delivery latency between workers, each event beside the same within one worker.

    The two must agree within what is unknown of the workers' clocks.
    """
    negative = column_of(CROSS_WORKER, "negative_count")
    rows = []
    for event, block in items(at(summary, "cross_worker")):
        between, within = at(block, "latency"), at(summary, "latency", event)
        count = TableCell(count_text(at(block, "negative_count")))
        rows += [
            TableRow(event_label(event), (*_figure_cells(between, _FIGURES), count), event),
            TableRow(
                "  within one", (*_figure_cells(within, _FIGURES), TableCell("")), "by one clock"
            ),
        ]
    title = "Delivery latency between workers"
    return Table(title, "event", (*_FIGURES, negative), tuple(rows), unit="ms")


def actions_table(summary: Summary) -> Table:
    """Return how long each action took to its RECEIPT or completing event, and its errors."""
    return _work_table("Actions", "action", at(summary, "actions"))


def starts_table(summary: Summary) -> Table:
    """Return how long user sessions and chat sessions took to become active."""
    return _work_table("Session starts", "start", at(summary, "sessions"))


def notification_latency_table(summary: Summary) -> Table:
    """Return how fast notifications came, and how fast they began after a last chat session."""
    block = at(summary, "notifications")
    lines = [
        ("notification", at(block, "latency"), "from due of the message to the notification"),
    ]
    activation = at(block, "activation")
    for name in ACTIVATION.keys(Kind.LATENCY):
        declared = ACTIVATION.figure(name)
        label = f"activation, {declared.heading}"
        lines.append((label, at(activation, name), declared.meaning))
    if at(summary, "push"):
        meaning = "from due of the message until the push sink had the push"
        lines.append(("push", at(summary, "push", "latency"), meaning))
    rows = tuple(
        TableRow(label, _figure_cells(figures, _FIGURES), meaning)
        for label, figures, meaning in lines
    )
    return Table("Notification times", "time", _FIGURES, rows, unit="ms")


def device_classes_table(summary: Summary) -> Table:
    """Return notifications of users with one device, and of users with several."""
    columns = tuple(column_of(NOTIFICATIONS, name) for name in _NOTIFICATIONS_SHOWN)
    rows = []
    for name, part in items(at(summary, "notifications", "by_devices")):
        cells = tuple(_counted(NOTIFICATIONS, column, part) for column in columns)
        rows.append(TableRow(_DEVICE_CLASSES.get(name, name), cells))
    return Table("By devices of the user", "users with", columns, tuple(rows))


def handoff_table(summary: Summary) -> Table:
    """Return what became of messages while a user's chat session ended, or started.

    Neither and both are faults where the last chat session ended; where one started, no outcome is.
    """
    columns = tuple(column_of(HANDOFF, name) for name in HANDOFF.keys(Kind.COUNT))
    lines: tuple[tuple[str, str, str, set[str]], ...] = (
        ("a chat session ended", "handoff", HANDOFF.title, {"neither", "both"}),
        ("a chat session started", "entry", ENTRY.title, set()),
    )
    rows = []
    for label, key, meaning, faults in lines:
        part = at(summary, "notifications", key)
        cells = []
        for column in columns:
            value = at(part, column.key)
            is_fault = column.key in faults and bool(number(value))
            cells.append(TableCell(count_text(value), _tone_if(is_fault, Tone.BAD)))
        rows.append(TableRow(label, tuple(cells), meaning))
    return Table("Hand-off and entry", "messages while", columns, tuple(rows))


def reading_table(summary: Summary) -> Table:
    """Return deliveries of messages to slow devices and to the others, if any were slow."""
    columns = (
        *(column_of(BY_DEVICE_CLASS, name) for name in ("devices", "expected", "lost", "late")),
        *_SHOWN_QUANTILES,
    )
    rows = []
    for name, block in items(at(summary, "by_device_class")):
        counts = [TableCell(count_text(at(block, column.key))) for column in columns[:4]]
        if name == "others" and number(at(block, "lost")):
            counts[2] = TableCell(counts[2].text, Tone.BAD)
        cells = (*counts, *_figure_cells(at(block, "latency"), _SHOWN_QUANTILES))
        rows.append(TableRow(_READING_CLASSES.get(name, name), cells))
    shown = rows if number(at(summary, "by_device_class", "slow", "devices")) else ()
    return Table("By reading", "devices that read", columns, tuple(shown), unit="ms")


def recovery_table(summary: Summary) -> Table:
    """Return how long it took until sessions were back whose connection broke, if any did."""
    lines = (
        (
            "user session",
            at(summary, "actions", "reconnect"),
            "from the loss until every topic of the user was active again",
        ),
        (
            "chat session",
            at(summary, "recovery"),
            "from the loss until the chat session was active again",
        ),
    )
    rows = tuple(
        TableRow(label, _figure_cells(figures, _RECOVERY), meaning)
        for label, figures, meaning in lines
        if number(at(summary, "recovery", "chat_sessions_lost"))
    )
    return Table("Recovery", "back after a loss", _RECOVERY, rows, unit="ms")


def generator_table(summary: Summary) -> Table:
    """Return how late the load generator itself was."""
    rows = []
    for key in GENERATOR.keys(Kind.LATENCY):
        declared = GENERATOR.figure(key)
        cells = _figure_cells(at(summary, "generator", key), _FIGURES)
        rows.append(TableRow(declared.heading, cells, declared.meaning))
    return Table("Load generator", "delay of our own", _FIGURES, tuple(rows), unit="ms")


def phases_table(summary: Summary) -> Table:
    """Return delivery latency of messages in each phase of the run."""
    columns = (Column("span", "seconds", "from and to, since the start of the run"), *_FIGURES)
    rows = []
    for name, block in items(at(summary, "phases")):
        from_s, to_s = number(at(block, "from_s")), number(at(block, "to_s"))
        span = MISSING if from_s is None or to_s is None else f"{from_s:,.1f} to {to_s:,.1f}"
        figures = at(block, "latency", ChatEvent.MESSAGE_CREATED.value) or {"count": 0}
        cells = (TableCell(span), *_figure_cells(figures, _FIGURES))
        rows.append(TableRow(name, cells, _PHASES.get(name, "")))
    return Table("Delivery latency by phase", "due in", columns, tuple(rows), unit="ms")


_PHASES = {
    Phase.RAMP: "until the last user was started and has settled",
    Phase.STEADY: "what stands first in this report, and what thresholds judge",
    Phase.DRAIN: "nothing new is planned, and sessions end",
    "whole": "all of them",
}


def thresholds_table(summary: Summary) -> Table:
    """Return each threshold, what was measured, and whether it held."""
    columns = (
        Column("held", "held", "whether it held"),
        Column("value", "value", "what was measured"),
        Column(
            "interval", "known within", "where a percentile lies, as far as so many samples tell"
        ),
        Column("samples", "samples", "how many samples the value rests on"),
    )
    rows = []
    for threshold in listed(at(summary, "thresholds")):
        path = at(threshold, "figure")
        bounds = [value_text(path, each) for each in listed(at(threshold, "interval"))]
        cells = (
            _held_cell(threshold),
            TableCell(value_text(path, at(threshold, "value"))),
            TableCell(" to ".join(bounds) or MISSING, Tone.QUIET),
            TableCell(count_text(at(threshold, "samples"))),
        )
        figure = all_figures().get(str(path))
        meaning = figure.meaning if figure is not None else ""
        rows.append(TableRow(str(at(threshold, "expression")), cells, meaning))
    return Table("Thresholds", "threshold", columns, tuple(rows))


def _held_cell(threshold: object) -> TableCell:
    held = at(threshold, "held")
    if held is None:
        return TableCell("not judged", Tone.WARN)
    if held:
        return TableCell("yes", Tone.GOOD)
    warns = at(threshold, "consequence") == Consequence.WARN
    return TableCell("no, warns", Tone.WARN) if warns else TableCell("no", Tone.BAD)


def _work_table(title: str, subject: str, block: object) -> Table:
    columns = (
        *_FIGURES,
        column_of(ACTIONS, "errors"),
        column_of(ACTIONS, "dropped"),
    )
    rows = []
    for name, figures in items(block):
        errors, dropped = at(figures, "errors"), at(figures, "dropped")
        cells = (
            *_figure_cells(figures, _FIGURES),
            TableCell(count_text(errors), _tone_if(bool(number(errors)), Tone.BAD)),
            TableCell(count_text(dropped), _tone_if(bool(number(dropped)), Tone.WARN)),
        )
        rows.append(TableRow(action_label(name), cells))
    return Table(title, subject, columns, tuple(rows), unit="ms")


def _figure_cells(figures: object, columns: Sequence[Column]) -> tuple[TableCell, ...]:
    samples = number(at(figures, "count"))
    if not samples:
        nothing = TableCell(MISSING, Tone.QUIET)
        none = TableCell("0" if samples == 0 else MISSING, Tone.QUIET)
        return tuple(none if column.key == "count" else nothing for column in columns)
    cells = []
    for column in columns:
        value = at(figures, column.key)
        if column.key == "count":
            cells.append(TableCell(count_text(value)))
        else:
            cells.append(_time_cell(figures, column.key, value))
    return tuple(cells)


def _time_cell(figures: object, key: str, value: object) -> TableCell:
    text = ms_text(value)
    if value == NEVER:
        return TableCell(text, Tone.BAD)
    # A percentile that says little is told so in plain text, too.
    return TableCell(f"({text})", Tone.QUIET) if is_thin(figures, key) else TableCell(text)


def _ledger_cells(event: str, entry: object, columns: Sequence[Column]) -> tuple[TableCell, ...]:
    expected, delivered = at(entry, "expected"), at(entry, "delivered")
    # A server may legally shed or merge some events: their loss is a warning, not a defect.
    fault = Tone.WARN if event in SHEDDABLE else Tone.BAD
    cells = []
    for column in columns:
        if column.key == "delivery_ratio":
            text = share_text(delivered, expected)
            is_whole = text == "100 %"
            cells.append(
                TableCell(text, Tone.GOOD if is_whole else _tone_if(text != MISSING, fault))
            )
            continue
        cell = _counted(LEDGER, column, entry)
        cells.append(replace(cell, tone=fault) if cell.tone is Tone.BAD else cell)
    return tuple(cells)


def _counted(block: Block, column: Column, part: object) -> TableCell:
    """Return the cell of one count or share of a block."""
    value = at(part, column.key)
    if block.figure(column.key).kind is Kind.RATIO:
        return TableCell(percent_text(value))
    return TableCell(count_text(value), _tone_if(bool(number(value)), tone_of(block, column.key)))


def _tone_if(applies: bool, tone: Tone) -> Tone:
    return tone if applies else Tone.PLAIN
