import io
import os
from collections.abc import Iterator
from typing import IO

import pytest

from tests.benchmarks.errors import BenchmarkError, SilentError
from tests.benchmarks.lines import Lines


@pytest.fixture
def pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    reading, writing = os.pipe()
    with io.FileIO(reading, "r") as reader, io.FileIO(writing, "w") as writer:
        yield reader, writer


def test_lines_come_one_by_one(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    reader, writer = pipe
    lines = Lines("a child", reader)
    writer.write(b"first\nsecond\nthi")
    writer.write(b"rd\n")

    assert [lines.next(1) for _ in range(3)] == ["first", "second", "third"]


def test_silence_is_an_error_that_names_the_child(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    lines = Lines("a child", pipe[0])

    with pytest.raises(SilentError, match="a child said nothing for 0 s"):
        lines.next(0)


def test_an_end_is_told_with_the_last_words(pipe: tuple[IO[bytes], IO[bytes]]) -> None:
    reader, writer = pipe
    lines = Lines("a child", reader)
    writer.write(b"no line en")
    writer.close()

    with pytest.raises(BenchmarkError, match="a child ended; it said last: 'no line en'"):
        lines.next(1)
