import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from loadtest.comparison.comparison import compare, settings_for
from loadtest.comparison.judgement import Change
from loadtest.comparison.page import html_comparison
from loadtest.comparison.replicates import Side
from tests.support.comparisons import STEADY, compared, undecided, worse
from tests.support.replicates import replicates
from tests.support.runs_on_disk import write_side


class Outline(HTMLParser):
    """Collects open elements that nothing closes, and the addresses that a page asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element such as ``<path/>`` is closed already."""


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


def test_the_page_is_whole_and_asks_for_nothing(tmp_path: Path) -> None:
    found = outline(html_comparison(worse(tmp_path)))

    assert found.open == []
    assert all(address.startswith("#") for address in found.addresses)


def test_the_outcome_comes_first_and_every_part_is_there(tmp_path: Path) -> None:
    page = html_comparison(worse(tmp_path))
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)

    assert headings == [
        "Gates",
        "Every replicate",
        "Latency by percentile",
        "Changed, for information",
        "All other figures",
        "Runs",
        "What differs",
        "Machine and profile",
    ]
    assert page.index("WORSE</p>") < page.index("<main>")


def test_a_gate_has_a_dot_for_each_replicate(tmp_path: Path) -> None:
    page = html_comparison(worse(tmp_path))
    assert "<title>base 1: 4.00 ms</title>" in page
    assert "<title>candidate 5:" in page


def test_a_page_of_runs_without_latencies_has_no_curves(tmp_path: Path) -> None:
    found = undecided(tmp_path)
    for run in (*found.base.replicates, *found.candidate.replicates):
        (run.folder / "latency.hlog").unlink()
    page = html_comparison(found)

    assert "Latency by percentile" not in page
    assert "the pair was given up" in page


def test_what_came_from_outside_is_escaped(tmp_path: Path) -> None:
    found = compared(tmp_path)
    found = replace(found, candidate=Side("<script>x</script>", found.candidate.replicates))
    assert "<script>" not in html_comparison(found)


def test_a_comparison_of_nothing_has_a_page(tmp_path: Path) -> None:
    found = compared(tmp_path)
    nothing = replace(
        found,
        base=Side("a", ()),
        candidate=Side("b", ()),
        findings=(),
        change=Change.UNDECIDED,
    )
    assert "no pair of usable runs is left" in html_comparison(nothing)


def test_a_gate_that_never_came_can_be_shown(tmp_path: Path) -> None:
    summaries = replicates(STEADY)
    summaries[0]["completion"]["all"]["last"]["p99_ms"] = "never"
    base = write_side(tmp_path / "b", summaries)
    settings = settings_for(["fanout.last.p99"], confidence=0.9, tolerance=0.05)
    page = html_comparison(compare(base, base, settings, is_paired=True))

    assert "never in 1 of 5 base and 1 of 5 candidate runs" in page
