from loadtest.report.figures import TimelineRow
from loadtest.report.plots import MOST_POINTS, Figure, figures
from tests.support.summaries import failed_summary, passing_summary, stopped_summary, timeline


def named(drawn: tuple[Figure, ...], title: str) -> Figure:
    return next(figure for figure in drawn if figure.title == title)


def test_a_run_has_four_charts() -> None:
    assert [figure.title for figure in figures(passing_summary(), timeline())] == [
        "Deliveries per second",
        "Delivery latency of each second",
        "Latency by percentile",
        "What should have arrived, and what did",
    ]


def test_a_run_without_figures_has_none() -> None:
    assert figures(stopped_summary(), []) == ()
    assert figures({}, [{"t_s": 0}]) == ()


def test_without_a_timeline_the_summary_still_has_its_charts() -> None:
    titles = [figure.title for figure in figures(passing_summary(), [])]

    assert titles == ["Latency by percentile", "What should have arrived, and what did"]


def test_losses_are_drawn_only_where_there_are_any() -> None:
    clean = [{**row, "lost": 0} for row in timeline()]

    assert ("s-bad", "lost") in figures({}, timeline())[0].legend
    assert ("s-bad", "lost") not in figures({}, clean)[0].legend


def test_a_long_run_is_thinned_and_says_so() -> None:
    rows = timeline(seconds=MOST_POINTS * 3)

    deliveries, latency = figures({}, rows)

    assert "A point stands for 3 seconds" in deliveries.caption
    assert latency.wide_svg.count("L") < 5 * MOST_POINTS


def test_thinning_keeps_the_highest_latency() -> None:
    rows = [{"t_s": second, "delivery_max_ms": 1.0} for second in range(MOST_POINTS * 2)]
    rows[7]["delivery_max_ms"] = 950.0

    (latency,) = figures({}, rows)

    assert ">1 s<" in latency.wide_svg


def test_a_row_without_a_figure_is_a_gap() -> None:
    rows: list[TimelineRow] = [
        {"t_s": 0, "deliveries": 5},
        {"t_s": 1, "deliveries": None},
        {"t_s": 2},
    ]

    (deliveries,) = figures({}, rows)

    assert deliveries.wide_svg.count('class="dot s-1"') == 1


def test_percentiles_without_samples_behind_them_are_not_drawn() -> None:
    few = {"latency": {"channel.message.created": {"count": 1, "min_ms": 4.0, "max_ms": 4.0}}}

    (curve,) = figures(few, [])

    assert "99 %" not in curve.wide_svg
    assert curve.legend == (("s-1", "each delivery"),)


def test_the_ledger_has_a_bar_for_each_event_that_was_expected() -> None:
    ledger = named(figures(failed_summary(), []), "What should have arrived, and what did")

    assert "99.93 % of 41,873" in ledger.narrow_svg
    assert "98.06 % of 12,391" in ledger.wide_svg
    assert ledger.wide_svg.count('class="track"') == 11


def test_a_long_run_is_named_in_minutes_and_hours() -> None:
    deliveries = figures({}, timeline(seconds=4_000))[0]

    assert ">10:00<" in deliveries.wide_svg
    assert ">1:00:00<" in deliveries.wide_svg


def test_a_second_that_takes_back_a_loss_stays_on_the_axis() -> None:
    rows = [{"t_s": 0, "lost": 4}, {"t_s": 1, "lost": -4}]

    (deliveries,) = figures({}, rows)

    assert "L826 220" in deliveries.wide_svg


def test_a_line_that_ends_because_messages_never_arrived_says_so() -> None:
    captions = [figure.caption for figure in figures(failed_summary(), timeline())]

    assert any("ends where messages never reached it" in caption for caption in captions)
    assert not any(
        "ends where" in figure.caption for figure in figures(passing_summary(), timeline())
    )
