"""The file of a recording: a line that names its format, then frames.

A frame is its length and its checksum, four bytes each, and then a value in MessagePack. A frame is
written at once and whole, and nothing is held back in this process, so that a run that is killed
leaves a file that can be read up to the cut. A file is never written over.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from loadtest.errors import UsageError
from loadtest.metrics import LedgerSettings

__all__ = [
    "SCHEMA",
    "CallsFrame",
    "Cut",
    "EndFrame",
    "Frame",
    "Journal",
    "RunFrame",
    "WorkerFrame",
    "check_unused",
    "read_frames",
]

SCHEMA = "chatkitty-loadtest-recording/2"

_FIRST_LINE = f"{SCHEMA}\n".encode()
_PREFIX = struct.Struct(">II")


class RunFrame(Struct, tag="run", array_like=True):
    """What is known of the run apart from its figures; the last one in a file counts."""

    run_id: str
    record: dict[str, Any]


class WorkerFrame(Struct, tag="worker", array_like=True):
    """A worker's ledger as it was made, and what the numbers in its calls stand for."""

    run_id: str
    worker: int
    started_ns: int
    settings: LedgerSettings
    methods: tuple[str, ...]
    members: dict[str, tuple[str, ...]]


class CallsFrame(Struct, tag="calls", array_like=True):
    """Calls on the worker's ledger, in their order."""

    calls: list[tuple[int, list[Any]]]


class EndFrame(Struct, tag="end", array_like=True):
    """The worker's last call was made, and how many there were."""

    call_count: int


Frame = RunFrame | WorkerFrame | CallsFrame | EndFrame

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


class Journal:
    """A recording that is being written.

    Args:
        path: The file, which must not exist yet.

    Raises:
        UsageError: It exists, or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        """Why nothing is written any more."""
        try:
            # No buffer: what is written is the operating system's, and outlives this process.
            self._file: IO[bytes] = path.open("xb", buffering=0)
        except FileExistsError as error:
            raise _exists(path) from error
        except OSError as error:
            raise UsageError(f"--record {path}: cannot be written: {error.strerror}") from error
        self._write(_FIRST_LINE)

    def write(self, frame: Any) -> None:  # noqa: ANN401 - anything that encodes like a frame
        """Write a frame; if the file system refuses, note the problem and write nothing more.

        A run is worth more than its recording: it goes on.
        """
        content = _encoder.encode(frame)
        self._write(_PREFIX.pack(len(content), zlib.crc32(content)) + content)

    def _write(self, content: bytes) -> None:
        if self.problem is not None or self._file.closed:
            return
        try:
            written = self._file.write(content)
        except OSError as error:
            self.problem = f"{self.path}: the recording is cut here: {error.strerror}"
        else:
            if written != len(content):
                self.problem = f"{self.path}: the recording is cut here: no space left"

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def check_unused(path: Path) -> None:
    """Check that a recording could be written, before anything is done for it.

    Raises:
        UsageError: The file exists, or its folder does not.
    """
    if path.exists():
        raise _exists(path)
    if not path.parent.is_dir():
        raise UsageError(f"--record {path}: {path.parent} is no folder; make it, or name another")


def _exists(path: Path) -> UsageError:
    return UsageError(f"--record {path}: exists already; what was measured is never overwritten")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a recording ends before its end."""

    offset: int
    """In bytes."""
    reason: str


def read_frames(path: Path) -> Iterator[Frame | Cut]:
    """Yield the frames of a recording; if it is cut or damaged, up to there, and then a ``Cut``.

    Raises:
        UsageError: It cannot be read, or is no recording of this version.
    """
    try:
        with path.open("rb") as file:
            first_line = file.readline(len(_FIRST_LINE))
            if first_line != _FIRST_LINE:
                raise UsageError(
                    f"{path}: begins with {first_line!r}; a recording that this version reads "
                    f"begins with {SCHEMA!r}"
                )
            yield from _frames(file)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


def _frames(file: IO[bytes]) -> Iterator[Frame | Cut]:
    while True:
        offset = file.tell()
        prefix = file.read(_PREFIX.size)
        if not prefix:
            return
        if len(prefix) < _PREFIX.size:
            yield Cut(offset, "it ends within a frame")
            return
        length, checksum = _PREFIX.unpack(prefix)
        content = file.read(length)
        if len(content) < length:
            yield Cut(offset, "it ends within a frame")
            return
        if zlib.crc32(content) != checksum:
            yield Cut(offset, "a frame's checksum is wrong")
            return
        try:
            frame = _decoder.decode(content)
        except msgspec.DecodeError as error:
            yield Cut(offset, f"a frame is none of a recording: {error}")
            return
        yield frame
