"""The documents name only what is there: pages, files, folders."""

import re
from pathlib import Path

TOP = Path(__file__).parents[1]
DOCS = TOP / "docs"
PAGES = (TOP / "README.md", *sorted(DOCS.glob("*.md")))
# They speak of files of the package by their path in it.
ABOUT_THE_SOURCE = (DOCS / "architecture.md", DOCS / "extending.md")


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES[1:] if f"({page.name})" not in index]
    assert missing == ["README.md"]


def test_documents_about_the_source_name_files_that_are_there() -> None:
    package = TOP / "loadtest"
    gone = [
        f"{page.name}: {path}"
        for page in ABOUT_THE_SOURCE
        for path in re.findall(r"`([a-z_/]+(?:/|\.py))`", page.read_text(encoding="utf-8"))
        if "/" in path and not (package / path).exists() and not (TOP / path).exists()
    ]
    assert not gone
