"""Writes down every call that a ledger gets, and passes it on.

It lives in the engine's thread, on the hot path of every delivery: a call is put on a list, and the
list becomes a frame of the journal in ``write``, which is to be called often, so that each frame is
small and quickly written. A call is written down before it is made, in the order in which the calls
are made.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from loadtest.metrics import HealthSample, Interval, Ledger
from loadtest.observations import Observer
from loadtest.recording.calls import ENUMS, METHODS, OBSERVATIONS, Call, health_arguments
from loadtest.recording.journal import EndFrame, Journal, WorkerFrame

__all__ = ["Recorder"]

_NUMBERS = {name: number for number, name in enumerate(METHODS)}


class Recorder:
    """A ledger whose calls are written down.

    Args:
        ledger: A fresh one, which gets no call but through this.
        journal: Where to; it stays open when the recorder is done.
        run_id: Of the run, the same for all its workers.
        started_ns: With which the ledger was made.
    """

    def __init__(self, ledger: Ledger, journal: Journal, *, run_id: str, started_ns: int) -> None:
        self._ledger = ledger
        self._journal = journal
        self._calls: list[Call] = []
        self._written_count = 0
        self._is_ended = False
        members = {kind.__name__: tuple(map(str, kind)) for kind in ENUMS.values()}
        journal.write(
            WorkerFrame(run_id, ledger.worker, started_ns, ledger.settings, METHODS, members)
        )
        methods = {name: self._recorded(name) for name in OBSERVATIONS}
        self.observer = cast(Observer, SimpleNamespace(**methods))
        """Takes what devices report."""

    def _recorded(self, name: str) -> Callable[..., None]:
        number, note, method = _NUMBERS[name], self._calls.append, getattr(self._ledger, name)

        def recorded(*arguments: Any) -> None:  # noqa: ANN401 - those of the method
            note((number, arguments))
            method(*arguments)

        def recorded_with_member(member: str, *rest: Any) -> None:  # noqa: ANN401
            note((number, (places[member], *rest)))
            method(member, *rest)

        if name not in ENUMS:
            return recorded
        places: dict[str, int] = {member: place for place, member in enumerate(ENUMS[name])}
        return recorded_with_member

    @property
    def open_count(self) -> int:
        """How many deliveries and notifications may still come in time."""
        return self._ledger.open_count

    def begin_phase(self, name: str, at_ns: int) -> None:
        """Begin a phase of the run."""
        self._note("begin_phase", str(name), at_ns)
        self._ledger.begin_phase(name, at_ns)

    def settle(self, now_ns: int) -> None:
        """Judge everything whose deadline has passed."""
        self._note("settle", now_ns)
        self._ledger.settle(now_ns)

    def health(self, sample: HealthSample) -> None:
        """Take the state of this process."""
        self._note("health", *health_arguments(sample))
        self._ledger.health(sample)

    def roll(self, now_ns: int) -> Interval:
        """Return what was counted since the last roll."""
        self._note("roll", now_ns)
        return self._ledger.roll(now_ns)

    def snapshot(self) -> dict[str, Any]:
        """Return everything up to the last ``roll``, as plain data for another process."""
        return self._ledger.snapshot()

    def finish(self, now_ns: int, *, drained: bool) -> None:
        """Judge everything, at the end of the run."""
        self._note("finish", now_ns, drained)
        self._ledger.finish(now_ns, drained=drained)

    def _note(self, name: str, *arguments: Any) -> None:  # noqa: ANN401
        self._calls.append((_NUMBERS[name], arguments))

    def write(self, _now_ns: int) -> None:
        """Write the calls since the last time; to be called many times a second."""
        if self._calls and not self._is_ended:
            self._written_count += len(self._calls)
            self._journal.write(("calls", self._calls))
            self._calls.clear()

    def end(self) -> None:
        """Write what is left, and that it is all: later calls are passed on and not recorded."""
        self.write(0)
        self._is_ended = True
        self._journal.write(EndFrame(self._written_count))
