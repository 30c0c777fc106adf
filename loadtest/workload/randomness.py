"""Random numbers that cost one integer each, reproducible by name.

Every user of a run draws from streams of its own, so that the plan of one user never depends on how
many others there are or on which worker they live. Python's ``random.Random`` holds 2.5 kB; with
three streams per user that is more than the user itself, so a stream here is splitmix64: a counter
whose value is scrambled (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).

Not here: anything secret. The numbers are good for planning and for nothing else.
"""

import hashlib
import math
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["RandomStream", "cumulative_weights"]

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_UNIT = 2.0**-53


class RandomStream:
    """A stream of random numbers, named by a key of integers and strings.

    The same key gives the same numbers, in every process and Python version.
    """

    __slots__ = ("_state",)

    def __init__(self, *key: int | str) -> None:
        # The type and length of each part, so that (1, "2") and ("1", 2) are different keys.
        text = "".join(f"{type(part).__name__}{len(str(part))}:{part}" for part in key)
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        self._state = int.from_bytes(digest, "big")

    def bits(self) -> int:
        """Return 64 random bits."""
        self._state = state = (self._state + _GAMMA) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return state ^ (state >> 31)

    def uniform(self) -> float:
        """Return a number of [0, 1)."""
        return (self.bits() >> 11) * _UNIT

    def below(self, count: int) -> int:
        """Return an integer of [0, count)."""
        # Multiplying beats a modulo; its bias is below count / 2**64.
        return (self.bits() * count) >> 64

    def exponential(self, mean: float) -> float:
        """Return a waiting time of a Poisson process with gaps of ``mean``."""
        return -mean * math.log(1.0 - self.uniform())

    def normal(self) -> float:
        """Return a number of the standard normal distribution."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform()))
        return radius * math.cos(2.0 * math.pi * self.uniform())

    def weighted_index(self, cumulative: Sequence[float]) -> int:
        """Return an index, each as often as its weight says; see ``cumulative_weights``."""
        target = self.uniform() * cumulative[-1]
        low, high = 0, len(cumulative) - 1
        while low < high:
            middle = (low + high) // 2
            if cumulative[middle] > target:
                high = middle
            else:
                low = middle + 1
        return low

    def shuffled(self, items: Sequence[int]) -> list[int]:
        """Return the items in random order."""
        return self.sampled(items, len(items))

    def sampled(self, items: Sequence[int], count: int) -> list[int]:
        """Return ``count`` of the items, none twice, in random order."""
        pool = list(items)
        for place in range(count):
            other = place + self.below(len(pool) - place)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]


def cumulative_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the running sums of ``weights``, as ``weighted_index`` wants them."""
    return tuple(accumulate(weights))
