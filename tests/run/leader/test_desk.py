"""What a person types into the start form: checked as a whole before anything is sent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from locust.env import Environment

from loadtest.run.leader.desk import LeaderDesk
from loadtest.run.options import run_options
from tests.support.fake_leader import EMBEDDED, FakeLeader
from tests.support.locust_process import environment, parsed


def desk_of(tmp_path: Path, *arguments: str) -> tuple[LeaderDesk, FakeLeader]:
    options = parsed(tmp_path, *arguments)
    known: Environment = environment(options)
    assert known.parsed_options is options
    leader = FakeLeader(options)
    profile = run_options(options).profile
    options.num_users, options.spawn_rate = profile.users_in_run, profile.users_per_s
    options.host = options.host or EMBEDDED
    return LeaderDesk(leader), leader


def typed(**values: str) -> dict[str, str]:
    """Return our own form as a page sends it."""
    names = ("devices", "message_rate", "duration", "dialect", "host")
    return {"profile": "smoke"} | dict.fromkeys(names, "") | values


def test_the_form_begins_with_what_the_command_line_said(tmp_path: Path) -> None:
    desk, _ = desk_of(tmp_path, "--profile", "ci", "--devices", "50")
    form = desk.form()

    assert (form.values["profile"], form.values["devices"]) == ("ci", "50")
    assert form.values["host"] == "", "the address of the embedded server is nobody's choice"
    assert {each.name: each.description for each in form.profiles}["smoke"] != ""


def as_locust_takes_it(leader: Any, told: Mapping[str, str]) -> None:
    """Do with what the desk tells what Locust's own form does with it."""
    leader.parsed.num_users = int(told["user_count"])
    leader.parsed.spawn_rate = float(told["spawn_rate"])


def test_an_empty_form_is_the_profile_as_it_stands(tmp_path: Path) -> None:
    desk, leader = desk_of(tmp_path)
    told, problems = desk.accept(typed(profile="ci"))

    assert problems == ()
    as_locust_takes_it(leader, told)
    profile = run_options(leader.parsed).profile
    assert profile.name == "ci"
    assert told["user_count"] == str(profile.users_in_run)
    assert float(told["spawn_rate"]) == profile.users_per_s
    assert told["host"] == EMBEDDED
    assert leader.run_time_s == profile.run.duration_s
    assert leader.checked == []


def test_what_is_typed_is_what_is_planned_and_run(tmp_path: Path) -> None:
    desk, leader = desk_of(tmp_path)
    values = typed(devices="80", message_rate="12", duration="1m30s", dialect="1")
    plan, _ = desk.plan(values)
    told, problems = desk.accept(values)
    as_locust_takes_it(leader, told)
    profile = leader.options_of(leader.parsed).profile

    assert problems == ()
    assert plan["devices"] == pytest.approx(80, abs=2)
    assert plan["messages_per_s"] == pytest.approx(12, rel=0.02)
    assert (plan["duration_s"], plan["dialect"]) == (90, 1)
    assert desk.planned == plan
    assert profile.devices_in_run == plan["devices"]
    assert (profile.run.duration_s, profile.target.dialect) == (90, 1)
    assert told["user_count"] == str(profile.users_in_run)
    assert leader.run_time_s == 90


