"""Bounds the different texts that devices report: reasons, and names of events.

A server may name each error differently, or each event. Every text is a key in the figures of each
second, so their number is bounded: behind the first ones all further texts count as ``others``.
"""

from typing import Any, cast

from loadtest.chat.texts import LONGEST_REASON, cleaned, folded
from loadtest.observations import Observer

__all__ = ["OTHERS", "with_bounded_kinds"]

OTHERS = "others"
_MOST_REASONS = 50
_MOST_EVENTS = 50
_LONGEST_EVENT = 60
# So many texts of one shape are told as they are; from then on the shape stands for all of them.
_OF_A_SHAPE = 3
_METHODS = tuple(name for name in vars(Observer) if not name.startswith("_"))
_WITH_REASON = ("connection_lost", "action_failed", "action_dropped")
_WITH_EVENT = ("event_unexplained", "event_counted")


class _Kinds:
    """The first texts of one sort; those that differ in numbers only are one, as is the rest."""

    def __init__(self, most: int, longest: int) -> None:
        self._most = most
        self._longest = longest
        self._known: set[str] = set()
        self._shapes: dict[str, int] = {}

    def of(self, text: str) -> str:
        """Return ``text`` as it is told: itself, its shape, or ``others``."""
        text = cleaned(text, self._longest)
        if text in self._known:
            return text
        shape = folded(text)
        count = self._shapes.get(shape, 0)
        if count >= _OF_A_SHAPE:
            return shape
        if len(self._known) >= self._most:
            return OTHERS
        self._shapes[shape] = count + 1
        self._known.add(text)
        return text


class _Bounding:
    """An observer that hands on every call, some of them with a bounded text.

    The methods of the other observer are taken as they are, because most calls are on the hot path.
    """

    def __init__(self, observer: Observer) -> None:
        for name in _METHODS:
            setattr(self, name, getattr(observer, name))
        for name in _WITH_REASON:
            kinds = _Kinds(_MOST_REASONS, LONGEST_REASON)
            setattr(self, name, _last_bounded(getattr(observer, name), kinds))
        events = _Kinds(_MOST_EVENTS, _LONGEST_EVENT)
        for name in _WITH_EVENT:
            setattr(self, name, _first_bounded(getattr(observer, name), events))


def _last_bounded(method: Any, kinds: _Kinds) -> Any:  # noqa: ANN401 - a method of an observer
    def call(*arguments: Any) -> None:  # noqa: ANN401 - its arguments
        method(*arguments[:-1], kinds.of(arguments[-1]))

    return call


def _first_bounded(method: Any, kinds: _Kinds) -> Any:  # noqa: ANN401 - a method of an observer
    def call(event: str, *arguments: Any) -> None:  # noqa: ANN401 - its arguments
        method(kinds.of(event), *arguments)

    return call


def with_bounded_kinds(observer: Observer) -> Observer:
    """Return an observer that hands on to ``observer`` what devices tell, with bounded texts."""
    return cast(Observer, _Bounding(observer))
