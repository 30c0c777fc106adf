import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.report.ending import LINES, Ending, print_summary
from loadtest.report.figures import Summary
from tests.support.consoles import ascii_console, plain_console, printed
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
    with_pushes,
    with_warnings,
    without_notifications,
)

FOLDER = Path("results/20261122T191500Z-smoke-3f9a")


def with_many_reasons() -> Summary:
    summary = failed_summary()
    summary["reasons"] = summary["reasons"] * 30
    return summary


SUMMARIES = [
    passing_summary,
    failed_summary,
    inconclusive_summary,
    stopped_summary,
    without_notifications,
    with_pushes,
    with_warnings,
    with_many_reasons,
    dict,
]


def shown(summary: Summary, width: int = 80, ending: Ending = Ending.SHORT) -> list[str]:
    console = plain_console(width)
    print_summary(console, summary, FOLDER, ending)
    return [line.rstrip() for line in printed(console).splitlines()]


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("make", SUMMARIES)
def test_the_end_of_a_run_is_one_screen(make: Callable[[], Summary], width: int) -> None:
    lines = shown(make(), width)

    assert len(lines) <= LINES
    assert max(len(line) for line in lines) <= width


@pytest.mark.parametrize("make", SUMMARIES)
def test_the_path_stands_last(make: Callable[[], Summary]) -> None:
    assert shown(make())[-1] == str(FOLDER)


def test_the_path_is_that_of_the_report_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "report.html").touch()
    console = plain_console(60)
    print_summary(console, passing_summary(), tmp_path)

    assert printed(console).splitlines()[-1] == str(tmp_path / "report.html")


def test_the_verdict_stands_first_with_what_broke_and_by_how_much() -> None:
    summary = failed_summary()
    summary["reasons"][0] |= {
        "figure": "latency.channel.message.created.p99_ms",
        "value": 412.0,
        "limit": "< 200",
    }
    lines = [line.strip() for line in shown(summary) if line]

    assert lines[0].startswith("FAIL   smoke \N{MIDDLE DOT} 200 devices")
    assert lines[1] == "The run is valid and 1 of 2 thresholds broke."
    assert lines[2] == (
        "\N{MULTIPLICATION X} fanout.p99 is 412 ms; limit < 200 ms (2.1 times as much)"
    )


def test_reasons_that_do_not_fit_are_counted() -> None:
    lines = shown(with_many_reasons())

    assert any(line.strip().endswith("more in the report") for line in lines)
    assert any("delivered" in line for line in lines)


def test_quiet_is_the_verdict_alone() -> None:
    assert shown(failed_summary(), ending=Ending.QUIET) == ["FAIL"]


def test_json_is_the_summary_alone() -> None:
    assert json.loads("\n".join(shown(failed_summary(), ending=Ending.JSON))) == failed_summary()


def test_details_come_before_the_end() -> None:
    lines = shown(failed_summary(), ending=Ending.DETAILS)

    assert "Deliveries of each event, ms" in lines
    assert lines[-LINES:][-1] == str(FOLDER)
    assert not any("Deliveries of each event" in line for line in lines[-LINES:])


@pytest.mark.parametrize("make", SUMMARIES)
def test_a_stream_without_unicode_gets_ascii(make: Callable[[], Summary]) -> None:
    summary = {**make(), "profile": {"name": "b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro"}}
    console = ascii_console()
    print_summary(console, summary, FOLDER)

    assert "b?ro |" in printed(console)
