"""What ``run`` and ``ui`` share: options, checks before anything starts, and the way into Locust.

A run is Locust's: its main is called with a list of arguments, so that signals, processes, master
and workers, CSV files and exit codes are what a Locust user knows. The options of a run are read by
Locust's parser, which knows ours; here they are only collected, and passed on as they were given.
"""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from locust.argument_parser import DEFAULT_CONFIG_FILES, get_parser

from loadtest.engine.network import check_source_addresses
from loadtest.engine.target import target_from_url
from loadtest.errors import UsageError
from loadtest.metrics import ExitCode
from loadtest.report import Ending
from loadtest.run import locust_hooks
from loadtest.run.command_line import ambient_settings
from loadtest.run.leader.provisioning import check_answer, check_provisioning
from loadtest.run.leader.target_consent import check_target
from loadtest.run.limits import check_limits, machine_limits
from loadtest.run.options import (
    DEFAULT_PROFILE,
    RunOptions,
    add_arguments,
    duration_s,
    run_options,
)
from loadtest.run.plan_lines import plan_lines
from loadtest.run.presentation import presentation

__all__ = [
    "add_run_arguments",
    "call_locust",
    "check_answers",
    "checked_options",
    "complain",
    "duration_s",
    "locust_arguments",
    "print_plan",
    "run_arguments",
]

# Options of Locust's that are given by ours.
_OURS = frozenset({"locustfile", "profile", "help", "version"})
_LOCUSTFILE = Path(__file__).parent.parent / "users" / "locustfile.py"
_USAGE_OF_LOCUST = 1
"""The exit code with which Locust refuses to begin."""


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run."""
    parser.epilog = "Every option of Locust works as well, such as --processes 2 or --csv NAME."
    parser.add_argument(
        "profile",
        nargs="?",
        default=DEFAULT_PROFILE,
        help="name or path of a run profile (%(default)s)",
    )
    parser.add_argument(
        "-H",
        "--host",
        help="chat server: http, https, ws or wss address (default: the embedded server)",
    )
    parser.add_argument("--duration", metavar="TIME", help="such as 30s, 5m or 1h30m")
    parser.add_argument("--dry-run", action="store_true", help="print the planned load and stop")
    add_arguments(parser)
    _add_locusts_arguments(parser)


class _PassOn(argparse.Action):
    """Keeps an option as it was given, for Locust's parser."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - as argparse declares it
        option_string: str | None = None,
    ) -> None:
        """Append the option and its values to what is passed on."""
        given = [] if values is None else values if isinstance(values, list) else [values]
        namespace.passed_on = [*namespace.passed_on, option_string, *given]


def _add_locusts_arguments(parser: argparse.ArgumentParser) -> None:
    """Take all options of Locust's: without knowing them, their values would look like profiles."""
    parser.set_defaults(passed_on=[])
    known = {name for action in parser._actions for name in action.option_strings}
    for action in _locusts_parser()._actions:
        names = action.option_strings
        if names and not known.intersection(names) and action.dest not in _OURS:
            parser.add_argument(
                *names, action=_PassOn, nargs=action.nargs, dest="passed_on", help=argparse.SUPPRESS
            )


def _locusts_parser() -> Any:  # noqa: ANN401 - Locust's own parser
    """Return Locust's parser with our options; what is wrong is a ``UsageError``."""
    locust_hooks.install()
    parser: Any = get_parser()
    parser.error = _refuse
    return parser


def _refuse(message: str) -> NoReturn:
    raise UsageError(message.removeprefix("argument "))


def checked_options(options: argparse.Namespace) -> RunOptions:
    """Return what a run is to be, after every check that needs no server.

    Raises:
        UsageError: An option or the profile cannot be used, or the target is refused.
    """
    if options.duration is not None:
        options.loadtest_set.append(f"run.duration_s={duration_s(options.duration)}")
    presentation.ignores_ambient = True
    asked = _locusts_parser().parse_args(locust_arguments(options))
    checked = run_options(asked)
    if checked.host:
        check_target(checked.host, allowed_host=checked.allowed_host)
    if "--master" not in options.passed_on:  # then the addresses are those of other machines
        target = target_from_url(checked.host) if checked.host else None
        check_source_addresses(checked.network.source_addresses, target)
    check_provisioning(checked, checked.host)
    if not asked.master and not asked.worker:  # then the devices are on other machines
        _check_limits(checked, processes=asked.processes or 1)
    return checked


