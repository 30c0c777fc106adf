import pytest

from loadtest.workload.visits import CellVisits, Visit
from tests.support.workloads import cell, group

CROWDED = cell(group(count=30, size=5), users=10, channels_per_user_max=15)


def test_each_device_enters_every_channel_of_its_user() -> None:
    plan = cell(group(count=2, size=10), users=10, device_weights=((2, 1.0),))

    assert CellVisits(plan, 10, seed=1).of(3) == [
        Visit(0, 0),
        Visit(0, 1),
        Visit(1, 0),
        Visit(1, 1),
    ]


def test_a_device_enters_no_more_channels_than_it_may() -> None:
    visits = CellVisits(CROWDED, 4, seed=1)
    busy = max(CROWDED.users, key=lambda user: len(user.channels))
    entered = visits.of(busy.member)

    assert len(busy.channels) > 4
    assert len(entered) == len({visit.channel for visit in entered}) == 4
    assert {visit.channel for visit in entered} <= set(busy.channels)
    assert entered == visits.of(busy.member)


def test_only_those_who_enter_write() -> None:
    visits = CellVisits(CROWDED, 4, seed=1)

    for channel, shares in visits.author_shares().items():
        assert sum(shares.values()) == pytest.approx(1) or not shares
        assert all(channel in visits.device_counts(member) for member in shares)


def test_users_without_a_device_write_nothing() -> None:
    plan = cell(group(size=10), users=10, device_weights=((0, 0.5), (1, 0.5)))
    shares = CellVisits(plan, 10, seed=1).author_shares()[0]

    assert sorted(shares) == [user.member for user in plan.users if user.device_count]
    assert all(share == pytest.approx(0.2) for share in shares.values())
