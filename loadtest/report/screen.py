"""How text reaches a terminal: its width, its characters, its marks and colours.

A terminal may be 60 columns wide, without colour, without a TTY or without Unicode, so tone never
says what the text does not, and every line passes through one place that knows what the stream can
print.
"""

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from loadtest.report.figures import MISSING
from loadtest.report.tables import Tone

__all__ = ["BADGES", "MARKS", "STYLES", "Screen", "printable"]

STYLES = {
    Tone.PLAIN: "",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
    Tone.QUIET: "dim",
}
BADGES = {
    Tone.GOOD: "bold white on green",
    Tone.WARN: "bold black on yellow",
    Tone.BAD: "bold white on red",
}
MARKS = {Tone.GOOD: "\N{CHECK MARK}", Tone.WARN: "!", Tone.BAD: "\N{MULTIPLICATION X}"}
_ASCII = str.maketrans(
    {
        MISSING: "-",
        "\N{CHECK MARK}": "+",
        "\N{MULTIPLICATION X}": "x",
        "\N{MIDDLE DOT}": "|",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)
_WIDEST = 100


def printable(text: str, console: Console) -> str:
    """Return ``text`` in characters that the console's stream can carry."""
    if not console.options.ascii_only:
        return text
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


class Screen:
    """Draws on one console, within its width and its character set."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(console.width, _WIDEST)

    def put(self, *parts: RenderableType) -> None:
        """Print some parts, one below the other."""
        for part in parts:
            self.console.print(part, width=self.width)

    def height(self, *parts: RenderableType) -> int:
        """Return how many lines some parts would take."""
        options = self.console.options.update(width=self.width)
        return sum(len(self.console.render_lines(part, options)) for part in parts)

    def text(self, text: str, style: str = "") -> Text:
        """Return text in characters that the stream can carry."""
        return Text(printable(text, self.console), style=style)

    def path(self, path: object) -> None:
        """Print a path, which is never broken over lines."""
        self.console.print(self.text(str(path)), soft_wrap=True)

    def indented(self, what: RenderableType) -> RenderableType:
        """Return something two columns further right."""
        return Padding(what, (0, 0, 0, 2), expand=False)

    def hanging(self, mark: str, text: str, style: str) -> RenderableType:
        """Return a mark with a text beside it that is wrapped below itself."""
        grid = Grid.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=2, justify="right")
        grid.add_column(overflow="fold")
        grid.add_row(self.text(mark, style), self.text(text, style))
        return grid

    def verdict_line(self, word: str, tone: Tone, facts: tuple[str, ...]) -> Text:
        """Return the verdict as a badge, and what was run beside it."""
        line = self.text(f" {word} ", BADGES[tone])
        line.append_text(self.text(f"  {DOT.join(facts)}"))
        return line


DOT = " \N{MIDDLE DOT} "
