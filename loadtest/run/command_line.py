"""Locust's command line, as a run needs it.

Locust parses its options and forks its workers right after that, with no event in between. What has
to be settled for all of them, such as the port between them, is settled here as part of parsing.
"""

import os
import tomllib
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from loadtest.run.bus import settle_bus
from loadtest.run.options import add_arguments
from loadtest.run.presentation import presentation

_NO_HOST = (
    "--host is empty (a variable that is not set?); name the chat server, or leave --host away for"
    " the embedded server"
)

__all__ = ["ambient_settings", "prepare_parser"]


def prepare_parser(parser: Any) -> None:  # noqa: ANN401 - Locust's own parser
    """Add the options of a run, and settle what they mean as soon as they are parsed."""
    add_arguments(parser)
    if presentation.ignores_ambient:
        _ignore_ambient(parser)
    parse: Callable[..., Namespace] = parser.parse_args

    def parse_and_settle(args: Any = None, namespace: Any = None) -> Namespace:  # noqa: ANN401
        options = parse(args, namespace)
        if options.host == "":
            parser.error(_NO_HOST)
        if args is None:  # the arguments of this process, and not some that are only checked
            settle_bus(options)
        return options

    parser.parse_args = parse_and_settle


def _ignore_ambient(parser: Any) -> None:  # noqa: ANN401 - Locust's own parser
    """Let the command line alone say what is run: no variable and no file may change the plan."""
    parser._default_config_files = []
    for action in parser._actions:
        action.env_var = None


def ambient_settings(
    parser: ArgumentParser, files: tuple[str, ...], environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Return which variables and files of Locust's are there, which a run does not obey.

    Args:
        parser: Locust's.
        files: Where Locust looks for its configuration.
        environment: For tests.
    """
    known = (getattr(action, "env_var", None) for action in parser._actions)
    variables = sorted({name for name in known if name and name in environment})
    return variables + [name for name in files if _configures_locust(Path(name).expanduser())]


def _configures_locust(path: Path) -> bool:
    """Whether Locust would take options from this file."""
    if path.suffix != ".toml":
        return path.is_file()
    try:
        return "locust" in tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False
