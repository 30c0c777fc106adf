import pytest

from loadtest.profile import Profile
from tests.support.profiles import MINIMAL, problems_in


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("run.duration_s=-5", "run.duration_s is -5; it must be above 0 (seconds)"),
        ("run.seed=-1", "run.seed is -1; it must be at least 0"),
        ("run.seed=1.5", "run.seed is 1.5; it must be a whole number"),
        ("run.duration_s=nan", "run.duration_s is nan; it must be a finite number (seconds)"),
        ("run.duration_s=true", "run.duration_s is true; it must be a number (seconds)"),
        (
            "population.background_ratio=1",
            "population.background_ratio is 1; it must be below 1 (share of users)",
        ),
        (
            "workload.read_probability=2",
            "workload.read_probability is 2; it must be at most 1 (probability)",
        ),
        ("target.dialect=3", "target.dialect is 3; it must be 1 or 2"),
        ("target.api_key=''", "target.api_key is ''; it must not be empty"),
        ("target.api_key=5", "target.api_key is 5; it must be a text in quotes"),
        ("device.acknowledge=1", "device.acknowledge is 1; it must be true or false"),
        ("thresholds=7", "thresholds is 7; it must be a list"),
        ("push.sink=x", "push.sink is 'x'; it must be HOST:PORT, such as 127.0.0.1:0, or empty"),
        ("channels=7", "channels is 7; it must be a list"),
        ("run=7", "run is 7; it must be a table"),
        (
            "channels.room.count=x",
            "channels.room.count is 'x'; it must be a whole number (channels)",
        ),
        ("device.handlers=['on_x']", None),
        (
            "workload.mesage_rate_per_s=1",
            "workload.mesage_rate_per_s is not a known key; did you mean message_rate_per_s?",
        ),
        ("wrkload=1", "wrkload is not a known key; did you mean workload?"),
        ("channels.room.sise=1", "channels.room.sise is not a known key; did you mean size?"),
        (
            "chat_sessions.stay_s={kind='exponential', mean=-1}",
            "chat_sessions.stay_s.mean is -1; it must be above 0",
        ),
    ],
)
def test_place_key_value_and_rule_are_named(override: str, problem: str | None) -> None:
    found = problems_in(override)

    assert len(found) == 1
    assert found[0].startswith(f"--set {override}: ")
    if problem is not None:
        assert found[0] == f"--set {override}: {problem}"


def test_what_the_file_says_wrong_is_said_of_the_file() -> None:
    text = MINIMAL.replace("users = 20", "users = -20")

    assert problems_in("run.seed=2", text=text) == (
        "test.toml: population.users is -20; it must be at least 2 (users)",
    )


def test_what_is_missing_is_named_with_its_unit() -> None:
    text = MINIMAL.replace("message_rate_per_s = 5\n", "").replace("size = 8\n", "")

    assert problems_in(text=text) == (
        "test.toml: channels.room.size is missing; it must be given (members)",
        "test.toml: workload.message_rate_per_s is missing; it must be given (messages per second)",
    )


def test_a_group_without_a_name_is_named_by_its_number() -> None:
    text = MINIMAL.replace('group = "room"\n', "")

    assert problems_in(text=text) == ("test.toml: channels.0.group is missing; it must be given",)


def test_a_group_with_an_impossible_name_is_named_by_its_number() -> None:
    text = MINIMAL.replace('"room"', '"A B"')

    assert problems_in(text=text) == (
        "test.toml: channels.0.group is 'A B'; it must be a word of small letters, digits, _ and -,"
        " with a letter first",
    )


def test_long_values_are_cut() -> None:
    (problem,) = problems_in(f"run.seed='{'x' * 500}'")

    assert "…; it must be a whole number" in problem
    assert problem.count("x") < 600


def test_a_broken_rule_between_keys_is_said_of_the_override_that_broke_it() -> None:
    assert problems_in("run.drain_s=2")[0].startswith("--set run.drain_s=2: run.drain_s is 2; ")


def test_a_threshold_of_an_override_is_said_of_the_override() -> None:
    [problem] = problems_in('thresholds=["speed > 1"]')

    assert problem.startswith('--set thresholds=["speed > 1"]: thresholds: threshold')


def test_every_pattern_is_told_in_words() -> None:
    schema = Profile.model_json_schema()
    fields = [
        field
        for section in (schema, *schema["$defs"].values())
        for field in section.get("properties", {}).values()
        if "pattern" in field
    ]

    assert fields
    assert all(field["form"] for field in fields)


def test_all_problems_are_said_at_once() -> None:
    assert len(problems_in("run.seed=x", "target.dialect=9", "nme=1")) == 3
