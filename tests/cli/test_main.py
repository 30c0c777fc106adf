"""What the command line says of itself."""

import pytest

import loadtest
from loadtest.cli.main import main
from loadtest.device.readers import VARIABLE


def test_the_version_names_the_reader_of_the_devices(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "python")
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"loadtest {loadtest.__version__}, reader: python\n"


@pytest.mark.parametrize("words", [["--version"], ["run", "smoke"]])
def test_a_reader_that_there_is_not_is_a_mistake_of_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "fast")
    assert main(words) == 2
    assert "LOADTEST_READER is 'fast'; it must be one of" in capsys.readouterr().err
