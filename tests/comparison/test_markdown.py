from dataclasses import replace
from pathlib import Path

from loadtest.comparison.comparable import Difference
from loadtest.comparison.markdown import markdown_comparison
from loadtest.comparison.replicates import Side
from tests.support.comparisons import compared, worse


def test_outcome_and_gates_come_first_and_the_rest_is_folded(tmp_path: Path) -> None:
    found = worse(tmp_path)
    text = markdown_comparison(found)
    visible, _, folded = text.partition("<details>")

    assert text.startswith("## \N{CROSS MARK} Load test: worse\n")
    assert "| fanout.p50 | 4.00 ms | 4.40 ms | +10.0 % | +9.1 … +10.9 % | worse |" in visible
    assert "### For information: changed" in visible
    assert "| fanout.last.p50 |" in folded


def test_each_table_has_as_many_cells_in_every_row(tmp_path: Path) -> None:
    rows = [line for line in markdown_comparison(worse(tmp_path)).splitlines() if "|" in line]
    assert {row.count("|") for row in rows} == {8}


def test_what_differs_is_listed(tmp_path: Path) -> None:
    apart = (Difference("versions.python", "3.11.9", "3.12|1"),)
    text = markdown_comparison(replace(compared(tmp_path), apart=apart))

    assert "| versions.python | 3.11.9 | 3.12\\|1 |" in text


def test_a_label_cannot_break_out_of_its_code(tmp_path: Path) -> None:
    found = compared(tmp_path)
    found = replace(found, base=Side("a`b\n# c", found.base.replicates))
    assert "Base `a'b # c`, candidate" in markdown_comparison(found)
