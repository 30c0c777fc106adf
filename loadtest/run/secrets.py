"""Secrets of a run: named on a command line or in a profile, and read where they are kept.

A text may hold ``{env:NAME}`` and ``{file:PATH}``; only the process that leads a run replaces them,
right before it needs them. So a secret stands in no list of processes, profile, result or log.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from loadtest.errors import UsageError

__all__ = ["revealed"]

_REFERENCE = re.compile(r"\{(env|file):([^{}]*)\}")


def revealed(text: str, *, named: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return ``text`` with every reference replaced by the secret that it names.

    Args:
        text: With ``{env:NAME}`` or ``{file:PATH}`` in it, or without.
        named: What the text is, for messages.
        environment: Variables.

    Raises:
        UsageError: There is no such variable or file, or it is empty.
    """

    def read(reference: re.Match[str]) -> str:
        kind, name = reference.groups()
        found = environment.get(name, "") if kind == "env" else _content(named, name)
        if not found:
            place = f"variable {name} of the environment" if kind == "env" else f"file {name}"
            raise UsageError(f"{named}: the {place} is not set or empty; it must hold the secret")
        return found

    return _REFERENCE.sub(read, text)


def _content(named: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{named}: the file {path} cannot be read: {reason}") from error
