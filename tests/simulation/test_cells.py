"""Cells come into being by what their devices can do themselves, whoever is missing or late."""

from typing import Any

import pytest

from loadtest.clock import NS_PER_S
from loadtest.simulation.cells import Cell, ChannelState
from tests.support.profiles import profile
from tests.support.virtual_world import VirtualRun

QUIET = ("workload.message_rate_per_s=0.001", "run.ramp_s=0")


class World:
    """One cell, whose users come when a test says so."""

    def __init__(self, *overrides: str) -> None:
        self.run = VirtualRun(profile(*QUIET, *overrides))
        self.director = self.run.director

    def now_ns(self) -> int:
        return self.run.world.now_ns

    def add(self, *members: int, seconds: float = 1) -> None:
        for member in members:
            self.director.add_user(member, self.now_ns())
        self.pass_time(seconds)

    def remove(self, *members: int) -> None:
        for member in members:
            self.director.remove_user(member, self.now_ns())
        self.pass_time(1)

    def complete(self, seconds: float = 1) -> None:
        self.director.spawning_completed(self.now_ns())
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.run.world.pass_time(round(seconds * NS_PER_S))

    @property
    def cell(self) -> Cell:
        return self.director._cells[0]

    def states(self) -> set[ChannelState]:
        return {channel.state for channel in self.cell.channels}

    def keep_away(self, monkeypatch: pytest.MonkeyPatch, *members: int) -> None:
        """Let the devices of some members never connect."""
        names = {self.name(member) for member in members}
        real = self.run.network.open_link

        def open_link(owner: Any) -> None:
            if owner._device.username not in names:
                real(owner)

        self.director._fleet.open_link = open_link

    def name(self, member: int) -> str:
        return self.director._cell(0).plan.users[member].name


def test_a_cell_is_ready_once_all_its_users_are_connected_and_its_channels_there() -> None:
    world = World("population.users=6", "channels.room.size=3")
    world.add(*range(5))
    assert not world.cell.started_ns
    world.add(5)

    assert world.states() == {ChannelState.READY}
    assert world.cell.started_ns
    assert {len(channel.members) for channel in world.cell.channels} == {3}


def test_the_server_has_the_members_that_the_plan_says() -> None:
    world = World("population.users=6", "channels.room.size=3", "channels.room.count=1")
    world.add(*range(6))

    [channel] = world.cell.channels
    known = world.run.chat.store.channel(channel.id).members
    assert len(known) == 3


def test_without_further_users_a_cell_goes_on_with_those_that_are_here() -> None:
    world = World("population.users=6", "channels.room.size=6", "channels.room.count=1")
    world.add(0, 1, 2)
    assert world.states() == {ChannelState.PLANNED}
    world.complete()

    assert world.states() == {ChannelState.READY}
    assert world.cell.channels[0].members == {0, 1, 2}
    assert world.cell.started_ns


def test_a_channel_with_one_member_is_never_created() -> None:
    world = World("population.users=6", "channels.room.size=6", "channels.room.count=1")
    world.add(0)
    world.complete()

    assert world.states() == {ChannelState.PLANNED}
    assert world.cell.started_ns, "and keeps nobody from anything"
    assert world.cell.links_of(0) is None


def test_a_user_who_cannot_connect_is_waited_for_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World("population.users=6", "channels.room.size=6", "channels.room.count=1")
    world.keep_away(monkeypatch, 4)
    world.add(*range(6))
    world.complete(seconds=9)
    assert world.states() == {ChannelState.PLANNED}
    world.pass_time(2)

    assert world.states() == {ChannelState.READY}
    assert world.cell.channels[0].members == {0, 1, 2, 3, 5}
    assert world.cell.started_ns


def test_a_latecomer_is_invited(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World("population.users=6", "channels.room.size=6", "channels.room.count=1")
    world.add(0, 1, 2)
    world.complete()
    world.add(3)

    [channel] = world.cell.channels
    assert channel.members == {0, 1, 2, 3}
    assert len(world.run.chat.store.channel(channel.id).members) == 4


def test_the_members_of_a_direct_channel_are_fixed() -> None:
    world = World(
        "population.users=6",
        "channels.room.type='DIRECT'",
        "channels.room.size=3",
        "channels.room.count=1",
    )
    [first, second, third] = sorted(world.director._cell(0).channels[0].plan.members)
    world.add(first, second)
    world.complete()
    world.add(third)

    assert world.cell.channels[0].members == {first, second}


def test_a_channel_that_the_server_refuses_has_failed_and_the_cell_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World("population.users=4", "channels.room.size=4", "channels.room.count=1")
    world.add(0, 1, 2)
    for user in world.cell.users.values():
        for device in user.devices:
            device.create_channel_link = "/application/no-such-thing"
    world.add(3, seconds=15)

    assert world.states() == {ChannelState.FAILED}
    assert world.cell.started_ns
    assert world.cell.links_of(0) is None


def test_a_user_who_leaves_while_its_channel_is_created_is_no_member_here() -> None:
    world = World("population.users=4", "channels.room.size=4", "channels.room.count=1")
    world.add(0, 1, 2)
    world.director.add_user(3, world.now_ns())
    while world.states() == {ChannelState.PLANNED}:
        world.pass_time(0.0001)
    world.remove(3)

    assert world.states() == {ChannelState.READY}
    assert world.cell.channels[0].members == {0, 1, 2}


def test_a_user_who_comes_back_is_a_member_again() -> None:
    world = World("population.users=4", "channels.room.size=4", "channels.room.count=1")
    world.add(*range(4))
    world.remove(3)
    world.add(3)

    assert world.cell.channels[0].members == {0, 1, 2, 3}
    assert world.cell.users[3].is_connected
