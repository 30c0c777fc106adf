"""The verb ``capacity``: search for the highest load that keeps every threshold."""

import argparse
import os
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

import loadtest
from loadtest.capacity.folder import read_study, study_file
from loadtest.capacity.planning import AxisPlan, default_settle_s, first_load, plan_lines
from loadtest.capacity.running.prometheus import Prometheus, parsed_queries
from loadtest.capacity.search import rounded
from loadtest.capacity.studied import StudyFacts
from loadtest.capacity.study import Settings, Study
from loadtest.capacity.terminal import say
from loadtest.cli.capacity_study import StudyRun, Target
from loadtest.cli.locust_run import (
    add_run_arguments,
    check_answers,
    checked_options,
    duration_s,
    run_arguments,
)
from loadtest.clock import unseeded_random, utc_now
from loadtest.errors import UsageError
from loadtest.profile import load_profile
from loadtest.profile.model import HIDDEN
from loadtest.report import RunFolder
from loadtest.run.options import RunOptions

__all__ = ["add_arguments", "run", "run_arguments", "without_secrets"]

_PROFILE = "capacity"
_HIGHEST, _LOWEST = 64, 1 / 8
_SECRETS = ("target.api_key=",)
_PERCENT = 100
_PRECISION, _LEVEL = 0.1, 0.95
_BUDGET, _HOLD = "15m", "30s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb, and those of a run."""
    add_run_arguments(parser)
    parser.set_defaults(profile=_PROFILE)
    group = parser.add_argument_group("search")
    add = group.add_argument
    add(
        "--axis",
        choices=("message_rate", "devices", "deliveries"),
        default="message_rate",
        help="what is raised: messages per second, devices, or the message rate that gives so many"
        " deliveries per second (%(default)s)",
    )
    add("--from", dest="first", type=_load, metavar="LOAD", help="first load (the profile's own)")
    add(
        "--to", dest="highest", type=_load, metavar="LOAD", help="highest load (64 times the first)"
    )
    add("--precision", type=_ratio, metavar="N%", help="half the width of the interval (10%%)")
    add("--budget", metavar="TIME", help="longest time for the search (15m)")
    add("--hold", metavar="TIME", help="how long a load is held, at least (30s)")
    add("--settle", metavar="TIME", help="wait between the last user's start and the hold")
    add("--resume", type=Path, metavar="STUDY", help="go on with an earlier study")
    add("--server-pid", type=int, metavar="PID", help="process of the server on this machine")
    add("--server-prometheus", metavar="URL", help="Prometheus that watches the server")
    add(
        "--server-query",
        action="append",
        default=[],
        metavar="NAME=QUERY",
        help="figure to take from it for each trial; repeatable",
    )


def run(options: argparse.Namespace) -> int:
    """Run the study and return the exit code: 0 if there is an answer."""
    earlier = read_study(options.resume) if options.resume else None
    if earlier is not None:
        options = _resumed(options, earlier)
    _check(options)
    queries = parsed_queries(options.server_query)
    checked = checked_options(options)
    plan = _axis_plan(options, checked)
    settings = _settings(options, plan, earlier.settings if earlier is not None else None)
    console = Console()
    _print_plan(console, plan, settings, checked)
    if options.dry_run:
        return 0
    check_answers(checked)
    if earlier is not None:
        folder = study_file(options.resume).parent
        facts = replace(StudyFacts.of(earlier), settings=settings)
    else:
        results = Path(options.results)
        name = f"{checked.profile.name}-{options.axis}"
        folder = RunFolder.create(results, name, utc_now(), unseeded_random()).path
        facts = _facts(folder.name, options, checked, plan, settings)
    target = Target(
        options.profile,
        _trial_arguments(options),
        options.server_pid,
        Prometheus(options.server_prometheus, queries) if options.server_prometheus else None,
    )
    study = StudyRun(console, plan, facts, folder, target, earlier)
    return study.run()


def _check(options: argparse.Namespace) -> None:
    problems = []
    if options.duration is not None:
        problems.append(f"--duration {options.duration}: a trial is as long as --hold asks")
    if options.record:
        problems.append("--record: a study has many runs; record one with `loadtest run`")
    if options.axis == "devices" and (options.devices or options.scale):
        problems.append("--axis devices: the search sets the devices; use --from and --to")
    if options.server_query and not options.server_prometheus:
        problems.append("--server-query needs --server-prometheus URL")
    if options.server_prometheus and not options.server_query:
        problems.append("--server-prometheus needs --server-query NAME=QUERY, once or more")
    if problems:
        raise UsageError(*problems)


