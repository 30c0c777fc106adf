"""Cells of users and channels that exist: found by id or by name, and never created."""

import dataclasses
from typing import Any

import pytest

from loadtest.clock import NS_PER_S
from loadtest.server.settings import ServerSettings
from loadtest.simulation.cells import Cell, ChannelState
from loadtest.workload import ChannelType, Existing, ExistingChannel, ExistingUser
from tests.support.platform_caller import PlatformCaller
from tests.support.profiles import profile
from tests.support.virtual_world import VirtualRun

QUIET = ("workload.message_rate_per_s=0.001", "run.ramp_s=0")
NAMES = tuple(f"u{n}" for n in range(6))
CHANNELS = (
    ExistingChannel("den", ChannelType.PRIVATE, ("u0", "u1", "u2"), group="group"),
    ExistingChannel("talk", ChannelType.DIRECT, ("u3", "u4"), group="direct"),
)
COMMUNITY = Existing(tuple(ExistingUser(name) for name in NAMES), CHANNELS, is_population=True)


class World:
    """One cell of the community, whose users come when a test says so."""

    def __init__(
        self,
        community: Existing = COMMUNITY,
        *overrides: str,
        settings: ServerSettings | None = None,
        has_ids: bool = False,
    ) -> None:
        described = profile(*QUIET, *overrides).describing(community)
        self.run = VirtualRun(described, community, settings)
        self.platform = PlatformCaller(self.run.chat)
        self.ids = self.make()
        if has_ids:
            self.run = VirtualRun(described, self.with_ids(community), settings)
            self.platform = PlatformCaller(self.run.chat)
            self.make()

    def make(self) -> dict[str, int]:
        """Make the community on the server; the same ids every time."""
        ids = {name: self.platform.user(name)["id"] for name in NAMES}
        for channel in CHANNELS:
            fields: dict[str, Any] = {}
            if channel.type is not ChannelType.DIRECT:
                fields["name"] = channel.name
            made = self.platform.channel(channel.type, *channel.members, **fields)
            ids[channel.name] = made["id"]
        return ids

    def with_ids(self, community: Existing) -> Existing:
        return Existing(
            tuple(dataclasses.replace(each, id=self.ids[each.name]) for each in community.users),
            tuple(dataclasses.replace(each, id=self.ids[each.name]) for each in community.channels),
            is_population=True,
        )

    def add(self, *members: int, seconds: float = 1) -> None:
        for member in members:
            self.run.director.add_user(member, self.run.world.now_ns)
        self.pass_time(seconds)

    def complete(self, seconds: float = 1) -> None:
        self.run.director.spawning_completed(self.run.world.now_ns)
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.run.world.pass_time(round(seconds * NS_PER_S))

    @property
    def cell(self) -> Cell:
        return self.run.director._cells[0]

    def states(self) -> list[ChannelState]:
        return [channel.state for channel in self.cell.channels]


@pytest.mark.parametrize("has_ids", [True, False], ids=["by id", "by name or members"])
def test_channels_are_found_and_nothing_is_created(has_ids: bool) -> None:
    world = World(has_ids=has_ids)
    before = world.run.chat.store.counts()
    world.add(*range(6))

    assert world.states() == [ChannelState.READY, ChannelState.READY]
    assert world.cell.started_ns
    assert [channel.id for channel in world.cell.channels] == [
        world.ids["den"],
        world.ids["talk"],
    ]
    assert [channel.members for channel in world.cell.channels] == [{0, 1, 2}, {3, 4}]
    assert world.run.chat.store.counts() == before
    assert world.run.chat.counters.frames_in["SEND"] == 0


def test_a_channel_is_read_once_by_each_device_if_its_id_is_known() -> None:
    world = World(has_ids=True)
    world.add(*range(6))

    # Three relays of the start-up, and one for each of the five members.
    assert world.run.chat.counters.relays_answered == 6 * 3 + 5


def test_whoever_is_said_to_be_a_member_and_is_none_is_not_judged_as_one() -> None:
    """Or each message would miss a notification to it."""
    lobby = ExistingChannel("lobby", ChannelType.PUBLIC, ("u0", "u1", "u5"), group="public")
    den = ExistingChannel("den", ChannelType.PRIVATE, ("u0", "u1", "u2", "u5"), group="private")
    community = Existing(COMMUNITY.users, (lobby, den), is_population=True)
    described = profile("run.duration_s=20", "run.ramp_s=2", "chat_sessions.away_s=2")
    run = VirtualRun(described.describing(community), community)
    platform = PlatformCaller(run.chat)
    for name in NAMES:
        platform.user(name)
    platform.channel("PUBLIC", "u0", "u1", name="lobby")
    platform.channel("PRIVATE", "u0", "u1", "u2", name="den")
    result = run.run()

    assert not result["contradictions"]
    assert result["figures"]["events"]["channel.message.created"]["expected"] > 20
    assert result["figures"]["events"]["channel.message.created"]["lost"] == 0
    classes = result["figures"]["notifications"].values()
    assert sum(each["missed"] for each in classes if isinstance(each, dict)) == 0


