"""An observer that keeps what it is told, as tuples of the call's name and its arguments."""

from collections.abc import Callable
from typing import Any, cast

from loadtest.observations import Observer

__all__ = ["Call", "RecordingObserver"]

Call = tuple[Any, ...]


class RecordingObserver:
    """Keeps every call; ``take`` returns those since the last time."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not hasattr(Observer, name):
            raise AttributeError(name)
        return lambda *arguments: self.calls.append((name, *arguments))

    def as_observer(self) -> Observer:
        """Return this as what devices take."""
        return cast(Observer, self)

    def take(self, *names: str) -> list[Call]:
        """Return the calls of these names (none: of all) since the last time; forget the others."""
        taken = [call for call in self.calls if not names or call[0] in names]
        self.calls.clear()
        return taken

    def named(self, *names: str) -> list[Call]:
        """Return the calls of these names so far."""
        return [call for call in self.calls if call[0] in names]
