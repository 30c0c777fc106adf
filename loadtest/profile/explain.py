"""Explains a profile to a person: each key that is not at its default, and why it is not.

The meaning of a key is that of its section, the reason is the comment that stands beside the value,
in whichever file gave it. What is at its default is left out: the reference page has it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from loadtest.profile.describe import describe
from loadtest.profile.layers import Origin
from loadtest.profile.load import LoadedProfile
from loadtest.profile.sections import ChannelSection, ProfileSections
from loadtest.profile.toml_text import value_text

__all__ = ["explain"]

_OWN = ("name", "description")


def explain(loaded: LoadedProfile) -> str:
    """Return purpose, planned load, and each key that is not at its default.

    Raises:
        UsageError: The profile cannot be planned: its channels do not fit.
    """
    lines = [describe(loaded.profile), "", "what differs from the defaults, and why:"]
    for entry in _entries(loaded):
        lines += ["", *entry]
    return "\n".join(lines)


def _entries(loaded: LoadedProfile) -> Iterator[list[str]]:
    resolved, origins = loaded.profile.resolved(), loaded.origins
    for name, field in ProfileSections.model_fields.items():
        if name in _OWN or name not in resolved:
            continue
        value = resolved[name]
        if name == "channels":
            for group in value:
                yield _group(group, origins)
        elif isinstance(value, Mapping):
            yield from _changed(name, type(getattr(loaded.profile, name)), value, origins)
        elif value:
            yield _entry(name, field, value, origins)


def _changed(
    section: str,
    model: type[BaseModel],
    values: Mapping[str, Any],
    origins: Mapping[str, Origin],
) -> Iterator[list[str]]:
    """Yield the keys of a section that have another value than the default."""
    defaults = model.model_construct().model_dump(mode="json", warnings=False)
    for name, value in values.items():
        field = model.model_fields[name]
        if field.is_required() or value != defaults.get(name):
            yield _entry(f"{section}.{name}", field, value, origins, defaults.get(name))


def _entry(
    key: str,
    field: FieldInfo,
    value: object,
    origins: Mapping[str, Origin],
    default: object = None,
) -> list[str]:
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, Mapping) else ""
    was = "" if default is None else f"   (default {value_text(default)})"
    lines = [f"  {key} = {value_text(value)}{was}"]
    lines.append(f"      {field.description}{f' ({unit})' if unit else ''}")
    return [*lines, *_reason(key, origins)]


def _reason(key: str, origins: Mapping[str, Origin]) -> list[str]:
    origin = origins.get(key)
    if origin is None:
        return []
    return [f"      why: {origin.comment or 'no reason is given'} [{origin.place}]"]


def _group(group: Mapping[str, Any], origins: Mapping[str, Origin]) -> list[str]:
    """Return a group of channels as one entry, with every reason that its keys have."""
    place = f"channels.{group['group']}"
    shown = {name: value for name, value in group.items() if name != "group"}
    lines = [f"  {place}: " + ", ".join(f"{name} = {value_text(v)}" for name, v in shown.items())]
    lines += _reason(place, origins)
    for name in ChannelSection.model_fields:
        origin = origins.get(f"{place}.{name}")
        if origin is not None and origin.comment:
            lines.append(f"      why this {name}: {origin.comment} [{origin.place}]")
    return lines
