"""How far a message has come that did not reach everybody by its deadline.

Percentiles of fan-out completion are over all messages, not over those that came through. So a
message with a loss has a value in each mark that it reached, and counts as *never* in the others;
what arrives late after all takes a ``never`` back. Messages without a loss do not come here.
"""

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.phases import CompletionFigures
from loadtest.metrics.ledger.model import Record
from loadtest.metrics.ledger.tally import MARKS, Tally

__all__ = ["complete_late", "mark_incomplete", "mark_reached"]


def mark_incomplete(tally: Tally, record: Record) -> None:
    """Count a message with a loss."""
    figures = tally.completion(record.due_ns, record.expected)
    figures.incomplete += 1
    record.arrivals.sort()
    record.suffer().marked = 0
    for mark in MARKS:
        figures.never[mark] = figures.never.get(mark, 0) + 1
    _mark(figures, record)


def mark_reached(tally: Tally, record: Record) -> None:
    """Take the late arrivals of a message with a loss that is still missing somewhere."""
    _mark(tally.completion(record.due_ns, record.expected), record)


def complete_late(tally: Tally, record: Record) -> None:
    """Take the last arrival of a message with a loss: it was complete after all."""
    figures = tally.completion(record.due_ns, record.expected)
    figures.incomplete -= 1
    _mark(figures, record)
    figures.spread.record_ns(record.arrivals[-1] - record.arrivals[0])


def _mark(figures: CompletionFigures, record: Record) -> None:
    """Count the marks that were reached and are not counted yet."""
    arrivals, count = record.arrivals, record.expected
    # ceil(count * share) - 1 in integers.
    places = (0, (count - 1) // 2, (count * 9 - 1) // 10, (count * 99 - 1) // 100, count - 1)
    fate = record.suffer()
    while fate.marked < len(MARKS) and places[fate.marked] < len(arrivals):
        mark = MARKS[fate.marked]
        latency_us = (arrivals[places[fate.marked]] - record.due_ns) // NS_PER_US
        getattr(figures, mark).record_all((latency_us,))
        figures.never[mark] = figures.never.get(mark, 0) - 1
        fate.marked += 1
