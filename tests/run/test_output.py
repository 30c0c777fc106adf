"""Output that goes away takes nothing along."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from loadtest.errors import UsageError
from loadtest.run.output import GuardedStream, guard_output


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe that nobody reads any more."""
    reader, writer = os.pipe()
    stream = os.fdopen(writer, "w", encoding="utf-8")
    yield reader, stream
    stream.close()


def test_a_reader_that_has_read_enough_is_no_problem(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.close(reader)
    guarded = GuardedStream(stream)
    for _ in range(3):
        guarded.write("the summary\n" * 10_000)
        guarded.flush()
    guarded.check()

    assert guarded.problem == ""


def test_a_full_disk_is_said_once_it_is_asked_for() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        guarded = GuardedStream(full)
        guarded.writelines(["the plan\n"])
        with pytest.raises(UsageError, match="standard output cannot be written: no space left"):
            guarded.check()
        guarded.write("goes nowhere, and raises nothing")
        guarded.flush()


def test_a_stream_that_is_closed_takes_whatever_is_written() -> None:
    stream = io.StringIO()
    stream.close()
    guarded = GuardedStream(stream)

    assert guarded.write("text") == 4
    guarded.flush()
    guarded.check()


def test_otherwise_it_is_the_stream_itself() -> None:
    stream = io.StringIO()
    guarded = GuardedStream(stream)
    guarded.write("text")

    assert stream.getvalue() == guarded.getvalue() == "text"


def test_output_is_guarded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    guarded = guard_output()

    assert guard_output() is guarded is sys.stdout
    assert isinstance(sys.stderr, GuardedStream)
