"""Answers the screens in the browser for the process that leads runs.

What a person types is checked here as a whole, before Locust hears of it: a wrong value is refused
with its message beside its field, and nothing is sent. ``test_start`` checks the same once more.
"""

import contextlib
import copy
import math
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from locust.util.timespan import parse_timespan

from loadtest.errors import LoadtestError
from loadtest.profile import Profile, load_profile, profile_names
from loadtest.run.leader.results import RunResults
from loadtest.run.leader.target_consent import check_target
from loadtest.run.options import DEFAULT_PROFILE, RunOptions
from loadtest.web.desk import FormProblem, ProfileChoice, StartForm
from loadtest.workload import LoadPlan

__all__ = ["LeaderDesk", "Leading"]

_RUNNING = ("spawning", "running")
_FIELDS = ("profile", "devices", "message_rate", "duration", "dialect", "host")
_MOST_USERS = 1_000_000
_EXAMPLES = "such as 20, 30s, 5m or 1h20m"


class Leading(Protocol):
    """What a leader of runs offers to the desk."""

    results: RunResults | None
    run_time_s: float | None
    refusal: str

    @property
    def parsed(self) -> Namespace:
        """What Locust's parser made of the command line, and the web form of it since."""

    @property
    def is_profile_driven(self) -> bool:
        """Whether the profile says what all users do."""

    @property
    def state(self) -> str:
        """Locust's word for what its runner does."""

    @property
    def embedded_address(self) -> str:
        """Address of the embedded server; empty: it does not run."""

    def options_of(self, parsed: Namespace) -> RunOptions:
        """Return what these options ask for."""

    def check_host(self, options: RunOptions, host: str) -> None:
        """Check that a server may be loaded and answers."""


class _Refused(Exception):  # noqa: N818 - it ends the reading of a form
    """What was typed cannot be used."""

    def __init__(self, *problems: FormProblem) -> None:
        super().__init__(*(each.text for each in problems))
        self.problems = problems


