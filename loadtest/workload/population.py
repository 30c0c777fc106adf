"""Who exists: users, their devices, and the channels they belong to.

A population is made of *cells*, communities that share no channel. Cell ``i`` is a pure function
of the population, the seed and ``i``: it is the same in a small run and in a large one, on any
number of workers. All members of a channel live in one cell and, unless a profile spreads them, a
cell lives on one worker, so that a fan-out is measured on one clock.

The base population has ``cells`` cells; a larger one has more cells of the same shape, a smaller
one the first of them. Not here: what users do (see ``behaviour``), and ids that a server gives.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.errors import UsageError
from loadtest.observations import ChannelType
from loadtest.workload.distributions import Distribution
from loadtest.workload.randomness import RandomStream

__all__ = [
    "DIRECT_MEMBERS_MAX",
    "MEMBERS_MIN",
    "CellPlan",
    "ChannelGroup",
    "ChannelPlan",
    "ChannelType",
    "Population",
    "UserPlan",
    "creator_first",
    "dealt_devices",
    "instances_in_cell",
    "plan_cell",
    "quotas",
]

MEMBERS_MIN = 2
DIRECT_MEMBERS_MAX = 10
"""A direct channel joins a user with up to nine others."""

_DRAWS_FOR_A_SET = 200


@dataclass(frozen=True, slots=True)
class ChannelGroup:
    """Channels that are alike: ``count`` of them in the base population."""

    name: str
    type: ChannelType
    count: int
    size: Distribution
    """Members of a channel."""
    message_weight: float = 1.0
    """Share of all messages that go to this group, relative to the other groups."""


@dataclass(frozen=True, slots=True)
class Population:
    """What all cells have in common."""

    users: int
    """Users of the base population."""
    cells: int
    """Cells of the base population."""
    device_weights: tuple[tuple[int, float], ...]
    """How many users (as a weight) have how many devices; 0 devices: never connected."""
    activity: Distribution
    """How much a user writes, relative to other members of the same channel."""
    groups: tuple[ChannelGroup, ...]
    background_ratio: float = 0.0
    """Share of users that belong to no channel."""
    channels_per_user_max: int = 10

    @property
    def users_per_cell(self) -> int:
        """How many users a cell has."""
        return self.users // self.cells

    @property
    def seated_users_per_cell(self) -> int:
        """How many users of a cell may belong to channels."""
        return self.users_per_cell - round(self.background_ratio * self.users_per_cell)

    @property
    def devices_per_cell(self) -> int:
        """How many devices a cell has; the same in each."""
        counts = quotas(self.users_per_cell, [weight for _, weight in self.device_weights])
        pairs = zip(self.device_weights, counts, strict=True)
        return sum(devices * count for (devices, _), count in pairs)

    def shares_of(self, group: str) -> tuple[float, float]:
        """Return which share of all messages, and of all updates, one channel of a group gets."""
        found = next(each for each in self.groups if each.name == group)
        weights = sum(each.message_weight for each in self.groups)
        updatable = sum(g.count for g in self.groups if g.type is not ChannelType.DIRECT)
        update_share = 0.0 if found.type is ChannelType.DIRECT else 1 / updatable
        return found.message_weight / weights / found.count, update_share


@dataclass(frozen=True, slots=True)
class UserPlan:
    """A user of a cell."""

    member: int
    """Number of the user in the cell."""
    name: str
    device_count: int
    channels: tuple[int, ...]
    """The user's channels, as indexes in the cell."""
    activity: float = 1.0


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """A channel of a cell."""

    index: int
    group: str
    type: ChannelType
    name: str
    members: tuple[int, ...]
    """Members by their numbers in the cell; the first one creates the channel."""
    message_share: float
    """Share of the messages of the base population that are sent here."""
    update_share: float
    """Share of the channel updates of the base population that are made here."""


@dataclass(frozen=True, slots=True)
class CellPlan:
    """Everything that exists in a cell."""

    index: int
    users: tuple[UserPlan, ...]
    channels: tuple[ChannelPlan, ...]

    @property
    def device_count(self) -> int:
        """How many devices the cell has."""
        return sum(user.device_count for user in self.users)


class _NoRoomError(Exception):
    """Too few users may still enter another channel; the draw must be repeated with care."""


def quotas(total: int, weights: Sequence[float]) -> list[int]:
    """Divide ``total`` by weights into whole numbers that add up to it (largest remainders)."""
    whole = sum(weights)
    shares = [total * weight / whole for weight in weights]
    counts = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: counts[place] - shares[place])
    for place in by_remainder[: total - sum(counts)]:
        counts[place] += 1
    return counts


