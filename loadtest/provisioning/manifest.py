"""What a run makes on a server, written down while it is made: ``provisioned.jsonl``.

One JSON object a line: a header, then a line before each thing is asked for, and one when it is
there. Lines are only ever added, and each is handed to the system before the next call begins: a
run that was killed leaves at worst a last line that is cut, and things that were asked for and may
or may not be there, which are looked for by name. What was removed is noted here too.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from loadtest.errors import UsageError

__all__ = ["MANIFEST", "Manifest", "ManifestHeader", "ManifestStage", "ManifestWriter", "Thing"]

MANIFEST = "provisioned.jsonl"
"""Name of the file in the folder of a run."""

_SCHEMA = "chatkitty-loadtest/provisioned/1"
_encode = msgspec.json.Encoder().encode


class ManifestStage(StrEnum):
    """How far a thing has come."""

    ASKED = "asked"
    """It was asked for, and may be there."""
    MADE = "made"
    FOUND = "found"
    """It was there before this run, and is not this run's to remove."""
    REMOVED = "removed"


class ManifestHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Where the things of a run are."""

    run_id: str
    host: str
    """Address of the chat server, as the run was given it."""
    is_embedded: bool
    """Whether that was the run's own server, which ended with the run."""
    api_url: str
    token_url: str
    style: str
    is_marked: bool
    """Whether what was made has the run id in its properties."""
    schema: str = _SCHEMA


class Thing(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line: one user or one channel, and how far it has come."""

    stage: ManifestStage
    kind: str
    """``user`` or ``channel``."""
    name: str
    """Of a direct channel, which has none, what the run calls it."""
    id: int = 0
    type: str = ""
    members: tuple[str, ...] = ()
    """Of a direct channel: what it is known by."""


_header_decoder = msgspec.json.Decoder(ManifestHeader)
_thing_decoder = msgspec.json.Decoder(Thing)


class ManifestWriter:
    """Adds lines to a manifest; may be used from several threads.

    Args:
        path: The file.
        header: Of a new one; None goes on with one that is there.

    Raises:
        UsageError: The file cannot be written.
    """

    def __init__(self, path: Path, header: ManifestHeader | None = None) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._file = path.open("ab")
            if header is None:
                self._file.truncate(_whole_lines_bytes(path))
        except OSError as error:
            raise _unwritten(path, error) from error
        if header is not None:
            self._write(header)

    @classmethod
    def of_run(cls, folder: Path, header: ManifestHeader) -> Self:
        """Return the writer of a new manifest in the folder of a run.

        Raises:
            UsageError: The file cannot be written.
        """
        return cls(folder / MANIFEST, header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def note(self, thing: Thing) -> None:
        """Write down how far a thing has come.

        Raises:
            UsageError: The file cannot be written.
        """
        self._write(thing)

    def _write(self, line: Any) -> None:  # noqa: ANN401 - either of the two structs
        with self._lock:
            try:
                self._file.write(_encode(line) + b"\n")
                self._file.flush()
            except OSError as error:
                raise _unwritten(self.path, error) from error


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it was read."""

    path: Path
    header: ManifestHeader
    things: tuple[Thing, ...]
    """The last line of each thing, in the order in which they were first asked for."""

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Return what stands in a manifest.

        Raises:
            UsageError: There is no such file, or it is no manifest of this version.
        """
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            raise UsageError(
                f"{path}: there is no such file; this run made nothing that could be removed"
            ) from None
        except OSError as error:
            raise UsageError(f"{path}: it cannot be read: {error.strerror or error}") from error
        try:
            header = _header_decoder.decode(lines[0])
        except msgspec.DecodeError as error:
            raise UsageError(f"{path}:1: no header of a manifest: {error}") from error
        if header.schema != _SCHEMA:
            raise UsageError(f"{path}:1: schema is {header.schema!r}; this version reads {_SCHEMA}")
        latest = {(thing.kind, thing.name): thing for thing in _things(path, lines)}
        return cls(path, header, tuple(latest.values()))

    def to_remove(self, kind: str) -> list[Thing]:
        """Return what is the run's and may be there still, of one kind."""
        stages = (ManifestStage.ASKED, ManifestStage.MADE)
        return [each for each in self.things if each.kind == kind and each.stage in stages]


def _things(path: Path, lines: list[bytes]) -> Iterator[Thing]:
    # The last line is empty, or was cut off when the run was killed.
    for number, line in enumerate(lines[1:-1], start=2):
        try:
            yield _thing_decoder.decode(line)
        except msgspec.DecodeError as error:
            raise UsageError(f"{path}:{number}: this line cannot be read: {error}") from error


def _whole_lines_bytes(path: Path) -> int:
    """Return the length of a file without a last line that was cut."""
    return path.read_bytes().rfind(b"\n") + 1


def _unwritten(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path}: it cannot be written: {(error.strerror or str(error)).lower()}")
