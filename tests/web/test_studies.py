"""Capacity studies, as the page of earlier runs lists them."""

from pathlib import Path

from loadtest.capacity.folder import write_study
from loadtest.capacity.rendering import render_study
from loadtest.web.studies import study_rows
from tests.support.studies import study, trial


def test_the_latest_study_stands_first_with_its_trials(tmp_path: Path) -> None:
    for name in ("20261126T100000Z-capacity-1111", "20261127T100000Z-capacity-2222"):
        (tmp_path / name).mkdir()
        write_study(tmp_path / name, study())
    goes_on = study(stopped_by=None, trials=[trial(20)], answer="It carries at least 20.")
    render_study(tmp_path / "20261127T100000Z-capacity-2222", goes_on)

    latest, first = study_rows(tmp_path)
    assert latest["study_id"] == "20261127T100000Z-capacity-2222"
    assert (latest["stopped_by"], latest["answer"]) == (None, "It carries at least 20.")
    assert latest["files"] == ["capacity.json", "capacity.md", "report.html"]
    assert len(first["trials"]) == 8
    assert first["trials"][4] == {
        "load": 320,
        "outcome": "fail",
        "deliveries_per_s": 1480,
        "p99_ms": 812.0,
        "lost": 0,
    }


def test_a_study_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "capacity.json").write_text("{")

    (row,) = study_rows(tmp_path)
    assert "cannot be read" in row["problem"]
    assert study_rows(tmp_path / "nowhere") == []
