"""Which reader is used is said by the environment, and by what was built."""

import pytest

from loadtest.device import readers
from loadtest.device.reader import CompiledReader, PythonReader
from loadtest.device.readers import VARIABLE, is_built, reader_name
from loadtest.errors import UsageError
from tests.support.device_world import DeviceWorld

needs_build = pytest.mark.skipif(not is_built(), reason="the compiled reader was not built")


@needs_build
@pytest.mark.parametrize(
    ("choice", "name"),
    [("auto", "compiled"), ("", "compiled"), ("compiled", "compiled"), ("python", "python")],
)
def test_the_compiled_one_is_used_unless_python_is_wanted(
    monkeypatch: pytest.MonkeyPatch, choice: str, name: str
) -> None:
    monkeypatch.setenv(VARIABLE, choice)
    made = DeviceWorld().fleet.new_reader(b"x" * 24, ())

    assert reader_name() == name
    assert type(made) is (CompiledReader if name == "compiled" else PythonReader)


def test_without_a_build_python_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_Scanner", None)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert reader_name() == "python"
    assert type(DeviceWorld().fleet.new_reader(b"x" * 24, ())) is PythonReader


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("fast", "LOADTEST_READER is 'fast'; it must be one of auto, compiled, python"),
        ("compiled", "was made without the compiled reader"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, choice: str, words: str
) -> None:
    monkeypatch.setattr(readers, "_Scanner", None)
    monkeypatch.setenv(VARIABLE, choice)
    with pytest.raises(UsageError, match=words):
        reader_name()
