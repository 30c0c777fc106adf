"""The home of a cell decides who makes what, and when the workload starts."""

from loadtest.clock import NS_PER_S
from loadtest.simulation.spanning.coordinator import CellCoordinator
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
from loadtest.workload import CellPlan, ChannelPlan, ChannelType, UserPlan

CELL = 4
NOW = 10 * NS_PER_S
EVERYBODY = None


class World:
    """A cell of four users on two workers; user 0 has no device, and all are in one channel."""

    def __init__(
        self,
        channel_type: ChannelType = ChannelType.PRIVATE,
        devices: tuple[int, ...] = (0, 1, 1, 2),
    ) -> None:
        users = tuple(
            UserPlan(member, f"u{member}", count, channels=(0,))
            for member, count in enumerate(devices)
        )
        members = tuple(range(len(devices)))
        channel = ChannelPlan(0, "room", channel_type, "room", members, 1.0, 0.0)
        self.told: list[tuple[Fact, int | None]] = []
        self.home = CellCoordinator(
            CellPlan(CELL, users, (channel,)),
            lambda member: member % 2,
            lambda fact, to: self.told.append((fact, to)),
        )

    def know(self, *members: int) -> None:
        for member in members:
            self.home.take(MemberKnown(CELL, member, 100 + member), NOW)

    def make(self, *members: int) -> None:
        self.home.take(ChannelMade(CELL, 0, b"answer" if members else b"", members), NOW)

    def settle(self, *workers: int) -> None:
        for worker in workers:
            self.home.take(CellSettled(CELL, worker), NOW)

    def take_told(self) -> list[tuple[Fact, int | None]]:
        told, self.told[:] = list(self.told), []
        return told


def test_a_channel_is_created_by_a_member_with_a_device_once_all_are_known() -> None:
    world = World()
    world.know(0, 1, 3)
    assert world.take_told() == []

    world.know(2)
    members = ((0, 100), (1, 101), (2, 102), (3, 103))
    assert world.take_told() == [(CreateChannel(CELL, 0, 1, members), 1)]
    world.know(2)
    assert world.take_told() == [], "nothing is created twice"


def test_the_workload_starts_when_all_workers_have_settled() -> None:
    world = World()
    world.know(0, 1, 2, 3)
    world.make(0, 1, 2, 3)
    world.settle(1)
    world.take_told()

    world.settle(0)
    [(start, to)] = world.take_told()
    assert isinstance(start, CellStarts)
    assert NOW < start.at_ns <= NOW + NS_PER_S, "every worker must have heard of it before"
    assert to is EVERYBODY
    world.settle(0)
    assert world.take_told() == []


def test_whoever_never_comes_is_waited_for_no_longer() -> None:
    world = World()
    world.know(2, 3)
    world.home.wait_no_longer(NOW)

    assert world.take_told() == [(CreateChannel(CELL, 0, 2, ((2, 102), (3, 103))), 0)]
    world.make(2, 3)
    world.settle(0, 1)
    assert isinstance(world.told[-1][0], CellStarts)


def test_a_channel_that_nobody_can_create_is_given_up() -> None:
    world = World(devices=(0, 0, 1, 1))
    world.know(0, 1)
    world.home.wait_no_longer(NOW)

    assert world.take_told() == [(ChannelMade(CELL, 0, b"", ()), EVERYBODY)]


def test_a_latecomer_is_invited_by_a_member_with_a_device() -> None:
    world = World()
    world.know(1, 2)
    world.home.wait_no_longer(NOW)
    world.make(1, 2)
    world.take_told()

    world.know(3)
    assert world.take_told() == [(InviteMember(CELL, 0, 1, 3, 103), 1)]
    world.home.take(MemberIn(CELL, 0, 3), NOW)
    world.know(3)
    assert world.take_told() == []


def test_who_came_while_the_channel_was_made_is_invited_then() -> None:
    world = World()
    world.know(1, 2)
    world.home.wait_no_longer(NOW)
    world.know(3)
    world.take_told()

    world.make(1, 2)
    assert world.take_told() == [(InviteMember(CELL, 0, 1, 3, 103), 1)]


def test_nobody_is_invited_to_a_direct_channel_or_to_one_that_is_not_there() -> None:
    for world, members in ((World(ChannelType.DIRECT), (1, 2)), (World(), ())):
        world.know(1, 2)
        world.home.wait_no_longer(NOW)
        world.make(*members)
        world.settle(0, 1)
        world.take_told()
        world.know(3)

        assert world.take_told() == []


def test_what_a_lost_worker_was_to_create_another_one_creates() -> None:
    world = World()
    world.know(0, 1, 2, 3)
    assert world.take_told()[0][1] == 1, "the creator is on worker 1"

    world.home.lose(1, NOW)
    assert world.take_told() == [(CreateChannel(CELL, 0, 2, ((0, 100), (2, 102))), 0)]
    world.make(0, 2)
    world.settle(0)
    assert isinstance(world.told[-1][0], CellStarts), "worker 1 need not settle"
