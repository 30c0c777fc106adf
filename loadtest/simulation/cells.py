"""The cells that live on this worker: their users, devices and channels, as far as they exist yet.

A cell is provisioned by what its devices can do themselves: once the members of a channel have
active user sessions, one of them creates it, naming the others; each device then reads the channel
for its links, as an app does that opens a chat page. A member without a device is introduced to the
server before. When every channel of the cell is settled, the cell is ready and its workload starts.
A user who comes later is invited. Cells of users and channels that exist are in ``existing_cells``,
cells with members on other workers in ``spanning_cells``.

Everything here runs in the engine's thread.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from loadtest.chat.resources import ChannelLinks, MessageLinks, relayed_channel
from loadtest.device import Device, Fleet, Outcome, actions
from loadtest.device.actions import Timing
from loadtest.simulation.introductions import Introduction
from loadtest.workload import CellPlan, ChannelPlan, ChannelType, PlannedAction, UserPlan

__all__ = ["Cell", "CellChannel", "ChannelState", "SimulatedUser"]


class ChannelState(Enum):
    """How far a channel of the plan exists on the server."""

    PLANNED = "its members are not all connected"
    CREATING = "it is being created"
    SEARCHING = "it is being looked for"
    READY = "ready"
    FAILED = "it could not be created"
    MISSING = "it was not found"


_ON_THE_WAY = frozenset({ChannelState.CREATING, ChannelState.SEARCHING})


@dataclass(slots=True)
class SimulatedUser:
    """One user of a cell and the devices that are simulated for it."""

    plan: UserPlan
    devices: list[Device]
    latest: dict[int, MessageLinks] = field(default_factory=dict)
    """The user's own latest message in each channel, by index in the cell."""
    received: dict[int, bytes] = field(default_factory=dict)
    """The latest message that came in each channel, by the server's id: the event's body."""
    actions: Iterator[PlannedAction] | None = None
    missed: list[tuple[int, int]] = field(default_factory=list)
    """Of a latecomer, the chats in which it would be by now: (device, channel)."""

    @property
    def id(self) -> int:
        """The server's id of the user; 0 as long as no device knows it."""
        return next((device.user for device in self.devices if device.user), 0)

    @property
    def is_connected(self) -> bool:
        """Whether a device of the user has an active user session."""
        return any(device.is_active for device in self.devices)

    @property
    def active_device(self) -> Device | None:
        """A device with an active user session, if there is one."""
        return next((device for device in self.devices if device.is_active), None)


@dataclass(slots=True)
class CellChannel:
    """One channel of a cell."""

    plan: ChannelPlan
    state: ChannelState = ChannelState.PLANNED
    id: int = 0
    members: set[int] = field(default_factory=set)
    """Members, by number in the cell, that the server knows as members."""
    awaited: int = 0
    """Devices that are reading the channel for its links."""


