"""Users and channels that exist before the run: their ids, and who is a member of what.

Either the profile's population, made beforehand, of which only the ids are news; or a community of
its own, which then is the population, and the profile says how it behaves. A community is divided
into cells, which must be of one size and share no channel. Where it comes from is not here.
"""

import contextlib
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from loadtest.errors import UsageError
from loadtest.workload.population import (
    CellPlan,
    ChannelPlan,
    ChannelType,
    Population,
    UserPlan,
    creator_first,
    dealt_devices,
    plan_cell,
)
from loadtest.workload.randomness import RandomStream

__all__ = ["CellPlanner", "Existing", "ExistingChannel", "ExistingUser"]


@dataclass(frozen=True, slots=True)
class ExistingUser:
    """A user that the server knows."""

    name: str
    id: int = 0
    """The server's; 0: nobody knows it yet."""
    auth_params: str = field(default="", repr=False)
    """JSON text for the application's own check of the user; empty: none."""


@dataclass(frozen=True, slots=True)
class ExistingChannel:
    """A channel that the server has."""

    name: str
    """In plans and reports; on the server too, unless it is direct."""
    type: ChannelType
    members: tuple[str, ...]
    id: int = 0
    """The server's; 0: nobody knows it yet."""
    group: str = ""


@dataclass(frozen=True)
class Existing:
    """What exists.

    Args:
        users: All users.
        channels: All channels.
        is_population: Whether this is who exists, instead of the profile's population.
    """

    users: tuple[ExistingUser, ...]
    channels: tuple[ExistingChannel, ...]
    is_population: bool = False

    @cached_property
    def users_by_name(self) -> Mapping[str, ExistingUser]:
        """All users by name."""
        return {user.name: user for user in self.users}

    @cached_property
    def channels_by_name(self) -> Mapping[str, ExistingChannel]:
        """All channels by name."""
        return {channel.name: channel for channel in self.channels}

    def to_plain(self) -> dict[str, Any]:
        """Return everything as plain data, secrets of users among it."""
        return {
            "users": [dataclasses.astuple(user) for user in self.users],
            "channels": [
                (each.name, str(each.type), each.members, each.id, each.group)
                for each in self.channels
            ],
            "is_population": self.is_population,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Existing":
        """Return what ``to_plain`` made plain."""
        return cls(
            tuple(ExistingUser(*each) for each in plain["users"]),
            tuple(
                ExistingChannel(name, ChannelType(kind), tuple(members), identifier, group)
                for name, kind, members, identifier, group in plain["channels"]
            ),
            plain["is_population"],
        )

    def first(self, users: int) -> "Existing":
        """Return a part with so many users, members of the first channels before all others.

        Channels are cut to the members that are in it; one that keeps fewer than two is left out,
        and so is a direct one that does not keep all, as it is known by them.
        """
        by_channel = itertools.chain.from_iterable(each.members for each in self.channels)
        order = dict.fromkeys([*by_channel, *(user.name for user in self.users)])
        kept = set(itertools.islice(order, users))
        cut = (
            dataclasses.replace(each, members=tuple(name for name in each.members if name in kept))
            for each in self.channels
        )
        return Existing(
            tuple(user for user in self.users if user.name in kept),
            tuple(
                part
                for part, whole in zip(cut, self.channels, strict=True)
                if part == whole or (len(part.members) > 1 and part.type is not ChannelType.DIRECT)
            ),
            self.is_population,
        )

    def of(self, names: Iterable[str]) -> "Existing":
        """Return the part with these users and the channels whose members they are."""
        kept = set(names)
        return Existing(
            tuple(user for user in self.users if user.name in kept),
            tuple(each for each in self.channels if kept.issuperset(each.members)),
            self.is_population,
        )

    def cells_up_to(self, limit: int) -> int:
        """Return into how many cells, ``limit`` at most, the users can be divided."""
        for cells in range(limit, 1, -1):
            with contextlib.suppress(UsageError):
                self.divided(cells)
                return cells
        return 1

    def divided(self, cells: int) -> tuple[tuple[str, ...], ...]:
        """Return the names of the users of each cell.

        Raises:
            UsageError: The users cannot be divided into so many cells of one size that share no
                channel.
        """
        if cells == 1:
            return (tuple(user.name for user in self.users),)
        size, rest = divmod(len(self.users), cells)
        problem = UsageError(
            f"the {len(self.users)} users that exist cannot be divided into {cells} cells of one"
            " size that share no channel"
        )
        if rest:
            raise problem
        bins: list[list[str]] = [[] for _ in range(cells)]
        for community in sorted(self._communities(), key=len, reverse=True):
            fitting = [each for each in bins if len(each) + len(community) <= size]
            if not fitting:
                raise problem
            # The fullest that has room: large holes stay for large communities.
            max(fitting, key=len).extend(community)
        return tuple(tuple(each) for each in bins)

    def _communities(self) -> list[list[str]]:
        """Return the users that are connected by channels, each community by itself."""
        of_user = {user.name: [user.name] for user in self.users}
        for channel in self.channels:
            for name in channel.members[1:]:
                first, other = of_user[channel.members[0]], of_user[name]
                if first is not other:
                    small, large = sorted((first, other), key=len)
                    large.extend(small)
                    of_user.update(dict.fromkeys(small, large))
        return list({id(each): each for each in of_user.values()}.values())


class CellPlanner:
    """The plans of all cells of a run, each made when it is asked for.

    Args:
        population: What all cells have in common.
        seed: Everything random comes from it.
        run: Stands in all names, unless users and channels exist.
        existing: What exists; None: nothing.
    """

    def __init__(
        self, population: Population, *, seed: int, run: str, existing: Existing | None = None
    ) -> None:
        self._population = population
        self._seed = seed
        self._run = run
        self._existing = existing if existing is not None and existing.is_population else None
        self._cells: Sequence[Sequence[str]] = ()
        if self._existing is not None:
            self._cells = self._existing.divided(population.cells)

    def plan(self, index: int) -> CellPlan:
        """Return the plan of a cell; of those that exist, one that is none of them has nobody.

        Raises:
            UsageError: Its channels do not fit.
        """
        if self._existing is None:
            return plan_cell(self._population, index, seed=self._seed, run=self._run)
        if index >= len(self._cells):
            return CellPlan(index, (), ())
        return self._existing_cell(self._existing, index)

    def plans(self, count: int) -> Iterator[CellPlan]:
        """Yield the plans of the first ``count`` cells.

        Raises:
            UsageError: The channels of one do not fit.
        """
        return (self.plan(index) for index in range(count))

    def _existing_cell(self, existing: Existing, index: int) -> CellPlan:
        rng = RandomStream(self._seed, "cell", index)
        population, names = self._population, self._cells[index]
        devices = dealt_devices(population, rng, len(names))
        member_of = {name: member for member, name in enumerate(names)}
        of_user: list[list[int]] = [[] for _ in names]
        channels: list[ChannelPlan] = []
        for channel in existing.channels:
            if channel.members[0] not in member_of:
                continue
            members = tuple(member_of[name] for name in channel.members)
            for member in members:
                of_user[member].append(len(channels))
            message_share, update_share = population.shares_of(channel.group)
            channels.append(
                ChannelPlan(
                    index=len(channels),
                    group=channel.group,
                    type=channel.type,
                    name=channel.name,
                    members=creator_first(members, devices),
                    message_share=message_share,
                    update_share=update_share,
                )
            )
        users = tuple(
            UserPlan(
                member=member,
                name=name,
                device_count=devices[member],
                channels=tuple(of_user[member]),
                activity=population.activity.sample(rng),
            )
            for member, name in enumerate(names)
        )
        return CellPlan(index, users, tuple(channels))
