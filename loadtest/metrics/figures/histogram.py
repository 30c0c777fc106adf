"""Latencies counted in HdrHistogram's buckets, kept sparse.

Values are integer microseconds with three significant digits, from 1 us to 10 minutes. The buckets
are HdrHistogram's own, so that a file made from them loses nothing; count, sum, minimum and maximum
are exact. A value outside the range is counted as such and takes part in every percentile; it is
never dropped. Nothing here writes files: reports do.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from loadtest.clock import NS_PER_US

__all__ = ["HIGHEST_US", "LOWEST_US", "Histogram", "bucket_index", "bucket_range_us"]

LOWEST_US = 1
HIGHEST_US = 600_000_000

# Three digits need 2,000 sub-buckets; HdrHistogram takes the next power of two.
_SUB_BUCKETS = 2048
_HALF_BITS = 10
_HALF_MASK = (1 << _HALF_BITS) - 1


def bucket_index(value_us: int) -> int:
    """Return the index of HdrHistogram's bucket that holds ``value_us`` (0 or more)."""
    if value_us < _SUB_BUCKETS:
        return value_us
    shift = value_us.bit_length() - _HALF_BITS - 1
    return (shift << _HALF_BITS) + (value_us >> shift)


def bucket_range_us(index: int) -> tuple[int, int]:
    """Return the lowest and the highest value that share the bucket ``index``."""
    if index < _SUB_BUCKETS:
        return index, index
    shift = (index >> _HALF_BITS) - 1
    lowest = ((index & _HALF_MASK) + _HALF_MASK + 1) << shift
    return lowest, lowest + (1 << shift) - 1


class Histogram:
    """Counts of values in microseconds; two of them merge without loss."""

    __slots__ = (
        "count",
        "counts",
        "max_us",
        "min_us",
        "negative_count",
        "sum_us",
        "too_high_count",
        "too_low_count",
    )

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.count = 0
        self.sum_us = 0
        self.min_us = 0
        self.max_us = 0
        self.too_low_count = 0
        self.too_high_count = 0
        self.negative_count = 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Histogram(count={self.count}, min_us={self.min_us}, max_us={self.max_us})"

    def record_ns(self, value_ns: int) -> None:
        """Count one value that is given in nanoseconds."""
        value_us = value_ns // NS_PER_US
        if not LOWEST_US <= value_us <= HIGHEST_US:
            self.record_all((value_us,))
            return
        # As `record_all` does it, without its detour over lists: a quarter of its time.
        if not self.count:
            self.min_us = self.max_us = value_us
        elif value_us > self.max_us:
            self.max_us = value_us
        elif value_us < self.min_us:
            self.min_us = value_us
        self.count += 1
        self.sum_us += value_us
        self.counts[bucket_index(value_us)] += 1

    def record_all(self, values_us: Iterable[int]) -> None:
        """Count every value of ``values_us``.

        In order, the values of one doubling share their shift, so that bucketing and counting are
        left to C: for many values that is three times as fast as one by one.
        """
        ordered = sorted(values_us)
        if not ordered:
            return
        low, high = ordered[0], ordered[-1]
        if not self.count:
            self.min_us, self.max_us = low, high
        else:
            self.min_us = min(self.min_us, low)
            self.max_us = max(self.max_us, high)
        self.count += len(ordered)
        self.sum_us += sum(ordered)
        if low < LOWEST_US or high > HIGHEST_US:
            ordered = self._inside(ordered)
        position = 0
        while position < len(ordered):
            shift = max(0, ordered[position].bit_length() - _HALF_BITS - 1)
            end = bisect_left(ordered, _SUB_BUCKETS << shift, position)
            if shift:
                first = shift << _HALF_BITS
                self.counts.update([first + (value >> shift) for value in ordered[position:end]])
            else:
                self.counts.update(ordered[position:end])
            position = end

    def _inside(self, ordered: list[int]) -> list[int]:
        start, end = bisect_left(ordered, LOWEST_US), bisect_right(ordered, HIGHEST_US)
        self.too_low_count += start
        self.too_high_count += len(ordered) - end
        self.negative_count += bisect_left(ordered, 0)
        return ordered[start:end]

    def merge(self, other: "Histogram") -> None:
        """Add the counts of ``other`` to these."""
        if not other.count:
            return
        if not self.count:
            self.min_us, self.max_us = other.min_us, other.max_us
        else:
            self.min_us = min(self.min_us, other.min_us)
            self.max_us = max(self.max_us, other.max_us)
        self.count += other.count
        self.sum_us += other.sum_us
        self.too_low_count += other.too_low_count
        self.too_high_count += other.too_high_count
        self.negative_count += other.negative_count
        self.counts.update(other.counts)

    def without(self, part: "Histogram") -> "Histogram":
        """Return these counts without those of ``part``, which are among them.

        Count, sum and percentiles are exact; the minimum and the maximum are, too, unless they were
        ``part``'s: then they are those of their bucket.
        """
        rest = Histogram()
        rest.count = self.count - part.count
        if not rest.count:
            return rest
        rest.sum_us = self.sum_us - part.sum_us
        for name in ("too_low_count", "too_high_count", "negative_count"):
            setattr(rest, name, getattr(self, name) - getattr(part, name))
        rest.counts = self.counts - part.counts
        rest.min_us, rest.max_us = self.min_us, self.max_us
        if rest.counts and not rest.too_low_count:
            rest.min_us = max(self.min_us, bucket_range_us(min(rest.counts))[0])
        if rest.counts and not rest.too_high_count:
            rest.max_us = min(self.max_us, bucket_range_us(max(rest.counts))[1])
        return rest

    def copy(self) -> "Histogram":
        """Return a histogram with the same counts that changes on its own."""
        twin = Histogram()
        twin.merge(self)
        return twin

    @property
    def mean_us(self) -> float | None:
        """The exact mean of all values, or None without any."""
        return self.sum_us / self.count if self.count else None

    def percentile_us(self, percentile: float) -> int | None:
        """Return a value that at least ``percentile`` (0 to 100) of all values do not exceed.

        That is the highest value of the bucket that holds the nearest rank, and never above the
        exact maximum. HdrHistogram for Java rounds the rank up as well; its ports to C and Python
        round it to the nearest, which can name one rank lower. Values under the range count as 0.
        Returns None without values.
        """
        if not self.count:
            return None
        return self.ranked_us(max(1, ceil(Fraction(str(percentile)) * self.count / 100)))

    def ranked_us(self, rank: int) -> int:
        """Return the value of one rank, counted from 1, as ``percentile_us`` names it."""
        seen = self.too_low_count
        if rank <= seen:
            return min(0, self.max_us)
        for index in sorted(self.counts):
            seen += self.counts[index]
            if rank <= seen:
                return min(bucket_range_us(index)[1], self.max_us)
        return self.max_us

    def to_plain(self) -> dict[str, Any]:
        """Return this histogram in lists and integers, as a message or a file can carry it."""
        return {
            "count": self.count,
            "sum_us": self.sum_us,
            "min_us": self.min_us,
            "max_us": self.max_us,
            "too_low_count": self.too_low_count,
            "too_high_count": self.too_high_count,
            "negative_count": self.negative_count,
            # Two lists, made in C: some encodings refuse integer keys in a map.
            "buckets": list(self.counts),
            "bucket_counts": list(self.counts.values()),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Histogram":
        """Return the histogram that ``to_plain`` gave away."""
        histogram = cls()
        histogram.counts.update(dict(zip(plain["buckets"], plain["bucket_counts"], strict=True)))
        for name in cls.__slots__:
            if name != "counts":
                setattr(histogram, name, plain[name])
        return histogram
