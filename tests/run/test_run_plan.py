"""The plan that travels from the master to each worker."""

import dataclasses

import msgpack
import pytest

from loadtest.engine.network import NetworkSettings
from loadtest.engine.proxy import Proxy
from loadtest.engine.tls import TlsSettings
from loadtest.errors import UsageError
from loadtest.run.run_plan import RunPlan
from loadtest.workload import ChannelType, Existing, ExistingChannel, ExistingUser

NETWORK = NetworkSettings(
    tls=TlsSettings(ca_file="ca.pem"),
    source_addresses=("127.0.0.2", "127.0.0.3"),
    proxy=Proxy("proxy.test", 3128, "aHVzaA=="),
    api_key="hush-hush",
    headers=(("Authorization", "Bearer hush"), ("Cookie", "route=b")),
    query=(("tenant", "hush"),),
    offers_deflate=True,
)
PLAN = RunPlan(
    run="00c0ffee",
    run_id="20261122T190000Z-smoke-0001",
    profile={"run": {"seed": 7}},
    host="http://127.0.0.1:8080",
    seed=7,
    network=NETWORK.to_plain(),
    record="run.rec",
    names="nightly-123456",
    existing=Existing(
        (ExistingUser("jane", 7, '{"password":"hush"}'),),
        (ExistingChannel("lobby", ChannelType.PUBLIC, ("jane", "bob"), 4, "rooms"),),
    ).to_plain(),
)


def without_plain_data(plan: RunPlan) -> RunPlan:
    """Return a plan without the parts whose tuples become lists on the way."""
    return dataclasses.replace(plan, existing=None, network={})


def test_a_plan_survives_its_way_as_a_message() -> None:
    message = PLAN.to_message()
    message = msgpack.unpackb(msgpack.packb(message))  # as Locust sends it
    found = RunPlan.from_message(message)

    assert without_plain_data(found) == without_plain_data(PLAN)
    assert NetworkSettings.from_plain(found.network) == NETWORK
    assert found.existing is not None
    assert PLAN.existing is not None
    assert Existing.from_plain(found.existing) == Existing.from_plain(PLAN.existing)


def test_a_plan_does_not_show_its_secrets() -> None:
    assert "hush" not in repr(PLAN)
    assert "hush" not in repr(NETWORK)
    assert "aHVzaA==" not in repr(NETWORK)


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
