from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.profile import load_profile, profile_names
from tests.support.profiles import MINIMAL, problems_in


def problem_with(name_or_path: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_profile(name_or_path)
    return str(caught.value)


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_can_be_planned(name: str) -> None:
    profile = load_profile(name)

    assert profile.name == name
    assert profile.planned_load().devices > 0
    assert 8 <= profile.scaled(devices=10).planned_load().devices <= 10
    assert profile.scaled(devices=10).devices_in_run <= 10


def test_a_path_is_a_path_and_names_the_profile(tmp_path: Path) -> None:
    path = tmp_path / "peak.toml"
    path.write_text(MINIMAL, encoding="utf-8")

    assert load_profile(str(path)).name == "peak"
    assert load_profile(str(path), ["run.seed=9", "name=other"]).run.seed == 9
    assert load_profile(str(path), ["name=other"]).name == "other"


def test_an_unknown_name_is_answered_with_the_nearest_or_all() -> None:
    where = "(`loadtest profiles` lists them)"
    assert problem_with("smok") == f"there is no profile 'smok'; did you mean smoke? {where}"
    assert problem_with("quite-other").count("smoke") == 1


def test_a_missing_file_is_answered_with_the_known_names(tmp_path: Path) -> None:
    problem = problem_with(str(tmp_path / "none.toml"))

    assert "there is no such file; profiles known by name: " in problem
    assert "smoke" in problem


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    assert problem_with(f"{tmp_path}/") == f"{tmp_path}: it cannot be read: is a directory"


def test_a_profile_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "\xe9"')

    assert problem_with(str(path)) == f"{path}: byte 8 is not UTF-8; a profile is a UTF-8 text"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a = \n", "test.toml:1:5: not TOML: invalid value", id="in a line"),
        pytest.param("a = 1\nb = [1,\n", "test.toml:3:1: not TOML: ", id="at the end"),
        pytest.param("a = 1\na = 2\n", "test.toml:2:6: not TOML: cannot overwrite", id="twice"),
    ],
)
def test_what_is_not_toml_is_named_with_line_and_column(text: str, problem: str) -> None:
    (found,) = problems_in(text=text)

    assert found.startswith(problem)
