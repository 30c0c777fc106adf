"""The verb ``size``: what it prints, and what it refuses."""

from pathlib import Path

import pytest

from loadtest.capacity.folder import write_study
from loadtest.cli.main import main
from tests.support.studies import study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_study(tmp_path, study())
    return tmp_path


def test_a_population_is_sized(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        *("--users", "250_000", "--online", "12%", "--devices-per-user", "1.3"),
        *("--messages-per-user-hour", "14", "--peak-factor", "2", "--headroom", "0.3"),
        *(
            "--devices-per-node",
            "5000",
            "--deliveries-per-node",
            "1000",
            "--node-cost",
            "146/month",
        ),
    ]

    assert main(["size", str(folder), *options]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    # The example of tests/capacity/test_sizing.py, computed by hand.
    assert shown.startswith(
        "250,000 users need 13 nodes: 39,000 devices and 1,867 deliveries/s at the peak, decided by"
        " devices; 1,898 per month, 7.59 per 1,000 users."
    )
    assert "--survive" in shown
    assert "one machine fails" in shown
    assert "2,500,000" in shown
    assert "share the load evenly" in shown


def test_a_profile_is_taken_as_the_population(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["size", str(folder), "--population", "baseline", "--table", "1000,5000"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith("1,000 users need")
    assert "as in the profile baseline" in shown


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--users", "many"], "--users is 'many'; it must be a number such as 1.3"),
        (["--users", "0"], "--users is 0; it must be 1 or more"),
        (["--users", "5%"], "--users is '5%'; it must be a number such as 1.3"),
        (["--online", "twelve"], "--online is 'twelve'; it must be a number such as 12% or 0.12"),
        (["--headroom", "100%"], "--headroom is 100%, which leaves nothing of a node to use"),
        (["--survive=-1"], "--survive is -1; it must be a whole number of 0 or more"),
        (["--table", "1,x"], "--table is '1,x'; it must be numbers of users"),
        (["--deliveries-per-message", "500"], "search the limit of a profile with channels of"),
    ],
)
def test_what_cannot_be_sized_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], problem: str
) -> None:
    assert main(["size", str(folder), *options]) == 2
    assert problem in capsys.readouterr().err


def test_a_folder_without_a_study_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["size", str(tmp_path)]) == 2
    assert "no capacity.json there; name the folder of a study" in capsys.readouterr().err
