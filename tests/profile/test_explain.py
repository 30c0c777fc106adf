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


DEFAULTS = "what users and devices do by default, and why:"


def explained(folder: Path, *overrides: str, width: int = 10_000) -> str:
    (folder / "low.toml").write_text(LOW, encoding="utf-8")
    (folder / "top.toml").write_text(TOP, encoding="utf-8")
    return explain(load_with_origins(str(folder / "top.toml"), overrides), width=width)


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_each_changed_key_has_meaning_default_reason_and_place(tmp_path: Path) -> None:
    text = explained(tmp_path)

    assert "  workload.read_probability = 0.5   (default 0.0)\n" in text
    assert "      How likely a device reads a message that reaches it. (probability)\n" in text
    assert f"by {tmp_path / 'top.toml'} where nothing else is said" in unwrapped(text)
    assert "why: half of it " in unwrapped(text), "its own file is not named at every key"
    assert text.count("top.toml") == 1
    assert "  population.users = 20\n" in text
    assert f"why: a class [{tmp_path / 'low.toml'}]" in unwrapped(text)


def test_a_channel_group_is_one_entry(tmp_path: Path) -> None:
    text = explained(tmp_path)

    assert '  channels.room: type = "PRIVATE", count = 2, size = 8, message_weight = 1.0\n' in text
    assert "      why: they meet" in text
    assert "      why this size: a table" in text


def test_what_is_at_its_default_and_no_behaviour_is_left_out(tmp_path: Path) -> None:
    text = explained(tmp_path)

    assert "duration_s" not in text
    assert "target.dialect" not in text


def test_defaults_of_behaviour_stand_behind_the_changes_with_their_reasons(tmp_path: Path) -> None:
    changed, _, kept = explained(tmp_path).partition(DEFAULTS)

    assert "message_length" not in changed
    assert "  workload.message_length = { kind = " in kept
    assert "      why: A line of chat: mostly a few words, now and then a paragraph." in kept
    assert "  connection_cuts.at_s = none\n" in kept
    assert "read_probability" not in kept


@pytest.mark.parametrize("section", ["population", "workload", "chat_sessions", "device"])
def test_every_parameter_of_behaviour_is_explained_once(section: str, tmp_path: Path) -> None:
    text = explained(tmp_path)
    model = type(getattr(load_with_origins(str(tmp_path / "top.toml")).profile, section))

    for name in model.model_fields:
        assert text.count(f"\n  {section}.{name} = ") == 1, name


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", profile_names())
def test_no_line_is_wider_than_asked_for_or_than_can_be_read(name: str, width: int) -> None:
    text = explain(load_with_origins(name), width=width)

    assert max(map(len, text.splitlines())) <= min(width, 110)


def test_a_terminal_of_no_width_at_all_gets_lines_that_can_be_read(tmp_path: Path) -> None:
    assert explained(tmp_path, width=1).startswith("top: d\n  20 devices of 20 users, 2 channels")


def test_an_override_is_its_own_reason(tmp_path: Path) -> None:
    text = explained(tmp_path, "run.seed=7")

    assert "  run.seed = 7   (default 1)\n" in text
    assert "why: no reason is given [--set run.seed=7]" in text


def test_the_planned_load_comes_first(tmp_path: Path) -> None:
    assert explained(tmp_path).startswith("top: d\n  20 devices of 20 users, 2 channels")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_of_the_library_gives_its_reasons(name: str) -> None:
    text = explain(load_with_origins(name))
    entries = [entry for entry in text.split("\n\n")[2:] if entry != DEFAULTS]

    assert len(entries) > 40
    for entry in entries:
        reason = entry.partition("why")[2]
        assert len(reason) > len(": N."), entry
        assert "no reason is given" not in entry, entry


def test_a_secret_is_hidden_wherever_it_stands() -> None:
    text = explain(load_with_origins("smoke", ["target.api_key=hush"]))

    assert "hush" not in text
    assert '  target.api_key = "(hidden)"' in text
