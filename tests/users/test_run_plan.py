"""The plan that travels from the master to each worker."""

import pytest

from loadtest.errors import UsageError
from loadtest.users.run_plan import RunPlan

PLAN = RunPlan(
    run="00c0ffee",
    run_id="20261122T190000Z-smoke-0001",
    profile={"run": {"seed": 7}},
    host="http://127.0.0.1:8080",
    seed=7,
    ca_file="ca.pem",
    source_addresses=("127.0.0.2", "127.0.0.3"),
    record="run.rec",
)


def test_a_plan_survives_its_way_as_a_message() -> None:
    message = PLAN.to_message()
    message["source_addresses"] = list(message["source_addresses"])  # as MessagePack gives it back

    assert RunPlan.from_message(message) == PLAN


def test_each_worker_has_its_number_and_its_own_recording() -> None:
    mine = PLAN.for_worker(1, 3)

    assert (mine.worker, mine.workers, mine.record) == (1, 3, "run.rec.2")
    assert (mine.run, mine.profile) == (PLAN.run, PLAN.profile)


def test_a_plan_of_another_version_is_refused_with_both_versions() -> None:
    message = PLAN.to_message() | {"version": "0.0.0", "something": "new"}

    with pytest.raises(UsageError, match=r"its master version 0\.0\.0; install the same"):
        RunPlan.from_message(message)


def test_a_plan_without_a_version_is_refused() -> None:
    with pytest.raises(UsageError, match="without a number"):
        RunPlan.from_message({})
