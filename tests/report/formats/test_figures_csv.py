import csv

from loadtest.report.formats.figures_csv import figures_csv
from tests.support.summaries import failed_summary, stopped_summary


def test_every_measured_figure_has_a_line_with_its_unit_and_samples() -> None:
    rows = {
        row["figure"]: row for row in csv.DictReader(figures_csv(failed_summary()).splitlines())
    }
    lost = rows["ledger.channel.message.created.lost"]
    p99 = rows["latency.channel.message.created.p99_ms"]

    assert (lost["value"], lost["samples"], lost["better"]) == ("27", "41873", "lower")
    assert (p99["name"], p99["value"], p99["unit"]) == ("fanout.p99", "15.99", "ms")
    assert "recovery.p50_ms" in rows


def test_what_was_not_measured_has_none() -> None:
    assert "\nlatency." not in figures_csv(stopped_summary())
    assert figures_csv({}).count("\n") == 1
