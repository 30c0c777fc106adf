"""Observers and calls for channels that span workers; instants in milliseconds."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from loadtest.clock import NS_PER_MS
from loadtest.device.numbers import session_number
from loadtest.metrics.ledger.crossings import device_number
from loadtest.observations import Observer
from loadtest.recording.calls import OBSERVATIONS, Call
from loadtest.spanning.calls import number_of

__all__ = ["WORKERS", "Told", "call", "device_on", "ms", "session_on"]

WORKERS = 2


def ms(at_ms: float) -> int:
    """Return an instant in nanoseconds."""
    return round(at_ms * NS_PER_MS)


def device_on(worker: int, *, home: int = 0, serial: int = 1) -> int:
    """Return the number of a device."""
    return device_number(serial, worker=worker, home=home, workers=WORKERS)


def session_on(worker: int, *, home: int = 0, serial: int = 1) -> int:
    """Return the number of the first chat session of a device."""
    return session_number(device_on(worker, home=home, serial=serial), 0)


def call(name: str, *arguments: Any) -> Call:
    """Return a call as it is forwarded."""
    return number_of(name), arguments


class Told:
    """An observer that keeps what it is told, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        methods = {name: self._keep(name) for name in OBSERVATIONS}
        self.observer = cast(Observer, SimpleNamespace(**methods))

    def _keep(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((name, *arguments))

    @property
    def names(self) -> list[str]:
        """What was told, without arguments."""
        return [each[0] for each in self.calls]