def _check_limits(options: RunOptions, *, processes: int) -> None:
    """Check that this machine can have the connections of a run.

    Raises:
        UsageError: It cannot.
    """
    check_limits(
        options.profile.devices_in_run,
        processes=(os.cpu_count() or 1) if processes < 0 else processes,
        source_addresses=len(options.network.source_addresses),
        server_addresses=_address_count(options.host),
        limits=machine_limits(),
    )


def _address_count(host: str | None) -> int:
    if host is None:
        return 1
    target = target_from_url(host)
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return 1  # whoever connects says what is wrong with it
    return len({each[4][0] for each in found})


def ambient_lines() -> list[str]:
    """Return what of Locust's configuration is there and not obeyed, for a person."""
    presentation.ignores_ambient = False
    found = ambient_settings(_locusts_parser(), DEFAULT_CONFIG_FILES)
    presentation.ignores_ambient = True
    if not found:
        return []
    return [f"not obeyed, as only the command line says what is run: {', '.join(found)}"]


def print_plan(options: RunOptions) -> None:
    """Print what a run will do, before it does."""
    profile = options.profile
    print(f"{profile.name}: {profile.description}")
    for line in (*ambient_lines(), *plan_lines(options)):
        print(f"  {line}")
    sys.stdout.flush()  # what comes next may come from another process


def locust_arguments(options: argparse.Namespace) -> list[str]:
    """Return the arguments for Locust that say the same as ``options``."""
    return ["-f", str(_LOCUSTFILE), "--profile", options.profile, *run_arguments(options)]


def run_arguments(options: argparse.Namespace) -> list[str]:
    """Return all ``options`` but the profile, as ``loadtest run`` and Locust take them."""
    ours = argparse.ArgumentParser(add_help=False)
    add_arguments(ours)
    arguments = [] if options.host is None else [f"--host={options.host}"]
    for action in ours._actions:
        arguments += _said(action, getattr(options, action.dest))
    return [*arguments, *options.passed_on]


def _said(action: argparse.Action, value: Any) -> list[str]:  # noqa: ANN401 - as argparse has it
    """Return the arguments that give an option this value; none if it is as without them."""
    name = action.option_strings[-1]
    if value is None or value is False or value in ("", []):
        return []
    if value is True:
        return [name]
    if isinstance(value, list):
        return [word for each in value for word in _worded(name, str(each))]
    return [] if value == action.default == 0 else _worded(name, str(value))


def _worded(name: str, value: str) -> list[str]:
    # Apart, unless the value would be taken for an option.
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def call_locust(arguments: Sequence[str]) -> int:
    """Call Locust's main and return its exit code."""
    presentation.hides_locust = True
    presentation.shows_progress = presentation.ending not in (Ending.QUIET, Ending.JSON)
    presentation.complain = complain
    sys.argv = ["loadtest", *arguments]
    from locust.main import main

    try:
        main()  # type: ignore[no-untyped-call]
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else _USAGE_OF_LOCUST
        if code == _USAGE_OF_LOCUST and not presentation.is_judged:
            return ExitCode.USAGE  # Locust has refused to begin, and said why
        return code
    return ExitCode.PASSED


def complain(text: str) -> None:
    """Tell a person what went wrong."""
    print(f"loadtest: {text}", file=sys.stderr, flush=True)


def check_answers(options: RunOptions) -> None:
    """Check that a named server answers, before any process is started.

    Raises:
        TargetError: It does not.
    """
    if options.host:
        check_answer(options, options.host)
        presentation.checked_host = options.host
