"""Which figures of a summary are compared: a selection from those that are declared in ``metrics``.

Their names, samples and directions are the declared ones; a figure is called what thresholds call
it. What is left out says the same as another one, or is too rare to be compared.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from loadtest.comparison.shares import Share
from loadtest.metrics.catalogue import Better, Kind
from loadtest.metrics.catalogue.lookup import Figure as Declared
from loadtest.metrics.catalogue.lookup import all_figures, figure_named
from loadtest.metrics.catalogue.values import NEVER
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.observations import ChatEvent
from loadtest.report.figures import Summary, number_at, value_at

__all__ = ["DEFAULT_GATES", "Figure", "LevelFigure", "ShareFigure", "figures", "path_named"]

_MESSAGE = ChatEvent.MESSAGE_CREATED.value
_NOTIFICATION = ChatEvent.NOTIFICATION_CREATED.value
_FIRST = (
    f"latency.{_MESSAGE}.",
    "completion.all.last.",
    "notifications.latency.",
    f"ledger.{_MESSAGE}.",
    "notifications.missed",
)
"""What people ask for first."""
_OFTEN = (".p50_ms", ".p95_ms", ".p99_ms")
_SELDOM = (".p50_ms", ".p95_ms")
_LEFT_OUT = re.compile(
    "|".join(
        (
            # Also among the figures of notifications.
            rf"(ledger|latency|service_latency)\.{re.escape(_NOTIFICATION)}\.",
            r"notifications\.by_devices\.",
            # What stands first is of the steady phase.
            r"phases\.",
            # Of channels over several workers, give or take their clocks.
            r"cross_worker\.",
            # Of what a newer event overtook.
            r"staleness\.",
            # The way to the last receiver.
            r"completion\.[^.]+\.(?!last\.|incomplete$)",
            r"(actions|sessions)\.[^.]+\.completion\.",
            # Of the load generator, whose lag is compared.
            r"generator\.(?!lag\.)",
            # For any event but a message, a loss is enough to be looked at.
            rf"ledger\.(?!{re.escape(_MESSAGE)}\.).*\.(?!lost$)[^.]+$",
        )
    )
)

DEFAULT_GATES = (
    f"latency.{_MESSAGE}.p50_ms",
    f"latency.{_MESSAGE}.p99_ms",
    "notifications.latency.p50_ms",
    f"ledger.{_MESSAGE}.lost",
    "notifications.missed",
)
"""The figures that decide the exit code where nobody names others."""


@dataclass(frozen=True, slots=True)
class LevelFigure:
    """A time, compared by ratio; less is better."""

    declared: Declared

    @property
    def path(self) -> str:
        """Where it stands in a summary."""
        return self.declared.path

    @property
    def label(self) -> str:
        """Its shortest name."""
        return self.declared.short

    @property
    def unit(self) -> str:
        """Its unit of measure."""
        return self.declared.unit

    def value(self, summary: Summary) -> float | None:
        """Return the figure of one run, infinite for never; None where nothing was measured."""
        return math.inf if value_at(summary, self.path) == NEVER else number_at(summary, self.path)

    def samples(self, summary: Summary) -> int:
        """Return how many samples the figure rests on."""
        return _sum(summary, self.declared.samples)

    @property
    def samples_needed(self) -> int:
        """How many samples each replicate needs."""
        return samples_needed(self.path)


@dataclass(frozen=True, slots=True)
class ShareFigure:
    """A count of what went wrong, compared as a share of what could have."""

    declared: Declared

    @property
    def path(self) -> str:
        """Where the count stands in a summary."""
        return self.declared.path

    @property
    def label(self) -> str:
        """Its shortest name."""
        return self.declared.short

    def share(self, summary: Summary) -> Share | None:
        """Return the share of one run; None where nothing could go wrong."""
        part, whole = number_at(summary, self.path), _sum(summary, self.declared.samples)
        if part is None or whole <= 0:
            return None
        return Share(min(int(part), whole), whole)


Figure = LevelFigure | ShareFigure


@cache
def figures() -> tuple[Figure, ...]:
    """Return every figure that is compared, the most asked for first."""
    chosen = [figure for each in all_figures().values() if (figure := _compared(each)) is not None]
    return tuple(sorted(chosen, key=lambda figure: _rank(figure.path)))


def path_named(name: str) -> str | None:
    """Return the path of the figure with this path or short name, if it is compared."""
    declared = figure_named(name)
    if declared is None or _compared(declared) is None:
        return None
    return declared.path


def _compared(declared: Declared) -> Figure | None:
    path = declared.path
    if _LEFT_OUT.match(path):
        return None
    if declared.kind is Kind.LATENCY:
        keys = _OFTEN if path.startswith(_FIRST) else _SELDOM
        return LevelFigure(declared) if path.endswith(keys) else None
    if declared.kind is Kind.COUNT and declared.better is Better.LOWER and declared.samples:
        return ShareFigure(declared)
    return None


def _rank(path: str) -> int:
    return next((place for place, each in enumerate(_FIRST) if path.startswith(each)), len(_FIRST))


def _sum(summary: Summary, paths: Iterable[str]) -> int:
    return sum(int(number_at(summary, path) or 0) for path in paths)
