"""The folder of a study: ``capacity.json``, its renderings, and a folder of each trial.

``capacity.json`` is written anew after each trial, whole or not at all, so that a study that was
killed can be resumed from it.
"""

import contextlib
from pathlib import Path

from loadtest.capacity.study import Study, decode_study, encode_study
from loadtest.errors import UsageError

__all__ = ["STUDY_FILE", "read_study", "study_file", "write_study", "write_whole"]

STUDY_FILE = "capacity.json"


def study_file(path: Path) -> Path:
    """Return the ``capacity.json`` that ``path`` names: the file itself, or its folder.

    Raises:
        UsageError: There is none.
    """
    found = path / STUDY_FILE if path.is_dir() else path
    if not found.is_file():
        raise UsageError(f"{path}: no {STUDY_FILE} there; name the folder of a study")
    return found


def read_study(path: Path) -> Study:
    """Return the study that ``path`` names.

    Raises:
        UsageError: There is none, or it cannot be read.
    """
    found = study_file(path)
    try:
        content = found.read_bytes()
    except OSError as error:
        raise UsageError(f"{found}: cannot be read: {error.strerror}") from error
    return decode_study(content, str(found))


def write_study(folder: Path, study: Study) -> None:
    """Write ``capacity.json``.

    Raises:
        UsageError: The file system refuses.
    """
    write_whole(folder / STUDY_FILE, encode_study(study))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or as it was before.

    Raises:
        UsageError: The file system refuses.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: cannot be written: {reason}; use --results DIR") from error
