"""Where profiles are found.

Three folders, the first one that has a profile of that name wins: ``profiles/`` of the working
directory, ``profiles/`` of a checkout of this project, and those that came with the package.
"""

from pathlib import Path

import loadtest

__all__ = ["find_profile", "profile_folders", "profile_names"]

_PACKAGE = Path(loadtest.__file__).parent


def profile_folders() -> tuple[Path, ...]:
    """Return the folders that exist, those that win first."""
    candidates = [Path("profiles"), _PACKAGE / "_profiles"]
    # The folder beside the package is ours only in a checkout, not in site-packages.
    if (_PACKAGE.parent / "pyproject.toml").is_file():
        candidates.insert(1, _PACKAGE.parent / "profiles")
    folders: dict[Path, Path] = {}
    for folder in candidates:
        if folder.is_dir():
            folders.setdefault(folder.resolve(), folder)
    return tuple(folders.values())


def find_profile(name: str) -> Path | None:
    """Return the file of the profile with that name, None if there is none."""
    for folder in profile_folders():
        path = folder / f"{name}.toml"
        if path.is_file():
            return path
    return None


def profile_names() -> list[str]:
    """Return the names of all profiles that can be found, sorted."""
    return sorted({path.stem for folder in profile_folders() for path in folder.glob("*.toml")})