def test_what_is_typed_takes_the_place_of_what_the_command_line_set(tmp_path: Path) -> None:
    keys = ("run.duration_s=60", "workload.message_rate_per_s=3")
    desk, _ = desk_of(tmp_path, *(part for key in keys for part in ("--set", key)))
    plan, problems = desk.plan(typed(duration="7s", message_rate="9"))

    assert problems == ()
    assert plan["duration_s"] == 7
    assert plan["messages_per_s"] == pytest.approx(9, rel=0.02)


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    desk, leader = desk_of(tmp_path)
    before = vars(leader.parsed).copy()
    desk.plan(typed(profile="ci", devices="80", message_rate="9"))

    assert vars(leader.parsed) == before


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        pytest.param("profile", "nosuch", "there is no profile 'nosuch'", id="profile"),
        pytest.param("devices", "-3", "devices is '-3'; it must be a whole", id="below 0"),
        pytest.param("devices", "many", "devices is 'many'", id="no number"),
        pytest.param("message_rate", "0", "it must be a number above 0", id="no messages"),
        pytest.param("message_rate", "nan", "it must be a number above 0", id="not a number"),
        pytest.param("duration", "15q", "such as 20, 30s, 5m or 1h20m", id="no time"),
        pytest.param("duration", "0", "duration is '0'", id="no time at all"),
        pytest.param("dialect", "3", "dialect is '3'; it must be 1 or 2", id="dialect"),
        pytest.param("host", "ftp://x", "chat server", id="no address"),
        pytest.param("host", "https://api.chatkitty.com", "public host", id="the vendor's"),
        pytest.param("host", "http://nobody:1", "connection refused", id="nobody there"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field(
    tmp_path: Path, field: str, value: str, words: str
) -> None:
    desk, leader = desk_of(tmp_path)
    before = vars(leader.parsed).copy()
    told, problems = desk.accept(typed(**{field: value}))

    assert told == {}
    assert [problem.field for problem in problems] == [field]
    assert words in problems[0].text
    assert vars(leader.parsed) == before


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    desk, _ = desk_of(tmp_path)
    _, problems = desk.plan(typed(profile="x", devices="y", duration="z"))

    assert {problem.field for problem in problems} == {"profile", "devices", "duration"}


def test_one_run_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    desk, leader = desk_of(tmp_path)
    desk.accept(typed(devices="80", message_rate="12", duration="90", dialect="1"))
    desk.accept(typed())
    plain, _ = desk_of(tmp_path)

    leader.parsed.num_users = None
    assert leader.options_of(leader.parsed).profile.run.duration_s == 20
    assert desk.planned == plain.planned
    assert desk.form().values["devices"] == ""


def test_in_locust_s_own_form_a_number_that_nobody_changed_follows_the_profile(
    tmp_path: Path,
) -> None:
    desk, leader = desk_of(tmp_path)
    shown = {
        "user_count": str(leader.parsed.num_users),
        "spawn_rate": str(leader.parsed.spawn_rate),
        "run_time": "",
        "devices": "0",
    }
    told, _ = desk.accept(shown | {"profile": "ci"})
    assert told["user_count"] == str(run_options(leader.parsed).profile.users_in_run)
    told, _ = desk.accept(shown | {"profile": "ci", "user_count": "12"})

    assert told["user_count"] == "12"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        pytest.param({"user_count": ""}, "user_count", id="no number of users"),
        pytest.param({"user_count": "2.5"}, "user_count", id="half a user"),
        pytest.param({"user_count": "5", "spawn_rate": "-1"}, "spawn_rate", id="backwards"),
    ],
)
def test_users_of_a_run_that_goes_on_are_checked_as_well(
    tmp_path: Path, values: dict[str, str], field: str
) -> None:
    desk, leader = desk_of(tmp_path)
    leader.state = "running"
    told, problems = desk.accept(values)

    assert (told, [problem.field for problem in problems]) == ({}, [field])


def test_more_users_are_a_larger_plan(tmp_path: Path) -> None:
    desk, leader = desk_of(tmp_path)
    before: dict[str, Any] = dict(desk.planned)
    leader.state = "running"
    told, _ = desk.accept({"user_count": str(2 * leader.parsed.num_users), "spawn_rate": "9"})

    assert told == {"user_count": str(2 * before["users"]), "spawn_rate": "9.0"}
    assert desk.planned["deliveries_per_s"] == pytest.approx(2 * before["deliveries_per_s"])
    assert desk.planned["duration_s"] == before["duration_s"]


def test_scripted_users_have_numbers_of_their_own_and_no_plan(tmp_path: Path) -> None:
    desk, leader = desk_of(tmp_path)
    leader.is_profile_driven = False
    values = {"user_count": "7", "spawn_rate": "2", "duration": "", "host": ""}
    plan, _ = desk.plan(values)
    told, _ = desk.accept(values)

    assert plan["is_known"] is False
    assert (told["user_count"], told["spawn_rate"]) == ("7", "2.0")
    assert leader.run_time_s is None
    assert desk.form().can_choose_profile is False
