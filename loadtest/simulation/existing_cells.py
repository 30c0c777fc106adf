"""Cells whose users and channels exist before the run: nothing is created, everything is found.

A channel whose id is known is read by it, as an app does that was handed one; any other is looked
for by name among the channels of its first member that is connected. All members belong to it from
the start, so whoever is connected reads it and goes on; whoever cannot read it, or is offered to
join it, is no member, whatever was said. Members without a device are introduced only if nobody
knows their id.
"""

from collections.abc import Callable

from loadtest.chat.resources import (
    ChannelPage,
    ChannelResource,
    ListedChannel,
    relayed_channel,
    relayed_channel_page,
    relayed_current_user,
)
from loadtest.device import Device, Fleet, Outcome, actions
from loadtest.device.actions import Timing
from loadtest.simulation.cells import Cell, CellChannel, ChannelState
from loadtest.workload import CellPlan, ChannelType, Existing, ExistingChannel

__all__ = ["ChannelSearch", "ExistingCell"]


class ExistingCell(Cell):
    """A cell of what exists.

    Args:
        plan: Who and what belongs to it.
        fleet: The devices' common part.
        on_ready: Is called once, when every channel is settled.
        existing: What exists.
    """

    def __init__(
        self,
        plan: CellPlan,
        fleet: Fleet,
        on_ready: Callable[[Cell, int], None],
        existing: Existing,
    ) -> None:
        super().__init__(plan, fleet, on_ready)
        self._existing = existing
        self._joined_members: set[tuple[int, int]] = set()
        """Channel and member, of those who are known to be members."""

    def introduce(self, member: int, device: Device, now_ns: int) -> None:
        """Make a member without a device known to us, if nobody knows its id."""
        if not self._known_id(member):
            super().introduce(member, device, now_ns)

    def _known_id(self, member: int) -> int:
        known = self._existing.users_by_name.get(self.plan.users[member].name)
        return known.id if known is not None else 0

    def _id_of(self, member: int) -> int:
        return super()._id_of(member) or self._known_id(member)

    def _will_be_there(self, channel: CellChannel) -> bool:
        return channel.state is ChannelState.PLANNED and any(
            self.users[member].devices for member in channel.plan.members if member in self.users
        )

    # --- finding -------------------------------------------------------------------------------

    def _provision(self, channel: CellChannel, now_ns: int) -> None:
        if channel.state is ChannelState.PLANNED:
            self._find(channel, now_ns)
        elif channel.state is ChannelState.READY:
            self._welcome(channel, now_ns)

    def _find(self, channel: CellChannel, now_ns: int) -> None:
        here = (self.users[m] for m in channel.plan.members if m in self.users)
        device = next((user.active_device for user in here if user.is_connected), None)
        if device is None:
            return
        wanted = self._existing.channels_by_name.get(channel.plan.name)
        if wanted is None:
            channel.state = ChannelState.MISSING  # the run has grown since it was provisioned
            return
        channel.state = ChannelState.SEARCHING
        if wanted.id:
            self._read(channel, device, wanted.id, now_ns)
            return

        def found(identifier: int, at_ns: int) -> None:
            if identifier:
                self._read(channel, device, identifier, at_ns)
            else:
                self._not_found(channel, device, at_ns)

        ChannelSearch(device, wanted, found).start(now_ns)

    def _read(self, channel: CellChannel, device: Device, identifier: int, now_ns: int) -> None:
        def answered(outcome: Outcome, at_ns: int) -> None:
            if not outcome.is_ok:
                self._not_found(channel, device, at_ns)
                return
            resource, raw = relayed_channel(outcome.body)
            channel.id = resource.id
            channel.state = ChannelState.READY
            self._fleet.learn_channel(resource, raw)
            self._welcome(channel, at_ns, reader=(device, resource))
            self._check_ready(at_ns)

        actions.get_channel(device, identifier, Timing(now_ns, now_ns, answered))

    def _not_found(self, channel: CellChannel, device: Device, now_ns: int) -> None:
        # If it is the connection that failed, the next one that is there looks again.
        channel.state = ChannelState.MISSING if device.is_active else ChannelState.PLANNED
        self._check_ready(now_ns)

    def _welcome(
        self,
        channel: CellChannel,
        now_ns: int,
        reader: tuple[Device | None, ChannelResource | None] = (None, None),
    ) -> None:
        """Go on with the members that are known; ``reader`` has read the channel already."""
        for member in channel.plan.members:
            user = self.users.get(member)
            if user is None or member in channel.members:
                continue
            if not (self._is_known(member) or (not user.devices and self._known_id(member))):
                continue
            channel.members.add(member)
            if not user.devices:
                self._note_member(channel, member, None, now_ns)
            for device in user.devices:
                if device is reader[0]:
                    self._note_member(channel, member, reader[1], now_ns)
                elif device.is_active:
                    self._read_as_member(channel, member, device, now_ns)

    def _read_as_member(
        self, channel: CellChannel, member: int, device: Device, now_ns: int
    ) -> None:
        channel.awaited += 1

        def answered(outcome: Outcome, at_ns: int) -> None:
            channel.awaited -= 1
            if outcome.is_ok:
                resource, raw = relayed_channel(outcome.body)
                self._fleet.learn_channel(resource, raw)
                self._note_member(channel, member, resource, at_ns)
            self._check_ready(at_ns)

        actions.get_channel(device, channel.id, Timing(now_ns, now_ns, answered))

    def _note_member(
        self, channel: CellChannel, member: int, resource: ChannelResource | None, now_ns: int
    ) -> None:
        """Tell the observer of a member, once, if it is one by what its device has read."""
        key = (channel.plan.index, member)
        if key in self._joined_members or (resource is not None and "join" in resource.actions):
            return
        self._joined_members.add(key)
        self._fleet.observer.member_joined(channel.id, self._id_of(member), now_ns)


