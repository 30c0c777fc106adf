"""The details of a run for a person at a terminal, section by section.

Width decides which columns are shown, and a line says which were left out. What stands at the end
of a run, the verdict and the figures that people ask for, is in ``ending``.
"""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from loadtest.report.facts import (
    Fact,
    deviation_facts,
    error_facts,
    generator_facts,
    load_facts,
    notification_facts,
    push_facts,
    run_facts,
)
from loadtest.report.figures import (
    Summary,
    at,
    count_text,
    event_label,
    items,
    listed,
    measured,
    ms_text,
    span_text,
)
from loadtest.report.findings import ledger_trouble
from loadtest.report.reasons import threshold_text
from loadtest.report.screen import DOT, MARKS, STYLES, Screen
from loadtest.report.tables import (
    Column,
    Table,
    TableCell,
    TableRow,
    Tone,
    actions_table,
    between_workers_table,
    completion_table,
    fan_out_table,
    generator_table,
    notification_latency_table,
    phases_table,
    reading_table,
    recovery_table,
    starts_table,
)

__all__ = ["print_details"]

_TWO_UP = 150
"""From this width on, the sections stand in two columns."""
_RIGHT_WIDTH = 68
_TROUBLE_WIDTH = 20

# The first to go where the terminal is narrow stands first.
_DISPENSABLE = ("count", "p95_ms", "p50_ms", "p99_ms")
_SHOWN = ("count", "p50_ms", "p95_ms", "p99_ms", "max_ms")


def print_details(console: Console, summary: Summary) -> None:
    """Print every section of a run."""
    page = _Page(console)
    left = Group(page.load(summary), page.fan_out(summary), page.deliveries(summary))
    right = Group(page.notifications(summary), page.work(summary), page.generator(summary))
    if console.width >= _TWO_UP:
        page.beside(left, right)
    else:
        page.put(left)
        page.put(right)
    if at(summary, "cross_worker"):
        page.put(page.between_workers(summary))
    page.put(page.phases(summary))
    page.put(page.thresholds(summary))


