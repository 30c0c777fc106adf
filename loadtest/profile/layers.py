"""A profile as it is written: a file, and the files under it that it changes.

``base = "name"`` at the top of a profile says what it changes. A key of a section
replaces that key of the base, and everything else, ``[[channels]]`` among it, replaces the whole of
what the base says. Name and description are a file's own. For each key it is kept which file gave
it, and the comment that stands there.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtest.errors import UsageError
from loadtest.profile.comments import comments_of
from loadtest.profile.resources import find_profile, profile_names
from loadtest.workload.settings import nearest

__all__ = ["Origin", "WrittenProfile", "read_file", "read_text"]

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BASE = "base"
_OWN = frozenset({_BASE, "name", "description"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Who gave a key its value, and the reason that stands beside it."""

    place: str
    """A file, or ``--set key=value``."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class WrittenProfile:
    """The keys of a file and its bases, put together, not yet checked."""

    source: str
    data: dict[str, Any]
    origins: dict[str, Origin] = field(default_factory=dict)
    """By key as people write it: ``run.seed``, ``channels.room.size``."""


def read_file(path: Path, known_as: str) -> WrittenProfile:
    """Return what stands in a file and its bases.

    Args:
        path: The file.
        known_as: How the user named it.

    Raises:
        UsageError: It cannot be read, is not TOML, or a base is not there or leads back to it.
    """
    return _put_together(_text_of(path, known_as), str(path), (path.resolve(),))


def read_text(text: str, source: str) -> WrittenProfile:
    """Return what stands in a text and its bases; ``source`` names it in messages.

    Raises:
        UsageError: As for a file.
    """
    return _put_together(text, source, ())


def _text_of(path: Path, known_as: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        known = ", ".join(profile_names()) or "none"
        raise UsageError(
            f"{known_as}: there is no such file; profiles known by name: {known}"
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: it cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: byte {error.start} is not UTF-8; a profile is a UTF-8 text"
        ) from error


def _put_together(text: str, source: str, above: tuple[Path, ...]) -> WrittenProfile:
    """Return a text over its base; ``above`` are the files that led to it, itself the last."""
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(f"{source}: its values are nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_toml_problem(source, text, str(error))) from error
    top = WrittenProfile(source, data, dict(_origins(data, source, comments_of(text))))
    if _BASE not in data:
        return top
    path = _path_of_base(data.pop(_BASE), source, above)
    shown = _shown(path)
    below = _put_together(_text_of(path, shown), shown, (*above, path.resolve()))
    return _over(top, below)


def _shown(path: Path) -> str:
    """Return a path as a person would write it, who stands in the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _path_of_base(base: object, source: str, above: tuple[Path, ...]) -> Path:
    if not isinstance(base, str) or not base:
        raise UsageError(f"{source}: base is {base!r}; it must be a profile's name or path")
    folder = above[-1].parent if above else Path()
    if base.endswith(".toml"):
        path: Path | None = folder / base
    else:
        beside = folder / f"{base}.toml"
        path = beside if above and beside.is_file() else find_profile(base)
    if path is None or not path.is_file():
        raise UsageError(
            f"{source}: base is {base!r}; there is no such profile, "
            f"{nearest(base, profile_names())}"
        )
    if path.resolve() in above:
        raise UsageError(
            f"{source}: base is {base!r}, which leads back to {path}; a profile cannot be its own"
            " base"
        )
    return path


def _over(top: WrittenProfile, below: WrittenProfile) -> WrittenProfile:
    """Return ``top`` with what ``below`` says and ``top`` does not."""
    data = {key: value for key, value in below.data.items() if key not in _OWN}
    origins = {key: each for key, each in below.origins.items() if key not in _OWN}
    for key, value in top.data.items():
        known = data.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            data[key] = {**known, **value}
        else:
            data[key] = value
            origins = {path: at for path, at in origins.items() if path.partition(".")[0] != key}
    return WrittenProfile(top.source, data, origins | top.origins)


def _origins(
    data: Mapping[str, Any], source: str, comments: Mapping[str, str]
) -> Iterator[tuple[str, Origin]]:
    """Yield the keys of one file, those of sections and channel groups one by one."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            for name in value:
                path = f"{key}.{name}"
                yield path, Origin(source, comments.get(path, ""))
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            yield key, Origin(source, comments.get(key, ""))
            yield from _origins_of_groups(key, value, source, comments)
        else:
            yield key, Origin(source, comments.get(key, ""))


def _origins_of_groups(
    key: str, groups: list[Any], source: str, comments: Mapping[str, str]
) -> Iterator[tuple[str, Origin]]:
    for number, group in enumerate(groups):
        if not isinstance(group, Mapping):
            continue
        place = f"{key}.{group.get('group', number)}"
        yield place, Origin(source, comments.get(f"{key}.{number}", ""))
        for name in group:
            comment = comments.get(f"{key}.{number}.{name}", "")
            yield f"{place}.{name}", Origin(source, comment)


def _toml_problem(source: str, text: str, message: str) -> str:
    """Return what is wrong with a TOML text, as ``file:line:column: reason``."""
    found = _TOML_PLACE.search(message)
    if found is None:
        return f"{source}: {message}"
    line, column = found.groups()
    reason = message[: found.start()]
    if line is None:
        line, column = str(text.count("\n") + 1), str(len(text) - text.rfind("\n"))
    return f"{source}:{line}:{column}: not TOML: {reason[:1].lower()}{reason[1:]}"