class ChannelSearch:
    """Looks for a channel among those of a device's user, page by page.

    Args:
        device: Has an active user session.
        wanted: By name, or, if it is direct, by its members.
        on_end: Is called with the server's id of it, 0 if it was not found, and the instant.
    """

    __slots__ = ("_device", "_on_end", "_wanted")

    def __init__(
        self, device: Device, wanted: ExistingChannel, on_end: Callable[[int, int], None]
    ) -> None:
        self._device = device
        self._wanted = wanted
        self._on_end = on_end

    def start(self, now_ns: int) -> None:
        """Read the user, who has the link to its channels."""
        actions.get_current_user(self._device, Timing(now_ns, now_ns, self._take_user))

    def _take_user(self, outcome: Outcome, now_ns: int) -> None:
        link = relayed_current_user(outcome.body).relays.get("channels") if outcome.is_ok else None
        if link:
            self._list(link, now_ns)
        else:
            self._on_end(0, now_ns)

    def _list(self, destination: str, now_ns: int) -> None:
        filters = {"subscribable": "true"}
        if self._wanted.type is not ChannelType.DIRECT:
            filters["name"] = self._wanted.name
        timing = Timing(now_ns, now_ns, self._take_page)
        actions.list_channels(self._device, destination, filters, timing)

    def _take_page(self, outcome: Outcome, now_ns: int) -> None:
        page = relayed_channel_page(outcome.body) if outcome.is_ok else ChannelPage()
        found = next((each for each in page.embedded.channels if self._is_wanted(each)), None)
        if found is not None:
            self._on_end(found.id, now_ns)
        elif page.relays.next:
            self._list(page.relays.next, now_ns)
        else:
            self._on_end(0, now_ns)

    def _is_wanted(self, channel: ListedChannel) -> bool:
        if channel.type != self._wanted.type:
            return False
        if self._wanted.type is not ChannelType.DIRECT:
            return channel.name == self._wanted.name
        return {member.name for member in channel.members} == set(self._wanted.members)
