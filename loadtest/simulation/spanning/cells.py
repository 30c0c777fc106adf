"""A cell of which this worker has some members, and other workers the rest.

What a cell does by itself where all its members are together needs the others here: this worker
tells the home of the cell whom the server knows, creates and invites when the home says so, and has
its devices read the channels that somebody made. Facts about a cell come from its home,
or from whoever was told to do something; nobody guesses.
"""

from collections.abc import Callable
from dataclasses import dataclass

from loadtest.chat.resources import relayed_channel
from loadtest.device import Device, Fleet, Outcome, actions
from loadtest.device.actions import Timing
from loadtest.simulation.cells import Cell, CellChannel, ChannelState
from loadtest.spanning import Exchange
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
from loadtest.workload import CellPlan, ChannelType

__all__ = ["Place", "SpanningCell"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker stands in one cell."""

    worker: int
    home: int
    exchange: Exchange


class SpanningCell(Cell):
    """One cell, as one of its workers sees it.

    Args:
        plan: Who and what belongs to it, on all workers.
        fleet: The common part of this worker's devices.
        on_ready: Is called once, with the instant at which the workload starts.
        place: Where this worker stands in it.
    """

    def __init__(
        self,
        plan: CellPlan,
        fleet: Fleet,
        on_ready: Callable[[Cell, int], None],
        place: Place,
    ) -> None:
        super().__init__(plan, fleet, on_ready)
        self._place = place
        self._told: set[int] = set()
        """Members whom the home knows of."""
        self._is_told_settled = False

    def take(self, fact: Fact, now_ns: int) -> None:
        """Take a fact of the home, or of whoever did what the home said."""
        if isinstance(fact, CreateChannel):
            self._create_for_all(fact, now_ns)
        elif isinstance(fact, ChannelMade):
            self._made(fact, now_ns)
        elif isinstance(fact, InviteMember):
            self._invite_for_all(fact, now_ns)
        elif isinstance(fact, MemberIn):
            self._let_in(self.channels[fact.channel], fact.member, now_ns)
        elif isinstance(fact, CellStarts) and not self.started_ns:
            self.started_ns = self._place.exchange.from_master(fact.at_ns)
            self._on_ready(self, self.started_ns)
        self._check_ready(now_ns)

    def _tell(self, fact: Fact, to: int | None = None) -> None:
        self._place.exchange.tell(fact, to)

    # --- who is there --------------------------------------------------------------------------

    def user_connected(self, member: int, now_ns: int) -> None:
        """Tell the home of a member that the server knows."""
        user = self._id_of(member)
        if user and member not in self._told:
            self._told.add(member)
            self._tell(MemberKnown(self.plan.index, member, user), self._place.home)
        self._check_ready(now_ns)

    def _provision(self, _channel: CellChannel, _now_ns: int) -> None:
        """Leave it to the home what is created, and when."""

    # --- what the home wants -------------------------------------------------------------------

    def _create_for_all(self, order: CreateChannel, now_ns: int) -> None:
        plan = self.plan.channels[order.channel]
        device = self._active_device(order.creator)
        if device is None:
            self._tell(ChannelMade(self.plan.index, order.channel, b"", ()))
            return
        names = [self.plan.users[m].name for m, _ in order.members if m != order.creator]
        body: dict[str, object] = {"type": str(plan.type)}
        if plan.type is not ChannelType.DIRECT:
            body["name"] = body["displayName"] = plan.name
        body["members"] = [{"username": name} for name in names]

        def created(outcome: Outcome, at_ns: int) -> None:
            self._created_for_all(order, outcome, at_ns)

        actions.create_channel(device, body, Timing(now_ns, now_ns, created))

    def _created_for_all(self, order: CreateChannel, outcome: Outcome, now_ns: int) -> None:
        if not outcome.is_ok:
            self._tell(ChannelMade(self.plan.index, order.channel, b"", ()))
            return
        resource, _ = relayed_channel(outcome.body)
        for _, user in order.members:
            self._tell_member(resource.id, user, now_ns)
        members = tuple(member for member, _ in order.members)
        self._tell(ChannelMade(self.plan.index, order.channel, outcome.body, members))

    def _tell_member(self, channel: int, user: int, now_ns: int) -> None:
        self._place.exchange.member_joined(self._place.home, channel, user, now_ns)

    def _invite_for_all(self, order: InviteMember, now_ns: int) -> None:
        host, links = self._active_device(order.host), self.links_of(order.channel)
        if host is None or links is None or "invite" not in links.actions:
            return

        def invited(outcome: Outcome, at_ns: int) -> None:
            if outcome.is_ok:
                self._tell_member(links.id, order.user, at_ns)
                self._tell(MemberIn(self.plan.index, order.channel, order.member))

        name = self.plan.users[order.member].name
        actions.invite_user(host, links, name, Timing(now_ns, now_ns, invited))

    def _active_device(self, member: int) -> Device | None:
        user = self.users.get(member)
        return user.active_device if user is not None else None

    # --- what has been made --------------------------------------------------------------------

    def _made(self, fact: ChannelMade, now_ns: int) -> None:
        channel = self.channels[fact.channel]
        if not fact.answer:
            channel.state = ChannelState.FAILED
            return
        resource, raw = relayed_channel(fact.answer)
        channel.id = resource.id
        channel.state = ChannelState.READY
        self._fleet.learn_channel(resource, raw)
        for member in fact.members:
            self._let_in(channel, member, now_ns)

    def _let_in(self, channel: CellChannel, member: int, now_ns: int) -> None:
        """Have the devices of a member, if they are here, read a channel that it belongs to."""
        channel.members.add(member)
        user = self.users.get(member)
        for device in user.devices if user is not None else ():
            if device.is_active:
                self._read_channel(channel, device, now_ns)

    def _check_ready(self, now_ns: int) -> None:
        """Tell the home once everything is there for the members that are here."""
        if not self._is_told_settled and self._is_settled():
            self._is_told_settled = True
            self._tell(CellSettled(self.plan.index, self._place.worker), self._place.home)

    def _is_settled(self) -> bool:
        made = (ChannelState.READY, ChannelState.FAILED)
        if any(each.awaited or each.state not in made for each in self.channels):
            return False
        return not self._is_patient or all(
            self._is_known(member)
            for member, user in self.users.items()
            if user.devices or member in self.introductions
        )
