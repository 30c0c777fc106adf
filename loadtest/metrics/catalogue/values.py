"""From counts to a block of the summary, as its declarations say.

A figure that was not measured is null beside a count of 0, never a number. A ratio is rounded to
its worse side: one lost delivery among millions never reads as none.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from loadtest.clock import US_PER_MS
from loadtest.metrics.catalogue.declaration import (
    LATENCY_KEYS,
    PERCENTILES,
    Better,
    Block,
    Declaration,
    Kind,
)
from loadtest.metrics.figures.histogram import Histogram

__all__ = ["NEVER", "block_values", "latency_values", "ratio_value"]

NEVER = "never"
"""Stands in a summary for a time of what never happened; it is later than every other."""

_RATIO_SCALE = 10**6


def block_values(block: Block, source: object, value: str = "") -> dict[str, Any]:
    """Return a block of the summary.

    Args:
        block: Its declarations.
        source: The counts that it is made from: an object with their fields, or a mapping.
        value: What stands for the name in brackets of the block's path.
    """
    made: dict[str, Any] = {}
    for each in block.figures:
        if each.only and value not in each.only:
            continue
        if each.kind is Kind.LATENCY:
            figures = latency_values(_field(source, each.field_name), _never(source, each))
            made |= {each.name: figures} if each.name else figures
        elif each.whole:
            made[each.name] = _share(each, made)
        else:
            found = _field(source, each.field_name)
            # A count that is kept by reason or kind is their sum.
            made[each.name] = sum(found.values()) if isinstance(found, Mapping) else found
    return made


def latency_values(histogram: Histogram, never: int = 0) -> dict[str, Any]:
    """Return the figures of one distribution in milliseconds; null where nothing was timed.

    Args:
        histogram: What was timed.
        never: How many more samples there are of what never came: each is later than all others.
    """
    count = histogram.count + never
    block: dict[str, Any] = {"count": count}
    if not count:
        return block | dict.fromkeys(LATENCY_KEYS[1:])
    block["min_ms"] = _ms(histogram.min_us) if histogram.count else NEVER
    block["mean_ms"] = NEVER if never else _ms(histogram.mean_us)
    for name, percentile in PERCENTILES.items():
        rank = max(1, ceil(Fraction(str(percentile)) * count / 100))
        block[name] = NEVER if rank > histogram.count else _ms(histogram.ranked_us(rank))
    block["max_ms"] = NEVER if never else _ms(histogram.max_us)
    outside = {
        "never": never,
        "below_range": histogram.too_low_count,
        "above_range": histogram.too_high_count,
        "negative": histogram.negative_count,
    }
    return block | {name: count for name, count in outside.items() if count}


def ratio_value(part: int, whole: int, better: Better) -> float | None:
    """Return a share with six decimals, rounded to its worse side; None of nothing."""
    if not whole:
        return None
    # In integers: a product of floats may pass the share that it stands for.
    scaled = part * _RATIO_SCALE
    worse = -(-scaled // whole) if better is Better.LOWER else scaled // whole
    return worse / _RATIO_SCALE


def _share(ratio: Declaration, made: Mapping[str, Any]) -> float | None:
    whole = sum(made[key] for key in ratio.whole)
    return ratio_value(made[ratio.part], whole, ratio.better)


def _field(source: object, name: str) -> Any:  # noqa: ANN401 -- a count, a level or a histogram
    for part in name.split("."):
        source = source[part] if isinstance(source, Mapping) else getattr(source, part)
    return source


def _never(source: object, latency: Declaration) -> int:
    """Return how many samples never came, where the counts know it."""
    never = getattr(source, "never", None) or {}
    return int(never.get(latency.field_name, 0))


def _ms(value_us: float | None) -> float | None:
    return None if value_us is None else round(value_us / US_PER_MS, 3)
