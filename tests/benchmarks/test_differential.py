"""The long comparison of both readers runs and finds differences."""

import pytest

from loadtest.device.readers import is_built
from tests.benchmarks.differential import main
from tests.support import two_readers

pytestmark = pytest.mark.skipif(not is_built(), reason="the compiled reader was not built")


def test_streams_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--streams", "20", "--first", "5"]) == 0
    assert capsys.readouterr().out == "20 streams from 5: both readers say the same\n"


def test_a_difference_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        two_readers, "outcome", lambda reader, _pieces: {"at first": {"told": reader}}
    )
    assert main(["--streams", "2"]) == 1
    assert "stream 0: at first, told: Python 'python', compiled 'compiled'" in (
        capsys.readouterr().out
    )
