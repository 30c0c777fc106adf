from typing import Any

import pytest

from loadtest.errors import UsageError
from loadtest.profile.overrides import apply_overrides

DATA: dict[str, Any] = {
    "name": "x",
    "run": {"seed": 1},
    "channels": [{"group": "a", "size": 2}, {"group": "b", "size": 3}],
}


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        pytest.param("run.seed=7", ("run", "seed"), 7, id="number"),
        pytest.param("run.seed = 7", ("run", "seed"), 7, id="spaces"),
        pytest.param("name=smoke", ("name",), "smoke", id="word without quotes"),
        pytest.param('name="a=b"', ("name",), "a=b", id="equals sign in a text"),
        pytest.param("device.reconnect=false", ("device", "reconnect"), False, id="new section"),
        pytest.param("a.b={c=1}", ("a", "b"), {"c": 1}, id="table"),
        pytest.param("channels.b.size=9", ("channels", 1, "size"), 9, id="group by its name"),
        pytest.param("name=1\nx=2", ("name",), "1\nx=2", id="one value only"),
    ],
)
def test_a_key_gets_its_value(override: str, path: tuple[str | int, ...], value: object) -> None:
    changed, origins = apply_overrides(DATA, [override])
    found: Any = changed
    for step in path:
        found = found[step]

    assert found == value
    assert list(origins.values()) == [override]


def test_the_data_given_stay_as_they_are() -> None:
    apply_overrides(DATA, ["channels.a.size=9", "run.seed=3"])

    assert DATA["channels"][0]["size"] == 2
    assert DATA["run"]["seed"] == 1


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        pytest.param(["seed"], "--set seed: it must be key=value", id="no equals sign"),
        pytest.param(["run..seed=1"], "it must be key=value", id="empty name"),
        pytest.param(["=1"], "it must be key=value", id="no key"),
        pytest.param(
            ["run.seed=1", "run.seed=2"],
            "--set run.seed=2: run.seed is given twice; give it once",
            id="twice",
        ),
        pytest.param(
            ["run.seed.x=1"], "--set run.seed.x=1: run.seed is 1; it has no keys", id="too deep"
        ),
        pytest.param(
            ["channels.c.size=1"],
            "--set channels.c.size=1: channels has no c; known here: a, b",
            id="unknown group",
        ),
        pytest.param(
            ["channels.a=1"],
            "channels.a is a group; name a key of it, such as channels.a.size",
            id="whole group",
        ),
    ],
)
def test_what_leads_nowhere_is_refused(overrides: list[str], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        apply_overrides(DATA, overrides)

    assert problem in str(caught.value)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        apply_overrides(DATA, ["x", "y", "run.seed=2"])

    assert len(caught.value.problems) == 2
