"""Which reader a process uses: the compiled one where it was built, or the one in Python.

``LOADTEST_READER`` says ``python``, ``compiled`` or, by default, ``auto``.
"""

import importlib
import os
from collections.abc import Callable, Sized
from typing import Any

from loadtest.chat.correlation import KEYSTROKES_SEPARATOR, PROPERTY
from loadtest.device.reader import CompiledReader, PythonReader, Reader, Reading
from loadtest.errors import UsageError
from loadtest.observations import ChatEvent

__all__ = ["VARIABLE", "is_built", "reader_factory", "reader_name"]

VARIABLE = "LOADTEST_READER"
_CHOICES = ("auto", "compiled", "python")

NewReader = Callable[[bytes, Sized], Reader]
"""Makes the reader of one connection: what our ids begin with, and which actions are under way."""

# What a source tree has from an older checkout must not be used. Raised with each change of what
# goes into the scanner or comes out of it; the other place is `_scanner.c`.
_INTERFACE = 1


def _built_scanner() -> Any:  # noqa: ANN401 - a type of the extension
    try:
        extension = importlib.import_module("loadtest.device._scanner")
    except ImportError:  # installed without a compiler
        return None
    return extension.Scanner if extension.INTERFACE == _INTERFACE else None


_Scanner = _built_scanner()


def is_built() -> bool:
    """Return whether this installation has the compiled reader."""
    return _Scanner is not None


def reader_name() -> str:
    """Return which reader this process uses: ``compiled`` or ``python``.

    Raises:
        UsageError: ``LOADTEST_READER`` is none of the choices, or asks for what was not built.
    """
    choice = os.environ.get(VARIABLE) or "auto"
    if choice not in _CHOICES:
        raise UsageError(f"{VARIABLE} is {choice!r}; it must be one of {', '.join(_CHOICES)}")
    if choice == "compiled" and _Scanner is None:
        raise UsageError(
            f"{VARIABLE} is 'compiled', but this installation was made without the compiled "
            "reader; install a C compiler and install again, or choose 'auto'"
        )
    return "python" if choice == "python" or _Scanner is None else "compiled"


def reader_factory(reading: Reading) -> NewReader:
    """Return what makes the readers of a fleet."""
    if reader_name() == "python":
        return lambda prefix, awaited: PythonReader(reading, prefix, awaited)
    scanner = _Scanner(
        reading.run.encode(),
        reading.user_rules,
        reading.channel_rules,
        tuple(str(event) for event in ChatEvent),
        PROPERTY.encode(),
        KEYSTROKES_SEPARATOR.encode(),
        ChatEvent.MESSAGE_CREATED.encode(),
    )
    return lambda prefix, awaited: CompiledReader(reading, prefix, awaited, scanner)
