"""Which worker carries which users: whole cells."""

from hypothesis import given
from hypothesis import strategies as st
from locust import User
from locust.runners import WorkerNode

from loadtest.run.leader.locust_dispatch import CellDispatcher


class Guest(User):
    """Any user."""


def dispatcher(workers: int, users_per_cell: int) -> CellDispatcher:
    return CellDispatcher([WorkerNode(str(n)) for n in range(workers)], [Guest], users_per_cell)


def counts(given_out: dict[str, dict[str, int]]) -> dict[str, int]:
    return {worker: classes["Guest"] for worker, classes in given_out.items()}


def users_after(dealer: CellDispatcher, target: int) -> dict[str, int]:
    """Return who has how many users after a ramp, made at once."""
    dealer.new_dispatch(target, spawn_rate=10_000)
    return counts(list(dealer)[-1])


def planned(workers: int, users_per_cell: int, users: int) -> dict[str, int]:
    """Return who should have how many: cells dealt in turn, the last one perhaps in part."""
    found = {str(worker): 0 for worker in range(workers)}
    for user in range(users):
        found[str(user // users_per_cell % workers)] += 1
    return found


def test_three_cells_on_two_workers_are_two_and_one() -> None:
    assert users_after(dispatcher(2, 70), 210) == {"0": 140, "1": 70}


@given(
    workers=st.integers(1, 4),
    users_per_cell=st.integers(1, 6),
    targets=st.lists(st.integers(0, 30), min_size=1, max_size=4),
)
def test_cells_stay_whole_however_users_come_and_go(
    workers: int, users_per_cell: int, targets: list[int]
) -> None:
    dealer = dispatcher(workers, users_per_cell)
    for target in targets:
        assert users_after(dealer, target) == planned(workers, users_per_cell, target)


def test_a_lost_worker_s_users_are_not_dealt_to_others() -> None:
    dealer = dispatcher(2, 5)
    users_after(dealer, 10)
    dealer.remove_worker(WorkerNode("1"))

    assert users_after(dealer, 10) == {"0": 5}
    assert users_after(dealer, 20) == {"0": 10}


def test_a_worker_that_comes_back_has_its_users_again() -> None:
    dealer = dispatcher(2, 5)
    users_after(dealer, 10)
    dealer.remove_worker(WorkerNode("1"))
    dealer.add_worker(WorkerNode("1"))

    assert users_after(dealer, 10) == {"0": 5, "1": 5}


def test_a_worker_that_joins_during_a_run_carries_nobody_in_it() -> None:
    dealer = dispatcher(1, 5)
    users_after(dealer, 5)
    dealer.add_worker(WorkerNode("late"))

    assert users_after(dealer, 20) == {"0": 20}