class Cell:
    """One cell of the population on this worker.

    Args:
        plan: Who and what belongs to it.
        fleet: The devices' common part.
        on_ready: Is called once, when every channel is settled.
    """

    def __init__(
        self, plan: CellPlan, fleet: Fleet, on_ready: Callable[["Cell", int], None]
    ) -> None:
        self.plan = plan
        self.users: dict[int, SimulatedUser] = {}
        self.channels = [CellChannel(each) for each in plan.channels]
        self.introductions: dict[int, Introduction] = {}
        """Of members without a device, by number in the cell."""
        self.started_ns = 0
        """When its workload started; 0: it has not."""
        self._fleet = fleet
        self._on_ready = on_ready
        self._is_complete = False
        self._is_patient = True

    def links_of(self, channel: int) -> ChannelLinks | None:
        """Return the links of a channel by its index in the cell, None if it is not ready."""
        known = self.channels[channel]
        return self._fleet.channels.get(known.id) if known.state is ChannelState.READY else None

    def expect_no_more(self, now_ns: int) -> None:
        """Take note that no further user will come: go on with those that are here."""
        self._is_complete = True
        for channel in self.channels:
            self._provision(channel, now_ns)
        self._check_ready(now_ns)

    def wait_no_longer(self, now_ns: int) -> None:
        """Go on without those users that could not be connected in all this time."""
        self._is_patient = False
        self.expect_no_more(now_ns)

    def user_connected(self, member: int, now_ns: int) -> None:
        """Go on with the channels of a user whose user session became active."""
        for index in self.plan.users[member].channels:
            self._provision(self.channels[index], now_ns)
        self._check_ready(now_ns)

    def introduce(self, member: int, device: Device, now_ns: int) -> None:
        """Make a member known to the server who has no device, if there is a channel to be in."""
        if self.plan.users[member].channels:

            def introduced(at_ns: int) -> None:
                self.user_connected(member, at_ns)

            self.introductions[member] = Introduction(device, introduced)
            self.introductions[member].start(now_ns)

    # --- creating ------------------------------------------------------------------------------

    def _provision(self, channel: CellChannel, now_ns: int) -> None:
        if channel.state is ChannelState.PLANNED and self._may_create(channel):
            self._create(channel, now_ns)
        elif channel.state is ChannelState.READY:
            self._admit_late_members(channel, now_ns)

    def _may_create(self, channel: CellChannel) -> bool:
        """Whether all members that will ever come are known, two at least and one connected."""
        here = self._present(channel)
        if len(here) < len(channel.plan.members) and not self._is_complete:
            return False
        known = [m for m in here if self._is_known(m)]
        if len(known) < len(here) and self._is_patient:
            return False
        return len(known) > 1 and any(self.users[m].is_connected for m in known)

    def _present(self, channel: CellChannel) -> list[int]:
        """Return the members of a channel that are here, connected or not."""
        return [
            m
            for m in channel.plan.members
            if m in self.users and (self.users[m].devices or m in self.introductions)
        ]

    def _is_known(self, member: int) -> bool:
        """Whether the server knows a member: it is connected, or was introduced."""
        introduction = self.introductions.get(member)
        return self.users[member].is_connected or (
            introduction is not None and introduction.is_over
        )

    def _create(self, channel: CellChannel, now_ns: int) -> None:
        members = [m for m in self._present(channel) if self._is_known(m)]
        creator = next(m for m in members if self.users[m].is_connected)
        device = self.users[creator].active_device
        assert device is not None
        channel.state = ChannelState.CREATING
        body: dict[str, object] = {"type": str(channel.plan.type)}
        if channel.plan.type is not ChannelType.DIRECT:
            body["name"] = body["displayName"] = channel.plan.name
        names = [self.users[m].plan.name for m in members if m != creator]
        body["members"] = [{"username": name} for name in names]

        def created(outcome: Outcome, at_ns: int) -> None:
            self._created(channel, members, outcome, at_ns)

        actions.create_channel(device, body, Timing(now_ns, now_ns, created))

    def _created(
        self, channel: CellChannel, members: list[int], outcome: Outcome, now_ns: int
    ) -> None:
        if not outcome.is_ok:
            channel.state = ChannelState.FAILED
            self._check_ready(now_ns)
            return
        resource, raw = relayed_channel(outcome.body)
        channel.id = resource.id
        channel.state = ChannelState.READY
        self._fleet.learn_channel(resource, raw)
        for member in members:
            self._joined(channel, member, now_ns)
        self._check_ready(now_ns)

    def _joined(self, channel: CellChannel, member: int, now_ns: int) -> None:
        user, user_id = self.users.get(member), self._id_of(member)
        if user is None or not user_id:
            channel.members.discard(member)  # it left the run in the meantime
            return
        channel.members.add(member)
        self._fleet.observer.member_joined(channel.id, user_id, now_ns)
        for device in user.devices:
            if device.is_active:
                self._read_channel(channel, device, now_ns)

    def _id_of(self, member: int) -> int:
        """Return the server's id of a member, 0 if nobody here knows it."""
        if member in self.introductions:
            return self.introductions[member].device.user
        user = self.users.get(member)
        return user.id if user is not None else 0

    def _read_channel(self, channel: CellChannel, device: Device, now_ns: int) -> None:
        channel.awaited += 1

        def answered(outcome: Outcome, at_ns: int) -> None:
            channel.awaited -= 1
            if outcome.is_ok:
                self._fleet.learn_channel(*relayed_channel(outcome.body))
            self._check_ready(at_ns)

        actions.get_channel(device, channel.id, Timing(now_ns, now_ns, answered))

    # --- latecomers ----------------------------------------------------------------------------

    def _admit_late_members(self, channel: CellChannel, now_ns: int) -> None:
        if channel.plan.type is ChannelType.DIRECT:
            return  # the members of a direct channel are fixed
        for member in channel.plan.members:
            is_here = member in self.users
            if member not in channel.members and is_here and self._is_known(member):
                self._invite(channel, member, now_ns)

    def _invite(self, channel: CellChannel, member: int, now_ns: int) -> None:
        host = self._host_of(channel)
        links = self._fleet.channels.get(channel.id)
        if host is None or links is None or "invite" not in links.actions:
            return
        channel.members.add(member)

        def invited(outcome: Outcome, at_ns: int) -> None:
            if outcome.is_ok:
                self._joined(channel, member, at_ns)
            else:
                channel.members.discard(member)

        name = self.users[member].plan.name
        actions.invite_user(host, links, name, Timing(now_ns, now_ns, invited))

    def _host_of(self, channel: CellChannel) -> Device | None:
        """Return a connected device of a member, who may invite."""
        for member in channel.plan.members:
            user = self.users.get(member)
            if member in channel.members and user is not None and user.active_device is not None:
                return user.active_device
        return None

    # --- readiness -----------------------------------------------------------------------------

    def _check_ready(self, now_ns: int) -> None:
        if self.started_ns or not self._is_settled():
            return
        self.started_ns = now_ns
        self._on_ready(self, now_ns)

    def _is_settled(self) -> bool:
        if len(self.users) < len(self.plan.users) and not self._is_complete:
            return False
        for channel in self.channels:
            if channel.state in _ON_THE_WAY or channel.awaited:
                return False
        if not self._is_patient:
            return True
        if any(self._will_be_there(channel) for channel in self.channels):
            return False
        return all(
            self._is_known(member)
            for member, user in self.users.items()
            if user.devices or member in self.introductions
        )

    def _will_be_there(self, channel: CellChannel) -> bool:
        return channel.state is ChannelState.PLANNED and len(self._present(channel)) > 1
