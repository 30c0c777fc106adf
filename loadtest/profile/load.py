"""Finds, reads and checks a profile.

Whatever is wrong is said at once, in one error, before anything is started.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from loadtest.errors import UsageError
from loadtest.profile.layers import Origin, WrittenProfile, read_file, read_text
from loadtest.profile.model import Profile
from loadtest.profile.overrides import apply_overrides
from loadtest.profile.problems import problems_of
from loadtest.profile.resources import find_profile, profile_names
from loadtest.profile.shortening import shorten
from loadtest.workload.settings import nearest

__all__ = ["LoadedProfile", "load_profile", "load_with_origins", "profile_from_text"]

_LENGTH = "run.duration_s"


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile, and who gave each of its keys."""

    profile: Profile
    origins: Mapping[str, Origin]
    """By key as people write it; a key without one has its default."""


def load_profile(name_or_path: str, overrides: Sequence[str] = ()) -> Profile:
    """Return the profile of that name, or in that file (a ``.toml`` name, or one with a slash).

    Args:
        name_or_path: Which profile.
        overrides: Keys to change, each ``key=value``.

    Raises:
        UsageError: There is no such profile, or something is wrong with it or with an override.
    """
    return load_with_origins(name_or_path, overrides).profile


def load_with_origins(name_or_path: str, overrides: Sequence[str] = ()) -> LoadedProfile:
    """Return the same, with who gave each key.

    Raises:
        UsageError: As for ``load_profile``.
    """
    path = _path_of(name_or_path)
    return _checked(read_file(path, name_or_path), overrides, path.stem)


def profile_from_text(
    text: str, overrides: Sequence[str] = (), *, source: str, name: str
) -> Profile:
    """Return the profile in a TOML text.

    Args:
        text: The TOML.
        overrides: Keys to change, each ``key=value``.
        source: Where the text comes from, for messages.
        name: The profile's name if the text has none.

    Raises:
        UsageError: Something is wrong with it or with an override.
    """
    return _checked(read_text(text, source), overrides, name).profile


def _checked(written: WrittenProfile, overrides: Sequence[str], name: str) -> LoadedProfile:
    data, overridden = apply_overrides({"name": name} | written.data, overrides)
    origins = dict(written.origins)
    for key, override in overridden.items():
        origins[key] = Origin(f"--set {override}")
    for key in shorten(data, written.data, overridden):
        origins[key] = Origin(f"shortened with --set {overridden.get(_LENGTH, _LENGTH)}")
    try:
        return LoadedProfile(Profile.model_validate(data), origins)
    except ValidationError as error:
        places = {key: origin.place for key, origin in origins.items()}
        problems = problems_of(error, Profile, data, source=written.source, places=places)
        raise UsageError(*problems) from error


def _path_of(name_or_path: str) -> Path:
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        return Path(name_or_path)
    path = find_profile(name_or_path)
    if path is None:
        known = profile_names()
        raise UsageError(
            f"there is no profile {name_or_path!r}; {nearest(name_or_path, known)} "
            "(`loadtest profiles` lists them)"
        )
    return path
