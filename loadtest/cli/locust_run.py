"""What ``run`` and ``ui`` share: options, checks before anything starts, and the way into Locust.

A run is Locust's: its main is called with a list of arguments, so that signals, processes, master
and workers, CSV files and exit codes are what a Locust user knows. Whatever option of Locust is
given to ``loadtest run`` is passed on.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from locust.argument_parser import get_parser

from loadtest.engine.network import check_source_addresses
from loadtest.engine.target import target_from_url
from loadtest.errors import UsageError
from loadtest.profile.describe import load_lines
from loadtest.report import Ending
from loadtest.run.leader.provisioning import check_answer, check_provisioning, provisioning_lines
from loadtest.run.leader.target_consent import check_target, is_loopback_url
from loadtest.run.network_options import ambient_proxy_note, network_arguments
from loadtest.run.options import DEFAULT_PROFILE, RunOptions, add_arguments, run_options
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

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
# Options of Locust's that are given by ours.
_OURS = frozenset({"locustfile", "profile"})
_LOCUSTFILE = Path(__file__).parent.parent / "users" / "locustfile.py"


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
        "--host", help="chat server: http, https, ws or wss address (default: the embedded server)"
    )
    parser.add_argument("--duration", metavar="TIME", help="such as 30s, 5m or 1h")
    parser.add_argument("--dry-run", action="store_true", help="print the planned load and stop")
    add_arguments(parser)
    _add_locusts_arguments(parser)


class _PassOn(argparse.Action):
    """Keeps an option of Locust's as it was given."""

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
    for action in get_parser()._actions:
        names = action.option_strings
        if names and not known.intersection(names) and action.dest not in _OURS:
            parser.add_argument(
                *names, action=_PassOn, nargs=action.nargs, dest="passed_on", help=argparse.SUPPRESS
            )


def duration_s(text: str, option: str = "--duration") -> float:
    """Return the seconds that ``text`` names, as the value of ``option``.

    Raises:
        UsageError: It is no duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"{option} is {text!r}; it must be a time above 0 such as 30s, 5m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


def checked_options(options: argparse.Namespace) -> RunOptions:
    """Return what a run is to be, after every check that needs no server.

    Raises:
        UsageError: An option or the profile cannot be used, or the target is refused.
    """
    if options.duration is not None:
        options.loadtest_set.append(f"run.duration_s={duration_s(options.duration)}")
    checked = run_options(options)
    if checked.host:
        check_target(checked.host, allowed_host=checked.allowed_host)
    if "--master" not in options.passed_on:  # then the addresses are those of other machines
        target = target_from_url(checked.host) if checked.host else None
        check_source_addresses(checked.network.source_addresses, target)
    check_provisioning(checked, checked.host)
    return checked


def print_plan(options: RunOptions) -> None:
    """Print what a run will do, before it does."""
    profile = options.profile
    print(f"{profile.name}: {profile.description}")
    print(f"  target {options.host or 'embedded server, started for this run'}")
    if options.network.notes():
        print(f"  connections: {'; '.join(options.network.notes())}")
    if options.host and not is_loopback_url(options.host):
        note = ambient_proxy_note(options.network)
        if note:
            print(f"  {note}")
    for line in provisioning_lines(options):
        print(f"  {line}")
    for line in load_lines(options.planned_load()):
        print(f"  {line}")
    for deviation in (*profile.deviations, *options.network.deviations):
        print(f"  deviates from the SDK: {deviation}")
    sys.stdout.flush()  # what comes next may come from another process


def locust_arguments(options: argparse.Namespace) -> list[str]:
    """Return the arguments for Locust that say the same as ``options``."""
    return ["-f", str(_LOCUSTFILE), "--profile", options.profile, *run_arguments(options)]


def run_arguments(options: argparse.Namespace) -> list[str]:
    """Return what ``options`` say besides the profile, as ``loadtest run`` and Locust take it."""
    arguments: list[str] = []
    given = {
        "--host": options.host,
        "--devices": options.devices or None,
        "--scale": options.scale or None,
        "--dialect": options.dialect,
        "--seed": options.seed,
        "--results": options.results,
        "--record": options.record or None,
        "--push-sink": options.push_sink,
        "--web-password-file": options.web_password_file or None,
        "--i-am-allowed-to-load": options.i_am_allowed_to_load or None,
    }
    for name, value in given.items():
        if value is not None:
            arguments += [name, str(value)]
    if options.prometheus:
        arguments.append("--prometheus")
    for override in options.loadtest_set:
        arguments += ["--set", override]
    for expression in options.threshold:
        arguments += ["--threshold", expression]
    return [*arguments, *network_arguments(options), *options.passed_on]


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
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0


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
