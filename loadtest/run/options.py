"""Our options of a run, on Locust's command line and in its web form."""

import argparse
import math
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loadtest.device.readers import reader_name
from loadtest.engine.network import NetworkSettings
from loadtest.errors import UsageError
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.profile import RATES, Profile, load_profile
from loadtest.provisioning import read_existing
from loadtest.run.durations import duration_s
from loadtest.run.network_options import add_network_arguments, network_settings
from loadtest.workload import Existing, LoadPlan

__all__ = [
    "ANY_PORT",
    "DEFAULT_PROFILE",
    "RunOptions",
    "add_arguments",
    "duration_s",
    "run_options",
]


DEFAULT_PROFILE = "smoke"
ANY_PORT = "127.0.0.1:0"
"""Where a push sink listens if nobody says where: on a free port of the loopback address."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked for, checked."""

    profile: Profile
    host: str | None
    """None: the embedded server."""
    results: str
    allowed_host: str
    network: NetworkSettings = field(default_factory=NetworkSettings)
    record: str = ""
    """File to record the observations to; empty: none."""
    existing: Existing | None = field(default=None, repr=False)
    """In mode ``file``: who exists. The profile's population is theirs."""
    notes: tuple[str, ...] = ()
    """Where the plan is not quite what was asked for, and why."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it is secret and has to reach the workers, by name."""
        names = []
        network, target = self.network, self.profile.target
        if network.api_key not in ("", type(target)().api_key):
            names.append("target.api_key")
        given = {"--header": network.headers, "--query": network.query, "--proxy": network.proxy}
        names += [name for name, value in given.items() if value]
        users = self.existing.users if self.existing is not None else ()
        if any(user.auth_params for user in users):
            names.append(f"auth params in {self.profile.provisioning.file}")
        return tuple(names)

    def planned_load(self) -> LoadPlan:
        """Return the load of the run, as planned.

        Raises:
            UsageError: A cell cannot be planned: its channels do not fit.
        """
        return self.profile.planned_load(existing=self.existing)

    def scaled_to_users(self, users: int) -> "RunOptions":
        """Return the same with so many users, or a few more.

        Of users that exist the first cells are taken, or a part of the first; rates go along.

        Raises:
            UsageError: There are not so many users.
        """
        existing = self.existing
        if existing is None:
            return replace(self, profile=self.profile.scaled_to_users(users))
        population = self.profile.population_plan()
        if users > population.users:
            raise UsageError(
                f"the run is to have {users:,} users; {self.profile.provisioning.file} has"
                f" {population.users:,}"
            )
        if users >= population.users_per_cell:
            return replace(self, profile=self.profile.scaled_to_users(users))
        first = existing.divided(population.cells)[0]
        part = existing.of(first).first(users)
        base = self.profile.slowed(users / population.users).in_one_cell()
        return replace(self, profile=base.describing(part), existing=part)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of a run; of Locust's own, ``--profile`` names the run profile."""
    group = parser.add_argument_group("chatkitty-loadtest")

    def add(name: str, *, in_form: bool = False, **settings: Any) -> None:  # noqa: ANN401
        action = group.add_argument(name, **settings)
        # Options in a group lack what Locust's own parser gives each of its options.
        action.__dict__.update(
            include_in_web_ui=in_form, is_secret=False, is_required=False, is_multiple=False
        )

    _add_profile_arguments(add)
    _add_place_arguments(add)


def _add_profile_arguments(add: Callable[..., None]) -> None:
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="loadtest_set",
        help="change a key of the profile, such as workload.message_rate_per_s=500; repeatable",
    )
    add(
        "--devices",
        type=_device_count,
        default=0,
        metavar="N",
        help="scale the profile to N devices",
        in_form=True,
    )
    add(
        "--scale",
        type=_factor,
        default=0.0,
        metavar="F",
        help="scale the profile to F times its devices, such as 0.01",
    )
    add(
        "--threshold",
        action="append",
        default=[],
        metavar="EXPR",
        help="one more promise that must hold, such as 'fanout.p99 < 200ms'; repeatable",
    )
    add("--dialect", type=int, choices=(1, 2), default=None, help="dialect of StompX")
    add("--seed", type=int, default=None, help="seed of everything random in the workload")


def _add_place_arguments(add: Callable[..., None]) -> None:
    add("--results", default="results", metavar="DIR", help="folder for results (%(default)s)")
    add("--record", default="", metavar="FILE", help="write every observation to a new file")
    add(
        "--push-sink",
        type=_address,
        nargs="?",
        const=ANY_PORT,
        default=None,
        metavar="HOST:PORT",
        help=f"take pushes for users who are not connected (push.sink; alone: {ANY_PORT})",
    )
    add_network_arguments(add)
    add(
        "--prometheus",
        action="store_true",
        help="with the web UI: serve the run to Prometheus at /chat/prometheus",
    )
    add(
        "--web-password-file",
        default="",
        metavar="FILE",
        help="with --web-login: its first line is the password (or set LOADTEST_WEB_PASSWORD)",
    )
    add(
        "--token-file",
        default="",
        metavar="FILE",
        help="the token that a master and its workers show each other (or LOADTEST_TOKEN)",
    )
    add(
        "--i-am-allowed-to-load",
        default="",
        metavar="HOST",
        help="needed for a public host of the vendor: its name, once more",
    )


def _device_count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be a number of 1 or more")
    return count


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdecimal()):
        raise argparse.ArgumentTypeError(
            f"it is {text!r}; it must be HOST:PORT, or nothing behind the profile's name"
        )
    return text


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < math.inf:
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be a number above 0")
    return factor