def test_a_channel_is_found_on_a_later_page() -> None:
    world = World()
    for n in range(40):
        world.platform.channel("PRIVATE", "u3", name=f"other{n}")
    talk = world.ids["talk"]
    world.run.chat.store.remove_channel(world.run.chat.store.channel(talk))
    again = world.platform.channel("DIRECT", "u3", "u4")["id"]
    world.add(*range(6))

    assert world.states() == [ChannelState.READY, ChannelState.READY]
    assert world.cell.channels[1].id == again


def test_a_channel_that_is_not_there_is_missing_and_the_cell_goes_on() -> None:
    world = World(has_ids=True)
    for name in ("den", "talk"):
        world.platform.result("DELETE", f"/channels/{world.ids[name]}")
    world.add(*range(6))

    assert world.states() == [ChannelState.MISSING, ChannelState.MISSING]
    assert world.cell.started_ns
    assert world.cell.links_of(0) is None


def test_a_channel_that_nobody_told_of_is_missing() -> None:
    """As when a run grows beyond what was made for it."""
    described = profile(*QUIET, "population.users=4", "channels.room.size=4")
    run = VirtualRun(described, Existing((), ()))
    for slot in range(4):
        run.director.add_user(slot, run.world.now_ns)
    run.world.pass_time(NS_PER_S)

    cell = run.director._cells[0]
    assert {channel.state for channel in cell.channels} == {ChannelState.MISSING}
    assert cell.started_ns


def test_whoever_comes_late_is_a_member_already() -> None:
    world = World()
    world.add(0, 1)
    world.complete()
    assert world.cell.channels[0].members == {0, 1}
    world.add(2)

    assert world.cell.channels[0].members == {0, 1, 2}


def test_if_the_searching_device_is_lost_the_next_one_searches() -> None:
    world = World()
    world.run.director.add_user(0, world.run.world.now_ns)
    while world.cell.channels[0].state is not ChannelState.SEARCHING:
        world.pass_time(0.0001)
    world.cell.users[0].devices[0].break_off("a test", world.run.world.now_ns)
    assert world.states()[0] is ChannelState.PLANNED
    world.add(1)

    assert world.states()[0] is ChannelState.READY
    world.add(2, 3, 4, 5, seconds=8)
    assert world.cell.channels[0].members == {0, 1, 2}


@pytest.mark.parametrize("has_ids", [True, False], ids=["known", "unknown"])
def test_members_without_a_device_are_introduced_only_if_nobody_knows_them(has_ids: bool) -> None:
    weights = "population.devices_per_user={ 0 = 1, 1 = 2 }"
    world = World(COMMUNITY, weights, has_ids=has_ids)
    world.add(*range(6))
    world.complete()

    absent = [m for m, user in world.cell.users.items() if not user.devices]
    assert len(absent) == 2
    assert len(world.cell.introductions) == (0 if has_ids else 2)
    assert world.cell.channels[0].members == {0, 1, 2}
    assert world.cell.started_ns


def test_auth_params_go_with_each_connect() -> None:
    params = '{"password":"ü"}'
    users = tuple(ExistingUser(name, auth_params=params) for name in NAMES)
    community = Existing(users, CHANNELS, is_population=True)
    strict = ServerSettings(auth_params={"password": "ü"})
    world = World(community, settings=strict)
    world.add(*range(6))

    assert all(user.is_connected for user in world.cell.users.values())

    refused = World(COMMUNITY, settings=strict)
    refused.add(*range(6))

    assert not any(user.is_connected for user in refused.cell.users.values())


def test_of_what_exists_nobody_is_left_beyond_its_last_cell() -> None:
    world = World()
    world.add(*range(8))

    assert len(world.cell.users) == 6
    assert world.run.director._cells[1].users == {}


def test_a_run_among_those_that_exist_has_a_valid_ledger() -> None:
    community = COMMUNITY
    described = profile("run.duration_s=20", "run.ramp_s=2", "workload.message_rate_per_s=3")
    run = VirtualRun(described.describing(community), community)
    platform = PlatformCaller(run.chat)
    for name in NAMES:
        platform.user(name)
    platform.channel("PRIVATE", "u0", "u1", "u2", name="den")
    platform.channel("DIRECT", "u3", "u4")
    result = run.run()

    message = result["figures"]["events"]["channel.message.created"]
    assert not result["contradictions"]
    assert message["expected"] > 20
    assert (message["lost"], message["delivered"]) == (0, message["expected"])
    assert not message["unexpected"]