def instances_in_cell(group: ChannelGroup, cells: int, index: int) -> int:
    """Return how many channels of a group live in a cell; a period of ``cells`` repeats for ever.

    Instance ``j`` of the base population lives in cell ``floor(j * cells / count)``.
    """
    place = index % cells
    first = -(-place * group.count // cells)
    return -(-(place + 1) * group.count // cells) - first


def plan_cell(population: Population, index: int, *, seed: int, run: str) -> CellPlan:
    """Return the plan of a cell.

    Args:
        population: What all cells have in common.
        index: Number of the cell.
        seed: Everything random comes from it.
        run: Short id of the run; it stands in all names, so that runs never meet on a server.

    Raises:
        UsageError: The channels do not fit: not enough users, or no distinct set of direct members.
    """
    rng = RandomStream(seed, "cell", index)
    devices = dealt_devices(population, rng, population.users_per_cell)
    seats = _seats(population, index, devices, rng)
    channels: list[ChannelPlan] = []
    of_user: list[list[int]] = [[] for _ in devices]
    for group, instances in zip(population.groups, seats, strict=True):
        message_share, update_share = population.shares_of(group.name)
        for number, members in enumerate(instances):
            for member in members:
                of_user[member].append(len(channels))
            channels.append(
                ChannelPlan(
                    index=len(channels),
                    group=group.name,
                    type=group.type,
                    name=f"lt-{run}-c{index}-{group.name}{number}",
                    members=creator_first(members, devices),
                    message_share=message_share,
                    update_share=update_share,
                )
            )
    users = tuple(
        UserPlan(
            member=member,
            name=f"lt-{run}-c{index}-u{member}",
            device_count=devices[member],
            channels=tuple(of_user[member]),
            activity=population.activity.sample(rng),
        )
        for member in range(len(devices))
    )
    return CellPlan(index, users, tuple(channels))


def dealt_devices(population: Population, rng: RandomStream, users: int) -> list[int]:
    """Return how many devices each of ``users`` has: exact shares, dealt at random."""
    counts = quotas(users, [weight for _, weight in population.device_weights])
    pairs = zip(population.device_weights, counts, strict=True)
    return rng.shuffled([devices for (devices, _), count in pairs for _ in range(count)])


def creator_first(members: tuple[int, ...], devices: Sequence[int]) -> tuple[int, ...]:
    """Return the members with one that has a device in front: only that one can create."""
    creator = next((member for member in members if devices[member] > 0), members[0])
    return (creator, *(member for member in members if member != creator))


@dataclass(frozen=True, slots=True)
class _Seating:
    """One channel that needs members."""

    group: int
    size: int
    is_direct: bool


def _seats(
    population: Population, index: int, devices: Sequence[int], rng: RandomStream
) -> list[list[tuple[int, ...]]]:
    """Return the members of each channel, by group."""
    eligible = rng.sampled(range(population.users_per_cell), population.seated_users_per_cell)
    wanted = [
        _Seating(place, _size(group, len(eligible), rng), group.type is ChannelType.DIRECT)
        for place, group in enumerate(population.groups)
        for _ in range(instances_in_cell(group, population.cells, index))
    ]
    # Large channels first: they are the ones that find no room at the end.
    wanted.sort(key=lambda seating: -seating.size)
    hall = _Hall(eligible, devices, population.channels_per_user_max)
    try:
        seated = hall.seat(wanted, rng, evenly=False)
    except _NoRoomError:
        try:
            seated = hall.seat(wanted, rng, evenly=True)
        except _NoRoomError:
            needed = sum(seating.size for seating in wanted)
            raise UsageError(
                f"cell {index}: its channels need {needed} members, but {len(eligible)} users may"
                f" be in {hall.limit} channels each; no direct channel may have the members of"
                " another, and each channel needs a member with a device; have fewer or smaller"
                " channels, or more users"
            ) from None
    by_group: list[list[tuple[int, ...]]] = [[] for _ in population.groups]
    for seating, members in zip(wanted, seated, strict=True):
        by_group[seating.group].append(members)
    return by_group


def _size(group: ChannelGroup, users: int, rng: RandomStream) -> int:
    """Draw the size of a channel: at least two, at most what the cell has and its type allows."""
    largest = min(users, DIRECT_MEMBERS_MAX) if group.type is ChannelType.DIRECT else users
    return max(MEMBERS_MIN, min(largest, round(group.size.sample(rng))))


@dataclass(frozen=True, slots=True)
class _Hall:
    """The users of a cell who may belong to channels."""

    eligible: Sequence[int]
    devices: Sequence[int]
    """Devices of each user of the cell."""
    limit: int
    """Channels of a user."""

    def seat(
        self, wanted: Sequence[_Seating], rng: RandomStream, *, evenly: bool
    ) -> list[tuple[int, ...]]:
        """Return members for each wanted channel; ``evenly`` prefers users with few channels.

        Evenly finds room wherever there is room, but makes everybody's number of channels alike.

        Raises:
            _NoRoomError: A channel found too few members.
        """
        load = dict.fromkeys(self.eligible, 0)
        direct_sets: set[frozenset[int]] = set()
        seated: list[tuple[int, ...]] = []
        for seating in wanted:
            free = [member for member in self.eligible if load[member] < self.limit]
            taken = direct_sets if seating.is_direct else set()
            for _ in range(_DRAWS_FOR_A_SET if len(free) >= seating.size else 0):
                members = rng.sampled(free, len(free) if evenly else seating.size)
                if evenly:
                    # A stable sort of shuffled users: ties stay in random order.
                    members = sorted(members, key=load.__getitem__)[: seating.size]
                if frozenset(members) not in taken and self._can_create(members):
                    break
            else:
                raise _NoRoomError
            if seating.is_direct:
                direct_sets.add(frozenset(members))
            for member in members:
                load[member] += 1
            seated.append(tuple(members))
        return seated

    def _can_create(self, members: Sequence[int]) -> bool:
        return any(self.devices[member] for member in members)
