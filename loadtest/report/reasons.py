"""Why a verdict is what it is, and what else to know, in words.

A reason names its figure as thresholds do, with values in their units, and says how far the value
is from the limit.
"""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from loadtest.metrics.catalogue.declaration import Kind
from loadtest.metrics.catalogue.lookup import Figure, all_figures
from loadtest.metrics.catalogue.values import NEVER
from loadtest.report.figures import (
    Summary,
    at,
    count_text,
    listed,
    number,
    percent_text,
    plain_text,
    span_text,
)

__all__ = ["ReasonText", "reasons", "threshold_text", "value_text", "warnings"]

_MUCH = 1.5
"""From here on a value is told as so many times its limit, below it in percent."""
_LIMIT = re.compile(r"([<>=!]+) (\S+)")


@dataclass(frozen=True, slots=True)
class ReasonText:
    """Why the verdict is what it is, and what to do about it."""

    text: str
    remedy: str


def reasons(summary: Summary) -> tuple[ReasonText, ...]:
    """Return the reasons of the verdict, each with its figure, limit and remedy."""
    return _told(at(summary, "reasons"))


def warnings(summary: Summary) -> tuple[ReasonText, ...]:
    """Return what else a reader of the verdict must know."""
    return _told(at(summary, "warnings"))


def value_text(path: object, value: object) -> str:
    """Return a value of the figure at ``path`` as a person reads it, with its unit."""
    figure = all_figures().get(str(path))
    if value == NEVER or number(value) is None or figure is None:
        return plain_text(value)
    if figure.unit == "ms":
        return span_text(value)
    if figure.kind is Kind.RATIO:
        return percent_text(value)
    return plain_text(value)


def threshold_text(threshold: object) -> str:
    """Return what was measured against one threshold, and how far it is from its limit."""
    path, value = at(threshold, "figure"), at(threshold, "value")
    said = f"{at(threshold, 'expression')}: {value_text(path, value)}"
    if at(threshold, "held") is not False:
        return said
    return said + _excess(all_figures().get(str(path)), value, at(threshold, "limit"))


def _told(entries: object) -> tuple[ReasonText, ...]:
    told = [
        ReasonText(_reason_text(entry), str(at(entry, "remedy") or "")) for entry in listed(entries)
    ]
    # A remedy for several reasons in a row is given once, after the last of them.
    for place, (reason, after) in enumerate(pairwise(told)):
        if reason.remedy == after.remedy:
            told[place] = replace(reason, remedy="")
    return tuple(told)


def _reason_text(reason: object) -> str:
    code, path = at(reason, "code"), at(reason, "figure") or at(reason, "code")
    value, limit = at(reason, "value"), at(reason, "limit")
    figure = all_figures().get(str(path))
    name = figure.short if figure is not None else str(path)
    if code == "does_not_add_up":
        return f"{name} does not add up"
    if code == "not_in_run":
        return name
    if code == "little_judged":
        return f"only {percent_text(value)} of what happened was judged ({name})"
    if code == "too_few_samples":
        return f"{name} rests on {count_text(value)} samples; needed {plain_text(limit)}"
    text = f"{name}: not measured" if value is None else f"{name} is {value_text(path, value)}"
    return text if limit is None else f"{text}; limit {_limit_text(figure, value, limit)}"


def _limit_text(figure: Figure | None, value: object, limit: object) -> str:
    """Return a limit in the unit of its figure, and how far the value is from it."""
    path = figure.path if figure is not None else ""
    stated = _LIMIT.fullmatch(str(limit))
    if stated is None:
        return value_text(path, limit) + _excess(figure, value, limit)
    try:
        amount = float(stated[2])
    except ValueError:
        return plain_text(limit)
    shown = value_text(path, int(amount) if amount == int(amount) else amount)
    return f"{stated[1]} {shown}" + _excess(figure, value, amount)


def _excess(figure: Figure | None, value: object, limit: object) -> str:
    """Return how far a time is above its limit; of counts and shares both are told already."""
    found, allowed = number(value), number(limit)
    is_time = figure is not None and figure.unit == "ms"
    if not is_time or found is None or not allowed or found <= allowed:
        return ""
    times = found / allowed
    if times >= _MUCH:
        return f" ({times:,.1f} times as much)"
    return f" ({(times - 1) * 100:,.1f} % more)"