def _resumed(given: argparse.Namespace, study: Study) -> argparse.Namespace:
    """Return the options of an earlier study, with what is given now on top."""
    parser = argparse.ArgumentParser(prog="loadtest capacity", allow_abbrev=False)
    add_arguments(parser)
    options = parser.parse_args(study.command)
    hidden = [each for each in options.loadtest_set if HIDDEN in each]
    names = {each.partition("=")[0] for each in given.loadtest_set}
    missing = [each for each in hidden if each.partition("=")[0] not in names]
    if missing:
        raise UsageError(*(f"--resume needs --set {each} again" for each in missing))
    options.loadtest_set = [each for each in options.loadtest_set if HIDDEN not in each]
    options.loadtest_set += given.loadtest_set
    options.host = given.host or options.host
    options.axis = study.axis
    for name in (
        "highest",
        "precision",
        "budget",
        "hold",
        "settle",
        "server_pid",
        "server_prometheus",
    ):
        setattr(options, name, getattr(given, name))
    options.server_query, options.dry_run = given.server_query, given.dry_run
    options.resume = given.resume
    return options


def _axis_plan(options: argparse.Namespace, checked: RunOptions) -> AxisPlan:
    base = load_profile(options.profile, options.loadtest_set)
    plan = AxisPlan(
        axis=options.axis,
        profile=checked.profile,
        plan=checked.planned_load(),
        base_rate=base.workload.message_rate_per_s,
        users_per_s=base.users_per_s,
    )
    plan.check()
    return plan


def _settings(options: argparse.Namespace, plan: AxisPlan, earlier: Settings | None) -> Settings:
    """Return what is asked: what is given, else what the earlier study had, else the default."""
    if earlier is None:
        hold_s = _seconds(options.hold, "--hold", duration_s(_HOLD))
        first = plan.snapped(options.first) if options.first else first_load(plan, hold_s)
        earlier = Settings(
            lowest=max(rounded(first * _LOWEST), 2.0 if plan.axis == "devices" else 0.0),
            first=first,
            highest=rounded(first * _HIGHEST),
            precision=_PRECISION,
            level=_LEVEL,
            budget_s=duration_s(_BUDGET),
            hold_s=hold_s,
            settle_s=default_settle_s(plan.profile),
            thresholds=list(plan.profile.thresholds),
        )
    highest = options.highest or earlier.highest
    if highest <= earlier.first:
        raise UsageError(f"--to is {highest:g}; it must be above the first load, {earlier.first:g}")
    return msgspec.structs.replace(
        earlier,
        highest=highest,
        precision=options.precision or earlier.precision,
        budget_s=_seconds(options.budget, "--budget", earlier.budget_s),
        hold_s=_seconds(options.hold, "--hold", earlier.hold_s),
        settle_s=_seconds(options.settle, "--settle", earlier.settle_s),
    )


def _seconds(text: str | None, option: str, default: float) -> float:
    return default if text is None else duration_s(text, option)


def _facts(
    study_id: str,
    options: argparse.Namespace,
    checked: RunOptions,
    plan: AxisPlan,
    settings: Settings,
) -> StudyFacts:
    profile = checked.profile
    return StudyFacts(
        study_id=study_id,
        axis=plan.axis,
        settings=settings,
        devices=plan.devices(settings.first),
        devices_per_unit=plan.devices_per_unit,
        messages_per_unit=plan.messages_per_unit,
        deliveries_per_unit=plan.deliveries_per_unit,
        connected_users=plan.plan.users - plan.plan.offline_users,
        largest_channel=plan.plan.largest_channel,
        started=utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        host=checked.host or "",
        is_embedded=checked.host is None,
        environment=_environment(options),
        profile=profile.without_secrets().resolved(),
        command=[options.profile, *without_secrets(run_arguments(options))],
        lag_limit_ms=profile.generator.lag_p99_limit_ms,
    )


def _environment(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "loadtest": loadtest.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "locust_options": list(options.passed_on),
    }


def without_secrets(arguments: list[str]) -> list[str]:
    """Return arguments that may stand in a report."""
    return [
        f"{each.partition('=')[0]}={HIDDEN}" if each.startswith(_SECRETS) else each
        for each in arguments
    ]


def _trial_arguments(options: argparse.Namespace) -> list[str]:
    arguments = run_arguments(options)
    place = arguments.index("--results")
    return [*arguments[:place], *arguments[place + 2 :]]


def _print_plan(console: Console, plan: AxisPlan, settings: Settings, checked: RunOptions) -> None:
    profile = plan.profile
    say(console, f"{profile.name}: {profile.description}", "bold")
    for line in plan_lines(plan, settings, checked.host):
        say(console, f"  {line}")


def _load(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be a number above 0")
    return value


def _ratio(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (_PERCENT if text.endswith("%") else 1)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1:
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be from 1% to 100%")
    return value
