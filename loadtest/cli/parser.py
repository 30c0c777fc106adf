"""The parser of every verb: an error is one line with a suggestion, and no page of usage."""

import argparse
import difflib
import re
from collections.abc import Iterable
from typing import NoReturn

from loadtest.errors import UsageError

__all__ = ["VerbParser", "suggestion"]

_UNRECOGNIZED = re.compile(r"unrecognized arguments: (\S+)")
_INVALID_CHOICE = re.compile(r"^(.*): invalid choice: '?([^'\s]*)'? \(choose from (.*)\)")


class VerbParser(argparse.ArgumentParser):
    """Raises ``UsageError`` where ``argparse`` would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and what may have been meant.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{_in_words(message)}{self._suggestion(message)}")

    def _suggestion(self, message: str) -> str:
        unknown = _UNRECOGNIZED.search(message)
        if unknown is not None:
            name = unknown[1].partition("=")[0]
            if not name.startswith("-"):
                return self._try_help()
            return suggestion(name, self._option_string_actions, or_else=self._try_help())
        choice = _INVALID_CHOICE.search(message)
        if choice is None:
            return ""
        known = re.findall(r"[\w.-]+", choice[3])
        return suggestion(choice[2], known, or_else=f"; choose from {', '.join(known)}")

    def _try_help(self) -> str:
        return f"; {self.prog} --help lists them"


def suggestion(name: str, known: Iterable[str], or_else: str = "") -> str:
    """Return what of the ``known`` names may have been meant, to stand behind a message."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else or_else


def _in_words(message: str) -> str:
    """Return a message of ``argparse`` in our words."""
    message = message.removeprefix("argument ")
    choice = _INVALID_CHOICE.search(message)
    if choice is not None:
        return f"{choice[1]}: there is no {choice[2]!r}"
    unknown = _UNRECOGNIZED.search(message)
    if unknown is None:
        return message
    name = unknown[1].partition("=")[0]
    return f"{name} is no option" if name.startswith("-") else f"{name!r} is one argument too many"
