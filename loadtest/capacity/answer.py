"""From the trials of a study to its answer: the limit, what broke, and one sentence.

What is claimed follows from what was seen. A limit needs a load that failed in a valid trial. If
the generator ended the search, or nothing failed, the result is "at least", whatever the posterior
says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.capacity.search import Outcome, Search, SearchSettings, StoppedBy
from loadtest.capacity.study import UNITS, Axis, Bracket, FirstBroken, Limit, TrialRecord

__all__ = ["Answer", "answered", "load_text", "replayed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a study found, as far as it went."""

    sentence: str
    advice: str
    limit: Limit | None
    bracket: Bracket
    is_at_least: bool
    first_broken: FirstBroken | None


def replayed(settings: SearchSettings, trials: Sequence[TrialRecord]) -> Search:
    """Return the search that had these trials."""
    search = Search(settings)
    for each in trials:
        search.note(each.load, Outcome(each.outcome), is_load_to_blame=each.is_load_to_blame)
    return search


def answered(
    search: Search, trials: Sequence[TrialRecord], axis: Axis, by: StoppedBy | None
) -> Answer:
    """Return the answer that the trials so far support."""
    bracket = Bracket(highest_passed=search.highest_passed, lowest_failed=search.lowest_failed)
    broken = _first_broken(trials, bracket.lowest_failed)
    is_at_least = bracket.highest_passed is not None and (
        bracket.lowest_failed is None or by is StoppedBy.GENERATOR
    )
    if is_at_least:
        limit = _lower_bound(search, bracket.highest_passed or 0.0)
        return Answer(
            _at_least_text(limit, trials, axis, by),
            _at_least_advice(trials, by),
            limit,
            bracket,
            is_at_least=True,
            first_broken=broken,
        )
    if not search.is_bracketed:
        sentence, advice = _nothing_text(bracket, trials, axis, by)
        return Answer(sentence, advice, None, bracket, is_at_least=False, first_broken=broken)
    low, high = search.interval
    limit = Limit(estimate=search.estimate, low=low, high=high, level=search.settings.level)
    return Answer(
        _limit_text(limit, broken, bracket, axis),
        _precision_advice(search, by),
        limit,
        bracket,
        is_at_least=False,
        first_broken=broken,
    )


def load_text(load: float, axis: Axis) -> str:
    """Return a load with its unit."""
    return f"{_digits(load)} {UNITS[axis]}"


def _digits(load: float) -> str:
    return f"{load:,.0f}" if load >= 100 else f"{load:.3g}"


def _lower_bound(search: Search, passed: float) -> Limit:
    return Limit(estimate=passed, low=passed, high=None, level=search.settings.level)


def _first_broken(trials: Sequence[TrialRecord], load: float | None) -> FirstBroken | None:
    """Return what broke at the lowest load that failed."""
    there = (each.broken for each in trials if each.load == load and each.outcome == "fail")
    return next((broken[0] for broken in there if broken), None)


def _limit_text(limit: Limit, broken: FirstBroken | None, bracket: Bracket, axis: Axis) -> str:
    interval = f"{limit.level:.0%} interval {_digits(limit.low)} to {_digits(limit.high or 0)}"
    text = f"It carries {load_text(limit.estimate, axis)} ({interval})"
    if broken is None:
        return f"{text}."
    return f"{text}; at {load_text(bracket.lowest_failed or 0, axis)}, {broken_text(broken)}."


def broken_text(broken: FirstBroken) -> str:
    """Return how a threshold broke, as half a sentence."""
    value = broken.value
    shown = f"{value:,.4g}" if isinstance(value, float | int) else str(value)
    return f"{broken.expression} broke: it was {shown}"


def _precision_advice(search: Search, by: StoppedBy | None) -> str:
    if by in (None, StoppedBy.PRECISION) or search.is_precise:
        return ""
    asked = f"{search.settings.precision:.0%}"
    return f"the interval is wider than the ±{asked} asked for: go on with --resume"


def _at_least_text(
    limit: Limit, trials: Sequence[TrialRecord], axis: Axis, by: StoppedBy | None
) -> str:
    text = f"It carries at least {load_text(limit.low, axis)}"
    spoiled = _last_invalid(trials)
    if by is StoppedBy.GENERATOR and spoiled is not None:
        return (
            f"{text}; its limit was not reached, because at {load_text(spoiled.load, axis)} the"
            f" load generator was the limit: {spoiled.invalid_because}."
        )
    if by is StoppedBy.RANGE:
        return f"{text}, the highest load asked for; nothing failed."
    return f"{text}; no load failed before the search ended."


def _at_least_advice(trials: Sequence[TrialRecord], by: StoppedBy | None) -> str:
    if by is StoppedBy.GENERATOR:
        spoiled = _last_invalid(trials)
        remedy = spoiled.remedy if spoiled is not None else ""
        more = "give the generator more processes (--processes 2) or a machine of its own"
        return f"to see more, {more}; {remedy}" if remedy else f"to see more, {more}"
    if by is StoppedBy.RANGE:
        return "to see more, search up to a higher load (--to)"
    return "to see more, go on with --resume"


def _nothing_text(
    bracket: Bracket, trials: Sequence[TrialRecord], axis: Axis, by: StoppedBy | None
) -> tuple[str, str]:
    if bracket.lowest_failed is not None:
        broken = _first_broken(trials, bracket.lowest_failed)
        how = f": {broken_text(broken)}" if broken is not None else ""
        return (
            f"Nothing passed: it carries less than {load_text(bracket.lowest_failed, axis)}{how}.",
            "start lower (--from), or look at the threshold",
        )
    spoiled = _last_invalid(trials)
    if spoiled is not None:
        return (
            f"No trial could be judged: {spoiled.invalid_because}.",
            spoiled.remedy,
        )
    if by is None:
        return "No trial has ended yet.", ""
    return "No trial was completed.", "go on with --resume"


def _last_invalid(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    return next((each for each in reversed(trials) if each.outcome == "invalid"), None)
