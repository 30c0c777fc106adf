"""Says what is wrong with a profile: place, key, value, rule.

    profiles/peak.toml: run.duration_s is -5; it must be above 0 (seconds)

The place is the file that gave the key, a base perhaps, or the override that did. All problems of a
profile are said together.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from loadtest.workload.settings import nearest

__all__ = ["problems_of"]

# What each kind of pydantic's errors asks for, by its own names.
_WANTED: Mapping[str, str] = {
    "greater_than": "it must be above {gt:g}",
    "greater_than_equal": "it must be at least {ge:g}",
    "less_than": "it must be below {lt:g}",
    "less_than_equal": "it must be at most {le:g}",
    "literal_error": "it must be {expected}",
    "int_type": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number",
    "finite_number": "it must be a finite number",
    "bool_type": "it must be true or false",
    "string_type": "it must be a text in quotes",
    "string_too_short": "it must not be empty",
    "tuple_type": "it must be a list",
    "model_type": "it must be a table",
    "model_attributes_type": "it must be a table",
}
_VALUE_LENGTH_MAX = 60
_IS_NAME = re.compile(r"[^\s.]+").fullmatch


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    *,
    source: str,
    places: Mapping[str, str],
) -> list[str]:
    """Return each problem as one line.

    Args:
        error: What the validation found.
        model: The model that was to be made.
        data: What it was to be made of.
        source: Where the data come from, for people.
        places: Where a key comes from, by the key, if that is known better.
    """
    problems = []
    for details in error.errors(include_url=False):
        for text in _texts(details, _key(details["loc"], data), model):
            # Every text begins with the key that it is about.
            place = _place_of(text.partition(" ")[0].rstrip(":"), places)
            problems.append(f"{place or source}: {text}")
    return problems


def _place_of(key: str, places: Mapping[str, str]) -> str:
    """Return the place that is known closest to a key, nothing if none is."""
    closest = max((path for path in places if _lies_in(key, path)), key=len, default="")
    return places.get(closest, "")


def _lies_in(key: str, path: str) -> bool:
    return key == path or key.startswith(f"{path}.")


def _key(location: Sequence[int | str], data: Mapping[str, Any]) -> str:
    """Return the key as a person writes it: a channel group by its name."""
    parts: list[str] = []
    place: Any = data
    for step in location:
        try:
            place = place[step]
        except (KeyError, IndexError, TypeError):
            place = None
        group = place.get("group") if isinstance(place, Mapping) else None
        if isinstance(step, str):
            parts.append(step)
        else:
            parts.append(group if isinstance(group, str) and _IS_NAME(group) else str(step))
    return ".".join(parts)


def _texts(details: ErrorDetails, key: str, model: type[BaseModel]) -> list[str]:
    kind, value = details["type"], details["input"]
    context = details.get("ctx", {})
    if kind == "rules":
        return str(context["text"]).split("\n")
    if kind == "parameter":
        lines = str(context["text"]).split("\n")
        # A problem with the whole value is one of the key itself.
        return [
            f"{key} {line.removeprefix('value ')}" if line.startswith("value ") else f"{key}.{line}"
            for line in lines
        ]
    *section, name = details["loc"]
    if kind == "extra_forbidden":
        return [f"{key} is not a known key; {nearest(str(name), _names(model, section))}"]
    unit = _unit(model, section, name)
    if kind == "missing":
        return [f"{key} is missing; it must be given{unit}"]
    wanted = _WANTED.get(kind)
    if kind == "string_pattern_mismatch":
        rule = f"it must be {_extra(model, section, name)['form']}"
    else:
        rule = details["msg"].lower() if wanted is None else wanted.format(**context)
    return [f"{key} is {_shown(value)}; {rule}{unit}"]


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= _VALUE_LENGTH_MAX else f"{text[: _VALUE_LENGTH_MAX - 1]}…"


def _fields(model: type[BaseModel], section: Sequence[int | str]) -> Mapping[str, FieldInfo]:
    """Return the fields of a section, by the way to it."""
    for step in section:
        if isinstance(step, str):
            found = model.model_fields.get(step)
            inner = found and _section_in(found.annotation)
            if not inner:
                return {}
            model = inner
    return model.model_fields


def _section_in(annotation: object) -> type[BaseModel] | None:
    """Return the section that an annotation holds, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _section_in(each))), None)


def _names(model: type[BaseModel], section: Sequence[int | str]) -> list[str]:
    return list(_fields(model, section))


def _unit(model: type[BaseModel], section: Sequence[int | str], name: int | str) -> str:
    unit = _extra(model, section, name).get("unit")
    return f" ({unit})" if unit else ""


def _extra(
    model: type[BaseModel], section: Sequence[int | str], name: int | str
) -> Mapping[str, Any]:
    """Return what ``setting`` was told of a key apart from pydantic's own rules."""
    found = _fields(model, section).get(str(name))
    extra = found.json_schema_extra if found is not None else None
    return extra if isinstance(extra, Mapping) else {}
