"""How a threshold is written, and what it means.

    threshold   = figure comparison limit [ consequence ]
    figure      = name [ filters ] | "ratio(" name ")"
    name        = a path of summary.json, or a short name (docs/thresholds.md lists both)
    filters     = "{" filter { "," filter } "}"
    filter      = ( "phase" | "size" | "device" | "users" ) "=" text
    comparison  = "<" | "<=" | ">" | ">=" | "==" | "!="
    limit       = number [ unit ]
    unit        = "us" | "ms" | "s" | "min" | "%"
    consequence = "warn" | "abort" [ "after" number time ]
    time        = "ms" | "s" | "min"

An expression is read, and its figure looked for among those that exist, before a run begins.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from loadtest.errors import UsageError
from loadtest.metrics.catalogue.declaration import DIMENSIONS, Kind
from loadtest.metrics.catalogue.lookup import Figure, all_figures, alternatives, figure_named

__all__ = ["Consequence", "Threshold", "parse", "parse_all"]

_COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")
_EXPRESSION = re.compile(
    r"\s*(?:ratio\(\s*(?P<subject>[^\s(){}]+)\s*\)|(?P<figure>[^\s(){}<>=!]+))\s*"
    r"(?:\{(?P<filters>[^{}]*)\})?\s*"
    rf"(?P<comparison>{'|'.join(_COMPARISONS)})\s*"
    r"(?P<number>[^\s%]+?)\s*(?P<unit>%|us|ms|min|s)?\s*"
    r"(?P<consequence>\bwarn\b|\babort\b(?:\s+after\s+(?P<delay>[\d.]+)\s*(?P<time>ms|s|min))?)?\s*"
)
_EXAMPLE = "such as 'fanout.p99 < 250ms'"
_MS: Mapping[str, float] = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000}
_PERCENT = 100
_FILTERS: Mapping[str, str] = {
    "phase": "<phase>",
    "size": "<size class>",
    "device": "<device class>",
    "users": "<class>",
}


class Consequence(StrEnum):
    """What follows if a threshold breaks."""

    FAIL = "fail"
    WARN = "warn"
    """It is shown, and the run passes."""
    ABORT = "abort"
    """The run ends as soon as it is broken, is reported, and fails."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One expression that must hold."""

    expression: str
    figure: str
    """Path of the figure."""
    comparison: str
    limit: float
    """In the unit of the figure."""
    consequence: Consequence = Consequence.FAIL
    delay_s: float = 0.0
    """How long a run lasts before this may abort it."""


def parse_all(expressions: Iterable[str]) -> tuple[Threshold, ...]:
    """Return the thresholds that the expressions state.

    Raises:
        UsageError: some are no thresholds, or their figures do not exist; all problems at once.
    """
    thresholds: list[Threshold] = []
    problems: list[str] = []
    for expression in expressions:
        try:
            thresholds.append(parse(expression))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return tuple(thresholds)


def parse(expression: str) -> Threshold:
    """Return the threshold that ``expression`` states.

    Raises:
        UsageError: it is no threshold, or its figure does not exist.
    """
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        raise _refused(
            expression,
            "cannot be read; write FIGURE COMPARISON LIMIT [warn | abort [after TIME]], "
            f"{_EXAMPLE}",
        )
    figure = _figure(expression, match)
    return Threshold(
        expression=expression.strip(),
        figure=figure.path,
        comparison=match["comparison"],
        limit=_limit(expression, figure, match["number"], match["unit"]),
        consequence=Consequence((match["consequence"] or Consequence.FAIL).split()[0]),
        delay_s=_delay_s(match),
    )


def _refused(expression: str, problem: str) -> UsageError:
    return UsageError(f"threshold {expression!r} {problem}")


def _delay_s(match: re.Match[str]) -> float:
    if match["delay"] is None:
        return 0.0
    return float(match["delay"]) * _MS[match["time"]] / _MS["s"]


def _figure(expression: str, match: re.Match[str]) -> Figure:
    name = match["figure"] or f"{match['subject']}.delivery_ratio"
    figure = figure_named(name)
    if figure is None:
        raise _refused(expression, f"names {name!r}, which is no figure; {alternatives(name)}")
    for each in (match["filters"] or "").split(","):
        if each.strip():
            figure = _filtered(expression, figure, each.strip())
    return figure


def _filtered(expression: str, figure: Figure, text: str) -> Figure:
    """Return the same figure of a part of the run, of messages, of devices or of users."""
    key, equals, value = (part.strip() for part in text.partition("="))
    bracket = _FILTERS.get(key)
    if not equals or bracket is None:
        raise _refused(expression, f"filters by {text!r}; filters are: {', '.join(_FILTERS)}")
    if value not in DIMENSIONS[bracket]:
        raise _refused(
            expression,
            f"filters by {text!r}; {key} is one of: {', '.join(DIMENSIONS[bracket])}",
        )
    found = all_figures().get(_filtered_path(figure.path, key, value))
    if found is None:
        raise _refused(expression, f"filters by {text!r}; {figure.path} is not kept by {key}")
    return found


def _filtered_path(path: str, key: str, value: str) -> str:
    if key == "phase":
        inner = path.replace("notifications.latency.", "notification_latency.")
        return f"phases.{value}.{inner}"
    if key == "size":
        return path.replace("completion.all.", f"completion.{value}.")
    if key == "users":
        return path.replace("notifications.", f"notifications.by_devices.{value}.")
    of_class = f"by_device_class.{value}."
    return path.replace("latency.channel.message.created.", f"{of_class}latency.").replace(
        "ledger.channel.message.created.", of_class
    )


def _limit(expression: str, figure: Figure, text: str, unit: str | None) -> float:
    try:
        limit = float(text)
    except ValueError:
        limit = float("nan")
    if not isfinite(limit):
        raise _refused(expression, f"compares with {text!r}, not a number")
    if unit is None:
        return limit
    if unit == "%":
        if figure.kind is not Kind.RATIO:
            raise _refused(expression, f"gives {figure.path} in %; {_unit_rule(figure)}")
        return limit / _PERCENT
    if figure.unit not in _MS:
        raise _refused(expression, f"gives {figure.path} in {unit}; {_unit_rule(figure)}")
    return limit * _MS[unit] / _MS[figure.unit]


def _unit_rule(figure: Figure) -> str:
    if figure.unit in _MS:
        return f"it is a time: {', '.join(_MS)}, or a number of {figure.unit}"
    if figure.kind is Kind.RATIO:
        return "it is a share: a number from 0 to 1, or %"
    return f"it is a plain number ({figure.unit})"
