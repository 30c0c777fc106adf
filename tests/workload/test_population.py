from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import UsageError
from loadtest.workload import ChannelType, plan_cell
from loadtest.workload.distributions import LogNormal, Uniform
from loadtest.workload.population import instances_in_cell, quotas
from tests.support.workloads import cell, group, population

MIXED = population(
    group("direct", type_=ChannelType.DIRECT, count=40, size=2),
    group("small", count=10, size=5),
    group("large", type_=ChannelType.PUBLIC, size=40),
    users=100,
    cells=2,
    device_weights=((0, 0.1), (1, 0.7), (2, 0.2)),
    activity=LogNormal(1, 1),
)


def test_a_cell_depends_on_seed_and_index_only() -> None:
    larger = replace(MIXED, users=200, cells=4)

    assert plan_cell(MIXED, 1, seed=7, run="r") == plan_cell(MIXED, 1, seed=7, run="r")
    assert plan_cell(MIXED, 1, seed=7, run="r") != plan_cell(MIXED, 1, seed=8, run="r")
    # Users of a cell are drawn before its channels: the same in a population of other channels.
    assert [user.device_count for user in plan_cell(larger, 1, seed=7, run="r").users] == [
        user.device_count for user in plan_cell(MIXED, 1, seed=7, run="r").users
    ]


def test_every_cell_has_exactly_the_planned_devices() -> None:
    counts = {plan_cell(MIXED, index, seed=1, run="r").device_count for index in range(5)}

    assert counts == {MIXED.devices_per_cell} == {35 + 2 * 10}


def test_channels_and_users_know_each_other() -> None:
    plan = plan_cell(MIXED, 0, seed=1, run="r")

    for channel in plan.channels:
        assert len(set(channel.members)) == len(channel.members) >= 2
        assert all(channel.index in plan.users[member].channels for member in channel.members)
    seats = sum(len(user.channels) for user in plan.users)
    assert seats == sum(len(channel.members) for channel in plan.channels)


def test_names_carry_run_and_cell_and_are_unique() -> None:
    plan = plan_cell(MIXED, 3, seed=1, run="ab12")

    assert plan.users[4].name == "lt-ab12-c3-u4"
    assert plan.channels[0].name == "lt-ab12-c3-direct0"
    names = [user.name for user in plan.users] + [channel.name for channel in plan.channels]
    assert len(set(names)) == len(names)


def test_the_creator_of_a_channel_has_a_device() -> None:
    plan = plan_cell(MIXED, 0, seed=1, run="r")

    assert all(plan.users[channel.members[0]].device_count > 0 for channel in plan.channels)


def test_no_two_direct_channels_have_the_same_members() -> None:
    """All 45 pairs of ten users: each must come once."""
    plan = cell(group("pair", type_=ChannelType.DIRECT, count=45, size=2), users=10)
    sets = {frozenset(channel.members) for channel in plan.channels}

    assert sets == {frozenset(pair) for pair in combinations(range(10), 2)}


def test_impossible_channels_are_refused_with_figures() -> None:
    with pytest.raises(UsageError) as caught:
        cell(group("pair", type_=ChannelType.DIRECT, count=46, size=2), users=10)

    assert "cell 0: its channels need 92 members, but 10 users may be in 10 channels each" in str(
        caught.value
    )


def test_sizes_are_cut_to_what_a_type_and_a_cell_allow() -> None:
    direct = replace(group("d", type_=ChannelType.DIRECT, count=5), size=Uniform(2, 40))
    plan = cell(direct, replace(group("g", count=5), size=Uniform(5, 90)), users=20)

    assert all(2 <= len(channel.members) <= 10 for channel in plan.channels[:5])
    assert all(5 <= len(channel.members) <= 20 for channel in plan.channels[5:])


def test_background_users_belong_to_no_channel() -> None:
    plan = cell(group(count=20, size=5), users=20, background_ratio=0.25)

    assert sum(not user.channels for user in plan.users) >= 5
    assert sum(len(user.channels) for user in plan.users) == 100


@given(st.integers(2, 12), st.integers(1, 4), st.data())
def test_channels_that_fit_find_room(users: int, limit: int, data: st.DataObject) -> None:
    """As long as seats suffice and no channel is larger than the cell."""
    sizes: list[int] = []
    while data.draw(st.booleans()) and sum(sizes) + users <= users * limit:
        sizes.append(data.draw(st.integers(2, users)))
    groups = [group(f"g{number}", size=size) for number, size in enumerate(sizes)]
    plan = cell(*groups, users=users, channels_per_user_max=limit)

    assert [len(channel.members) for channel in plan.channels] == (sizes or [min(4, users)])
    assert all(len(user.channels) <= limit for user in plan.users)


@given(st.integers(1, 40), st.integers(1, 12))
def test_every_channel_of_a_group_lives_in_one_cell_of_the_base(count: int, cells: int) -> None:
    per_cell = [instances_in_cell(group(count=count), cells, index) for index in range(cells)]

    assert sum(per_cell) == count
    assert max(per_cell) - min(per_cell) <= 1
    assert per_cell[0] == max(per_cell)
    assert Counter(per_cell) == Counter(
        [j * cells // count for j in range(count)].count(index) for index in range(cells)
    )
    assert instances_in_cell(group(count=count), cells, cells + 1) == per_cell[1 % cells]


def test_shares_of_the_base_population_add_up_to_one() -> None:
    plans = [plan_cell(MIXED, index, seed=1, run="r") for index in range(MIXED.cells)]
    channels = [channel for plan in plans for channel in plan.channels]

    assert sum(channel.message_share for channel in channels) == pytest.approx(1)
    assert sum(channel.update_share for channel in channels) == pytest.approx(1)
    assert not any(c.update_share for c in channels if c.type is ChannelType.DIRECT)


@given(st.integers(0, 500), st.lists(st.floats(0, 10), min_size=1, max_size=5))
def test_quotas_add_up_and_are_off_by_less_than_one(total: int, weights: list[float]) -> None:
    whole = sum(weights)
    if whole < 0.01:
        weights, whole = [1.0], 1.0
    counts = quotas(total, weights)

    assert sum(counts) == total
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - total * weight / whole) < 1 + 1e-9
