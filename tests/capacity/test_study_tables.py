"""Trials as text."""

from loadtest.capacity.study import Bracket, Limit, ServerUse
from loadtest.capacity.study_tables import (
    load_digits,
    outcome_text,
    so_far_text,
    trial_line,
    trial_table,
)
from loadtest.report.figures import MISSING
from loadtest.report.tables import Tone
from tests.support.studies import study, trial


def test_a_row_per_trial_in_the_order_of_time() -> None:
    table = trial_table(study())

    assert [row.label for row in table.rows][:2] == ["20 messages/s", "40 messages/s"]
    cells = [cell.text for cell in table.rows[4].cells]
    assert cells == ["fail", "1,200", "1,480", "10.0", "812", "0", "0.80", "0.80"]
    assert table.rows[4].cells[0].tone is Tone.BAD
    assert table.rows[4].meaning.startswith("latency.channel.message.created.p99_ms < 500 broke")


def test_the_server_has_a_column_if_it_was_watched() -> None:
    watched = study(trials=[trial(20, server=ServerUse(cpu_cores=0.5)), trial(40)])

    assert [row.cells[-1].text for row in trial_table(watched).rows] == ["0.50", MISSING]


def test_a_trial_in_a_line() -> None:
    assert trial_line(3, trial(80), "messages/s") == (
        "trial 3: 80 messages/s PASS, p99 25.0 ms, 640 deliveries/s"
    )
    invalid = trial(80, "invalid", invalid_because="the generator was late")
    assert trial_line(3, invalid, "messages/s").endswith("deliveries/s: the generator was late")
    assert outcome_text(invalid) == "the generator was late"


def test_what_is_known_so_far() -> None:
    assert so_far_text(study(), 130) == (
        "the limit is 170 to 190 messages/s (95% interval); at most 2 min left"
    )
    lower = Limit(estimate=80, low=80, high=None, level=0.95)
    assert so_far_text(study(limit=lower), 0).startswith("the limit is above 80 messages/s")
    failed = study(limit=None, bracket=Bracket(lowest_failed=20))
    assert so_far_text(failed, 0).startswith("the limit is below 20 messages/s")
    assert so_far_text(study(limit=None, bracket=Bracket()), 0).startswith("nothing is known yet")


def test_a_load_below_a_hundred_keeps_three_digits() -> None:
    assert [load_digits(load) for load in (2.345, 93.25, 1234.0)] == ["2.35", "93.2", "1,234"]
