from xml.etree import ElementTree

import pytest

from loadtest.report.charts import (
    NARROW,
    WIDE,
    Axis,
    Band,
    Bar,
    LineChart,
    Series,
    Size,
    bars_svg,
    line_svg,
)
from loadtest.report.scales import LinearScale


def chart(*series: Series) -> LineChart:
    axis = LinearScale(0, 10, (0, 5, 10))
    return LineChart("a & b", series, Axis(axis, "x", str), Axis(axis, "y", str))


def drawn(svg: str, kind: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [each for each in root.iter() if kind in each.get("class", "").split()]


def test_a_chart_is_one_well_formed_element_that_names_itself() -> None:
    root = ElementTree.fromstring(line_svg(chart(Series("s", "s-1", [(0, 1)])), WIDE))

    assert root.tag == "svg"
    assert root.get("aria-label") == "a & b"
    assert root.get("viewBox") == "0 0 840 260"


def test_a_line_runs_from_the_lower_left_to_the_upper_right() -> None:
    (line,) = drawn(line_svg(chart(Series("s", "s-1", [(0, 0), (10, 10)])), WIDE), "line")

    assert line.get("d") == "M58 220L826 12"


def test_a_missing_point_is_a_gap() -> None:
    points = [(0, 1.0), (2, None), (4, 1.0), (6, 2.0)]

    (line,) = drawn(line_svg(chart(Series("s", "s-1", points)), WIDE), "line")

    assert line.get("d", "").count("M") == 2
    assert len(drawn(line_svg(chart(Series("s", "s-1", points)), WIDE), "dot")) == 3


def test_a_series_without_a_point_draws_nothing() -> None:
    svg = line_svg(chart(Series("s", "s-1", [(0, None)], is_filled=True)), WIDE)

    assert not drawn(svg, "line")
    assert not drawn(svg, "area")


def test_a_filled_line_reaches_down_to_the_axis() -> None:
    svg = line_svg(chart(Series("s", "s-1", [(0, 10), (10, 10)], is_filled=True)), WIDE)

    (area,) = drawn(svg, "area")

    assert area.get("d") == "M58 220L58 12L826 12L826 220Z"


def test_a_point_tells_its_values() -> None:
    svg = line_svg(chart(Series("p99", "s-1", [(5, 2)])), NARROW)

    assert "<title>p99: 2 at 5</title>" in svg


def test_many_points_have_no_dots() -> None:
    many = Series("s", "s-1", [(x / 10, 1) for x in range(90)])

    assert not drawn(line_svg(chart(many), WIDE), "dot")


def test_names_are_escaped() -> None:
    svg = line_svg(chart(Series("<script>", "s-1", [(0, 1)])), WIDE)
    bars = bars_svg("t", [Bar("<b>", 1, (("lost", 1),), '"x"')], 100)

    assert "<script>" not in svg
    assert "<b>" not in bars
    ElementTree.fromstring(svg)
    ElementTree.fromstring(bars)


def test_a_bar_is_divided_in_proportion() -> None:
    bar = Bar("messages", 100, (("delivered", 75), ("late", 0), ("lost", 25)), "75 %")

    svg = bars_svg("ledger", [bar], 400)

    assert [each.get("width") for each in drawn(svg, "delivered")] == ["300"]
    assert [each.get("width") for each in drawn(svg, "lost")] == ["100"]
    assert not drawn(svg, "late")


def test_one_loss_in_a_million_can_be_seen() -> None:
    bar = Bar("messages", 10**6, (("delivered", 10**6 - 1), ("lost", 1)), "99.9999 %")

    svg = bars_svg("ledger", [bar], 400)

    assert drawn(svg, "lost")[0].get("width") == "3"
    assert drawn(svg, "delivered")[0].get("width") == "397"


def test_a_bar_of_nothing_is_only_its_track() -> None:
    svg = bars_svg("ledger", [Bar("messages", 0, (("delivered", 0),), "none")], 400)

    assert drawn(svg, "track")
    assert not drawn(svg, "delivered")


@pytest.mark.parametrize("count", [0, 1, 11])
def test_bars_stand_below_each_other(count: int) -> None:
    bars = [Bar("b", 1, (("delivered", 1),), "")] * count

    root = ElementTree.fromstring(bars_svg("ledger", bars, 400))

    assert root.get("viewBox") == f"0 0 400 {42 * max(1, count)}"
    assert Size(400, 42).width == 400


def test_a_band_marks_a_stretch_of_the_x_axis() -> None:
    axis = LinearScale(0, 10, (0, 5, 10))
    marked = LineChart(
        "t", (), Axis(axis, "x", str), Axis(axis, "y", str), (Band(2.5, 5, "the limit"),)
    )
    (band,) = drawn(line_svg(marked, WIDE), "band")

    assert (band.get("x"), band.get("width")) == ("250", "192")


def test_points_can_be_drawn_without_a_line_and_a_line_without_points() -> None:
    points: list[tuple[float, float | None]] = [(0, 0), (10, 10)]
    dots = Series("a", "s-1", points, has_line=False)
    line = Series("b", "s-2", points, has_dots=False)
    svg = line_svg(chart(dots, line), WIDE)

    assert len(drawn(svg, "dot")) == 2
    assert [each.get("class") for each in drawn(svg, "line")] == ["line s-2"]
