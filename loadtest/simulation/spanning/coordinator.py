"""The one worker that decides for a cell whose members are on several: its home.

It hears which members the server knows, says who creates a channel and who invites a latecomer, and
when everything is there, at which instant the workload starts. Only the home decides, so
that no channel is ever made twice. It holds no device; all it does is to answer facts with facts.
"""

from collections.abc import Callable

from loadtest.clock import NS_PER_MS
from loadtest.spanning.batch import (
    CellSettled,
    CellStarts,
    ChannelMade,
    CreateChannel,
    Fact,
    InviteMember,
    MemberIn,
    MemberKnown,
)
from loadtest.workload import CellPlan, ChannelPlan, ChannelType

__all__ = ["CellCoordinator"]

# Every worker must have heard of it by then, or its first actions would be late.
_LEAD_NS = 500 * NS_PER_MS

Tell = Callable[[Fact, int | None], None]
"""Tells a worker a fact, or all of them (None)."""


class CellCoordinator:
    """Brings one cell into being.

    Args:
        plan: Who and what belongs to it.
        worker_of: Returns which worker a member is on.
        tell: Tells a worker a fact, or all of them.
    """

    def __init__(self, plan: CellPlan, worker_of: Callable[[int], int], tell: Tell) -> None:
        self._plan = plan
        self._worker_of = worker_of
        self._tell = tell
        self._known: dict[int, int] = {}
        """The server's ids of the members that it knows."""
        self._ordered: dict[int, int] = {}
        """By channel, the worker that is to create it."""
        self._made: dict[int, set[int]] = {}
        """Members of the channels that exist; none of one that could not be created."""
        self._settled: set[int] = set()
        self._is_patient = True
        self._is_started = False

    def take(self, fact: Fact, now_ns: int) -> None:
        """Take a fact of a worker."""
        if isinstance(fact, MemberKnown):
            self._known[fact.member] = fact.user
            for index in self._plan.users[fact.member].channels:
                self._consider(self._plan.channels[index])
        elif isinstance(fact, ChannelMade):
            self._made[fact.channel] = set(fact.members)
            for member in self._plan.channels[fact.channel].members:
                self._invite(self._plan.channels[fact.channel], member)
        elif isinstance(fact, MemberIn):
            self._made[fact.channel].add(fact.member)
        elif isinstance(fact, CellSettled):
            self._settled.add(fact.worker)
        self._check_start(now_ns)

    def wait_no_longer(self, now_ns: int) -> None:
        """Go on without those members that could not be connected in all this time."""
        self._is_patient = False
        for channel in self._plan.channels:
            self._consider(channel)
        self._check_start(now_ns)

    def _consider(self, channel: ChannelPlan) -> None:
        """Have a channel created, if all its members are there that will ever come."""
        if channel.index in self._made:
            for member in channel.members:
                self._invite(channel, member)
            return
        here = [member for member in channel.members if member in self._known]
        if channel.index in self._ordered or (
            self._is_patient and len(here) < len(channel.members)
        ):
            return
        creator = self._host(here)
        if creator is None or len(here) < 2:
            self._ordered[channel.index] = -1
            self._tell(ChannelMade(self._plan.index, channel.index, b"", ()), None)
            return
        members = tuple((member, self._known[member]) for member in here)
        order = CreateChannel(self._plan.index, channel.index, creator, members)
        self._ordered[channel.index] = self._worker_of(creator)
        self._tell(order, self._worker_of(creator))

    def _host(self, members: list[int]) -> int | None:
        """Return a member with a device, who can do something for the others."""
        return next((m for m in members if self._plan.users[m].device_count), None)

    def _invite(self, channel: ChannelPlan, member: int) -> None:
        """Have a latecomer invited, where that is possible."""
        members = self._made[channel.index]
        host = self._host([each for each in channel.members if each in members])
        is_fixed = channel.type is ChannelType.DIRECT
        if is_fixed or host is None or member in members or member not in self._known:
            return
        members.add(member)
        user = self._known[member]
        order = InviteMember(self._plan.index, channel.index, host, member, user)
        self._tell(order, self._worker_of(host))

    def _check_start(self, now_ns: int) -> None:
        """Start the workload once everybody who is here has settled."""
        if self._is_started or len(self._made) < len(self._plan.channels):
            return
        awaited = [user.member for user in self._plan.users if user.device_count or user.channels]
        if self._is_patient and any(member not in self._known for member in awaited):
            return
        if {self._worker_of(member) for member in self._known} <= self._settled:
            self._is_started = True
            self._tell(CellStarts(self._plan.index, now_ns + _LEAD_NS), None)

    def lose(self, worker: int, now_ns: int) -> None:
        """Wait no longer for what a lost worker was to settle, or to create."""
        self._settled.add(worker)
        self._known = {m: user for m, user in self._known.items() if self._worker_of(m) != worker}
        for index in self._ordered.keys() - self._made.keys():
            if self._ordered[index] == worker:
                del self._ordered[index]
        self.wait_no_longer(now_ns)
