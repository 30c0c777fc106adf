"""What workers tell the master, and how it becomes one.

A snapshot holds everything a worker has counted since its start, and a number that only grows. The
newest snapshot of a worker says all that the older ones said, so that a lost one, one that comes
twice or one that comes out of order changes nothing. Rows of the timeline are known by worker and
second; each snapshot repeats the latest ones.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from loadtest.errors import UsageError
from loadtest.metrics.figures.figures import Figures, add
from loadtest.metrics.figures.timeline import TimelineRow, decode_row

__all__ = ["SCHEMA", "Collection", "Snapshot", "Totals", "merge"]

SCHEMA = "chatkitty-loadtest-snapshot/1"

Snapshot = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a whole run, over all its workers."""

    figures: Figures = field(default_factory=Figures)
    timeline: tuple[TimelineRow, ...] = ()
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
        self._latest_s: dict[int, int] = {}
        # By second and worker, with the number of the snapshot that brought it.
        self._rows: dict[int, dict[int, tuple[int, bytes]]] = {}

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
            rows = self._rows.setdefault(t_s, {})
            known = rows.get(worker)
            if known is None or known[0] < number:
                rows[worker] = (number, row)
            self._latest_s[worker] = max(self._latest_s.get(worker, 0), t_s)

    def newest_number(self, worker: int) -> int:
        """Return the number of the newest snapshot of a worker, 0 without any."""
        newest = self._newest.get(worker)
        return int(newest["number"]) if newest is not None else 0

    def latest_s(self, worker: int) -> int:
        """Return the last second that a worker has reported, 0 without any."""
        return self._latest_s.get(worker, 0)

    @property
    def newest_s(self) -> int:
        """The latest second that any worker has reported, 0 without any."""
        return max(self._latest_s.values(), default=0)

    def newest_figures(self) -> Iterator[Mapping[str, Any]]:
        """Yield the figures of each worker since its start, as plain data."""
        for _, newest in sorted(self._newest.items()):
            yield newest["figures"]

    def newest_slowest(self, worker: int) -> Sequence[Mapping[str, Any]]:
        """Return the slowest messages of the newest interval of a worker."""
        newest = self._newest.get(worker)
        slowest: Sequence[Mapping[str, Any]] = newest["slowest"] if newest is not None else ()
        return slowest

    def latest_rows(self) -> Iterator[tuple[int, TimelineRow]]:
        """Yield number and latest second of each worker."""
        for worker, t_s in sorted(self._latest_s.items()):
            yield worker, decode_row(self._rows[t_s][worker][1])

    def lost_count(self) -> int:
        """Return how many deliveries are lost so far, of every event type."""
        return sum(
            event["lost"]
            for newest in self._newest.values()
            for event in newest["figures"]["events"].values()
        )

    def latest_row(self) -> TimelineRow | None:
        """Return the latest second, None without any; of several workers the last but one.

        Some of them have not reported the last one yet. While a run goes on this is what is shown,
        and it takes no time that grows with the run.
        """
        if not self._rows:
            return None
        latest_s = max(self._latest_s.values())
        if len(self._latest_s) > 1 and latest_s - 1 in self._rows:
            latest_s -= 1
        return self._row(latest_s)

    def figures_so_far(self) -> Figures:
        """Return the figures over all workers while the run goes on, without their rows.

        It takes no time that grows with the run.
        """
        figures = Figures()
        for snapshot in self._newest.values():
            add(figures, Figures.from_plain(snapshot["figures"]))
        figures.fill_whole()
        return figures

    def totals(self, final: Container[int] | None = None) -> Totals:
        """Return the figures over all workers.

        Of a worker that is not among ``final`` (None: all are) no more will come: what it still
        waited for is boundary, as in a run that ends without waiting.
        """
        return replace(
            self.totals_so_far(final),
            timeline=tuple(self._row(t_s) for t_s in sorted(self._rows)),
        )

    def totals_so_far(self, final: Container[int] | None = None) -> Totals:
        """Return the same without the seconds: it takes no time that grows with the run."""
        figures, open_count = Figures(), 0
        for worker, snapshot in sorted(self._newest.items()):
            part = Figures.from_plain(snapshot["figures"])
            if final is None or worker in final:
                open_count += snapshot["open_count"]
            else:
                _give_up_open(part)
            add(figures, part)
        figures.fill_whole()
        return Totals(
            figures=figures,
            workers={worker: newest["number"] for worker, newest in sorted(self._newest.items())},
            open_count=open_count,
        )

    def _row(self, t_s: int) -> TimelineRow:
        """Return one second over all workers."""
        total = TimelineRow()
        for _, (_, encoded_row) in sorted(self._rows[t_s].items()):
            add(total, decode_row(encoded_row))
        total.t_s = t_s  # the one field that must not add up
        return total


def _give_up_open(figures: Figures) -> None:
    """Make what was expected, and is neither there nor lost, boundary."""
    for event in figures.events.values():
        waiting = event.expected - event.delivered - event.lost
        event.expected -= waiting
        event.boundary += waiting
        event.in_flight += waiting
    for notifications in figures.notifications.values():
        waiting = notifications.expected - notifications.delivered - notifications.missed
        notifications.expected -= waiting
        notifications.boundary += waiting
        notifications.in_flight += waiting


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
