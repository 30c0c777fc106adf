import struct
import zlib
from pathlib import Path

import msgspec
import pytest

from loadtest.errors import UsageError
from loadtest.metrics import LedgerSettings
from loadtest.recording.journal import (
    SCHEMA,
    CallsFrame,
    Cut,
    EndFrame,
    Frame,
    Journal,
    RunFrame,
    WorkerFrame,
    check_unused,
    read_frames,
)

_FRAMES: list[Frame] = [
    RunFrame("run", {"facts": {"host": "http://127.0.0.1:1"}, "seed": 1}),
    WorkerFrame("run", 3, 17, LedgerSettings(race_window_s=0.25), ("settle",), {"Action": ("x",)}),
    CallsFrame([(0, [1, 2**62, "text", 0.5, True]), (24, [])]),
    EndFrame(2),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.rec"


def _write(path: Path) -> None:
    journal = Journal(path)
    for frame in _FRAMES:
        journal.write(frame)
    journal.close()


def test_what_was_written_is_read(path: Path) -> None:
    _write(path)

    assert list(read_frames(path)) == _FRAMES


def test_a_frame_is_in_the_file_before_the_journal_is_closed(path: Path) -> None:
    journal = Journal(path)
    journal.write(_FRAMES[0])

    assert list(read_frames(path)) == _FRAMES[:1]
    journal.close()


def test_a_file_cut_anywhere_is_read_up_to_its_last_whole_frame(path: Path) -> None:
    _write(path)
    content = path.read_bytes()
    for length in range(len(SCHEMA) + 1, len(content)):
        path.write_bytes(content[:length])
        *whole, last = [None, *read_frames(path)]

        frames = [frame for frame in (*whole, last) if not isinstance(frame, Cut | None)]
        assert frames == _FRAMES[: len(frames)]
        assert isinstance(last, Cut) or len(path.read_bytes()) == length


def test_a_changed_byte_is_noticed(path: Path) -> None:
    _write(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    assert list(read_frames(path)) == [*_FRAMES[:-1], Cut(len(content) - 14, _WRONG)]


_WRONG = "a frame's checksum is wrong"


def test_an_existing_file_is_never_written_over(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(UsageError, match="exists already"):
        Journal(path)

    assert path.read_text() == "precious"


def test_what_cannot_be_written_is_known_before(path: Path) -> None:
    check_unused(path)
    with pytest.raises(UsageError, match="deeper is no folder"):
        check_unused(path / "deeper" / "run.rec")
    path.touch()
    with pytest.raises(UsageError, match="exists already"):
        check_unused(path)


def test_a_folder_that_is_not_there_is_a_usage_error(path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        Journal(path / "deeper" / "run.rec")


@pytest.mark.parametrize("content", [b"", b'{"schema": 1}\n', b"chatkitty-loadtest-recording/9\n"])
def test_another_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError, match="a recording that this version reads"):
        list(read_frames(path))


def test_a_file_that_is_not_there_is_a_usage_error(path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        list(read_frames(path))


def test_a_full_disk_stops_the_recording_and_not_the_run(path: Path) -> None:
    journal = Journal(path)
    journal.write(_FRAMES[0])
    with Path("/dev/full").open("wb", buffering=0) as full:
        journal.close()
        journal._file = full
        journal.write(_FRAMES[1])
        journal.write(_FRAMES[2])

    assert journal.problem == f"{path}: the recording is cut here: No space left on device"
    assert list(read_frames(path)) == _FRAMES[:1]


def test_nothing_is_written_after_the_end(path: Path) -> None:
    _write(path)
    journal = Journal(path.with_suffix(".other"))
    journal.close()
    journal.write(_FRAMES[0])

    assert list(read_frames(journal.path)) == []


@pytest.mark.parametrize(
    "content",
    [msgspec.msgpack.encode(["nothing", 1]), msgspec.msgpack.encode(["end", "x"]), b"\xc1"],
    ids=["tag", "type", "no MessagePack"],
)
def test_a_frame_with_a_good_checksum_that_is_none_ends_the_reading(
    path: Path, content: bytes
) -> None:
    Journal(path).close()
    with path.open("ab") as file:
        file.write(struct.pack(">II", len(content), zlib.crc32(content)) + content)

    [cut] = read_frames(path)
    assert isinstance(cut, Cut)
    assert "a frame is none of a recording" in cut.reason