class _Page:
    """Draws sections on one console, within its width and its character set."""

    def __init__(self, console: Console) -> None:
        self._screen = Screen(console)

    def load(self, summary: Summary) -> RenderableType:
        """Return what load was put on which server."""
        facts = {fact.label: fact.text for fact in run_facts(summary)}
        how = f"dialect {facts['dialect']}, {facts['workload']} workload"
        target = Fact("target", f"{facts['target']}, {how}")
        facts_shown = (target, *deviation_facts(summary), *load_facts(summary))
        return self._section("Load", self._facts(facts_shown))

    def fan_out(self, summary: Summary) -> RenderableType:
        """Return how long messages took to their devices, and to the last by fan-out."""
        steps = fan_out_table(summary)
        sizes = completion_table(summary)
        kept = {"each device", "first receiver", "half of them", "last receiver"}
        rows = [row for row in steps.only(*_SHOWN).rows if row.label in kept]
        shown = sizes.only("messages", *_SHOWN).rows
        # With one class alone its row would only repeat the row of all.
        if len(shown) > 2:
            rows += [
                TableRow(f"  last of {row.label.removesuffix(' devices')}", row.cells)
                for row in shown
                if row.label != "all sizes"
            ]
        columns = steps.only(*_SHOWN).columns
        table = Table(steps.title, steps.subject, columns, tuple(rows), unit="ms")
        body: list[RenderableType] = [self._table(table)]
        if reading_table(summary).rows:
            body += [Text(), self._table(reading_table(summary))]
        return self._section("Fan-out of messages, ms", Group(*body))

    def deliveries(self, summary: Summary) -> RenderableType:
        """Return every event type: delivered of expected, latency, and what went wrong."""
        columns = (
            Column("expected", "expected", ""),
            Column("delivered", "delivered", ""),
            Column("p50_ms", "p50", ""),
            Column("p99_ms", "p99", ""),
            Column("trouble", "wrong", ""),
        )
        rows = []
        for event, entry in items(at(summary, "ledger")):
            trouble = ledger_trouble(entry)
            figures = at(summary, "latency", event)
            cells = (
                TableCell(count_text(at(entry, "expected"))),
                TableCell(count_text(at(entry, "delivered"))),
                TableCell(ms_text(measured(figures, "p50_ms"))),
                TableCell(ms_text(measured(figures, "p99_ms"))),
                TableCell(trouble, Tone.BAD) if trouble else TableCell("none", Tone.QUIET),
            )
            rows.append(TableRow(event_label(event), cells))
        table = Table("Deliveries", "event", columns, tuple(rows))
        return self._section("Deliveries of each event, ms", self._table(table))

    def notifications(self, summary: Summary) -> RenderableType:
        """Return right and wrong notifications, and how fast they came."""
        facts = {fact.label: fact for fact in notification_facts(summary)}
        right, boundary = facts.pop("right"), facts.pop("boundary")
        judged = facts.pop("judged")
        wrong = [f"{fact.label} {fact.text}" for fact in facts.values()]
        is_wrong = any(fact.tone is Tone.BAD for fact in facts.values())
        shown = (
            right,
            Fact("wrong", ", ".join(wrong), tone=Tone.BAD if is_wrong else Tone.PLAIN),
            Fact("not judged", f"{boundary.text}; judged {judged.text}"),
            *self._pushes(summary),
        )
        times = notification_latency_table(summary).only(*_SHOWN)
        body = Group(self._facts(shown), self._table(times))
        return self._section("Notifications, ms", body)

    def _pushes(self, summary: Summary) -> Iterable[Fact]:
        facts = {fact.label.removeprefix("pushes "): fact for fact in push_facts(summary)}
        if facts:
            shown = ("missed", "duplicate", "spurious", "late", "not judged", "unassigned")
            wrong = ", ".join(f"{label} {facts[label].text}" for label in shown)
            is_wrong = any(fact.tone is Tone.BAD for fact in facts.values())
            tone = Tone.BAD if is_wrong else Tone.PLAIN
            yield Fact("pushes", f"{facts['right'].text} right; {wrong}", tone=tone)

    def work(self, summary: Summary) -> RenderableType:
        """Return session starts and actions: how long they took, and how many failed."""
        starts = starts_table(summary).only(*_SHOWN, "errors")
        actions = actions_table(summary).only(*_SHOWN, "errors")
        table = Table("Actions", "action", actions.columns, (*starts.rows, *actions.rows))
        body: list[RenderableType] = [self._table(table)]
        if recovery_table(summary).rows:
            body += [Text(), self._table(recovery_table(summary))]
        body += [
            self._screen.hanging("!", f"{fact.label}: {fact.text}", STYLES[fact.tone])
            for fact in error_facts(summary)
        ]
        return self._section("Session starts and actions, ms", Group(*body))

    def between_workers(self, summary: Summary) -> RenderableType:
        """Return latency between workers, and how far their clocks may be off."""
        uncertainty = span_text(at(summary, "generator", "clock_uncertainty_ms"))
        line = f"give or take {uncertainty}, by what is unknown of the workers' clocks"
        table = self._table(between_workers_table(summary).only(*_SHOWN, "negative_count"))
        return self._section(
            "Between workers, ms", Group(table, self._screen.indented(self._screen.text(line)))
        )

    def generator(self, summary: Summary) -> RenderableType:
        """Return the health of the load generator."""
        facts = [f"{fact.label} {fact.text}" for fact in generator_facts(summary)]
        table = self._table(generator_table(summary).only(*_SHOWN))
        line = self._screen.indented(self._screen.text(DOT.join(facts)))
        return self._section("Load generator, ms", Group(table, line))

    def phases(self, summary: Summary) -> RenderableType:
        """Return delivery latency of messages in each phase."""
        table = phases_table(summary).only("span", *_SHOWN)
        return self._section("Phases, delivery latency in ms", self._table(table))

    def thresholds(self, summary: Summary) -> RenderableType:
        """Return each threshold with its value, as a list: expressions may be long."""
        lines: list[RenderableType] = []
        for threshold in listed(at(summary, "thresholds")):
            held = at(threshold, "held")
            tone = Tone.WARN if held is None else (Tone.GOOD if held else Tone.BAD)
            said = threshold_text(threshold)
            samples = at(threshold, "samples")
            if samples is not None:
                said += f" ({count_text(samples)} samples)"
            lines.append(self._screen.hanging(MARKS[tone], said, STYLES[tone]))
        return self._section(
            "Thresholds", Group(*lines) if lines else self._screen.hanging("", "none", "")
        )

    def put(self, section: RenderableType) -> None:
        """Print one section."""
        self._screen.put(section)

    def beside(self, left: RenderableType, right: RenderableType) -> None:
        """Print two columns of sections."""
        grid = Grid.grid(padding=(0, 4, 0, 0))
        grid.add_column(max_width=_TWO_UP - _RIGHT_WIDTH)
        grid.add_column(max_width=_RIGHT_WIDTH)
        grid.add_row(left, right)
        self._screen.console.print(grid)

    def _section(self, title: str, body: RenderableType) -> RenderableType:
        return Group(Text(), self._screen.text(title, "bold"), body)

    def _facts(self, facts: Iterable[Fact]) -> RenderableType:
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for fact in facts:
            grid.add_row(
                self._screen.text(fact.label, "dim"),
                self._screen.text(fact.text, STYLES[fact.tone]),
            )
        return self._screen.indented(grid)

    def _table(self, table: Table) -> RenderableType:
        if not table.rows:
            return self._screen.hanging("", "nothing measured", "dim")
        shown = _fitting(table, self._screen.width - 2)
        gone = [column.title for column in table.columns if column not in shown.columns]
        grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        grid.add_column(self._screen.text(shown.subject), no_wrap=True)
        for column in shown.columns:
            is_prose = column.key == "trouble"
            grid.add_column(
                self._screen.text(column.title),
                justify="left" if is_prose else "right",
                no_wrap=not is_prose,
                overflow="fold",
            )
        for row in shown.rows:
            cells = (self._screen.text(cell.text, STYLES[cell.tone]) for cell in row.cells)
            grid.add_row(self._screen.text(row.label), *cells)
        if not gone:
            return self._screen.indented(grid)
        left_out = f"left out in {self._screen.width} columns: {', '.join(gone)}"
        return self._screen.indented(Group(grid, self._screen.text(left_out, "dim")))


def _fitting(table: Table, width: int) -> Table:
    """Return the table without the columns that its reader misses least, until it fits."""
    for key in _DISPENSABLE:
        if _natural_width(table) <= width:
            break
        table = table.only(*(column.key for column in table.columns if column.key != key))
    return table


def _natural_width(table: Table) -> int:
    total = max(map(len, (table.subject, *(row.label for row in table.rows))))
    for place, column in enumerate(table.columns):
        if column.key == "trouble":
            total += 2 + _TROUBLE_WIDTH
            continue
        total += 2 + max(map(len, (column.title, *(row.cells[place].text for row in table.rows))))
    return total
