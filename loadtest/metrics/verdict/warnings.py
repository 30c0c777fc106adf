"""What a reader of a verdict must also know; it does not change the verdict."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.metrics.verdict.grammar import Consequence
from loadtest.metrics.verdict.thresholds import ThresholdResult, number_at, shown_value
from loadtest.metrics.verdict.verdict import Reason

__all__ = ["JUDGED_SHARE_WANTED", "warnings_of"]

JUDGED_SHARE_WANTED = 0.95
"""A figure that leaves more than the rest of this unjudged says little."""


def warnings_of(
    summary: Mapping[str, Any], results: Iterable[ThresholdResult]
) -> tuple[Reason, ...]:
    """Return the warnings of a run: thresholds that only warn, and figures judged in part only."""
    results = tuple(results)
    return (*_broken(results), *_judged_in_part(summary, results))


def _broken(results: Iterable[ThresholdResult]) -> Iterator[Reason]:
    for result in results:
        threshold = result.threshold
        if result.held is False and threshold.consequence is Consequence.WARN:
            limit = f"{threshold.comparison} {threshold.limit:g}"
            value = shown_value(result.value)
            yield Reason("threshold", threshold.figure, value, limit, "it was set to warn only")


def _judged_in_part(
    summary: Mapping[str, Any], results: Iterable[ThresholdResult]
) -> tuple[Reason, ...]:
    shares = dict.fromkeys(all_figures()[result.threshold.figure].judged_by for result in results)
    found = ((path, number_at(summary, path)) for path in shares if path)
    return tuple(
        Reason("little_judged", path, share, f">= {JUDGED_SHARE_WANTED:g}", _REMEDY)
        for path, share in found
        if share is not None and share < JUDGED_SHARE_WANTED
    )


_REMEDY = (
    "much of it happened while sessions started, ended or lost their connection, where either "
    "outcome is right: let sessions stay longer (chat_sessions.stay_s), or read it with care"
)
