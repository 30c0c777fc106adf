"""Kinds of settings: distributions, arrivals, device weights, and how each stands in a profile.

Each kind reads what TOML or JSON holds and writes the same back. A problem inside of one begins
with the parameter's name; ``problems`` puts the place before it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from loadtest.errors import UsageError
from loadtest.workload.arrivals import Arrivals, arrivals_from_setting, setting_from_arrivals
from loadtest.workload.distributions import (
    Distribution,
    Fixed,
    distribution_from_setting,
    setting_from_distribution,
)
from loadtest.workload.settings import is_number

__all__ = [
    "ArrivalShape",
    "Counts",
    "DeviceWeights",
    "Durations",
    "Section",
    "Sizes",
    "parameter_problem",
    "setting",
]

_DEVICES_MAX = 100


class Section(BaseModel):
    """A table of a profile."""

    # Strict: a number in quotes is a mistake, not a number.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def setting(  # as loosely typed as pydantic's own Field
    default: Any = ...,  # noqa: ANN401
    *,
    unit: str = "",
    why: str = "",
    form: str = "",
    **rules: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Return a field of a section.

    Args:
        default: The default, none if the profile must say.
        unit: In what the value counts, for messages and documentation.
        why: Where the default comes from.
        form: What a ``pattern`` among the rules asks for, in words.
        rules: Bounds, and ``description``.
    """
    return Field(default, json_schema_extra={"unit": unit, "why": why, "form": form}, **rules)


def parameter_problem(*problems: str) -> PydanticCustomError:
    """Return the error of a setting; each problem begins with the name of a parameter."""
    return PydanticCustomError("parameter", "{text}", {"text": "\n".join(problems)})


def _distribution_at_least(lowest: float) -> Callable[[object], Distribution]:
    def read(value: object) -> Distribution:
        try:
            distribution = distribution_from_setting(value)
        except UsageError as error:
            raise parameter_problem(*error.problems) from error
        if distribution.lowest < lowest:
            is_ = "is" if isinstance(distribution, Fixed) else "is down to"
            raise parameter_problem(
                f"value {is_} {distribution.lowest:g}; it must be at least {lowest:g}"
            )
        return distribution

    return read


def _read_arrivals(value: object) -> Arrivals:
    try:
        return arrivals_from_setting(value)
    except UsageError as error:
        raise parameter_problem(*error.problems) from error


def _read_device_weights(value: object) -> tuple[tuple[int, float], ...]:
    """Read ``2`` (everybody has two devices) or ``{ 1 = 0.7, 2 = 0.3 }`` (weights)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = {str(value): 1.0}
    if not isinstance(value, Mapping) or not value:
        raise parameter_problem(f"value is {value!r}; it must be a table of devices and weights")
    found = (_weight_problem(str(count), weight) for count, weight in value.items())
    problems = [problem for problem in found if problem is not None]
    if not problems and not any(weight and int(count) for count, weight in value.items()):
        problems.append("value has no devices; one weight of 1 or more devices must be above 0")
    if problems:
        raise parameter_problem(*problems)
    return tuple(sorted((int(count), float(weight)) for count, weight in value.items()))


def _weight_problem(count: str, weight: object) -> str | None:
    if not count.isdecimal() or int(count) > _DEVICES_MAX:
        return f"{count} is not a number of devices; it must be from 0 to {_DEVICES_MAX}"
    if not isinstance(weight, int | float) or not is_number(weight) or not 0 <= weight < math.inf:
        return f"{count} is {weight!r}; a weight must be at least 0"
    return None


def _write_device_weights(weights: tuple[tuple[int, float], ...]) -> dict[str, float]:
    return {str(count): weight for count, weight in weights}


Durations = Annotated[
    Distribution,
    PlainValidator(_distribution_at_least(0.0)),
    PlainSerializer(setting_from_distribution, return_type=Any),
]
"""Seconds, at least 0."""

Counts = Durations
"""How many of something, at least 0; rounded when drawn."""

Sizes = Annotated[
    Distribution,
    PlainValidator(_distribution_at_least(2.0)),
    PlainSerializer(setting_from_distribution, return_type=Any),
]
"""Members of a channel, at least 2; rounded when drawn."""

ArrivalShape = Annotated[
    Arrivals,
    PlainValidator(_read_arrivals),
    PlainSerializer(setting_from_arrivals, return_type=Any),
]
"""Arrivals of rate 1 per second; scaled to what the profile asks for."""

DeviceWeights = Annotated[
    tuple[tuple[int, float], ...],
    PlainValidator(_read_device_weights),
    PlainSerializer(_write_device_weights),
]
"""How many users, as a weight, have how many devices."""