class LeaderDesk:
    """The desk of one leader.

    Args:
        leader: The process that leads runs.
    """

    def __init__(self, leader: Leading) -> None:
        self._leader = leader
        self._base_set = list(leader.parsed.loadtest_set or [])
        self._shown = (leader.parsed.num_users, leader.parsed.spawn_rate, leader.parsed.profile)
        """What Locust's own form was filled with: a number that nobody changed follows the
        profile."""
        self._typed: dict[str, str] = {}
        self._readers = (
            *(self._read_profile, self._read_devices, self._read_rate, self._read_dialect),
            *(self._read_host, self._read_duration, self._read_users),
        )
        self.planned: Mapping[str, Any] = {}
        """The planned load of the run that goes on, or of the last one."""
        with contextlib.suppress(LoadtestError):
            self.note_plan(leader.options_of(leader.parsed))

    @property
    def run(self) -> RunResults | None:
        """The run that goes on, or the last one."""
        return self._leader.results

    @property
    def state(self) -> str:
        """Locust's word for what its runner does."""
        return self._leader.state

    @property
    def refusal(self) -> str:
        """Why the last attempt to begin a run failed; empty: it did not."""
        return self._leader.refusal

    @property
    def results_folder(self) -> Path:
        """Where runs leave their folders."""
        return Path(self._leader.parsed.results)

    def note_plan(self, options: RunOptions) -> None:
        """Keep the planned load of a run that begins."""
        self.planned = self._plan_of(options)

    # --- the form ------------------------------------------------------------------------------

    def form(self) -> StartForm:
        """Return what the start form shows."""
        parsed = self._leader.parsed
        values = {
            "profile": str(parsed.profile or DEFAULT_PROFILE),
            "devices": str(parsed.devices or ""),
            "message_rate": "",
            "duration": "",
            "dialect": str(parsed.dialect or ""),
            "host": self._named_host(parsed.host),
            "user_count": str(parsed.num_users or 1),
            "spawn_rate": f"{parsed.spawn_rate or 1:g}",
        } | self._typed
        return StartForm(
            profiles=_choices(values["profile"]),
            values=values,
            placeholders={"host": "the embedded server, started for the run"},
            can_choose_profile=self._leader.is_profile_driven,
        )

    def _named_host(self, host: str | None) -> str:
        return "" if not host or host == self._leader.embedded_address else str(host)

    def plan(self, values: Mapping[str, str]) -> tuple[Mapping[str, Any], Sequence[FormProblem]]:
        """Return the planned load of what was typed, and what is wrong with it."""
        try:
            _, options = self._read(values)
            return self._plan_of(options), ()
        except _Refused as refused:
            return {}, refused.problems

    def accept(self, values: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[FormProblem]]:
        """Take what was typed for the next run, or the users of this one.

        Returns what Locust has to be told, or what is wrong: then nothing was taken.
        """
        try:
            if self._leader.state in _RUNNING:
                return self._take_users(values), ()
            parsed, options = self._read(values)
            self._check_host(parsed, options)
        except _Refused as refused:
            return {}, refused.problems
        return self._take(parsed, options, values), ()

    def _check_host(self, parsed: Namespace, options: RunOptions) -> None:
        if not parsed.host:
            return
        try:
            self._leader.check_host(options, str(parsed.host))
        except LoadtestError as error:
            raise _Refused(*_problems("host", error)) from error

    def _take(
        self, parsed: Namespace, options: RunOptions, values: Mapping[str, str]
    ) -> dict[str, str]:
        mine = self._leader.parsed
        for name in ("profile", "devices", "scale", "dialect", "loadtest_set", "host"):
            setattr(mine, name, getattr(parsed, name))
        mine.run_time = None
        self._leader.run_time_s = parsed.run_time
        self._typed = {name: values[name].strip() for name in _FIELDS if name in values}
        self._shown = (parsed.num_users, parsed.spawn_rate, parsed.profile)
        self.note_plan(options)
        return {
            "user_count": str(parsed.num_users),
            "spawn_rate": repr(float(parsed.spawn_rate)),
            "host": str(parsed.host or self._leader.embedded_address),
            "profile": str(parsed.profile or ""),
        }

    def _take_users(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the new number of users of a run that goes on."""
        users = _whole("user_count", values.get("user_count", ""), _MOST_USERS)
        rate = _number("spawn_rate", values.get("spawn_rate", "") or "1")
        before = self._leader.parsed.num_users
        if before and self.planned:
            factor = users / before
            rates = {
                name: value * factor if name in _GROWING and value is not None else value
                for name, value in self.planned.items()
            }
            self.planned = rates | {"users": users}
        run = self.run
        if run is not None and run.live is not None:
            run.live.mark("users", f"{users:,} users wanted")
        return {"user_count": str(users), "spawn_rate": repr(rate)}

    # --- reading what was typed ----------------------------------------------------------------

    def _read(self, values: Mapping[str, str]) -> tuple[Namespace, RunOptions]:
        """Return the options that a form asks for.

        Raises:
            _Refused: With everything that is wrong.
        """
        typed = {name: str(value).strip() for name, value in values.items()}
        parsed = copy.copy(self._leader.parsed)
        problems: list[FormProblem] = []

        def take(read: Callable[[Namespace, Mapping[str, str]], None]) -> None:
            try:
                read(parsed, typed)
            except _Refused as refused:
                problems.extend(refused.problems)

        for read in self._readers:
            take(read)
        if problems:
            raise _Refused(*problems)
        try:
            options = self._leader.options_of(parsed)
            options = self._with_rate(parsed, options, typed.get("message_rate", ""))
        except LoadtestError as error:
            raise _Refused(*_problems("", error)) from error
        self._fill_in(parsed, options.profile, typed)
        return parsed, options

    def _read_profile(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        parsed.profile = typed.get("profile", parsed.profile) or DEFAULT_PROFILE
        try:
            load_profile(parsed.profile, self._base_set)
        except LoadtestError as error:
            raise _Refused(*_problems("profile", error)) from error

    def _read_rate(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        parsed.loadtest_set = list(self._base_set)
        if typed.get("message_rate"):
            _number("message_rate", typed["message_rate"])

    def _read_devices(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        if "devices" not in typed:
            return
        parsed.devices = 0
        # Locust's own form sends 0 for "as in the profile".
        if typed["devices"] not in ("", "0"):
            parsed.devices = _whole("devices", typed["devices"], _MOST_USERS)
            parsed.scale = 0.0

    def _read_dialect(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        found = typed.get("dialect")
        if found is None:
            return
        if found not in ("", "None", "1", "2"):
            raise _refusal("dialect", found, "1 or 2, or nothing for the profile's")
        parsed.dialect = int(found) if found.isdigit() else None

    def _read_host(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        parsed.host = self._named_host(typed.get("host", parsed.host))
        if not parsed.host:
            return
        try:
            check_target(parsed.host, allowed_host=parsed.i_am_allowed_to_load, named="chat server")
        except LoadtestError as error:
            raise _Refused(*_problems("host", error)) from error

    def _read_duration(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        duration = typed.get("duration") or typed.get("run_time")
        if duration:
            parsed.run_time = _seconds(duration)
            _change(parsed, "run.duration_s", parsed.run_time)

    def _read_users(self, parsed: Namespace, typed: Mapping[str, str]) -> None:
        """Read the numbers of Locust's own form, and of scripted users."""
        users, rate, profile = self._shown
        if "user_count" in typed:
            users = _whole("user_count", typed["user_count"], _MOST_USERS)
        if "spawn_rate" in typed:
            rate = _number("spawn_rate", typed["spawn_rate"])
        is_untouched = users == self._shown[0] and (
            parsed.profile != profile or bool(parsed.devices) or "user_count" not in typed
        )
        follows = self._leader.is_profile_driven and is_untouched
        parsed.num_users = None if follows else users
        parsed.spawn_rate = None if follows or (rate == self._shown[1] and follows) else rate

    def _with_rate(self, parsed: Namespace, options: RunOptions, rate: str) -> RunOptions:
        """Return the options with so many messages per second in all, after all scaling."""
        if not rate:
            return options
        if not options.profile.workload.message_rate_per_s:
            raise _refusal("message_rate", rate, "empty: this profile sends no messages")
        _change(parsed, "workload.message_rate_per_s", float(rate))
        return self._leader.options_of(parsed)

    def _fill_in(self, parsed: Namespace, profile: Profile, typed: Mapping[str, str]) -> None:
        """Let the profile say what nobody typed."""
        if not self._leader.is_profile_driven:
            parsed.run_time = parsed.run_time or None
            return
        if parsed.num_users is None:
            parsed.num_users = profile.users_in_run
        if parsed.spawn_rate is None:
            parsed.spawn_rate = profile.users_per_s
        if not (typed.get("duration") or typed.get("run_time")):
            parsed.run_time = parsed.run_time or profile.run.duration_s

    def _plan_of(self, options: RunOptions) -> dict[str, Any]:
        profile = options.profile
        is_driven = self._leader.is_profile_driven
        plan = asdict(options.planned_load() if is_driven else LoadPlan())
        return {
            **plan,
            "profile": profile.name,
            "description": profile.description,
            "duration_s": profile.run.duration_s,
            "ramp_s": profile.run.ramp_s,
            "dialect": profile.target.dialect,
            "is_known": is_driven,
            "thresholds": list(profile.thresholds),
        }


_GROWING = frozenset(
    {
        *("devices", "chat_sessions", "chat_session_starts_per_s", "messages_per_s"),
        *("deliveries_per_s", "notifications_per_s", "keystrokes_per_s", "reads_per_s"),
        *("events_per_s", "bytes_in_per_s", "bytes_out_per_s"),
    }
)


def _change(parsed: Namespace, key: str, value: float) -> None:
    """Change a key of the profile, instead of what the command line said of it."""
    others = [each for each in parsed.loadtest_set if each.partition("=")[0].strip() != key]
    parsed.loadtest_set = [*others, f"{key}={value!r}"]


def _choices(chosen: str) -> list[ProfileChoice]:
    names = profile_names()
    if chosen not in names:
        names = [chosen, *names]
    choices = []
    for name in names:
        try:
            choices.append(ProfileChoice(name, load_profile(name).description))
        except LoadtestError as error:
            choices.append(ProfileChoice(name, f"cannot be used: {str(error).splitlines()[0]}"))
    return choices


def _problems(field: str, error: LoadtestError) -> list[FormProblem]:
    return [FormProblem(field, line) for line in str(error).splitlines() if line.strip()]


_LABELS = {
    "user_count": "users",
    "spawn_rate": "users started per second",
    "message_rate": "messages per second",
}


def _refusal(field: str, found: str, rule: str) -> _Refused:
    name = _LABELS.get(field, field)
    return _Refused(FormProblem(field, f"{name} is {found!r}; it must be {rule}"))


def _whole(field: str, text: str, highest: int) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= highest:
        raise _refusal(field, text, f"a whole number from 1 to {highest:,}")
    return number


def _number(field: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise _refusal(field, text, "a number above 0")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(parse_timespan(text))
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise _refusal("duration", text, f"a time above 0, {_EXAMPLES}")
    return seconds
