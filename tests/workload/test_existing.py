import pytest

from loadtest.errors import UsageError
from loadtest.workload import (
    CellPlanner,
    ChannelType,
    Existing,
    ExistingChannel,
    ExistingUser,
    plan_cell,
)
from tests.support.profiles import profile


def community(*channels: tuple[str, ...], users: int = 12) -> Existing:
    """Return users ``u0`` and so on, and a private channel for each list of members."""
    return Existing(
        tuple(ExistingUser(f"u{n}", n + 1, '{"a":1}') for n in range(users)),
        tuple(
            ExistingChannel(f"c{n}", ChannelType.PRIVATE, members, 100 + n, "room")
            for n, members in enumerate(channels)
        ),
        is_population=True,
    )


PAIRS = community(("u0", "u1"), ("u2", "u3"), ("u1", "u4"))


def test_it_travels_as_plain_data() -> None:
    assert Existing.from_plain(PAIRS.to_plain()) == PAIRS


def test_auth_params_are_never_shown() -> None:
    assert '{"a":1}' not in repr(PAIRS)


def test_a_part_keeps_the_members_of_the_first_channels() -> None:
    part = PAIRS.first(5)

    assert {user.name for user in part.users} == {"u0", "u1", "u2", "u3", "u4"}
    assert len(part.channels) == 3
    assert [each.name for each in PAIRS.first(3).channels] == ["c0"]


def test_a_channel_is_cut_to_the_members_that_are_there() -> None:
    part = community(("u5", "u6", "u7", "u8")).first(3)

    assert [each.members for each in part.channels] == [("u5", "u6", "u7")]


def test_cells_share_no_channel_and_are_of_one_size() -> None:
    cells = PAIRS.divided(3)

    assert [len(cell) for cell in cells] == [4, 4, 4]
    assert sorted(name for cell in cells for name in cell) == sorted(u.name for u in PAIRS.users)
    for channel in PAIRS.channels:
        assert sum(channel.members[0] in cell for cell in cells) == 1
        assert any(set(channel.members) <= set(cell) for cell in cells)


@pytest.mark.parametrize(
    ("existing", "cells"),
    [
        pytest.param(PAIRS, 5, id="no whole number of users"),
        pytest.param(PAIRS, 6, id="a community larger than a cell"),
    ],
)
def test_a_division_that_cannot_be_is_refused(existing: Existing, cells: int) -> None:
    with pytest.raises(UsageError, match="cannot be divided into"):
        existing.divided(cells)


def test_the_plan_of_a_cell_is_who_exists_in_it() -> None:
    sizes = ("population.cells=3", "population.users=12", "channels.room.size=4")
    base = profile(*sizes, "population.devices_per_user=2")
    planner = CellPlanner(base.describing(PAIRS).population_plan(), seed=1, run="r", existing=PAIRS)
    plans = list(planner.plans(3))

    names = [user.name for plan in plans for user in plan.users]
    assert sorted(names) == sorted(user.name for user in PAIRS.users)
    assert {user.device_count for plan in plans for user in plan.users} == {2}
    for plan in plans:
        for channel in plan.channels:
            known = PAIRS.channels_by_name[channel.name]
            assert {plan.users[member].name for member in channel.members} == set(known.members)
            assert channel.message_share == pytest.approx(1 / 3)
            for member in channel.members:
                assert channel.index in plan.users[member].channels
    assert planner.plan(3).users == ()


def test_what_was_made_for_the_profile_leaves_its_plan_as_it_is() -> None:
    population = profile().population_plan()
    made = Existing((), ())

    plan = CellPlanner(population, seed=3, run="r", existing=made).plan(0)

    assert plan == plan_cell(population, 0, seed=3, run="r")


def test_users_are_divided_as_far_as_they_can_be() -> None:
    assert [PAIRS.cells_up_to(limit) for limit in (1, 2, 3, 6)] == [1, 2, 3, 4]


def test_a_direct_channel_is_kept_whole_or_not_at_all() -> None:
    members = ("u0", "u1", "u2")
    direct = ExistingChannel("d", ChannelType.DIRECT, members, group="direct")
    existing = Existing(PAIRS.users, (direct,), is_population=True)

    assert existing.first(3).channels == (direct,)
    assert existing.first(2).channels == ()
