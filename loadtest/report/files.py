"""The folder of one run: ``results/<run id>/``.

Run ids sort by time, and a folder is made by this run or not at all. A file is either
absent or whole (written beside its place, then renamed), and what was measured is written once;
only renderings, which can be made again, may be replaced. What stands in the files is decided by
the parts that fill them.
"""

import contextlib
import csv
import datetime
import errno
import io
import os
import random
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from loadtest.errors import UsageError
from loadtest.report.figures import Summary, TimelineRow
from loadtest.report.latency_log import LatencyInterval, latency_log
from loadtest.report.renderings import FORMATS
from loadtest.report.summary import SCHEMA

__all__ = ["RunFolder", "run_id"]

_SUMMARY = "summary.json"
_TIMELINE = "timeline.csv"
_ATTEMPTS = 20
_NAME_LENGTH = 40
_REMEDIES: Mapping[int, str] = {
    errno.ENOSPC: "free some space or ",
    errno.EDQUOT: "free some space or ",
    errno.EACCES: "make it writable or ",
    errno.EPERM: "make it writable or ",
}
_RENDERINGS = frozenset(each.file for each in FORMATS.values())


def run_id(profile_name: str, started: datetime.datetime, rng: random.Random) -> str:
    """Return an id such as ``20261122T191500Z-smoke-3f9a``: UTC, profile, four random digits."""
    stamp = started.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    name = re.sub(r"[^a-z0-9]+", "-", profile_name.lower()).strip("-")[:_NAME_LENGTH].strip("-")
    return f"{stamp}-{name or 'run'}-{rng.getrandbits(16):04x}"


class RunFolder:
    """The files of one run.

    Every method raises ``UsageError`` where the file system refuses, with the path and a remedy.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(
        cls, results: Path, profile_name: str, started: datetime.datetime, rng: random.Random
    ) -> "RunFolder":
        """Make a new folder below ``results`` and return it; an existing one is never touched.

        Raises:
            UsageError: the folder cannot be made or written to.

        """
        try:
            results.mkdir(parents=True, exist_ok=True)
            for _ in range(_ATTEMPTS):
                path = results / run_id(profile_name, started, rng)
                try:
                    path.mkdir()
                except FileExistsError:
                    continue
                return cls(path)
        except OSError as error:
            raise _refused(results, error) from error
        raise UsageError(f"{results}: no unused run id in {_ATTEMPTS} tries; name another folder")

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the folder of an earlier run.

        Raises:
            UsageError: it holds no summary.

        """
        if not (path / _SUMMARY).is_file():
            raise UsageError(f"{path}: no {_SUMMARY} in it; name the folder of a run")
        return cls(path)

    @property
    def run_id(self) -> str:
        """The id of the run, which is the folder's name."""
        return self.path.name

    @property
    def log_path(self) -> Path:
        """Where the run's log is written, line by line, while it goes on."""
        return self.path / "run.log"

    def names(self) -> tuple[str, ...]:
        """Return the names of the files that are there, sorted."""
        return tuple(sorted(path.name for path in self.path.iterdir() if path.is_file()))

    def write_summary(self, summary: Summary) -> Path:
        """Write ``summary.json``."""
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
        marked = {"schema": SCHEMA} | dict(summary)
        return self._write(_SUMMARY, orjson.dumps(marked, default=str, option=options))

    def forget_verdict(self) -> None:
        """Remove every file that says how the run went; the caller writes them anew."""
        for name in (_SUMMARY, *_RENDERINGS):
            with contextlib.suppress(OSError):
                (self.path / name).unlink(missing_ok=True)

    def write_timeline(self, rows: Iterable[TimelineRow]) -> Path:
        """Write ``timeline.csv``: a line per row, a column per key; what is unknown is empty."""
        kept = list(rows)
        # The union in order of appearance: a row may lack what its second could not know.
        columns = list(dict.fromkeys(key for row in kept for key in row))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
        return self.write_text(_TIMELINE, text.getvalue())

    def write_latency_log(
        self, intervals: Iterable[LatencyInterval], started: datetime.datetime
    ) -> Path:
        """Write ``latency.hlog``, with ``started`` as the instant that intervals count from."""
        return self.write_text("latency.hlog", latency_log(intervals, started))

    def write_profile(self, toml: str) -> Path:
        """Write ``profile.toml``: the profile as it was resolved for this run."""
        return self.write_text("profile.toml", toml)

    def write_text(self, name: str, text: str) -> Path:
        """Write a file of text."""
        return self._write(name, text.encode())

    def read_summary(self) -> dict[str, Any]:
        """Return the content of ``summary.json``.

        Raises:
            UsageError: it cannot be read, or another version of this package wrote it.

        """
        path = self.path / _SUMMARY
        try:
            summary = orjson.loads(path.read_bytes())
        except OSError as error:
            raise _unread(path, error.strerror or str(error)) from error
        except orjson.JSONDecodeError as error:
            raise _unread(path, f"not JSON: {error}") from error
        schema = summary.get("schema") if isinstance(summary, dict) else None
        if schema != SCHEMA:
            raise UsageError(f"{path}: schema is {schema}; this version reads {SCHEMA}")
        return dict(summary)

    def read_timeline(self) -> list[dict[str, float | None]]:
        """Return the rows of ``timeline.csv``; a run without one has none.

        Raises:
            UsageError: it cannot be read.

        """
        path = self.path / _TIMELINE
        if not path.is_file():
            return []
        try:
            with path.open(encoding="utf-8", newline="") as lines:
                return [
                    {key: _number(value) for key, value in row.items() if key is not None}
                    for row in csv.DictReader(lines)
                ]
        except OSError as error:
            raise _unread(path, error.strerror or str(error)) from error

    def _write(self, name: str, content: bytes) -> Path:
        path = self.path / name
        if name not in _RENDERINGS and path.exists():
            raise UsageError(f"{path}: exists already; what was measured is never overwritten")
        beside = path.with_name(f".{name}.part")
        try:
            with beside.open("wb") as part:
                part.write(content)
                part.flush()
                os.fsync(part.fileno())
            beside.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise _refused(path, error) from error
        return path


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _refused(path: Path, error: OSError) -> UsageError:
    reason = (error.strerror or str(error)).lower()
    remedy = _REMEDIES.get(error.errno or 0, "")
    return UsageError(f"{path}: cannot be written: {reason}; {remedy}use --results DIR")


def _unread(path: Path, reason: str) -> UsageError:
    return UsageError(f"{path}: cannot be read: {reason}")
