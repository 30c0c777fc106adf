"""Every block of code in README.md and docs/ can be used as it stands.

Commands are given to the parsers that will get them, and a run is planned (``--dry-run``). What
people copy as Python runs for some seconds against an embedded server.
"""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from locust.argument_parser import get_parser

import loadtest.users  # noqa: F401 - it gives Locust's parser the options of a run
from loadtest.cli.main import main, verb_parser
from loadtest.profile import load_profile
from tests.support.documents import PAGES, TOP, Block, blocks_of, commands_of
from tests.support.runs import run_locustfile

_PROGRAMS = ("make", "loadtest", "locust", "python", "export")
# A plan needs no server, and these can be planned.
_PLANNED = ("run",)
_SOURCE = "\n".join(path.read_text() for path in (TOP / "loadtest").rglob("*.py"))


def ids(block: Block) -> str:
    return str(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_commands_of_a_page_are_understood(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("locustfiles", "profiles"):
        (tmp_path / folder).symlink_to(TOP / folder)
    name = page.relative_to(TOP).as_posix()
    for block in blocks_of("json", "csv", "toml", "python"):
        if block.page == name and block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
    blocks = [block for block in blocks_of("sh") if block.page == name]
    for secret in re.findall(r"{env:(\w+)}", "".join(block.text for block in blocks)):
        monkeypatch.setenv(secret, "secret")
    for block in blocks:
        for command in commands_of(block):
            _understand(command, f"{block}: {' '.join(command)}", monkeypatch)


def _understand(command: list[str], place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    while re.fullmatch(r"[A-Z_]+=.*", command[0]):
        command = command[1:]
    program, arguments = command[0].rpartition("/")[2], command[1:]
    assert program in _PROGRAMS, f"{place}: the test does not know this program"
    match program:
        case "make":
            targets = re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
            assert {each for each in arguments if "=" not in each} <= {*targets}, place
        case "locust":
            _understand_locust(arguments, place)
        case "python":
            assert arguments[0] == "-m", place
            assert (TOP / f"{arguments[1].replace('.', '/')}.py").exists(), place
        case "export":
            for each in arguments:
                name, _, value = each.partition("=")
                is_read = name in os.environ or f'"{name}"' in _SOURCE
                assert is_read, f"{place}: nothing reads {name}"
                monkeypatch.setenv(name, value)
        case "loadtest":
            _understand_loadtest(arguments, place)


def _understand_locust(arguments: list[str], place: str) -> None:
    options = get_parser(default_config_files=[]).parse_args(arguments)
    assert (TOP / options.locustfile).exists(), place


def _understand_loadtest(arguments: list[str], place: str) -> None:
    verb, *rest = arguments
    if verb == "profiles":
        assert main(arguments) == 0, place
    elif verb in _PLANNED:
        wanted = arguments if "--dry-run" in rest else [*arguments, "--dry-run"]
        assert main(wanted) == 0, place
    else:
        verb_parser(verb).parse_args(rest)


@pytest.mark.parametrize("block", blocks_of("python"), ids=ids)
def test_a_block_of_python_runs_as_a_locustfile(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "locustfile.py"
    path.write_text(block.text, encoding="utf-8")
    run = run_locustfile(
        os.path.relpath(path, TOP / "locustfiles"),
        tmp_path / "results",
        *("--headless", "--users", "4", "--spawn-rate", "4", "--run-time", "4s"),
    )
    finished = run.finish()

    assert "Traceback" not in finished.errors
    assert finished.summary["load"]["actions"]["message"] > 0
    assert finished.summary["generator"]["errors"] == 0
    assert finished.summary["adds_up"]


@pytest.mark.parametrize("block", blocks_of("json"), ids=ids)
def test_a_block_of_json_can_be_read(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", blocks_of("toml"), ids=ids)
def test_a_block_of_toml_is_a_profile_or_a_part_of_one(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "part.toml"
    found = tomllib.loads(block.text)
    head = "" if "base" in found or "population" in found else 'base = "smoke"\n'
    about = "" if "description" in found else 'description = "a part"\n'
    path.write_text(head + about + block.text, encoding="utf-8")

    assert load_profile(str(path))
