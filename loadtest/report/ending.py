"""What a run prints at its end: one screen, with what matters last.

The verdict and what it rests on, what broke and by how much, the figures that people ask for, and
the path of the report as the last line. Reasons that do not fit are counted, and stand in the
report. Everything else is asked for with ``--details``.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import orjson
from rich.console import Console, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from loadtest.report.facts import run_facts
from loadtest.report.figures import Summary, at, count_text
from loadtest.report.findings import findings, verdict, verdict_sentence, verdict_tone
from loadtest.report.headline import headline
from loadtest.report.reasons import ReasonText, reasons, warnings
from loadtest.report.screen import MARKS, STYLES, Screen
from loadtest.report.tables import Tone
from loadtest.report.terminal import print_details

__all__ = ["LINES", "Ending", "print_summary"]

LINES = 24
"""How many lines the end of a run takes at most."""
_REPORT = "report.html"


class Ending(StrEnum):
    """How much is printed at the end of a run."""

    SHORT = "short"
    DETAILS = "details"
    """Every section before the short form."""
    QUIET = "quiet"
    """The verdict alone."""
    JSON = "json"
    """The summary, as its file holds it."""


def print_summary(
    console: Console, summary: Summary, folder: Path, ending: Ending = Ending.SHORT
) -> None:
    """Print what a run found, and where its files in ``folder`` are."""
    if ending is Ending.QUIET:
        console.print(Text(verdict(summary)))
    elif ending is Ending.JSON:
        console.file.write(orjson.dumps(summary, default=str, option=_INDENTED).decode())
    else:
        if ending is Ending.DETAILS:
            print_details(console, summary)
        _Ending(console, summary, folder).print()


_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS


class _Ending:
    """The short form, on one screen."""

    def __init__(self, console: Console, summary: Summary, folder: Path) -> None:
        self._screen = Screen(console)
        self._summary = summary
        self._folder = folder

    def print(self) -> None:
        """Print it."""
        head, figures = self._head(), self._figures()
        # An empty line before and between, and the path.
        left = LINES - 3 - self._screen.height(*head, *figures)
        self._screen.put(Text(), *head, *self._fitting(left), Text(), *figures)
        report = self._folder / _REPORT
        self._screen.path(report if report.is_file() else self._folder)

    def _head(self) -> list[RenderableType]:
        summary, tone = self._summary, verdict_tone(self._summary)
        facts = {fact.label: fact.text for fact in run_facts(summary)}
        run = (
            facts["profile"],
            f"{count_text(at(summary, 'load', 'devices_peak'))} devices",
            facts["duration"],
            f"seed {facts['seed']}",
        )
        return [
            self._screen.verdict_line(verdict(summary), tone, run),
            self._screen.hanging("", verdict_sentence(summary), STYLES[tone]),
        ]

    def _fitting(self, lines: int) -> list[RenderableType]:
        """Return as many reasons, warnings and findings as have room, and how many have none."""
        kept: list[RenderableType] = []
        told = list(self._troubles())
        for place, part in enumerate(told):
            needed = self._screen.height(part) + (place + 1 < len(told))
            if needed > lines:
                rest = f"{len(told) - place} more in the report"
                return [*kept, self._screen.hanging("", rest, "dim")]
            kept.append(part)
            lines -= self._screen.height(part)
        return kept

    def _troubles(self) -> Iterator[RenderableType]:
        tone = verdict_tone(self._summary)
        for reason in reasons(self._summary):
            yield self._told(reason, tone)
        for warning in warnings(self._summary):
            yield self._told(warning, Tone.WARN)
        for finding in findings(self._summary):
            if finding.tone in (Tone.BAD, Tone.WARN):
                text, style = finding.text, STYLES[finding.tone]
                yield self._screen.hanging(MARKS[finding.tone], text, style)

    def _told(self, reason: ReasonText, tone: Tone) -> RenderableType:
        lines = Grid.grid()
        lines.add_row(self._screen.hanging(MARKS[tone], reason.text, STYLES[tone]))
        if reason.remedy:
            remedy = f"\N{RIGHTWARDS ARROW} {reason.remedy}"
            lines.add_row(self._screen.hanging("", remedy, ""))
        return lines

    def _figures(self) -> list[RenderableType]:
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for fact in headline(self._summary):
            label = self._screen.text(fact.label, "dim")
            grid.add_row(label, self._screen.text(fact.text, STYLES[fact.tone]))
        return [self._screen.indented(grid), Text()]
