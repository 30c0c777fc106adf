"""Which channels a device enters, and who writes in a channel.

A user may belong to more channels than a device may hold chat sessions; each device then has its
own choice of them, the same for the whole run, and learns of the others by notifications. Whoever
enters a channel writes there, in proportion to the user's activity.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from loadtest.workload.population import CellPlan, UserPlan
from loadtest.workload.randomness import RandomStream

__all__ = ["CellVisits", "Visit"]


class Visit(NamedTuple):
    """A device in a channel."""

    device: int
    channel: int


def _visits_of_user(user: UserPlan, limit: int, rng: RandomStream) -> Iterator[Visit]:
    for device in range(user.device_count):
        channels = user.channels
        if len(channels) > limit:
            channels = tuple(sorted(rng.sampled(channels, limit)))
        for channel in channels:
            yield Visit(device, channel)


@dataclass(frozen=True, slots=True)
class CellVisits:
    """The visits of all users of a cell.

    Args:
        cell: Who exists.
        sessions_per_device_max: How many chat sessions a device may hold.
        seed: The seed of the run.
    """

    cell: CellPlan
    sessions_per_device_max: int
    seed: int

    def of(self, member: int) -> list[Visit]:
        """Return the visits of a user, by device and channel."""
        rng = RandomStream(self.seed, "cell", self.cell.index, "member", member, "visits")
        return list(_visits_of_user(self.cell.users[member], self.sessions_per_device_max, rng))

    def device_counts(self, member: int) -> dict[int, int]:
        """Return how many devices of a user visit each of the user's channels."""
        counts: dict[int, int] = {}
        for visit in self.of(member):
            counts[visit.channel] = counts.get(visit.channel, 0) + 1
        return counts

    def author_shares(self) -> Mapping[int, Mapping[int, float]]:
        """Return, for each channel, which share of its messages each member writes."""
        activity: dict[int, dict[int, float]] = {
            channel.index: {} for channel in self.cell.channels
        }
        for user in self.cell.users:
            for channel in self.device_counts(user.member):
                activity[channel][user.member] = user.activity
        shares = {}
        for channel, active in activity.items():
            whole = sum(active.values())
            shares[channel] = {m: part / whole for m, part in active.items()} if whole else {}
        return shares
