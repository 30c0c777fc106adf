"""The way in: verbs, help, versions, and which exit code a defect has."""

import pytest

import loadtest
from loadtest.cli import sink
from loadtest.cli.main import VERBS, main


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    said = capsys.readouterr().out
    for verb, (_, text) in VERBS.items():
        assert f"{verb} " in said
        assert text in said


def test_help_of_a_verb_is_that_of_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "report"]) == 0
    assert "usage: loadtest report" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["help", "rn"], "loadtest: there is no verb rn; did you mean run?"),
        (["selftst"], "loadtest: VERB: there is no 'selftst'; did you mean selftest?"),
    ],
)
def test_a_mistyped_verb_is_answered_with_what_may_have_been_meant(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"{line}\n"


def test_the_version_says_what_figures_depend_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])

    assert left.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"loadtest {loadtest.__version__}, reader: ")
    assert "locust 2." in said


def test_a_defect_has_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_options: object) -> int:
        raise KeyError("broken")

    monkeypatch.setattr(sink, "run", run)

    assert main(["sink"]) == 70
    said = capsys.readouterr().err
    assert "KeyError: 'broken'" in said
    assert "this is a defect of loadtest" in said


def test_an_interrupt_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sink, "run", run)

    assert main(["sink"]) == 130
    assert capsys.readouterr().err == ""
