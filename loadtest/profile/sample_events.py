"""An export of events as a profile's own users would leave one: a sample, and a test of the fit.

It is made from the plan alone, without a server: the same seed gives the same file.
"""

import heapq
from collections.abc import Iterator
from itertools import chain

from loadtest.clock import NS_PER_S
from loadtest.profile.events_file import EventKind, UserEvent
from loadtest.profile.model import Profile
from loadtest.workload.behaviour import ActionKind
from loadtest.workload.population import CellPlan, plan_cell
from loadtest.workload.schedule import CellSchedule

__all__ = ["sample_events"]

_KINDS = {
    ActionKind.GO_ONLINE: EventKind.ONLINE,
    ActionKind.GO_OFFLINE: EventKind.OFFLINE,
    ActionKind.ENTER: EventKind.ENTER,
    ActionKind.LEAVE: EventKind.LEAVE,
    ActionKind.MESSAGE: EventKind.MESSAGE,
    ActionKind.REPLY: EventKind.MESSAGE,
}


def sample_events(profile: Profile) -> Iterator[UserEvent]:
    """Yield what the users of a profile do in the length of its run, in order of time.

    Raises:
        UsageError: The profile cannot be planned: its channels do not fit.
    """
    population, seed = profile.population_plan(), profile.run.seed
    cells = [
        plan_cell(population, index, seed=seed, run="sample")
        for index in range(profile.cells_in_run)
    ]
    yield from chain.from_iterable(map(_members, cells))
    streams = [
        _events_of(profile, cell, user.member)
        for cell in cells
        for user in cell.users
        if user.device_count
    ]
    yield from heapq.merge(*streams, key=lambda event: event.at_s)


def _members(cell: CellPlan) -> Iterator[UserEvent]:
    for channel in cell.channels:
        for member in channel.members:
            name = cell.users[member].name
            yield UserEvent(
                0.0, EventKind.MEMBER, name, channel=channel.name, type=str(channel.type)
            )


def _events_of(profile: Profile, cell: CellPlan, member: int) -> Iterator[UserEvent]:
    user = cell.users[member]
    for device in range(user.device_count):
        yield UserEvent(0.0, EventKind.ONLINE, user.name, f"{user.name}-d{device}")
    schedule = CellSchedule(cell, profile.behaviour(), seed=profile.run.seed)
    for action in schedule.actions_before(member, round(profile.run.duration_s * NS_PER_S)):
        kind = _KINDS.get(action.kind)
        if kind is not None:
            yield UserEvent(
                at_s=action.due_ns / NS_PER_S,
                kind=kind,
                user=user.name,
                device=f"{user.name}-d{action.device}",
                channel=cell.channels[action.channel].name if action.channel >= 0 else "",
                length=action.argument if kind is EventKind.MESSAGE else 0,
            )
