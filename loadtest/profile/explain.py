"""Explains a profile to a person: what it changes and why, and why everything else is as it is.

The meaning of a key is that of its section. The reason for a changed one is the comment that stands
beside its value, in whichever file gave it; the reason for a default is the section's. Of the keys
at their default only those are shown that say what users and devices do: the reference page has
them all.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from loadtest.profile.describe import describe
from loadtest.profile.layers import Origin
from loadtest.profile.load import LoadedProfile
from loadtest.profile.model import HIDDEN
from loadtest.profile.sections import ChannelSection, ProfileSections
from loadtest.profile.toml_text import value_text

__all__ = ["explain"]

_OWN = ("name", "description")
_SECRET = "target.api_key"
_BEHAVIOUR = ("population", "workload", "chat_sessions", "connection_cuts", "device")
"""Sections that say what users and devices do."""
_NARROWEST, _WIDEST = 60, 110
_INDENT = "      "


def explain(loaded: LoadedProfile, *, width: int = _WIDEST) -> str:
    """Return purpose, planned load, each key that was changed, and the defaults of behaviour.

    No line is wider than ``width``, but none is made narrower than can be read, or so wide.

    Raises:
        UsageError: The profile cannot be planned: its channels do not fit.
    """
    changed = [entry for entry, is_changed in _entries(loaded) if is_changed]
    kept = [entry for entry, is_changed in _entries(loaded) if not is_changed]
    blocks = [
        describe(loaded.profile).split("\n"),
        [f"what differs from the defaults{_where(loaded)}, and why:"],
        *changed,
        ["what users and devices do by default, and why:"],
        *kept,
    ]
    fits = min(max(width, _NARROWEST), _WIDEST)
    return "\n\n".join("\n".join(_wrapped(block, fits)) for block in blocks)


def _where(loaded: LoadedProfile) -> str:
    own = loaded.origins.get("description")
    return f", by {own.place} where nothing else is said" if own is not None else ""


def _wrapped(lines: Sequence[str], width: int) -> Iterator[str]:
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        yield from textwrap.wrap(
            line,
            width,
            subsequent_indent=indent if indent == _INDENT else f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _entries(loaded: LoadedProfile) -> Iterator[tuple[list[str], bool]]:
    """Yield what is to be said of each key, and whether it is not at its default."""
    resolved, origins = loaded.profile.resolved(), _short_origins(loaded)
    if resolved["target"]["api_key"] != type(loaded.profile.target)().api_key:
        resolved["target"]["api_key"] = HIDDEN
    for name, field in ProfileSections.model_fields.items():
        if name in _OWN or name not in resolved:
            continue
        value = resolved[name]
        if name == "channels":
            for group in value:
                yield _group(group, origins), True
        elif isinstance(value, Mapping):
            yield from _of_section(name, type(getattr(loaded.profile, name)), value, origins)
        elif value:
            yield _entry(name, field, value, origins), True


def _short_origins(loaded: LoadedProfile) -> dict[str, Origin]:
    """Return who gave each key; nobody where it is the profile's own file, which is said once."""
    own = loaded.origins.get("description")
    short = {}
    for key, origin in loaded.origins.items():
        place = "" if own is not None and origin.place == own.place else origin.place
        if key == _SECRET and place.startswith("--set"):
            place = f"--set {_SECRET}={HIDDEN}"
        short[key] = Origin(place, origin.comment)
    return short


def _of_section(
    section: str,
    model: type[BaseModel],
    values: Mapping[str, Any],
    origins: Mapping[str, Origin],
) -> Iterator[tuple[list[str], bool]]:
    defaults = model.model_construct().model_dump(mode="json", warnings=False)
    for name, field in model.model_fields.items():
        key = f"{section}.{name}"
        value, default = values.get(name), defaults.get(name)
        if value is not None and (field.is_required() or value != default):
            yield _entry(key, field, value, origins, default), True
        elif section in _BEHAVIOUR:
            yield _default(key, field, value), False


def _entry(
    key: str,
    field: FieldInfo,
    value: object,
    origins: Mapping[str, Origin],
    default: object = None,
) -> list[str]:
    was = "" if default is None else f"   (default {value_text(default)})"
    return [f"  {key} = {value_text(value)}{was}", _meaning(field), *_reason(key, origins)]


def _default(key: str, field: FieldInfo, value: object) -> list[str]:
    """Return what is to be said of a key at its default; None is none at all."""
    shown = "none" if value is None else value_text(value)
    return [f"  {key} = {shown}", _meaning(field), f"{_INDENT}why: {_fact(field, 'why')}"]


def _meaning(field: FieldInfo) -> str:
    unit = _fact(field, "unit")
    return f"{_INDENT}{field.description}{f' ({unit})' if unit else ''}"


def _fact(field: FieldInfo, name: str) -> str:
    extra = field.json_schema_extra
    return str(extra.get(name, "")) if isinstance(extra, Mapping) else ""


def _reason(key: str, origins: Mapping[str, Origin]) -> list[str]:
    origin = origins.get(key)
    if origin is None:
        return []
    return [f"{_INDENT}why: {origin.comment or 'no reason is given'}{_place(origin)}"]


def _place(origin: Origin) -> str:
    return f" [{origin.place}]" if origin.place else ""


def _group(group: Mapping[str, Any], origins: Mapping[str, Origin]) -> list[str]:
    """Return a group of channels as one entry, with every reason that its keys have."""
    place = f"channels.{group['group']}"
    shown = {name: value for name, value in group.items() if name != "group"}
    lines = [f"  {place}: " + ", ".join(f"{name} = {value_text(v)}" for name, v in shown.items())]
    lines += _reason(place, origins)
    for name in ChannelSection.model_fields:
        origin = origins.get(f"{place}.{name}")
        if origin is not None and origin.comment:
            lines.append(f"{_INDENT}why this {name}: {origin.comment}{_place(origin)}")
    return lines
