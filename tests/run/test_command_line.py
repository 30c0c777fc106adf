"""Locust's command line, as a run needs it."""

import sys
from pathlib import Path
from typing import Any

import pytest
from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

from loadtest.run import bus
from loadtest.run.command_line import ambient_settings, prepare_parser
from loadtest.run.presentation import presentation


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "_forked_token", b"")
    monkeypatch.setattr(presentation, "ignores_ambient", False)


def prepared() -> Any:
    parser: Any = get_empty_argument_parser(default_config_files=["locust.conf"])
    setup_parser_arguments(parser)  # type: ignore[no-untyped-call]
    prepare_parser(parser)
    return parser


@pytest.fixture
def ambient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Variables and a file that say something about a run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCUST_USERS", "7")
    (tmp_path / "locust.conf").write_text("host = http://elsewhere:1\n")
    return tmp_path


@pytest.mark.usefixtures("ambient")
def test_with_locust_they_say_what_is_run() -> None:
    options = prepared().parse_args([])

    assert (options.num_users, options.host) == (7, "http://elsewhere:1")


@pytest.mark.usefixtures("ambient")
def test_with_our_command_only_the_command_line_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presentation, "ignores_ambient", True)
    options = prepared().parse_args(["--users", "3"])

    assert (options.num_users, options.host) == (3, None)


def test_what_is_not_obeyed_is_found(ambient: Path) -> None:
    (ambient / "pyproject.toml").write_text("[tool.locust]\nusers = 3\n")
    files = ("~/.locust.conf", "locust.conf", "pyproject.toml")

    assert ambient_settings(prepared(), files, {"LOCUST_USERS": "7", "LOCUST_OTHER": "x"}) == [
        "LOCUST_USERS",
        "locust.conf",
        "pyproject.toml",
    ]


@pytest.mark.parametrize("content", ["[tool.ruff]\n", "no toml at all", None])
def test_a_project_without_locusts_section_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "pyproject.toml").write_text(content)

    assert ambient_settings(prepared(), ("pyproject.toml",), {}) == []


def test_the_bus_is_settled_as_soon_as_the_options_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["locust", "--processes", "2"])
    options = prepared().parse_args()

    assert options.master_bind_host == "127.0.0.1"
    assert options.master_port == options.master_bind_port != 5557


def test_arguments_that_are_only_checked_settle_nothing() -> None:
    options = prepared().parse_args(["--processes", "2"])

    assert options.master_port == 5557
    assert bus.token_of(options, {}) == b""


def test_an_empty_host_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        prepared().parse_args(["--host", ""])

    assert "--host is empty (a variable that is not set?)" in capsys.readouterr().err
