import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import UsageError
from loadtest.provisioning.existing_file import read_existing
from loadtest.workload import ChannelType, Existing, ExistingChannel, ExistingUser

JSON = """\
{"users": [{"name": "jane", "id": 7, "auth_params": {"password": "pä ss"}}, "bob", {"name": "eve"}],
 "channels": [
  {"name": "lobby", "type": "PUBLIC", "id": 4, "group": "rooms", "members": ["jane", "bob"]},
  {"type": "DIRECT", "members": ["eve", "bob"]}]}
"""
TOML = """\
users = [{ name = "jane", id = 7, auth_params = { password = "pä ss" } }, "bob", { name = "eve" }]
[[channels]]
name = "lobby"
type = "PUBLIC"
id = 4
group = "rooms"
members = ["jane", "bob"]
[[channels]]
type = "DIRECT"
members = ["eve", "bob"]
"""
CSV = """\
user,user_id,auth_params,channel,type,channel_id,group
jane,7,"{""password"": ""pä ss""}",lobby,PUBLIC,4,rooms
bob,,,lobby,PUBLIC,4,rooms
eve,,,"direct:bob,eve",DIRECT,,
bob,,,"direct:bob,eve",,,
"""
EXPECTED = Existing(
    (ExistingUser("jane", 7, '{"password":"pä ss"}'), ExistingUser("bob"), ExistingUser("eve")),
    (
        ExistingChannel("lobby", ChannelType.PUBLIC, ("jane", "bob"), 4, "rooms"),
        ExistingChannel("direct:bob,eve", ChannelType.DIRECT, ("eve", "bob"), 0, "direct"),
    ),
    is_population=True,
)


def read(tmp_path: Path, text: str | bytes, suffix: str = "json") -> Existing:
    path = tmp_path / f"users.{suffix}"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_existing(path)


def problems(tmp_path: Path, text: str | bytes, suffix: str = "json") -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text, suffix)
    path = str(tmp_path / f"users.{suffix}")
    assert all(problem.startswith(path) for problem in caught.value.problems)
    return [problem.removeprefix(f"{path}: ") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "suffix"), [(JSON, "json"), (TOML, "toml"), (CSV, "csv"), (f"\ufeff{CSV}", "CSV")]
)
def test_every_format_says_the_same(tmp_path: Path, text: str, suffix: str) -> None:
    assert read(tmp_path, text, suffix) == EXPECTED


def test_a_user_of_a_csv_may_be_in_no_channel(tmp_path: Path) -> None:
    found = read(tmp_path, "user,channel,type\njane,,\nbob,,\n", "csv")

    assert [user.name for user in found.users] == ["jane", "bob"]
    assert found.channels == ()


USERS: list[Any] = ["u0", "u1", "u2"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        pytest.param({"users": ["u0"]}, "users has 1; there must be 2 at least", id="one user"),
        pytest.param({"users": {}}, "users must be a list", id="no list"),
        pytest.param({"user": []}, "the top has 'user'; did you mean users?", id="unknown key"),
        pytest.param(
            {"users": ["u0", "u0"]}, "users[1].name is 'u0', as that of another", id="name twice"
        ),
        pytest.param({"users": ["u0", 7]}, "users[1] must be a table of name, id", id="no user"),
        pytest.param({"users": [{"name": ""}]}, "users[0].name is ''; it must be", id="no name"),
        pytest.param({"users": ["a\nb"]}, "users[0].name is 'a\\nb'", id="line end"),
        pytest.param(
            {"users": [{"name": "u0", "id": 0}, "u1"]},
            "users[0].id is 0; it must be a whole number above 0",
            id="id 0",
        ),
        pytest.param(
            {"users": [{"name": "u0", "id": True}, "u1"]}, "users[0].id is True", id="no number"
        ),
        pytest.param(
            {"users": [{"name": "u0", "auth_params": "s3cret"}, "u1"]},
            "users[0].auth_params must be a table",
            id="auth params",
        ),
        pytest.param(
            {"users": [{"name": "u0", "auth_params": {"p": "€"}}, "u1"]},
            "users[0].auth_params holds a character above U+00FF",
            id="character",
        ),
    ],
)
def test_what_is_wrong_with_users_is_named(
    tmp_path: Path, rows: dict[str, Any], problem: str
) -> None:
    (found,) = problems(tmp_path, json.dumps(rows))

    assert found.startswith(problem)
    assert "s3cret" not in found


