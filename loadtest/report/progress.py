"""Progress of a run: live lines on a terminal, a plain line now and then elsewhere.

It never reads a clock and never starts a thread; it draws when it is handed a view, so
that it can stand in a process that gevent has patched. What the figures mean is said where they are
measured.
"""

from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as Grid
from rich.text import Text

from loadtest.report.figures import count_text, span_text
from loadtest.report.screen import printable

__all__ = ["Progress", "ProgressView"]

_PLAIN_EVERY_S = 5.0
_BAR_WIDTH = 24


@dataclass(frozen=True, slots=True)
class ProgressView:
    """What is known of a run at one instant; None is what is not known yet."""

    phase: str
    """What the run is doing, in a word or two: ``spawning``, ``running``, ``draining``."""
    elapsed_s: float
    devices: int
    devices_planned: int
    user_sessions: int
    chat_sessions: int
    messages_per_s: float | None
    deliveries_per_s: float | None
    p99_ms: float | None
    """Delivery latency of messages in the last second."""
    lost: int
    lag_ms: float | None
    """Generator lag of the last second, p99."""


class Progress:
    """Shows views of one run on one console until it is closed."""

    def __init__(self, console: Console, total_s: float) -> None:
        self._console = console
        self._total_s = total_s
        self._phase = ""
        self._printed_s = 0.0
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            # Drawn by hand: rich's own refresh would be one more thread in a patched process.
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()

    def update(self, view: ProgressView) -> None:
        """Show ``view``; without a terminal only each few seconds and when the phase changes."""
        if self._live is not None:
            self._live.update(self._drawn(view), refresh=True)
            return
        if view.phase == self._phase and view.elapsed_s - self._printed_s < _PLAIN_EVERY_S:
            return
        self._phase, self._printed_s = view.phase, view.elapsed_s
        clock = f"{self._clock(view):>12}"
        said = (*_sessions(view), *_rates(view), *_health(view))
        line = f"{clock}  {view.phase}: {', '.join(said)}"
        self._console.print(Text(printable(line, self._console)), soft_wrap=True)

    def close(self) -> None:
        """Take the live lines away, if there are any; may be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _drawn(self, view: ProgressView) -> RenderableType:
        bar = ProgressBar(
            total=self._total_s, completed=min(view.elapsed_s, self._total_s), width=_BAR_WIDTH
        )
        head = Grid.grid(padding=(0, 2, 0, 0))
        head.add_row(self._text(view.phase, "bold"), bar, self._text(self._clock(view)))
        lines = [self._text("   ".join(part)) for part in (_sessions(view), _rates(view))]
        style = "bold red" if view.lost else ""
        return Group(head, *lines, self._text("   ".join(_health(view)), style))

    def _clock(self, view: ProgressView) -> str:
        # Draining goes on after the planned time.
        if view.elapsed_s > self._total_s:
            return f"{view.elapsed_s:.0f} s"
        return f"{view.elapsed_s:.0f} of {self._total_s:.0f} s"

    def _text(self, text: str, style: str = "") -> Text:
        return Text(printable(text, self._console), style=style)


def _sessions(view: ProgressView) -> tuple[str, ...]:
    return (
        f"{count_text(view.devices)} of {count_text(view.devices_planned)} devices",
        f"{count_text(view.user_sessions)} user sessions",
        f"{count_text(view.chat_sessions)} chat sessions",
    )


def _rates(view: ProgressView) -> tuple[str, ...]:
    return (
        f"{count_text(view.messages_per_s)} messages/s",
        f"{count_text(view.deliveries_per_s)} deliveries/s",
        f"p99 {span_text(view.p99_ms)}",
    )


def _health(view: ProgressView) -> tuple[str, ...]:
    return (f"lost {count_text(view.lost)}", f"generator lag {span_text(view.lag_ms)}")
