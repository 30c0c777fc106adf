"""How a message is typed: which calls of ``sendKeystrokes`` reach the server, and when.

An app calls it for every key; the SDK sends only the last call of a burst, 150 ms after it. A call
that another one follows sooner is seen by nobody, so only the others are planned. They are planned
from the message back: what there is of a plan is never later than the message itself. A coarser way
is to say how many bursts a message has.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from loadtest.clock import NS_PER_S
from loadtest.workload.behaviour import Writing
from loadtest.workload.distributions import Distribution
from loadtest.workload.randomness import RandomStream

__all__ = [
    "DEBOUNCE_S",
    "TYPING_MAX_S",
    "Typed",
    "TypingFigures",
    "typed_before",
    "typing_ahead_s",
    "typing_figures",
]

DEBOUNCE_S = 0.15
"""The SDK's: of calls closer than this only the last is sent."""

TYPING_MAX_S = 20.0
"""Typing that began earlier before its message is left out; bounds how far a plan looks ahead."""

# After the last key a person looks at the line, and finds the button.
_BEFORE_SENDING_S = 2 * DEBOUNCE_S
_MESSAGES_MEASURED = 2_000


class Typed(NamedTuple):
    """One call of ``sendKeystrokes`` that reaches the server."""

    before_ns: int
    """How long before the message."""
    characters: int
    """How many characters of the message are there by then."""


def typed_before(writing: Writing, length: int, rng: RandomStream) -> Iterator[Typed]:
    """Yield the typing of a message of ``length`` characters, the last of it first.

    It goes back as far as the typing goes; whoever asks stops where it does not fit any more.
    """
    if writing.key_gap_s is None:
        yield from _bursts(writing, length, rng)
    else:
        yield from _keys(writing.key_gap_s, length, rng)


def _bursts(writing: Writing, length: int, rng: RandomStream) -> Iterator[Typed]:
    bursts = round(writing.keystroke_bursts.sample(rng))
    before_ns = 0
    for number in range(bursts, 0, -1):
        before_ns += round(writing.keystroke_pause_s.sample(rng) * NS_PER_S)
        yield Typed(before_ns, max(1, length * number // bursts))


def _keys(gap_s: Distribution, length: int, rng: RandomStream) -> Iterator[Typed]:
    before_s = max(gap_s.sample(rng), _BEFORE_SENDING_S)
    yield Typed(round(before_s * NS_PER_S), length)
    for characters in range(length - 1, 0, -1):
        gap = gap_s.sample(rng)
        before_s += gap
        if gap > DEBOUNCE_S:
            yield Typed(round(before_s * NS_PER_S), characters)


def typing_ahead_s(writing: Writing) -> float:
    """Return how long before its message the typing of one may begin, at most."""
    if writing.key_gap_s is not None:
        return TYPING_MAX_S
    bursts, pause_s = writing.keystroke_bursts.highest, writing.keystroke_pause_s.highest
    if not math.isfinite(bursts * pause_s):
        return TYPING_MAX_S
    # A burst more, for the rounding of their number.
    return min(TYPING_MAX_S, (bursts + 1) * pause_s)


class TypingFigures(NamedTuple):
    """What typing amounts to, per message."""

    keystrokes: float
    """Calls that reach the server."""
    typed_ratio: float
    """Messages with at least one."""


@lru_cache(maxsize=64)
def typing_figures(writing: Writing) -> TypingFigures:
    """Return what typing amounts to on average.

    Measured on typed messages drawn from a stream of their own; what is too early is left out.
    """
    rng = RandomStream("typing figures")
    longest_ns = round(TYPING_MAX_S * NS_PER_S)
    keystrokes = typed = 0
    for _ in range(_MESSAGES_MEASURED):
        length = max(1, round(writing.length.sample(rng)))
        before = takewhile(
            lambda each: each.before_ns <= longest_ns, typed_before(writing, length, rng)
        )
        count = sum(1 for _ in before)
        keystrokes += count
        typed += count > 0
    return TypingFigures(keystrokes / _MESSAGES_MEASURED, typed / _MESSAGES_MEASURED)
