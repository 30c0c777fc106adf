"""From a load on an axis to the run of a trial, and the plan of a study before it starts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.capacity.answer import load_text
from loadtest.capacity.search import SearchSettings, rounded
from loadtest.capacity.study import UNITS, Axis, Settings
from loadtest.errors import UsageError
from loadtest.metrics.verdict.grammar import parse
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.profile import Profile
from loadtest.workload import LoadPlan

__all__ = ["AxisPlan", "Lengths", "default_settle_s", "first_load", "plan_lines"]

_START_S, _END_S = 3.0, 4.0
# So much more than a threshold's percentile needs, and at most so many times the asked hold.
_SPARE_SAMPLES = 1.5
_LONGEST_HOLD = 5.0
_SHORTEST_SETTLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the parts of a trial take, in seconds."""

    ramp_s: float
    settle_s: float
    hold_s: float

    @property
    def run_s(self) -> float:
        """Length of the run."""
        return self.ramp_s + self.settle_s + self.hold_s

    @property
    def trial_s(self) -> float:
        """About how long the trial takes, with its start and its end."""
        return _START_S + self.run_s + _END_S


@dataclass(frozen=True, slots=True)
class AxisPlan:
    """What a load on the axis means for a profile.

    Args:
        axis: What is searched.
        profile: As it would run without a search.
        plan: Its planned load.
        base_rate: The messages per second that the profile's file says, before any scaling.
        users_per_s: How fast the profile starts its users.
    """

    axis: Axis
    profile: Profile
    plan: LoadPlan
    base_rate: float
    users_per_s: float

    @property
    def planned(self) -> float:
        """The load of the profile as it is."""
        return {
            "message_rate": self.plan.messages_per_s,
            "devices": float(self.plan.devices),
            "deliveries": self.plan.deliveries_per_s,
        }[self.axis]

    def check(self) -> None:
        """Refuse a profile that has nothing to raise, or no promise that could break.

        Raises:
            UsageError: It plans no load on the axis, or has no thresholds.
        """
        if not self.profile.thresholds:
            raise UsageError(
                f"the profile {self.profile.name} has no thresholds, so that no load could fail;"
                " give one, such as --threshold 'fanout.p99 < 500ms'"
            )
        if self.planned <= 0:
            raise UsageError(
                f"--axis {self.axis}: the profile {self.profile.name} plans 0 {UNITS[self.axis]}"
            )

    @property
    def devices_per_unit(self) -> float:
        """Devices that one more unit of load brings."""
        return 1.0 if self.axis == "devices" else 0.0

    @property
    def messages_per_unit(self) -> float:
        """Messages per second and unit of load."""
        return self.plan.messages_per_s / self.planned

    @property
    def deliveries_per_unit(self) -> float:
        """Deliveries per second and unit of load."""
        return self.plan.deliveries_per_s / self.planned

    def devices(self, load: float) -> int:
        """Return the devices of a trial."""
        return self._scaled(load).devices_in_run if self.axis == "devices" else self.plan.devices

    def snapped(self, load: float) -> float:
        """Return the load that a trial really has: devices come in whole cells."""
        return float(self.devices(load)) if self.axis == "devices" else load

    def overrides(self, load: float, lengths: Lengths) -> list[str]:
        """Return what a trial changes in the profile, as ``--set`` takes it."""
        changes = [f"run.duration_s={lengths.run_s:g}", f"run.ramp_s={lengths.ramp_s:g}"]
        if self.axis != "devices":
            rate = self.base_rate * load / self.planned
            changes.append(f"workload.message_rate_per_s={rate:.6g}")
        return changes

    def lengths(
        self, load: float, settings: Settings, settle_s: float, *, patience: float = 1.0
    ) -> Lengths:
        """Return the lengths of a trial: it holds until its thresholds have their samples.

        ``patience`` is how many times longer, after trials that had too few of them.
        """
        users = self._scaled(load).users_in_run if self.axis == "devices" else self.plan.users
        ramp_s = max(self.profile.run.ramp_s, users / self.users_per_s)
        needed_s = patience * self.samples_s(load, settings.thresholds)
        hold_s = min(max(settings.hold_s, needed_s), _LONGEST_HOLD * settings.hold_s)
        return Lengths(float(math.ceil(ramp_s)), settle_s, float(math.ceil(hold_s)))

    def _scaled(self, load: float) -> Profile:
        cell = self.profile.population_plan().devices_per_cell
        devices = cell * round(load / cell) if load >= cell else max(2, round(load))
        return self.profile.scaled(devices=devices)

    def samples_s(self, load: float, thresholds: Sequence[str]) -> float:
        """Return the seconds in which every threshold has the samples that it needs, and more."""
        factor = load / self.planned
        rates = {
            "latency.channel.message.created": self.plan.deliveries_per_s,
            "service_latency.channel.message.created": self.plan.deliveries_per_s,
            "completion.all": self.plan.messages_per_s,
            "notifications.latency": self.plan.notifications_per_s,
        }
        longest = 0.0
        for expression in thresholds:
            figure = parse(expression).figure
            rate = next((rate for start, rate in rates.items() if figure.startswith(start)), 0.0)
            if rate > 0:
                longest = max(longest, samples_needed(figure) / (rate * factor))
        return _SPARE_SAMPLES * longest


