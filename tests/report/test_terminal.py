from collections.abc import Callable

import pytest

from loadtest.report.figures import MISSING, Summary
from loadtest.report.terminal import print_details
from tests.support.consoles import ascii_console, live_console, plain_console, printed
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
    with_pushes,
    without_notifications,
)

SUMMARIES = [
    passing_summary,
    failed_summary,
    inconclusive_summary,
    stopped_summary,
    without_notifications,
    with_pushes,
    dict,
]


def shown(summary: Summary, width: int = 80) -> str:
    console = plain_console(width)
    print_details(console, summary)
    return printed(console)


def line_of(page: str, start: str) -> list[str]:
    return next(line.split() for line in page.splitlines() if line.strip().startswith(start))


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("make", SUMMARIES)
def test_no_line_is_wider_than_the_terminal(make: Callable[[], Summary], width: int) -> None:
    assert max(len(line) for line in shown(make(), width).splitlines()) <= width


@pytest.mark.parametrize("width", [60, 80, 160])
def test_no_figure_of_a_table_is_broken_over_lines(width: int) -> None:
    page = shown(failed_summary(), width)

    assert "118,204    118,204" in page
    assert "user session start" in page
    assert "10,412" in page


def test_fan_out_is_told_to_each_device_and_to_the_last() -> None:
    page = shown(passing_summary())

    assert line_of(page, "a message reached")[3:] == ["samples", "p50", "p95", "p99", "max"]
    assert line_of(page, "each device")[2:] == ["41,873", "1.93", "4.44", "7.53", "21.8"]
    assert line_of(page, "last receiver")[2:] == ["1,204", "3.60", "8.28", "14.0", "40.7"]
    assert line_of(page, "last of 3-10")[3:] == ["598", "5.76", "13.2", "(22.5)", "65.1"]


def test_one_size_class_alone_is_not_repeated() -> None:
    summary = passing_summary()
    summary["completion"] = {key: summary["completion"][key] for key in ("all", "2")}

    assert "last of 2" not in shown(summary)


def test_every_event_shows_delivered_of_expected_and_what_went_wrong() -> None:
    page = shown(failed_summary())

    assert line_of(page, "message received")[2:6] == ["41,873", "41,846", "4.10", "16.0"]
    assert line_of(page, "typing started")[-2:] == ["240", "lost"]
    assert line_of(page, "typing stopped")[-1] == "none"


def test_a_narrow_terminal_keeps_counts_and_says_what_it_leaves_out() -> None:
    page = shown(failed_summary(), 60)

    assert line_of(page, "keystrokes received")[2:] == ["118,204", "118,204", "none"]
    assert "left out in 60 columns: p50, p99" in page
    assert "left out" not in shown(failed_summary(), 100)


def test_a_percentile_with_too_few_samples_is_marked_in_plain_text() -> None:
    page = shown(passing_summary(), 100)

    assert line_of(page, "update channel")[2:7] == ["6", "(2.20)", "(5.06)", "(8.58)", "24.9"]
    assert line_of(page, "each device")[3] == "1.93"


def test_right_and_wrong_notifications_are_apart() -> None:
    page = shown(failed_summary())

    assert line_of(page, "right")[1:] == ["2,306", "of", "2,318"]
    assert "missed 12, duplicate 0, spurious 3, hand-off gap 2" in page


def test_pushes_are_shown_where_there_was_a_sink() -> None:
    page = shown(with_pushes(missed=3), 100)

    assert line_of(page, "pushes")[1:5] == ["307", "of", "310", "right;"]
    assert line_of(page, "push ")[1:3] == ["310", "6.10"]
    assert "pushes" not in shown(passing_summary())


def test_thresholds_are_marked_by_more_than_colour() -> None:
    page = shown(failed_summary(), 100)

    assert "\N{CHECK MARK} latency.channel.message.created.p99_ms < 250: 7.53 ms" in page
    assert "\N{MULTIPLICATION X} ledger.channel.message.created.lost == 0: 27" in page


def test_nothing_measured_shows_no_latency_of_zero() -> None:
    page = shown(stopped_summary())

    assert line_of(page, "each device")[2:] == [MISSING] * 5
    assert page.count("nothing measured") == 3


def test_an_event_without_samples_shows_no_latency() -> None:
    summary = passing_summary()
    summary["latency"]["channel.self.updated"] = {"count": 0, "p50_ms": 0, "p99_ms": 0}

    assert line_of(shown(summary), "channel updated")[4:6] == [MISSING] * 2


def test_a_wide_terminal_shows_two_columns() -> None:
    page = shown(passing_summary(), 160)

    assert any("Load" in line and "Notifications" in line for line in page.splitlines())


@pytest.mark.parametrize("make", SUMMARIES)
def test_a_stream_without_unicode_gets_ascii(make: Callable[[], Summary]) -> None:
    summary = dict(make())
    summary["target"] = {"host": "b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro"}
    console = ascii_console()

    print_details(console, summary)

    assert "b?ro" in printed(console)


def test_names_from_outside_are_not_read_as_markup() -> None:
    summary = passing_summary()
    summary["target"]["host"] = "[bold red]x[/]"

    assert "[bold red]x[/]" in shown(summary)


def test_colour_is_used_on_a_terminal_only() -> None:
    console = live_console()

    print_details(console, failed_summary())

    assert "\x1b[" in printed(console)
    assert "\x1b[" not in shown(failed_summary())


def test_failed_actions_are_explained_below_their_table() -> None:
    assert "! read dropped: 5 (no chat session 5)" in shown(failed_summary())


def test_a_threshold_without_a_number_of_samples_claims_none() -> None:
    summary = passing_summary()
    summary["thresholds"] = [{"expression": "a < 1", "value": 0, "held": True, "samples": None}]

    assert shown(summary).splitlines()[-1].strip() == "\N{CHECK MARK} a < 1: 0"


@pytest.mark.parametrize(
    ("summary", "count"), [(inconclusive_summary(), 1), (passing_summary(), 0)]
)
def test_latency_between_workers_is_shown_with_its_uncertainty(
    summary: Summary, count: int
) -> None:
    text = shown(summary)

    assert text.count("Between workers, ms") == count
    assert text.count("give or take 0.083 ms, by what is unknown") == count
