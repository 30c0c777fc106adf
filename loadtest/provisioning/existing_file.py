"""Reads the file that names users and channels which exist already: JSON, TOML or CSV.

JSON and TOML hold the lists ``users`` and ``channels``; CSV has a line for each membership. All of
them become the same rows, which are checked in one place; everything that is wrong is said at once.
Auth params are secrets: no message quotes them.
"""

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from loadtest.errors import LoadtestError, UsageError
from loadtest.workload import ChannelType, Existing, ExistingChannel, ExistingUser
from loadtest.workload.population import DIRECT_MEMBERS_MAX, MEMBERS_MIN
from loadtest.workload.settings import nearest

__all__ = ["read_existing"]

_USER_KEYS = ("name", "id", "auth_params")
_CHANNEL_KEYS = ("name", "type", "id", "group", "members")
_COLUMNS = ("user", "user_id", "auth_params", "channel", "type", "channel_id", "group")
_GROUP = re.compile(r"[a-z][a-z0-9_-]*")
_PROBLEMS_SHOWN = 20

Rows = dict[str, Any]


class _UnreadableError(LoadtestError):
    """A text is not what its format asks for."""


def read_existing(path: Path) -> Existing:
    """Return the users and channels in a file, whose name ends in .json, .toml or .csv.

    Raises:
        UsageError: It cannot be read, or something is wrong with it; every problem is named.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise UsageError(f"{path}: its name must end in {', '.join(_READERS)}")
    try:
        rows = read(path.read_bytes().decode("utf-8-sig"))
        unsendable = list(_halves_of_surrogates(rows))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: it cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise UsageError(f"{path}: it is nested too deeply") from error
    except _UnreadableError as error:
        raise UsageError(f"{path}: {error}") from error
    if unsendable:
        raise UsageError(
            *(
                f"{path}: {place} holds half of a surrogate pair; UTF-8 cannot carry it"
                for place in unsendable[:_PROBLEMS_SHOWN]
            )
        )
    checker = _Checker()
    existing = checker.existing(rows)
    if checker.problems:
        shown = checker.problems[:_PROBLEMS_SHOWN]
        more = len(checker.problems) - len(shown)
        rest = [f"{path}: and {more} more problems"] if more else []
        raise UsageError(*(f"{path}: {problem}" for problem in shown), *rest)
    return existing


def _halves_of_surrogates(value: object, place: str = "the top") -> Iterator[str]:
    """Yield where a text cannot be encoded; JSON can write such texts as escapes."""
    if isinstance(value, str):
        if any("\ud800" <= each <= "\udfff" for each in value):
            yield place
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _halves_of_surrogates(key, f"a key of {place}")
            name = key.encode(errors="replace").decode() if isinstance(key, str) else str(key)
            yield from _halves_of_surrogates(
                each, name if place == "the top" else f"{place}.{name}"
            )
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _halves_of_surrogates(each, f"{place}[{number}]")


# --- the formats ------------------------------------------------------------------------------


def _from_json(text: str) -> Rows:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise _UnreadableError(f"not JSON: {error}") from error
    if not isinstance(rows, dict):
        raise _UnreadableError("it must hold an object with users and channels")
    return rows


def _from_toml(text: str) -> Rows:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _UnreadableError(f"not TOML: {error}") from error


def _from_csv(text: str) -> Rows:
    lines = csv.DictReader(io.StringIO(text, newline=""))
    columns = lines.fieldnames or ()
    if "user" not in columns:
        raise _UnreadableError(f"its first line must name columns, user among them, of {_COLUMNS}")
    for column in columns:
        if column not in _COLUMNS:
            raise _UnreadableError(f"column {column!r} is not known; {nearest(column, _COLUMNS)}")
    users: dict[str, Rows] = {}
    channels: dict[str, Rows] = {}
    for line in lines:
        place = f"line {lines.line_num}"
        if None in line or None in line.values():
            raise _UnreadableError(
                f"{place} must have {len(columns)} columns, as the first line has"
            )
        name = line["user"]
        _merge(users.setdefault(name, {"name": name}), _user_of(line, place), place)
        label = line.get("channel", "")
        if label:
            channel = channels.setdefault(label, {"name": label, "members": []})
            channel["members"].append(name)
            _merge(channel, _channel_of(line, place), place)
    return {"users": list(users.values()), "channels": list(channels.values())}


def _user_of(line: Mapping[str, str], place: str) -> Rows:
    found: Rows = {}
    if line.get("user_id"):
        found["id"] = _whole_number(line["user_id"], f"{place}: user_id")
    if line.get("auth_params"):
        try:
            found["auth_params"] = json.loads(line["auth_params"])
        except json.JSONDecodeError:
            # Without its reason, which would quote a secret.
            raise _UnreadableError(f"{place}: auth_params is not JSON") from None
    return found


def _channel_of(line: Mapping[str, str], place: str) -> Rows:
    found: Rows = {key: line[key] for key in ("type", "group") if line.get(key)}
    if line.get("channel_id"):
        found["id"] = _whole_number(line["channel_id"], f"{place}: channel_id")
    return found


def _whole_number(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _UnreadableError(f"{place} is {text!r}; it must be a whole number")
    return int(text)


def _merge(row: Rows, found: Rows, place: str) -> None:
    """Take over what a line says of a user or a channel, of which others may say it too."""
    for key, value in found.items():
        if row.setdefault(key, value) != value:
            raise _UnreadableError(
                f"{place}: {key} of {row['name']!r} is not what a line above says"
            )


_READERS: Mapping[str, Callable[[str], Rows]] = {
    ".json": _from_json,
    ".toml": _from_toml,
    ".csv": _from_csv,
}


# --- the checks -------------------------------------------------------------------------------


class _Checker:
    """Makes users and channels of rows, and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._users: dict[str, ExistingUser] = {}
        self._channels: dict[str, ExistingChannel] = {}
        self._types: dict[str, ChannelType] = {}
        """Of each group."""
        self._direct_sets: set[frozenset[str]] = set()

    def existing(self, rows: Rows) -> Existing:
        self._check_keys("the top", rows, ("users", "channels"))
        for place, row in self._rows(rows, "users"):
            self._take_user(place, {"name": row} if isinstance(row, str) else row)
        for place, row in self._rows(rows, "channels"):
            self._take_channel(place, row)
        if not self.problems and len(self._users) < MEMBERS_MIN:
            self._say(f"users has {len(self._users)}; there must be {MEMBERS_MIN} at least")
        return Existing(
            tuple(self._users.values()), tuple(self._channels.values()), is_population=True
        )

    def _say(self, problem: str) -> None:
        self.problems.append(problem)

    def _rows(self, rows: Rows, name: str) -> Iterator[tuple[str, Any]]:
        found = rows.get(name, [])
        if not isinstance(found, list):
            self._say(f"{name} must be a list")
            return
        yield from ((f"{name}[{number}]", row) for number, row in enumerate(found))

    def _check_keys(self, place: str, row: object, known: tuple[str, ...]) -> bool:
        if not isinstance(row, Mapping):
            self._say(f"{place} must be a table of {', '.join(known)}")
            return False
        unknown = [key for key in row if key not in known]
        for key in unknown:
            self._say(f"{place} has {key!r}; {nearest(str(key), known)}")
        return not unknown

    def _take_user(self, place: str, row: Any) -> None:  # noqa: ANN401 - whatever stands there
        if not self._check_keys(place, row, _USER_KEYS):
            return
        name = row.get("name")
        if not isinstance(name, str) or not name or "\n" in name or "\0" in name:
            self._say(f"{place}.name is {name!r}; it must be a text of one line, not empty")
        elif name in self._users:
            self._say(f"{place}.name is {name!r}, as that of another user; names are unique")
        else:
            params = self._auth_params(place, row.get("auth_params"))
            self._users[name] = ExistingUser(name, self._id(place, row), params)

    def _auth_params(self, place: str, params: object) -> str:
        if params is None:
            return ""
        if not isinstance(params, Mapping):
            self._say(f"{place}.auth_params must be a table")
            return ""
        # As JSON.stringify writes it.
        text = json.dumps(params, separators=(",", ":"), ensure_ascii=False)
        if any(ord(character) > 0xFF for character in text):
            self._say(f"{place}.auth_params holds a character above U+00FF; the SDK cannot send it")
        return text

    def _id(self, place: str, row: Mapping[str, Any]) -> int:
        identifier = row.get("id", 0)
        if type(identifier) is not int or identifier < ("id" in row):
            self._say(f"{place}.id is {identifier!r}; it must be a whole number above 0")
            return 0
        return identifier

    def _take_channel(self, place: str, row: Any) -> None:  # noqa: ANN401 - whatever stands there
        if not self._check_keys(place, row, _CHANNEL_KEYS):
            return
        kind = row.get("type")
        if kind not in ChannelType.__members__:
            self._say(f"{place}.type is {kind!r}; it must be {', '.join(ChannelType)}")
            return
        members = self._members(place, row.get("members"))
        if members is None:
            return
        channel = ExistingChannel(
            name=self._channel_name(place, row, members),
            type=ChannelType(kind),
            members=members,
            id=self._id(place, row),
            group=self._group(place, row, ChannelType(kind)),
        )
        self._channels[channel.name] = channel
        if channel.type is ChannelType.DIRECT:
            self._check_direct(place, members)

    def _members(self, place: str, members: object) -> tuple[str, ...] | None:
        if not isinstance(members, list) or not all(isinstance(each, str) for each in members):
            self._say(f"{place}.members must be a list of names of users")
            return None
        found = tuple(dict.fromkeys(members))
        unknown = [name for name in found if name not in self._users]
        for name in unknown:
            self._say(f"{place}.members has {name!r}; users has no such name")
        if not unknown and len(found) < MEMBERS_MIN:
            self._say(f"{place}.members has {len(found)}; it must be {MEMBERS_MIN} at least")
        return None if unknown or len(found) < MEMBERS_MIN else found

    def _channel_name(self, place: str, row: Mapping[str, Any], members: tuple[str, ...]) -> str:
        is_direct = row["type"] == ChannelType.DIRECT
        name = row.get("name", f"direct:{','.join(sorted(members))}" if is_direct else None)
        if not isinstance(name, str) or not name:
            self._say(f"{place}.name is {name!r}; it must be a text, not empty")
            return place
        if name in self._channels:
            self._say(f"{place}.name is {name!r}, as that of another channel; names are unique")
        return name

    def _group(self, place: str, row: Mapping[str, Any], kind: ChannelType) -> str:
        group = row.get("group", kind.lower())
        if not isinstance(group, str) or _GROUP.fullmatch(group) is None:
            self._say(f"{place}.group is {group!r}; it must match {_GROUP.pattern}")
            return kind.lower()
        if self._types.setdefault(group, kind) is not kind:
            self._say(
                f"{place}.group is {group!r}, which has {self._types[group]} channels; the channels"
                " of a group have one type"
            )
        return group

    def _check_direct(self, place: str, members: tuple[str, ...]) -> None:
        if len(members) > DIRECT_MEMBERS_MAX:
            self._say(
                f"{place}.members has {len(members)}; a direct channel has at most"
                f" {DIRECT_MEMBERS_MAX}"
            )
        if frozenset(members) in self._direct_sets:
            self._say(f"{place}.members are those of another direct channel; there is one per set")
        self._direct_sets.add(frozenset(members))
