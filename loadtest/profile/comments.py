"""The comments of a TOML text, by the key that they stand at.

A comment behind a key, or in the lines right above it, says why the key has its value; ``loadtest
profiles explain`` shows it. The TOML parser of the standard library drops comments, so they are
read here, line by line. Nothing but explanations depends on them: keys in quotes and texts over
several lines are not followed.
"""

import re
from collections.abc import Iterator, Mapping

__all__ = ["comments_of"]

_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_SECTION = re.compile(r"\s*\[(?!\[)\s*([^\]]+?)\s*\]")
_ARRAY = re.compile(r"\s*\[\[\s*([^\]]+?)\s*\]\]")


def comments_of(text: str) -> Mapping[str, str]:
    """Return the comments by key, such as ``run.seed``, or ``channels.0.size`` in an array."""
    reader = _Reader()
    for line in text.splitlines():
        reader.take(line)
    return reader.found


class _Reader:
    """Takes the lines of a text one after the other."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._section = ""
        self._counts: dict[str, int] = {}
        self._above: list[str] = []
        self._depth = 0
        """Brackets of a value that are open at the end of a line."""

    def take(self, line: str) -> None:
        code, comment = _parted(line)
        if self._depth:
            self._depth += _brackets(code)
        elif not code.strip():
            # A blank line ends a comment that belongs to nothing in particular.
            self._above = [*self._above, comment] if comment else []
        else:
            self._take_code(code, comment)

    def _take_code(self, code: str, comment: str) -> None:
        key = ""
        if array := _ARRAY.match(code):
            name = array[1]
            number = self._counts[name] = self._counts.get(name, -1) + 1
            key = self._section = f"{name}.{number}"
        elif section := _SECTION.match(code):
            key = self._section = section[1]
        elif found := _KEY.match(code):
            key = f"{self._section}.{found[1]}" if self._section else found[1]
            self._depth = max(0, _brackets(code))
        words = " ".join(filter(None, (*self._above, comment)))
        if key and words:
            self.found[key] = words
        self._above = []


def _parted(line: str) -> tuple[str, str]:
    """Return what stands before the comment of a line, without its texts, and the comment."""
    code = ""
    for character, is_quoted, rest in _characters(line):
        if character == "#" and not is_quoted:
            return code, rest.strip()
        if not is_quoted:
            code += character
    return code, ""


def _characters(line: str) -> Iterator[tuple[str, bool, str]]:
    """Yield each character, whether it stands inside of a text, and what follows it."""
    quote = ""
    is_escaped = False
    for place, character in enumerate(line):
        yield character, bool(quote), line[place + 1 :]
        if quote:
            if character == quote and not is_escaped:
                quote = ""
            is_escaped = character == "\\" and quote == '"' and not is_escaped
        elif character in "\"'":
            quote = character


def _brackets(code: str) -> int:
    return sum(code.count(each) for each in "[{") - sum(code.count(each) for each in "]}")
