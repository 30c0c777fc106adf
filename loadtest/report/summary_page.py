"""The rows of ``docs/summary.md`` that are about figures, made from their declarations.

``python -m loadtest.report.summary_page docs/summary.md`` writes them anew; a test compares the
two. A row for a new figure is put where it reads best, with any text: its text is made here.
"""

import re
import sys
from pathlib import Path

from loadtest.metrics.catalogue.lookup import BLOCKS

__all__ = ["declared_rows", "with_declared_rows"]

_ROW = re.compile(r"^\| `([^`]+)` \|.*\|$", flags=re.MULTILINE)


def declared_rows() -> dict[str, str]:
    """Return the row of each declared figure by its path, as ``docs/summary.md`` holds it."""
    rows = {}
    for block in BLOCKS:
        for figure in block.figures:
            path = f"{block.path}.{figure.name}" if figure.name else block.path
            rows[path] = f"| `{path}` | {figure.unit} | {figure.meaning} |"
    return rows


def with_declared_rows(page: str) -> str:
    """Return the page with the row of each declared figure as its declaration says."""
    rows = declared_rows()
    return _ROW.sub(lambda match: rows.get(match[1], match[0]), page)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_declared_rows(path.read_text(encoding="utf-8")), encoding="utf-8")
