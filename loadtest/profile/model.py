"""A run profile: validated as a whole, frozen, and the source of everything a run needs to know.

A profile travels between processes as plain data (``resolved`` and ``from_resolved``) and is kept
beside a run's results as TOML. The population and behaviour that it describes are made here; what
they mean is in the part ``workload``.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_core import PydanticCustomError

from loadtest.errors import UsageError
from loadtest.profile.rules import broken_rules
from loadtest.profile.sections import HANDLERS, ChannelSection, ProfileSections
from loadtest.profile.toml_text import toml_text
from loadtest.workload.behaviour import Behaviour, Presence, Response, Stays, Writing
from loadtest.workload.distributions import Exponential, Fixed, WeightedTable
from loadtest.workload.disturbances import CutPlan, Disturbances, SlowReaders
from loadtest.workload.existing import CellPlanner, Existing, ExistingChannel
from loadtest.workload.load_plan import LoadPlan, plan_load
from loadtest.workload.population import ChannelGroup, ChannelType, Population

__all__ = ["HIDDEN", "RATES", "Profile"]

HIDDEN = "(hidden)"
"""What stands in reports instead of a secret."""

_LONGEST_RAMP_RATIO = 0.5
# So many users are planned one by one; cells are alike, so that more of them are a multiple.
_USERS_PLANNED, _CELLS_MIN = 5_000, 4
RATES = ("message_rate_per_s", "channel_update_rate_per_s", "offline_rate_per_s")
"""Keys of the workload that are of the whole population, and scaled with it."""


class Profile(ProfileSections):
    """A run profile."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problems = broken_rules(self)
        if problems:
            raise PydanticCustomError("rules", "{text}", {"text": "\n".join(problems)})
        return self

    # --- as plain data --------------------------------------------------------------------------

    def resolved(self) -> dict[str, Any]:
        """Return every key with its value as plain data, defaults included."""
        return self.model_dump(mode="json", exclude_none=True)

    def without_secrets(self) -> Self:
        """Return the profile for reports: with the API key replaced, which is nobody's business."""
        target = self.target.model_copy(update={"api_key": HIDDEN})
        return self.model_copy(update={"target": target})

    @classmethod
    def from_resolved(cls, data: Mapping[str, Any]) -> Self:
        """Return the profile that ``resolved`` gave."""
        return cls.model_validate(dict(data))

    def to_toml(self) -> str:
        """Return the profile as TOML, every key with its value; it can be loaded again."""
        return toml_text(self.resolved())

    # --- as a plan ------------------------------------------------------------------------------

    def population_plan(self) -> Population:
        """Return who exists."""
        section = self.population
        return Population(
            users=section.users,
            cells=section.cells,
            device_weights=section.devices_per_user,
            activity=section.activity,
            groups=tuple(
                ChannelGroup(
                    name=channel.group,
                    type=ChannelType(channel.type),
                    count=channel.count,
                    size=channel.size,
                    message_weight=channel.message_weight,
                )
                for channel in self.channels
            ),
            background_ratio=section.background_ratio,
            channels_per_user_max=section.channels_per_user_max,
        )

    def behaviour(self) -> Behaviour:
        """Return what users do."""
        work = self.workload
        return Behaviour(
            message_rate_per_s=work.message_rate_per_s,
            arrivals=work.arrivals,
            writing=Writing(
                length=work.message_length,
                keystroke_bursts=work.keystroke_bursts,
                keystroke_pause_s=work.keystroke_pause_s,
                edit_probability=work.edit_probability,
                edit_delay_s=work.edit_delay_s,
                key_gap_s=work.key_gap_s if work.typing == "keys" else None,
                reply_probability=work.reply_probability,
            ),
            channel_update_rate_per_s=work.channel_update_rate_per_s,
            stays=self._stays(),
            reading=Response(work.read_probability, work.read_delay_s),
            reacting=Response(work.reaction_probability, work.reaction_delay_s),
            # Users start over the ramp, so on average half of it is missing.
            horizon_s=self.run.duration_s - self.run.ramp_s / 2,
        )

    def _stays(self) -> Stays:
        section = self.chat_sessions
        return Stays(
            stay_s=section.stay_s,
            away_s=section.away_s,
            active_share_at_start=section.active_share_at_start,
            enter_within_s=section.enter_within_s,
            settle_s=section.settle_s,
            presence=self._presence(),
            sessions_per_device_max=self.device.session_limit,
        )

    def disturbances(self) -> Disturbances:
        """Return what goes wrong on purpose."""
        return Disturbances(self._cuts(), self._slow_readers())

    def _cuts(self) -> CutPlan | None:
        section = self.connection_cuts
        if section.at_s is None:
            return None
        return CutPlan(section.at_s, section.share, section.waves, section.every_s)

    def _slow_readers(self) -> SlowReaders | None:
        device = self.device
        if not device.slow_share:
            return None
        return SlowReaders(device.slow_share, device.slow_read_bytes_per_s)

    def _presence(self) -> Presence | None:
        work = self.workload
        if not work.offline_rate_per_s:
            return None
        cycle_s = self.population.connected_users / work.offline_rate_per_s
        online_s = cycle_s - work.offline_s.expectation()
        return Presence(Exponential(online_s), work.offline_s)

    @property
    def cells_in_run(self) -> int:
        """How many cells this run has."""
        return self.population.cells_in_run or self.population.cells

    @property
    def users_in_run(self) -> int:
        """How many users this run has, those without a device included."""
        return self.cells_in_run * self.population_plan().users_per_cell

    @property
    def devices_in_run(self) -> int:
        """How many devices this run has."""
        return self.cells_in_run * self.population_plan().devices_per_cell

    @property
    def users_per_s(self) -> float:
        """How many users are started per second."""
        return self.users_in_run / self.run.ramp_s if self.run.ramp_s else float(self.users_in_run)

    @property
    def deviations(self) -> tuple[str, ...]:
        """What a device does not do that the published SDK does, for reports."""
        device = self.device
        missing = [name for name in HANDLERS if name not in device.handlers]
        switches = {
            "no ACK for events": device.acknowledge,
            "no STOMP heart-beats": device.heart_beats,
            "no reconnect after a lost connection": device.reconnect,
            f"no handler {', '.join(missing)}": not missing,
            f"{device.slow_share:.0%} of the devices read slowly": not device.slow_share,
        }
        return tuple(text for text, is_kept in switches.items() if not is_kept)

    def planned_load(self, seed: int | None = None, existing: Existing | None = None) -> LoadPlan:
        """Return the load of this run, as planned, of users that exist if they are known.

        Raises:
            UsageError: A cell cannot be planned: its channels do not fit.
        """
        seed = self.run.seed if seed is None else seed
        planner = CellPlanner(self.population_plan(), seed=seed, run="plan", existing=existing)
        cells = self.cells_in_run
        looked_at = cells
        if existing is None:
            per_cell = self.population_plan().users_per_cell
            looked_at = min(cells, max(_CELLS_MIN, _USERS_PLANNED // per_cell))
        plan = plan_load(planner.plans(looked_at), self.behaviour(), seed=seed)
        return plan.times(cells / looked_at)

    def names_of_run(self, run: str) -> str:
        """Return what stands in the names of users and channels of a run.

        A name that the profile gives has the population's fingerprint behind it: another population
        would find channels with other members.
        """
        if not self.provisioning.name:
            return run
        population = f"{self.population_plan()!r} {self.run.seed}".encode()
        fingerprint = hashlib.blake2s(population, digest_size=3).hexdigest()
        return f"{self.provisioning.name}-{fingerprint}"

    # --- users that exist -----------------------------------------------------------------------

    def describing(self, existing: Existing) -> Self:
        """Return the profile with users and channels that exist as its population.

        A group keeps its message weight if the profile has one of that name. Rates stay, and so do
        the cells, unless the users cannot be divided into so many.

        Raises:
            UsageError: The profile asks for what cannot be done among them.
        """
        memberships = Counter(name for each in existing.channels for name in each.members)
        groups: dict[str, list[ExistingChannel]] = {}
        for channel in existing.channels:
            groups.setdefault(channel.group, []).append(channel)
        weights = {each.group: each.message_weight for each in self.channels}
        channels = [
            {
                "group": group,
                "type": each[0].type.value,
                "count": len(each),
                "size": _sizes(each),
                "message_weight": weights.get(group, 1.0),
            }
            for group, each in groups.items()
        ]
        population = {
            "users": len(existing.users),
            "cells": existing.cells_up_to(self.population.cells),
            "cells_in_run": None,
            # Of a cell, what its channels are on average may be more than what they are.
            "channels_per_user_max": max(memberships.values(), default=1) + len(groups),
            "background_ratio": 0.0,
        }
        try:
            return self._changed(population, {}, channels)
        except ValidationError as error:
            problems = [line for each in error.errors() for line in each["msg"].splitlines()]
            raise UsageError(
                *(f"among the users that exist: {line}" for line in problems)
            ) from error

    # --- scaling --------------------------------------------------------------------------------

    def scaled_by(self, factor: float) -> Self:
        """Return the profile with ``factor`` times its devices; see ``scaled``."""
        population = self.population_plan()
        devices = population.devices_per_cell * population.cells
        return self.scaled(devices=max(self._devices_of(2), round(factor * devices)))

    def scaled(self, *, devices: int) -> Self:
        """Return the profile with so many devices, or a few less: more or fewer of the same cells.

        The first cells are the same whatever their number. Below one cell, the cell itself is made
        smaller: fewer users, fewer channels, and channels that are too large cut to what is there.
        Rates go along; times, the ramp included, stay.

        Raises:
            UsageError: Two users, the least there is, have more devices.
        """
        population = self.population_plan()
        per_cell = population.devices_per_cell
        if devices >= per_cell:
            return self._changed({"cells_in_run": devices // per_cell}, {})
        users = max(2, math.ceil(devices / per_cell * population.users_per_cell) + 1)
        while users > 2 and self._devices_of(users) > devices:
            users -= 1
        if self._devices_of(users) > devices:
            raise UsageError(
                f"the run is to have {devices:,} devices; the smallest part of {self.name} is two"
                f" users with {self._devices_of(2)} devices"
            )
        return self._shrunk(users)

    def _devices_of(self, users: int) -> int:
        """Return how many devices so many users of one cell have."""
        return replace(self.population_plan(), users=users, cells=1).devices_per_cell

    def started_like(self, base: "Profile") -> Self:
        """Return the profile with a ramp that starts its users no faster than ``base`` does.

        The ramp takes half of the run at most, so that there is a run after it.
        """
        run = self.run
        if not run.ramp_s or self.users_per_s <= base.users_per_s:
            return self
        longest_s = max(run.ramp_s, _LONGEST_RAMP_RATIO * run.duration_s)
        data = self.resolved()
        data["run"]["ramp_s"] = min(self.users_in_run / base.users_per_s, longest_s)
        return self.from_resolved(data)

    def started_within(self, *, users_per_s: float) -> Self:
        """Return the profile with a ramp that starts so many users per second.

        Raises:
            UsageError: The run is over before they are all there.
        """
        ramp_s = self.users_in_run / users_per_s
        if ramp_s >= self.run.duration_s:
            raise UsageError(
                f"{users_per_s:g} users per second: {self.users_in_run:,} users need"
                f" {ramp_s:,.0f} s to start, and the run lasts {self.run.duration_s:g} s"
            )
        data = self.resolved()
        data["run"]["ramp_s"] = ramp_s
        return self.from_resolved(data)

    def in_one_cell(self) -> Self:
        """Return the profile with its population in one cell."""
        return self._changed({"cells": 1, "cells_in_run": 1}, {})

    def slowed(self, factor: float) -> Self:
        """Return the profile with ``factor`` times its rates, and everything else as it is."""
        return self._changed({}, self._rates(factor))

    def scaled_to_users(self, users: int) -> Self:
        """Return the profile with so many users, or a few less; see ``scaled``.

        Raises:
            UsageError: There would be less than two.
        """
        per_cell = self.population_plan().users_per_cell
        if users >= per_cell:
            return self._changed({"cells_in_run": users // per_cell}, {})
        if users < 2:
            raise UsageError(f"the run is to have {users} users; there must be two at least")
        return self._shrunk(users)

    def _shrunk(self, users: int) -> Self:
        """Return the profile with one cell of so many users."""
        cells, base = self.population.cells, self.population_plan()
        factor = users / base.users_per_cell
        shrunk = self.population.model_copy(update={"users": users, "cells": 1})
        chatting = users - round(shrunk.background_ratio * users)
        rates = self._rates(users / self.population.users)
        channels = [
            _shrunk_channels(channel, factor / cells, chatting) for channel in self.channels
        ]
        population = {"users": users, "cells": 1, "cells_in_run": 1}
        return self._changed(population, rates, channels)

    def with_rates(self, rates: Mapping[str, float]) -> Self:
        """Return the profile with these rates of the run, whatever its number of cells."""
        share = self.population.cells / self.cells_in_run
        return self._changed({}, {name: rate * share for name, rate in rates.items()})

    def _rates(self, factor: float) -> dict[str, float]:
        """Return the rates of the whole population, ``factor`` times."""
        return {name: getattr(self.workload, name) * factor for name in RATES}

    def _changed(
        self,
        population: Mapping[str, float | None],
        workload: Mapping[str, float],
        channels: list[dict[str, Any]] | None = None,
    ) -> Self:
        """Return the profile with some keys changed, validated again."""
        data = self.resolved()
        data["population"] |= population
        data["workload"] |= workload
        if channels is not None:
            data["channels"] = channels
        return self.from_resolved(data)


def _sizes(channels: Sequence[ExistingChannel]) -> dict[str, Any]:
    """Return how many members channels have, as a profile would write it."""
    counts = sorted(Counter(len(each.members) for each in channels).items())
    sizes, weights = zip(*counts, strict=True)
    return {"kind": WeightedTable.kind, "values": list(sizes), "weights": list(weights)}


def _shrunk_channels(channel: ChannelSection, factor: float, users: int) -> dict[str, Any]:
    """Return a group with ``factor`` times its channels, none larger than ``users``."""
    size = Fixed(users) if channel.size.lowest > users else channel.size
    count = max(1, round(channel.count * factor))
    if channel.type == "DIRECT":
        count = min(count, math.comb(users, math.ceil(size.lowest)))
    return channel.model_copy(update={"size": size, "count": count}).model_dump(mode="json")
