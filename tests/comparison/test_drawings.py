import re
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.comparison.drawings import curves, dots
from tests.support.comparisons import compared, worse


def places(svg: str, css: str) -> list[float]:
    found = re.findall(rf'<circle class="dot {css}" cx="([\d.]+)"', svg)
    return [float(each) for each in found]


def test_dots_stand_in_the_order_of_their_values(tmp_path: Path) -> None:
    finding = worse(tmp_path).gates[0]
    figure = dots(finding, is_paired=True)
    base, candidate = places(figure.wide_svg, "s-1"), places(figure.wide_svg, "s-2")

    assert len(base) == len(candidate) == 5
    assert max(base) < min(candidate)
    order = sorted(range(5), key=finding.base.__getitem__)
    assert [base[place] for place in order] == sorted(base)


def test_pairs_are_joined_by_a_line_and_stored_runs_are_not(tmp_path: Path) -> None:
    finding = worse(tmp_path).gates[0]
    joined, apart = (dots(finding, is_paired=each).wide_svg for each in (True, False))

    assert joined.count("<path") - apart.count("<path") == 5


@pytest.mark.parametrize("value", [0.0, 4.0, 1e-5, 1e5])
def test_replicates_that_are_all_the_same_can_be_drawn(tmp_path: Path, value: float) -> None:
    finding = worse(tmp_path).gates[0]
    same = replace(finding, base=(value,) * 3, candidate=(value,) * 3)
    drawn = dots(same, is_paired=True)

    assert len(set(places(drawn.wide_svg, "s-1"))) == 1
    assert "nan" not in drawn.narrow_svg


def test_a_curve_shows_both_sides_and_each_run(tmp_path: Path) -> None:
    (figure,) = curves(compared(tmp_path))

    assert figure.title == "Delivery latency of messages"
    assert figure.wide_svg.count('class="line s-1 thin"') == 5
    assert figure.wide_svg.count('class="line s-2"') == 1
    assert figure.legend == (("s-1", "base"), ("s-2", "candidate"))
