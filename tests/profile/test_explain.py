from pathlib import Path

import pytest

from loadtest.profile import explain, load_with_origins, profile_names
from tests.support.profiles import MINIMAL

LOW = (
    MINIMAL.replace("users = 20", "users = 20 # a class")
    .replace("[[channels]]", "[[channels]] # they meet")
    .replace("size = 8", "size = 8 # a table")
)
TOP = 'base = "low"\ndescription = "d"\n[workload]\nread_probability = 0.5 # half of it'


def explained(folder: Path, *overrides: str) -> str:
    (folder / "low.toml").write_text(LOW, encoding="utf-8")
    (folder / "top.toml").write_text(TOP, encoding="utf-8")
    return explain(load_with_origins(str(folder / "top.toml"), overrides))


def test_each_changed_key_has_meaning_default_reason_and_place(tmp_path: Path) -> None:
    text = explained(tmp_path)

    assert "  workload.read_probability = 0.5   (default 0.0)\n" in text
    assert "      How likely a device reads a message that reaches it. (probability)\n" in text
    assert f"      why: half of it [{tmp_path / 'top.toml'}]" in text
    assert "  population.users = 20\n" in text
    assert f"      why: a class [{tmp_path / 'low.toml'}]" in text


def test_a_channel_group_is_one_entry(tmp_path: Path) -> None:
    text = explained(tmp_path)

    assert '  channels.room: type = "PRIVATE", count = 2, size = 8, message_weight = 1.0\n' in text
    assert "      why: they meet [" in text
    assert "      why this size: a table [" in text


def test_what_is_at_its_default_is_left_out(tmp_path: Path) -> None:
    text = explained(tmp_path)

    assert "duration_s" not in text
    assert "dialect" not in text.partition("why:")[2]


def test_an_override_is_its_own_reason(tmp_path: Path) -> None:
    text = explained(tmp_path, "run.seed=7")

    assert "  run.seed = 7   (default 1)\n" in text
    assert "why: no reason is given [--set run.seed=7]" in text


def test_the_planned_load_comes_first(tmp_path: Path) -> None:
    assert explained(tmp_path).startswith("top: d\n  20 devices of 20 users, 2 channels")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_of_the_library_gives_its_reasons(name: str) -> None:
    text = explain(load_with_origins(name))
    entries = text.split("\n\n")[2:]

    assert len(entries) > 5
    for entry in entries:
        assert "why" in entry, entry
        assert "no reason is given" not in entry, entry
