"""Cells over several workers come into being, whoever is missing or late."""

from typing import Any

import pytest

from loadtest.simulation.cells import Cell, ChannelState
from tests.support.profiles import profile
from tests.support.spanning_world import HostClock, SpanningRun

QUIET = (
    "run.span_workers=true",
    "workload.message_rate_per_s=0.001",
    "run.ramp_s=0",
    "population.users=6",
    "channels.room.size=4",
    "channels.room.count=2",
)


class World:
    """A cell of six users over two workers, of which worker 0 is the home."""

    def __init__(self, *overrides: str) -> None:
        self.run = SpanningRun(profile(*QUIET, *overrides), [HostClock(), HostClock(5_000_000)])

    @property
    def cells(self) -> list[Cell]:
        return [worker.director._cells[0] for worker in self.run.workers]

    def states(self) -> set[ChannelState]:
        return {channel.state for cell in self.cells for channel in cell.channels}

    def keep_away(self, member: int) -> None:
        """Let the devices of a member never connect."""
        worker = self.run.workers[member % 2]
        fleet = worker.director._fleet
        name = worker.director._cell(0).plan.users[member].name
        real = fleet.open_link

        def open_link(owner: Any) -> None:
            if owner._device.username != name:
                real(owner)

        fleet.open_link = open_link


def test_a_cell_starts_everywhere_at_the_same_instant() -> None:
    world = World()
    world.run.add_users(*range(5))
    world.run.pass_time(2)
    assert not any(cell.started_ns for cell in world.cells)

    world.run.add_users(5)
    world.run.pass_time(2)
    here, there = (cell.started_ns for cell in world.cells)
    assert here
    assert there - here == 5_000_000, "the other clock is ahead by so much"
    assert world.states() == {ChannelState.READY}


def test_the_server_has_the_members_that_the_plan_says() -> None:
    world = World()
    world.run.add_users(*range(6))
    world.run.pass_time(2)
    cell = world.cells[0]

    for channel in cell.channels:
        members = world.run.chat.store.channel(channel.id).members
        assert len(members) == 4
        assert channel.members == set(channel.plan.members)
        assert world.cells[1].channels[channel.plan.index].id == channel.id
    assert len(list(world.run.chat.store.channels())) == 2


def test_members_without_a_device_are_introduced_by_their_worker() -> None:
    world = World("population.devices_per_user={ 0 = 0.5, 1 = 0.5 }")
    world.run.add_users(*range(6))
    world.run.pass_time(3)

    assert world.states() == {ChannelState.READY}
    assert all(cell.started_ns for cell in world.cells)


@pytest.mark.parametrize("member", [0, 1], ids=["at the home", "elsewhere"])
def test_who_cannot_be_connected_is_not_waited_for_for_ever(member: int) -> None:
    world = World("run.action_deadline_s=3")
    world.keep_away(member)
    world.run.add_users(*range(6))
    world.run.complete()
    world.run.pass_time(2)
    assert not any(cell.started_ns for cell in world.cells)

    world.run.pass_time(4)
    assert all(cell.started_ns for cell in world.cells)
    assert world.states() == {ChannelState.READY}
    assert all(member not in channel.members for cell in world.cells for channel in cell.channels)


def test_a_latecomer_is_invited_and_enters() -> None:
    world = World("run.action_deadline_s=3")
    world.run.add_users(0, 1, 2, 3, 4)
    world.run.complete()
    world.run.pass_time(5)
    places = world.cells[1].plan.users[5].channels
    assert places, "otherwise this says nothing"
    assert all(cell.started_ns for cell in world.cells)

    world.run.add_users(5)
    world.run.pass_time(2)
    for cell in world.cells:
        assert all(5 in cell.channels[place].members for place in places)
    totals = world.run.finish()
    assert totals.figures.actions["invite_user"].completed == len(places)


def test_a_channel_that_the_server_refuses_is_given_up_everywhere() -> None:
    world = World()
    for worker in world.run.workers:
        refuse_to_create(worker)
    world.run.add_users(*range(6))
    world.run.pass_time(3)

    assert world.states() == {ChannelState.FAILED}
    assert all(cell.started_ns for cell in world.cells)


def refuse_to_create(worker: Any) -> None:
    """Let what creates a channel have gone, by the time the home wants it to."""
    cell = worker.director._cell(0)
    cell._active_device = lambda _member: None
