"""A comparison for a person at a terminal: gates first, then what else is worth knowing.

It reads well in 80 columns, without colour and without Unicode.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from loadtest.comparison.comparison import Comparison
from loadtest.comparison.judgement import Change, Finding
from loadtest.comparison.texts import (
    TONES,
    findings_table,
    headline,
    notes,
    power_lines,
    what_was_compared,
)
from loadtest.report.screen import printable
from loadtest.report.tables import Table, Tone

__all__ = ["print_comparison"]

_STYLES = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
    Tone.QUIET: "dim",
}
_WIDEST = 120
_WITH_P = 100
"""From this width on there is room for p."""
_ALWAYS = (
    "latency.channel.message.created.",
    "completion.all.last.",
    "notifications.latency.",
)


def print_comparison(console: Console, compared: Comparison, *, has_details: bool = False) -> None:
    """Print what was found; with details every figure, else those that changed or matter most."""
    page = _Page(console)
    page.table("Gates (they decide the exit code)", compared.gates)
    shown = [each for each in compared.information if has_details or _is_worth_a_line(each)]
    page.table("For information", shown)
    hidden = len(compared.information) - len(shown)
    if hidden:
        page.say(f"{hidden} more figures without a certain change: --details, or the report", "dim")
    page.lines("Power", power_lines(compared), "")
    page.lines("Notes", notes(compared), "yellow")
    page.say("")
    page.say(f"base       {compared.base.label}")
    page.say(f"candidate  {compared.candidate.label}")
    page.say(what_was_compared(compared), "dim")
    page.say(
        f"{compared.change.value.upper()}: {headline(compared)}",
        _STYLES[TONES[compared.change]] or "bold",
    )


def _is_worth_a_line(finding: Finding) -> bool:
    return finding.change in (Change.WORSE, Change.BETTER) or finding.figure.path.startswith(
        _ALWAYS
    )


class _Page:
    """Draws on one console, within its width and its character set."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(console.width, _WIDEST)

    def say(self, text: str, style: str = "") -> None:
        self._console.print(Text(printable(text, self._console), style=style), width=self._width)

    def lines(self, title: str, lines: Iterable[str], style: str) -> None:
        lines = list(lines)
        if lines:
            self.say("")
            self.say(title, "bold")
        for line in lines:
            text = Text(printable(line, self._console), style=style)
            self._console.print(Padding(text, (0, 0, 0, 2)), width=self._width)

    def table(self, title: str, findings: Iterable[Finding]) -> None:
        table = findings_table(title, findings)
        if not table.rows:
            return
        self.say("")
        self.say(title, "bold")
        self._console.print(self._grid(table), width=self._width)

    def _grid(self, table: Table) -> Grid:
        if self._width < _WITH_P:
            table = table.only(*(column.key for column in table.columns if column.key != "p"))
        grid = Grid(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        grid.add_column(table.subject, overflow="fold", ratio=1)
        for column in table.columns:
            justify = "left" if column.key == "verdict" else "right"
            grid.add_column(column.title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        for row in table.rows:
            cells = (
                Text(printable(cell.text, self._console), style=_STYLES[cell.tone])
                for cell in row.cells
            )
            grid.add_row(printable(row.label, self._console), *cells)
        return grid
