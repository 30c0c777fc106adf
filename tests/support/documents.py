"""The blocks of code in README.md and docs/, as the tests run them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "TOP", "Block", "blocks_of", "commands_of"]

TOP = Path(__file__).parents[2]
PAGES = (TOP / "README.md", *sorted((TOP / "docs").glob("*.md")))
_FENCE = re.compile(r"^```(\S*)[ ]?(\S*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block between fences."""

    page: str
    line: int
    language: str
    file: str
    """Name of the file that the block is, after the language; empty: none."""
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(*languages: str) -> list[Block]:
    """Return the blocks of these languages on all pages."""
    return [block for page in PAGES for block in _blocks(page) if block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page.relative_to(TOP).as_posix(), line, *match.groups())


def commands_of(block: Block) -> list[list[str]]:
    """Return the commands of a block for a shell, each as its words, without comments."""
    joined = block.text.replace("\\\n", " ")
    words = (shlex.split(line, comments=True) for line in joined.splitlines())
    return [each for each in words if each]
