"""The files of a study: ``capacity.json``, ``report.html`` and ``capacity.md``."""

from pathlib import Path

from loadtest.capacity.folder import write_study, write_whole
from loadtest.capacity.page import html_page, markdown_page
from loadtest.capacity.study import Study

__all__ = ["render_study"]


def render_study(folder: Path, study: Study) -> None:
    """Write the study and what a person reads of it.

    Raises:
        UsageError: The file system refuses.
    """
    write_study(folder, study)
    write_whole(folder / "report.html", html_page(study).encode())
    write_whole(folder / "capacity.md", markdown_page(study).encode())
