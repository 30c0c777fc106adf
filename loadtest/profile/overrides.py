"""Single keys of a profile, changed from the command line: ``--set workload.edit_probability=0.1``.

A key is a path of names with dots; a channel group is found by its name: ``channels.large.size``.
The value is TOML; a plain word is a text. Whether key and value are right is checked with the
profile as a whole.
"""

import copy
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from loadtest.errors import UsageError
from loadtest.workload.settings import nearest

__all__ = ["apply_overrides"]


def apply_overrides(
    data: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data with each ``key=value`` applied, and which key came from which override.

    Raises:
        UsageError: An override is no ``key=value``, its path leads nowhere, or a key comes twice.
    """
    changed = copy.deepcopy(dict(data))
    origins: dict[str, str] = {}
    problems: list[str] = []
    for override in overrides:
        path, equals, text = override.partition("=")
        path = path.strip()
        if not equals or not all(path.split(".")):
            problems.append(f"--set {override}: it must be key=value, such as run.duration_s=30")
        elif path in origins:
            problems.append(f"--set {override}: {path} is given twice; give it once")
        else:
            origins[path] = override
            problem = _put(changed, path.split("."), _value(text.strip()))
            problems += [f"--set {override}: {problem}"] if problem else []
    if problems:
        raise UsageError(*problems)
    return changed, origins


def _value(text: str) -> object:
    """Return the value of a TOML text; what is not TOML is a word without its quotes."""
    if "\n" in text:
        return text
    try:
        parsed: object = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return parsed


def _put(data: dict[str, Any], path: Sequence[str], value: object) -> str:
    """Put a value at a path; return why it cannot be, or nothing."""
    place: object = data
    for depth, name in enumerate(path[:-1], start=1):
        inner = _step(place, name)
        if inner is None:
            return _nowhere(place, path[:depth])
        place = inner
    if not isinstance(place, dict):
        return _nowhere(place, path)
    place[path[-1]] = value
    return ""


def _step(place: object, name: str) -> object:
    """Return what lies under a name, a new table if nothing does; None if nothing can."""
    if isinstance(place, dict):
        return place.setdefault(name, {})
    return _groups(place).get(name)


def _groups(place: object) -> dict[str, dict[str, Any]]:
    """Return the channel groups of a list by their names."""
    items = place if isinstance(place, list) else []
    return {str(item.get("group")): item for item in items if isinstance(item, dict)}


def _nowhere(place: object, path: Sequence[str]) -> str:
    """Say why the last name of a path leads nowhere."""
    where, name = ".".join(path[:-1]), path[-1]
    if not isinstance(place, list):
        return f"{where} is {place!r}; it has no keys"
    if name in _groups(place):
        return f"{where}.{name} is a group; name a key of it, such as {where}.{name}.size"
    return f"{where} has no {name}; {nearest(name, _groups(place))}"
