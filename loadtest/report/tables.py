"""What every rendering shows, as plain tables and facts.

Terminal, Markdown and HTML differ in how they draw, not in what they say: each takes its tables
from here and picks the columns that fit. One rule: a cell is text and a tone; what it looks like is
the renderer's affair. Nothing here draws, and nothing computes a statistic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from loadtest.metrics.figures.figures import SEVERAL_DEVICES, SHEDDABLE, SINGLE_DEVICE
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.observations import ChatEvent
from loadtest.report.figures import (
    MISSING,
    Summary,
    action_label,
    at,
    count_text,
    event_label,
    items,
    listed,
    ms_text,
    number,
    plain_text,
    share_text,
)

__all__ = [
    "Column",
    "Table",
    "TableCell",
    "TableRow",
    "Tone",
    "actions_table",
    "between_workers_table",
    "completion_table",
    "device_classes_table",
    "fan_out_table",
    "generator_table",
    "latency_table",
    "ledger_table",
    "notification_latency_table",
    "reading_table",
    "recovery_table",
    "starts_table",
    "thresholds_table",
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


_COUNT = Column("count", "samples", "how many samples the figures rest on")
_QUANTILES = (
    Column("p50_ms", "p50", "half of the samples were at most this"),
    Column("p90_ms", "p90", "90 of 100 were at most this"),
    Column("p95_ms", "p95", "95 of 100 were at most this"),
    Column("p99_ms", "p99", "99 of 100 were at most this"),
    Column("p999_ms", "p99.9", "999 of 1,000 were at most this"),
    Column("max_ms", "max", "the slowest one"),
)
_FIGURES = (
    _COUNT,
    Column("min_ms", "min", "the fastest one"),
    Column("mean_ms", "mean", "sum over count"),
    *_QUANTILES,
)
_SHOWN = ("p50_ms", "p90_ms", "p99_ms", "max_ms")
_SHOWN_QUANTILES = tuple(column for column in _QUANTILES if column.key in _SHOWN)
_RECOVERY = (_COUNT, *_SHOWN_QUANTILES)
_READING_CLASSES = {"slow": "slowly, on purpose", "others": "at once"}
_LEDGER = (
    Column("expected", "expected", "deliveries that had to happen: one per active device"),
    Column("delivered", "delivered", "of those, seen (late ones included)"),
    Column("ratio", "ratio", "delivered of expected, rounded down"),
    Column("lost", "lost", "expected and not seen; delivered + lost = expected"),
    Column("late", "late", "seen after the delivery deadline"),
    Column("duplicate", "duplicate", "seen again by the same device"),
    Column("out_of_order", "out of order", "seen in another order than one sender sent"),
    Column("unexpected", "unexpected", "seen, and caused by nothing this run did"),
    Column("boundary", "boundary", "not judged: the chat session was starting or ending"),
)
# Columns that are shown where any event type has a count in them.
_LEDGER_IF_ANY = (
    Column("in_flight", "in flight", "of those, still young when the run ended"),
    Column("refused", "refused", "causes that the server refused before anyone saw them"),
    Column("coalesced", "coalesced", "lost, but overtaken by a newer one: shed or merged"),
)
_LATENCY_TITLES = {
    "latency": "Delivery latency",
    "service_latency": "Service latency",
    "staleness": "Staleness of what a newer event overtook",
}
_DEVICE_CLASSES = {SINGLE_DEVICE: "one device", SEVERAL_DEVICES: "several devices"}
_NOTIFICATIONS = (
    Column("expected", "expected", "notifications that had to come"),
    Column("delivered", "delivered", "of those, that came"),
    Column("missed", "missed", "of those, that did not"),
    Column("late", "late", "that came after the delivery deadline"),
    Column("duplicate", "duplicate", "that came again to the same device"),
    Column("spurious", "spurious", "that came although a chat session was active"),
    Column("handoff_gap", "hand-off gap", "messages that came as neither"),
    Column("handoff_overlap", "hand-off overlap", "messages that came as both"),
    Column("boundary", "boundary", "not judged"),
)
_NOTIFICATION_TONES = {
    "missed": Tone.BAD,
    "late": Tone.WARN,
    "duplicate": Tone.BAD,
    "spurious": Tone.BAD,
    "handoff_gap": Tone.BAD,
    "handoff_overlap": Tone.BAD,
}


def fan_out_table(summary: Summary) -> Table:
    """Return how long messages took: to each device, and to first, half, most and last of them."""
    message = ChatEvent.MESSAGE_CREATED.value
    everyone = at(summary, "completion", "all")
    lines = [
        ("each device", at(summary, "latency", message), "from due to arrival, for each delivery"),
        ("first receiver", at(everyone, "first"), "from due until the first device had it"),
        ("half of them", at(everyone, "p50"), "until half of its expected devices had it"),
        ("90 %", at(everyone, "p90"), "until 90 % of them had it"),
        ("99 %", at(everyone, "p99"), "until 99 % of them had it"),
        ("last receiver", at(everyone, "last"), "until every one of them had it"),
        ("spread", at(everyone, "spread"), "from the first receiver to the last"),
    ]
    rows = tuple(
        TableRow(label, _figure_cells(figures, _FIGURES), meaning)
        for label, figures, meaning in lines
    )
    return Table("Fan-out of messages", "a message reached", _FIGURES, rows, unit="ms")


def completion_table(summary: Summary) -> Table:
    """Return the time to the last receiver by how many devices a message had to reach."""
    columns = (
        Column("messages", "messages", "messages that reached all their devices"),
        Column("incomplete", "incomplete", "messages with a loss: they have no last receiver"),
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
    extra = (
        column
        for column in _LEDGER_IF_ANY
        if any(number(at(entry, column.key)) for _, entry in entries)
    )
    columns = (*_LEDGER, *extra)
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
    negative = Column("negative", "negative", "arrived before they were due, by the two clocks")
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
        (
            "activation",
            at(block, "activation"),
            "from the end of a user's last chat session in a channel to the first message there "
            "that came as a notification",
        ),
    ]
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
    rows = []
    for name, part in items(at(summary, "notifications", "by_devices")):
        cells = (
            TableCell(
                count_text(at(part, column.key)),
                _tone_if(bool(number(at(part, column.key))), _NOTIFICATION_TONES.get(column.key)),
            )
            for column in _NOTIFICATIONS
        )
        rows.append(TableRow(_DEVICE_CLASSES.get(name, name), tuple(cells)))
    return Table("By devices of the user", "users with", _NOTIFICATIONS, tuple(rows))


def reading_table(summary: Summary) -> Table:
    """Return deliveries of messages to slow devices and to the others, if any were slow."""
    columns = (
        Column("devices", "devices", "devices of this class"),
        Column("expected", "expected", "deliveries of messages that had to happen"),
        Column("lost", "lost", "of those, not seen"),
        Column("late", "late", "seen after the delivery deadline"),
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
    lines = (
        ("generator lag", "lag", "how late we sent: from due to written"),
        ("engine loop lag", "loop_lag", "how late the engine's own timers fired"),
        ("hub lag", "hub_lag", "how late Locust's greenlets were scheduled"),
        ("collection pause", "gc_pause", "how long a garbage collection stopped us"),
    )
    rows = tuple(
        TableRow(label, _figure_cells(at(summary, "generator", key), _FIGURES), meaning)
        for label, key, meaning in lines
    )
    return Table("Load generator", "delay of our own", _FIGURES, rows, unit="ms")


def thresholds_table(summary: Summary) -> Table:
    """Return each threshold of the profile with the value it met."""
    columns = (
        Column("held", "held", "whether the value keeps the threshold"),
        Column("value", "value", "what was measured"),
        Column("samples", "samples", "how many samples the value rests on"),
    )
    rows = []
    for threshold in listed(at(summary, "thresholds")):
        held = at(threshold, "held")
        verdict = {True: TableCell("yes", Tone.GOOD), False: TableCell("no", Tone.BAD)}.get(
            held, TableCell("not judged", Tone.WARN)
        )
        cells = (
            verdict,
            TableCell(plain_text(at(threshold, "value"))),
            TableCell(count_text(at(threshold, "samples"))),
        )
        rows.append(TableRow(str(at(threshold, "expression")), cells))
    return Table("Thresholds", "threshold", columns, tuple(rows))


def _work_table(title: str, subject: str, block: object) -> Table:
    columns = (
        *_FIGURES,
        Column("errors", "errors", "ended with an error or by its deadline"),
        Column("dropped", "dropped", "planned, but the device was not ready for it"),
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
            is_thin = samples < samples_needed(column.key)
            cells.append(TableCell(ms_text(value), Tone.QUIET if is_thin else Tone.PLAIN))
    return tuple(cells)


def _ledger_cells(event: str, entry: object, columns: Sequence[Column]) -> tuple[TableCell, ...]:
    expected, delivered = at(entry, "expected"), at(entry, "delivered")
    # A server may legally shed or merge some events: their loss is a warning, not a defect.
    fault = Tone.WARN if event in SHEDDABLE else Tone.BAD
    tones = {"lost": fault, "duplicate": fault, "out_of_order": fault}
    tones |= {"late": Tone.WARN, "unexpected": Tone.WARN, "refused": Tone.WARN}
    cells = []
    for column in columns:
        if column.key == "ratio":
            text = share_text(delivered, expected)
            is_whole = text == "100 %"
            cells.append(
                TableCell(text, Tone.GOOD if is_whole else _tone_if(text != MISSING, fault))
            )
            continue
        value = at(entry, column.key)
        cells.append(TableCell(count_text(value), _tone_if(bool(value), tones.get(column.key))))
    return tuple(cells)


def _tone_if(applies: bool, tone: Tone | None) -> Tone:
    return tone if applies and tone is not None else Tone.PLAIN
