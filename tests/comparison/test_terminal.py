from pathlib import Path

import pytest

from loadtest.comparison.terminal import print_comparison
from tests.support.comparisons import compared, undecided, worse
from tests.support.consoles import ascii_console, plain_console, printed


@pytest.mark.parametrize("width", [80, 160])
def test_a_figure_stands_in_one_line_whatever_the_width(tmp_path: Path, width: int) -> None:
    console = plain_console(width)
    print_comparison(console, worse(tmp_path))
    lines = printed(console).splitlines()

    assert max(map(len, lines)) <= width
    (row,) = [line for line in lines if line.startswith("fanout.p50")]
    assert row.split()[:6] == ["fanout.p50", "4.00", "ms", "4.40", "ms", "+10.0"]
    assert "worse" in row
    assert ("<0.001" in row) is (width == 160)


def test_the_outcome_stands_last_where_a_person_looks(tmp_path: Path) -> None:
    console = plain_console(100)
    print_comparison(console, worse(tmp_path))
    last = printed(console).strip().splitlines()[-1]

    assert last.startswith("WORSE: The candidate is worse in 3 of 5 gates")


def test_details_show_every_figure(tmp_path: Path) -> None:
    found = worse(tmp_path)
    short, long = plain_console(120), plain_console(120)
    print_comparison(short, found)
    print_comparison(long, found, has_details=True)

    assert "more figures without a certain change" in printed(short)
    for finding in found.findings:
        assert finding.figure.label in printed(long)


def test_it_can_be_printed_in_ascii(tmp_path: Path) -> None:
    console = ascii_console()
    print_comparison(console, undecided(tmp_path))
    assert "UNDECIDED: Too few runs" in printed(console)


def test_what_a_user_named_is_no_markup(tmp_path: Path) -> None:
    found = compared(tmp_path / "[red]x")
    console = plain_console()
    print_comparison(console, found)
    assert "base       base" in printed(console)