def default_settle_s(profile: Profile) -> float:
    """Return how long the chat sessions of the last user take to begin, and a little more."""
    section = profile.chat_sessions
    return max(_SHORTEST_SETTLE_S, section.enter_within_s + section.settle_s + 2)


def first_load(plan: AxisPlan, hold_s: float) -> float:
    """Return where a search begins if nobody says.

    That is the load of the profile; where it is so low that the thresholds would have too few
    samples in a hold, the lowest one that gives enough.
    """
    enough = plan.samples_s(plan.planned, plan.profile.thresholds) / hold_s
    return plan.snapped(rounded(plan.planned * max(1.0, enough)))


def plan_lines(plan: AxisPlan, settings: Settings, host: str | None) -> list[str]:
    """Return what a study will do, before it does."""
    loads = SearchSettings(settings.first, settings.lowest, settings.highest).loads()
    first = plan.lengths(settings.first, settings, settings.settle_s)
    most = max(1, int(settings.budget_s // first.trial_s))
    factor = settings.highest / plan.planned
    unit = UNITS[plan.axis]
    shown = ", ".join(f"{load:,g}" for load in loads)
    devices = plan.devices(settings.highest)
    users = f"{plan.plan.users - plan.plan.offline_users:,} users"
    who = f"{plan.plan.devices:,} devices of {users}, {plan.plan.channels:,} channels"
    if plan.axis == "devices":
        who = f"{plan.devices(settings.first):,} to {devices:,} devices"
    return [
        f"target {host or 'embedded server, a fresh one for each trial'}",
        f"{who}; a message reaches"
        f" {plan.deliveries_per_unit / (plan.messages_per_unit or 1):.3g} devices",
        f"loads {shown} {unit} until one fails, then where a trial tells most",
        f"each trial about {first.trial_s:.0f} s: users start {first.ramp_s:.0f} s, settle"
        f" {first.settle_s:.0f} s, hold {first.hold_s:.0f} s, end",
        f"at the highest load {load_text(settings.highest, plan.axis)}:"
        f" {plan.plan.deliveries_per_s * factor:,.0f} deliveries/s,"
        f" {plan.plan.bytes_in_per_s * factor / 1e6:,.1f} MB/s to {devices:,} devices",
        f"a trial passes if {'; '.join(settings.thresholds)}",
        f"ends at ±{settings.precision:.0%} ({settings.level:.0%} interval), or after"
        f" {settings.budget_s / 60:g} min: {most} trials at most",
    ]
