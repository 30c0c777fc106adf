"""Reads an export of production events: what users did and when, one event a line.

``docs/fit.md`` describes the format. An export is right as a whole or refused with its
first wrong lines; nothing is skipped. What is made of it is in ``fit``.
"""

import csv
import datetime
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from loadtest.errors import UsageError

__all__ = ["COLUMNS", "EventKind", "UserEvent", "read_events", "write_events"]

COLUMNS = ("time", "event", "user", "device", "channel", "type", "length")
_NEEDED = ("time", "event", "user")
_TYPES = ("DIRECT", "PRIVATE", "PUBLIC")
_PROBLEMS_SHOWN = 10


class EventKind(StrEnum):
    """What happened."""

    MEMBER = "member"
    """The user belongs to the channel, of that type."""
    ONLINE = "online"
    """The device is connected."""
    OFFLINE = "offline"
    ENTER = "enter"
    """The device opens the channel."""
    LEAVE = "leave"
    MESSAGE = "message"
    """The user sends a message of that length into the channel."""


_WITH_DEVICE = frozenset({EventKind.ONLINE, EventKind.OFFLINE, EventKind.ENTER, EventKind.LEAVE})
_WITH_CHANNEL = frozenset({EventKind.MEMBER, EventKind.ENTER, EventKind.LEAVE, EventKind.MESSAGE})


@dataclass(frozen=True, slots=True)
class UserEvent:
    """One line of an export; what a kind of event does not have is empty."""

    at_s: float
    kind: EventKind
    user: str
    device: str = ""
    channel: str = ""
    type: str = ""
    length: int = 0


def read_events(path: Path) -> list[UserEvent]:
    """Return the events of a file in order of time.

    Raises:
        UsageError: It cannot be read, has no such columns, or lines that are wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_columns(reader.fieldnames or (), path)
            events, problems = _parsed(reader, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: it cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8") from error
    except csv.Error as error:
        raise UsageError(f"{path}: it is not CSV: {error}") from error
    if problems:
        raise UsageError(*problems)
    if not events:
        raise UsageError(f"{path}: it has no events; one a line must follow the columns")
    # A stable sort: at one instant the order of the lines counts.
    return sorted(events, key=lambda event: event.at_s)


def _check_columns(found: Iterable[str], path: Path) -> None:
    names = list(found)
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise UsageError(
            f"{path}:1: the columns are {', '.join(names) or 'none'}; {', '.join(missing)} must be"
            f" among them (all: {', '.join(COLUMNS)})"
        )


def _parsed(
    rows: Iterable[Mapping[str, str | None]], path: Path
) -> tuple[list[UserEvent], list[str]]:
    events: list[UserEvent] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=2):
        values = {name: (row.get(name) or "").strip() for name in COLUMNS}
        found = list(_problems(values))
        problems += [f"{path}:{number}: {problem}" for problem in found]
        if len(problems) >= _PROBLEMS_SHOWN:
            break
        if not found:
            events.append(
                UserEvent(
                    at_s=_seconds(values["time"]),
                    kind=EventKind(values["event"]),
                    user=values["user"],
                    device=values["device"],
                    channel=values["channel"],
                    type=values["type"],
                    length=int(values["length"] or 0),
                )
            )
    return events, problems[:_PROBLEMS_SHOWN]


def _problems(values: Mapping[str, str]) -> Iterator[str]:
    kind = values["event"]
    try:
        _seconds(values["time"])
    except ValueError:
        yield f"time is {values['time']!r}; it must be seconds, or ISO 8601 with a time zone"
    if kind not in list(EventKind):
        yield f"event is {kind!r}; it must be one of {', '.join(EventKind)}"
    if not values["user"]:
        yield "user is empty; each event has one"
    if kind in _WITH_DEVICE and not values["device"]:
        yield f"device is empty; {kind} needs it"
    if kind in _WITH_CHANNEL and not values["channel"]:
        yield f"channel is empty; {kind} needs it"
    if kind == EventKind.MEMBER and values["type"] not in _TYPES:
        yield f"type is {values['type']!r}; it must be one of {', '.join(_TYPES)}"
    if values["length"] and not values["length"].isdecimal():
        yield f"length is {values['length']!r}; it must be a whole number (characters)"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        at = datetime.datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise
        return at.timestamp()
    if not math.isfinite(seconds):
        raise ValueError(text)
    return seconds


def write_events(path: Path, events: Iterable[UserEvent]) -> None:
    """Write events as ``read_events`` reads them.

    Raises:
        UsageError: The file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(map(_row, events))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: it cannot be written: {reason}") from error


def _row(event: UserEvent) -> tuple[str, ...]:
    length = str(event.length) if event.length else ""
    return (
        f"{event.at_s:.3f}",
        event.kind,
        event.user,
        event.device,
        event.channel,
        event.type,
        length,
    )
