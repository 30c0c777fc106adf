"""Tables and sentences of a study on a terminal, at any width."""

from rich.console import Console, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from loadtest.report.screen import printable
from loadtest.report.tables import Table, Tone

__all__ = ["printed_table", "say"]

_STYLES = {Tone.GOOD: "green", Tone.WARN: "yellow", Tone.BAD: "bold red", Tone.QUIET: "dim"}
_WORDY = "source"
# What a narrow terminal does without, first to last.
_SPARE = ("nodes_by_devices", "nodes_by_deliveries", "devices")
_GAP = 2


def say(console: Console, text: str, style: str = "") -> None:
    """Print a text as it is, folded to the width."""
    console.print(Text(printable(text, console), style=style))


def printed_table(table: Table, console: Console) -> RenderableType:
    """Return a table for the console; words are folded, figures never cut."""
    for key in _SPARE:
        if _width(table) > console.width:
            keys = [column.key for column in table.columns if column.key != key]
            table = table.only(*keys)
    grid = Grid(box=None, header_style="bold", pad_edge=False, title_justify="left")
    has_words = any(column.key == _WORDY for column in table.columns)
    grid.add_column(printable(table.subject, console), overflow="fold", no_wrap=not has_words)
    for column in table.columns:
        is_wordy = column.key == _WORDY
        # A heading may be wider than its figures: a word a line.
        title = column.title if is_wordy else column.title.replace(" ", "\n")
        grid.add_column(
            printable(title, console),
            justify="left" if is_wordy else "right",
            no_wrap=not is_wordy,
            overflow="fold",
        )
    for row in table.rows:
        cells = (
            Text(printable(cell.text, console), style=_STYLES.get(cell.tone, ""))
            for cell in row.cells
        )
        grid.add_row(printable(row.label, console), *cells)
    return grid


def _width(table: Table) -> int:
    """Return the columns that a table of figures needs; one with words can be folded."""
    if any(column.key == _WORDY for column in table.columns):
        return 0
    widths = [max((len(row.label) for row in table.rows), default=0)]
    for place, column in enumerate(table.columns):
        words = [*column.title.split(), *(row.cells[place].text for row in table.rows)]
        widths.append(max(map(len, words)))
    return sum(widths) + _GAP * len(table.columns)
