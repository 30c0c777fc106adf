import pytest

from loadtest.report.figures import MISSING, Summary
from loadtest.report.markdown import markdown_report
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
    without_notifications,
)


def test_the_verdict_is_the_title() -> None:
    page = markdown_report(failed_summary())

    assert page.startswith("# FAIL: 20261122T191500Z-smoke-3f9a\n\nThe run is valid and 1 of 2")


def test_a_reason_is_quoted_with_its_remedy() -> None:
    assert (
        "> **generator.lag.p99 is 180 ms; limit 20.0 ms (9.0 times as much).** "
        "What to do: add workers or lower workload.message\\_rate\\_per\\_s."
    ) in markdown_report(inconclusive_summary())


def test_figures_stand_in_tables() -> None:
    page = markdown_report(passing_summary())

    assert "| a message reached, ms | samples | p50 | p95 | p99 | max |" in page
    assert "| last receiver | 1,204 | 3.60 | 8.28 | 14.0 | 40.7 |" in page
    assert "- ledger: adds up" in page


@pytest.mark.parametrize(
    "summary",
    [
        passing_summary(),
        failed_summary(),
        inconclusive_summary(),
        stopped_summary(),
        without_notifications(),
        {},
    ],
)
def test_every_table_is_well_formed(summary: Summary) -> None:
    blocks = [block for block in markdown_report(summary).split("\n\n") if block.startswith("|")]

    assert blocks
    for block in blocks:
        widths = {line.replace("\\|", "").count("|") for line in block.splitlines()}
        assert len(widths) == 1


def test_nothing_measured_is_said() -> None:
    page = markdown_report(stopped_summary())

    assert "## Deliveries\n\nNothing measured." in page
    assert f"| each device | {MISSING} | {MISSING} |" in page


def test_text_from_outside_cannot_become_markup() -> None:
    summary = passing_summary()
    summary["profile"]["name"] = "<img src=x> | [a](b)\n# title"

    page = markdown_report(summary)

    assert r"- profile: \<img src=x\> \| \[a\](b) \# title" in page


def test_latency_between_workers_has_a_section_where_something_crossed() -> None:
    assert "## Between workers" in markdown_report(inconclusive_summary())
    assert "Between workers" not in markdown_report(passing_summary())
