import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.cli import profiles
from loadtest.errors import UsageError
from loadtest.profile import load_profile, profile_names


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    profiles.add_arguments(parser)
    return profiles.run(parser.parse_args(arguments))


def test_all_profiles_are_listed_with_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == profile_names()
    assert "smoke              everything once, in 20 seconds" in lines


def test_one_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("explain", "busy-room", "--set", "run.seed=5") == 0

    text = capsys.readouterr().out
    assert text.startswith("busy-room: one channel of 2,000")
    assert "population.cells" not in text.partition("why:")[0]
    assert "[--set run.seed=5]" in text


def test_whoever_has_read_enough_may_stop_reading() -> None:
    """As `head` does."""
    command = [sys.executable, "-m", "loadtest", "profiles", "explain", "smoke"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()

    assert (process.returncode, complaint) == (0, b"")


def test_one_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", "smoke") == 0
    assert capsys.readouterr().out == "smoke: every key is known and every value can be used\n"

    with pytest.raises(UsageError, match=r"run\.seed is -1"):
        call("check", "smoke", "--set", "run.seed=-1")


def test_one_is_shown_with_every_key(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert call("show", "ci") == 0

    path = tmp_path / "ci.toml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_profile(str(path)) == load_profile("ci")


def test_a_sample_is_written_and_fitted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    events, fitted = tmp_path / "events.csv", tmp_path / "my.toml"

    assert call("sample", "smoke", "-o", str(events), "--set", "run.duration_s=60") == 0
    assert call("fit", str(events), "-o", str(fitted)) == 0

    text = capsys.readouterr().out
    assert f"{events}: 60 s of what the users of smoke do" in text
    assert "workload.message_length: " in text
    assert f"{fitted}: written" in text
    assert load_profile(str(fitted)).planned_load().devices == 252


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("explain",), "profiles explain: there is nothing to explain; name a profile"),
        (("fit",), "profiles fit: there is nothing to fit; name the path of an export"),
        (("fit", "x.csv"), "profiles fit: -o is missing; it names the file to write"),
        (("sample", "smoke"), "profiles sample: -o is missing"),
        (("explain", "smok"), "there is no profile 'smok'; did you mean smoke"),
    ],
)
def test_what_is_missing_is_named(arguments: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(*arguments)

    assert str(caught.value).startswith(problem)


def test_a_profile_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    call("sample", "smoke", "-o", str(events))

    with pytest.raises(UsageError, match="it cannot be written: no such file or directory"):
        call("fit", str(events), "-o", str(tmp_path / "no" / "my.toml"))


def test_a_secret_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("show", "explain"):
        assert call(what, "smoke", "--set", "target.api_key=hush") == 0
        assert "hush" not in capsys.readouterr().out


def test_explain_takes_the_overrides_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("explain", "spike", "--duration", "18s", "--devices", "40") == 0
    said = capsys.readouterr().out
    assert "40 devices" in said
    assert "18 s, dialect 2" in said
    with pytest.raises(UsageError, match="give one of them"):
        call("explain", "spike", "--devices", "40", "--scale", "2")


def test_validate_is_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("validate", "smoke") == call("check", "smoke") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_nothing_is_written_over_unless_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="it is there already; --force writes over it"):
        call("sample", "smoke", "-o", str(path))
    assert path.read_text() == "mine"

    assert call("sample", "smoke", "-o", str(path), "--force") == 0
    assert path.read_text() != "mine"


def test_a_profile_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'\xef\xbb\xbfbase = "smoke"\ndescription = "with a mark"\n')

    assert load_profile(str(path)).description == "with a mark"


def test_what_is_nested_too_deeply_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text("x = " + "[" * 50_000)

    with pytest.raises(UsageError, match="its values are nested too deeply"):
        call("check", str(path))
