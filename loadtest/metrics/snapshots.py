"""What workers tell the master, and how it becomes one.

A snapshot holds everything a worker has counted since its start, and a number that only grows. One
rule: the newest snapshot of a worker says all that the older ones said, so that a lost one, one
that comes twice or one that comes out of order changes nothing. Rows of the timeline are known by
worker and second; each snapshot repeats the latest ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtest.errors import UsageError
from loadtest.metrics.figures import Figures, add
from loadtest.metrics.timeline import Row, decode_row

__all__ = ["SCHEMA", "Collection", "Snapshot", "Totals", "merge"]

SCHEMA = "chatkitty-loadtest-snapshot/1"

Snapshot = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a whole run, over all its workers."""

    figures: Figures = field(default_factory=Figures)
    timeline: tuple[Row, ...] = ()
    """A row per second, in the order of time."""
    workers: Mapping[int, int] = field(default_factory=dict)
    """The number of the newest snapshot by worker."""
    open_count: int = 0
    """Deliveries and notifications that were neither there nor given up then."""

    @property
    def devices_peak(self) -> int:
        """The highest number of connected devices at the end of a second."""
        return max((row.devices for row in self.timeline), default=0)

    @property
    def chat_sessions_peak(self) -> int:
        """The highest number of active chat sessions at the end of a second."""
        return max((row.chat_sessions for row in self.timeline), default=0)


class Collection:
    """Snapshots of any number of workers, in any order."""

    def __init__(self) -> None:
        self._newest: dict[int, Snapshot] = {}
        self._rows: dict[tuple[int, int], tuple[int, bytes]] = {}

    def take(self, snapshot: Snapshot) -> None:
        """Add one snapshot.

        Raises:
            UsageError: it comes from another version of this package.
        """
        if snapshot.get("schema") != SCHEMA:
            raise UsageError(
                f"worker {snapshot.get('worker')} sent a snapshot of schema "
                f"{snapshot.get('schema')!r}; this master reads {SCHEMA!r}: install the same "
                "version on both"
            )
        worker, number = snapshot["worker"], snapshot["number"]
        newest = self._newest.get(worker)
        if newest is None or newest["number"] < number:
            self._newest[worker] = {key: snapshot[key] for key in snapshot if key != "rows"}
        for t_s, row in snapshot["rows"]:
            known = self._rows.get((worker, t_s))
            if known is None or known[0] < number:
                self._rows[worker, t_s] = (number, row)

    def totals(self) -> Totals:
        """Return the figures over all workers."""
        figures = Figures()
        for _, snapshot in sorted(self._newest.items()):
            add(figures, Figures.from_plain(snapshot["figures"]))
        return Totals(
            figures=figures,
            timeline=self._timeline(),
            workers={worker: newest["number"] for worker, newest in sorted(self._newest.items())},
            open_count=sum(newest["open_count"] for newest in self._newest.values()),
        )

    def _timeline(self) -> tuple[Row, ...]:
        seconds: dict[int, Row] = {}
        for (_, t_s), (_, encoded_row) in sorted(self._rows.items()):
            row = decode_row(encoded_row)
            row.t_s = 0  # the one field that must not add up
            add(seconds.setdefault(t_s, Row()), row)
        for t_s, row in seconds.items():
            row.t_s = t_s
        return tuple(seconds[t_s] for t_s in sorted(seconds))


def merge(snapshots: Iterable[Snapshot]) -> Totals:
    """Return the figures of a run from snapshots of its workers, in any order, repeated or not.

    Raises:
        UsageError: one of them comes from another version of this package.
        msgspec.ValidationError: one of them is damaged.
    """
    collection = Collection()
    for snapshot in snapshots:
        collection.take(snapshot)
    return collection.totals()
