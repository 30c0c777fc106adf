"""Progress of a study: the table of its trials on a terminal, a line per trial elsewhere.

It never reads a clock and never starts a thread, as ``report.progress``: it draws when told.
"""

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from loadtest.capacity.study import Study
from loadtest.capacity.study_tables import so_far_text, trial_line, trial_table
from loadtest.capacity.terminal import printed_table, say
from loadtest.report.screen import printable

__all__ = ["StudyProgress"]


class StudyProgress:
    """Shows a study on one console until it is closed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._study: Study | None = None
        self._left_s = 0.0
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()

    def begin(self, number: int, load: str, length_s: float) -> None:
        """Say which trial begins."""
        if self._live is None:
            say(self._console, f"trial {number}: {load}, about {length_s:.0f} s")

    def tick(self, text: str) -> None:
        """Show how far the trial is; only on a terminal."""
        if self._live is None:
            return
        lines = [Text(printable(text, self._console), style="dim")]
        if self._study is not None and self._study.trials:
            said = so_far_text(self._study, self._left_s)
            body = [
                printed_table(trial_table(self._study), self._console),
                Text(printable(said, self._console), style="bold"),
            ]
            self._live.update(Group(*body, *lines), refresh=True)
        else:
            self._live.update(Group(*lines), refresh=True)

    def take(self, study: Study, left_s: float) -> None:
        """Take the study after a trial."""
        self._study, self._left_s = study, left_s
        if self._live is None:
            number = len(study.trials)
            say(self._console, trial_line(number, study.trials[-1], study.unit))
            say(self._console, so_far_text(study, left_s))

    def close(self) -> None:
        """Take the live part away; may be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None