def run_options(options: argparse.Namespace, *, is_profile_driven: bool = True) -> RunOptions:
    """Return what was asked for, Locust's own options among it.

    Args:
        options: As Locust's parser made them.
        is_profile_driven: Whether the profile says what all users do; if not, Locust's number of
            users and its spawn rate are no size of the profile.

    Raises:
        UsageError: The profile or an option cannot be used; all problems at once.
    """
    reader_name()  # a reader that there is not is refused before anything starts
    overrides = _overrides(options)
    if is_profile_driven:
        overrides += _locusts_time(options, overrides)
    base = _promising(options.profile or DEFAULT_PROFILE, overrides, options.threshold or [])
    _check_options(options)
    found = RunOptions(
        profile=base,
        host=options.host or None,
        results=options.results,
        allowed_host=options.i_am_allowed_to_load,
        network=network_settings(options, base.target.api_key),
        record=options.record,
    )
    found = _scaled(found, options)
    if not any(each.startswith("run.ramp_s=") for each in overrides):
        found = replace(found, profile=found.profile.started_like(base))
    if is_profile_driven:
        found = _with_locusts_users(found, options)
    return _with_given_rates(found, overrides)


def _scaled(found: RunOptions, options: argparse.Namespace) -> RunOptions:
    """Return the run in the size that our own options ask for.

    Raises:
        UsageError: There is nothing as small, or there are not so many users.
    """
    if found.profile.provisioning.mode == "file":
        found = _among_existing(found, options)
    elif options.devices:
        found = replace(found, profile=found.profile.scaled(devices=options.devices))
    elif options.scale:
        found = replace(found, profile=found.profile.scaled_by(options.scale))
    return _noted(found, options.devices, found.profile.devices_in_run, "devices")


def _noted(found: RunOptions, asked: int, planned: int, what: str) -> RunOptions:
    """Return the same with a note if less is planned than was asked for."""
    if not asked or planned == asked:
        return found
    note = f"{asked:,} {what} were asked for; {planned:,} is as close as whole cells and users come"
    return replace(found, notes=(*found.notes, note))


def _with_given_rates(found: RunOptions, overrides: list[str]) -> RunOptions:
    """Return the same with the rates that overrides name: they are those of the run.

    A profile's own rates are scaled with it; what a person gives explicitly stays as it is.
    """
    profile = found.profile
    given = dict(each.split("=", 1) for each in overrides)
    rates = {name: float(given[key]) for name in RATES if (key := f"workload.{name}") in given}
    return replace(found, profile=profile.with_rates(rates)) if rates else found


def _locusts_time(options: argparse.Namespace, overrides: list[str]) -> list[str]:
    """Return the length of the run that Locust's ``--run-time`` gives, as an override.

    Raises:
        UsageError: Two lengths are given.
    """
    if not options.run_time:
        return []
    given = [each for each in overrides if each.startswith("run.duration_s=")]
    if not given:
        return [f"run.duration_s={options.run_time}"]
    same = {f"run.duration_s={options.run_time:{form}}" for form in ("", "g", ".1f")}
    if given[0] not in same:
        raise UsageError(
            f"--run-time is {options.run_time} s and {given[0]}: the run has one length; give one"
        )
    return []


def _with_locusts_users(found: RunOptions, options: argparse.Namespace) -> RunOptions:
    """Return the same with as many users, started as fast, as Locust's own options say."""
    users = options.num_users
    if users and users != found.profile.users_in_run:
        # So many users are another size of the profile, and not the first few of its users.
        found = found.scaled_to_users(users)
        found = _noted(found, users, found.profile.users_in_run, "users")
    rate = options.spawn_rate
    if rate and not math.isclose(rate, found.profile.users_per_s):
        found = replace(found, profile=found.profile.started_within(users_per_s=rate))
    return found


def _promising(name: str, overrides: list[str], thresholds: list[str]) -> Profile:
    """Return the profile with more thresholds than its own."""
    problems: list[str] = []
    try:
        parse_all(thresholds)
    except UsageError as error:
        problems += (f"--threshold: {problem}" for problem in error.problems)
    try:
        profile = load_profile(name, overrides)
    except UsageError as error:
        raise UsageError(*error.problems, *problems) from error
    if problems:
        raise UsageError(*problems)
    return profile.model_copy(update={"thresholds": (*profile.thresholds, *thresholds)})


def _overrides(options: argparse.Namespace) -> list[str]:
    overrides = list(options.loadtest_set or [])
    if options.dialect is not None:
        overrides.append(f"target.dialect={options.dialect}")
    if options.seed is not None:
        overrides.append(f"run.seed={options.seed}")
    if options.push_sink is not None:
        overrides.append(f"push.sink={options.push_sink!r}")
    return overrides


def _check_options(options: argparse.Namespace) -> None:
    if options.devices < 0:  # the web form takes any number
        raise UsageError(f"devices is {options.devices}; it must be 0 (as in the profile) or more")
    if options.devices and options.scale:
        raise UsageError(
            f"--devices {options.devices} and --scale {options.scale:g}: both scale the profile;"
            " give one of them"
        )


def _among_existing(found: RunOptions, options: argparse.Namespace) -> RunOptions:
    """Return the same run among the users of the profile's file, or a part of them."""
    existing = read_existing(Path(found.profile.provisioning.file))
    found = replace(found, profile=found.profile.describing(existing), existing=existing)
    population = found.profile.population_plan()
    users = options.scale * population.users
    if options.devices:
        users = options.devices * population.users_per_cell / population.devices_per_cell
    return found.scaled_to_users(max(2, math.floor(round(users, 6)))) if users else found