@pytest.mark.parametrize(
    ("channels", "problem"),
    [
        pytest.param([{"type": "ROUND"}], "channels[0].type is 'ROUND'; it must be", id="type"),
        pytest.param(
            [{"type": "PUBLIC", "name": "x", "members": ["u0", "nobody"]}],
            "channels[0].members has 'nobody'; users has no such name",
            id="unknown member",
        ),
        pytest.param(
            [{"type": "PUBLIC", "name": "x", "members": ["u0", "u0"]}],
            "channels[0].members has 1; it must be 2 at least",
            id="one member",
        ),
        pytest.param(
            [{"type": "PUBLIC", "name": "x"}], "channels[0].members must be a list", id="no members"
        ),
        pytest.param(
            [{"type": "PUBLIC", "members": ["u0", "u1"]}], "channels[0].name is None", id="no name"
        ),
        pytest.param(
            [{"type": "PUBLIC", "name": "x", "members": ["u0", "u1"]}] * 2,
            "channels[1].name is 'x', as that of another channel",
            id="name twice",
        ),
        pytest.param(
            [
                {"type": "DIRECT", "name": "a", "members": ["u0", "u1"]},
                {"type": "DIRECT", "name": "b", "members": ["u1", "u0"]},
            ],
            "channels[1].members are those of another direct channel",
            id="set twice",
        ),
        pytest.param(
            [
                {"type": "DIRECT", "group": "g", "members": ["u0", "u1"]},
                {"type": "PUBLIC", "group": "g", "name": "x", "members": ["u0", "u1"]},
            ],
            "channels[1].group is 'g', which has DIRECT channels",
            id="group of two types",
        ),
        pytest.param(
            [{"type": "DIRECT", "group": "G!", "members": ["u0", "u1"]}],
            "channels[0].group is 'G!'; it must match",
            id="group name",
        ),
    ],
)
def test_what_is_wrong_with_channels_is_named(
    tmp_path: Path, channels: list[Any], problem: str
) -> None:
    (found,) = problems(tmp_path, json.dumps({"users": USERS, "channels": channels}))

    assert found.startswith(problem)


def test_a_direct_channel_has_ten_members_at_most(tmp_path: Path) -> None:
    names = [f"u{n}" for n in range(11)]
    rows = {"users": names, "channels": [{"type": "DIRECT", "members": names}]}

    (found,) = problems(tmp_path, json.dumps(rows))

    assert found == "channels[0].members has 11; a direct channel has at most 10"


@pytest.mark.parametrize(
    ("text", "suffix", "problem"),
    [
        ("{", "json", "not JSON: "),
        ("[]", "json", "it must hold an object"),
        ("=", "toml", "not TOML: "),
        ("", "csv", "its first line must name columns"),
        ("user,chanel\n", "csv", "column 'chanel' is not known; did you mean channel?"),
        ("user,channel\njane\n", "csv", "line 2 must have 2 columns"),
        ("user,user_id\njane,x\n", "csv", "line 2: user_id is 'x'; it must be a whole number"),
        ("user,auth_params\njane,s3cret\n", "csv", "line 2: auth_params is not JSON"),
        (
            "user,channel,type\njane,x,PUBLIC\nbob,x,PRIVATE\n",
            "csv",
            "line 3: type of 'x' is not what a line above says",
        ),
        (b"\xff", "json", "byte 0 is not UTF-8"),
        ("", "txt", "its name must end in .json, .toml, .csv"),
    ],
)
def test_a_file_of_no_use_is_told_with_the_reason(
    tmp_path: Path, text: str | bytes, suffix: str, problem: str
) -> None:
    (found,) = problems(tmp_path, text, suffix)

    assert found.startswith(problem)
    assert "s3cret" not in found


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it cannot be read: no such file"):
        read_existing(tmp_path / "users.json")


def test_all_problems_are_said_at_once_up_to_a_number(tmp_path: Path) -> None:
    rows = {"users": ["u0", "u1", *([""] * 30)]}

    found = problems(tmp_path, json.dumps(rows))

    assert len(found) == 21
    assert found[-1] == "and 10 more problems"


def test_half_a_surrogate_pair_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "there.json"
    path.write_text(
        '{"users": [{"name": "a\\ud83d"}, {"name": "b", "auth_params": {"pin": "\\ud83d"}}],'
        ' "channels": [{"name": "\\ud83d", "type": "PUBLIC", "members": ["b"]}]}'
    )
    with pytest.raises(UsageError) as caught:
        read_existing(path)
    rule = "holds half of a surrogate pair; UTF-8 cannot carry it"
    assert caught.value.problems == (
        f"{path}: users[0].name {rule}",
        f"{path}: users[1].auth_params.pin {rule}",
        f"{path}: channels[0].name {rule}",
    )


def test_a_file_that_is_nested_too_deeply_is_told(tmp_path: Path) -> None:
    path = tmp_path / "there.json"
    path.write_text('{"users": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(UsageError, match="it is nested too deeply"):
        read_existing(path)
