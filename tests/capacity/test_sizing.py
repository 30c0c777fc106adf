"""The size of a deployment, against an example computed by hand, and against its copy in a page."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import loadtest.capacity
from loadtest.capacity.sizing import (
    Sizing,
    check_sizing,
    node_capacity,
    populations,
    sized,
)
from loadtest.capacity.study import Limit
from loadtest.errors import UsageError
from tests.support.studies import study

SCRIPT = Path(loadtest.capacity.__file__).parent / "templates" / "sizing.js"

# By hand: 250 000 users of whom 12 % are online are 30 000 users, with 1.3 devices each 39 000
# devices. 14 messages per hour each are 30 000 * 14 / 3600 = 116.67 messages/s, at the peak twice
# that: 233.33, each to 8 devices: 1 866.67 deliveries/s. Of a node, 70 % are used: 3 500 of 5 000
# devices and 700 of 1 000 deliveries/s. So 39 000 / 3 500 = 11.14, that is 12 nodes by devices, and
# 1 866.67 / 700 = 2.67, that is 3 by deliveries. With one more that may be lost: 13 nodes. At 0.20
# an hour and 730 hours a month: 13 * 0.2 * 730 = 1 898, and 1 898 / 250 = 7.592 per 1 000 users.
BY_HAND = Sizing(
    users=250_000,
    online_ratio=0.12,
    devices_per_user=1.3,
    messages_per_user_hour=14,
    deliveries_per_message=8,
    peak_factor=2,
    headroom=0.3,
    survive=1,
    node_cost_per_h=0.2,
    devices_per_node=5_000,
    deliveries_per_node=1_000,
)


def test_the_example_computed_by_hand() -> None:
    size = sized(BY_HAND)

    assert size.online_users == pytest.approx(30_000)
    assert size.devices == pytest.approx(39_000)
    assert size.messages_per_s == pytest.approx(233.333, rel=1e-5)
    assert size.deliveries_per_s == pytest.approx(1_866.667, rel=1e-5)
    assert (size.nodes_by_devices, size.nodes_by_deliveries) == (12, 3)
    assert (size.decided_by, size.nodes) == ("devices", 13)
    assert size.cost_per_month == pytest.approx(1_898)
    assert size.cost_per_1000_users == pytest.approx(7.592)
    assert size.load_ratio == pytest.approx(39_000 / 5_000 / 13)


def test_the_axis_that_needs_more_decides() -> None:
    size = sized(replace(BY_HAND, messages_per_user_hour=140))

    # Ten times the messages: 18 666.67 / 700 = 26.67.
    assert (size.nodes_by_deliveries, size.decided_by, size.nodes) == (27, "deliveries", 28)


def test_a_load_that_fits_exactly_needs_no_further_node() -> None:
    exact = replace(BY_HAND, users=3_500 / 0.12 / 1.3 * 3)

    assert sized(exact).nodes_by_devices == 3


def test_a_small_population_needs_one_node_and_those_that_may_be_lost() -> None:
    assert sized(replace(BY_HAND, users=1, survive=2)).nodes == 3


def test_a_table_goes_from_a_tenth_to_ten_times_the_users() -> None:
    sizes = populations(BY_HAND)

    assert [size.users for size in sizes][::3] == [25_000, 250_000, 2_500_000]
    assert sizes[3] == sized(BY_HAND)
    assert [size.users for size in populations(BY_HAND, (5, 6))] == [5, 6]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"users": 0}, "--users is 0; it must be 1 or more", id="nobody"),
        pytest.param(
            {"headroom": 1.0},
            "--headroom is 100%, which leaves nothing of a node to use; it must be from 0% to below"
            " 100%",
            id="no headroom left",
        ),
        pytest.param(
            {"online_ratio": 1.2},
            "--online is 120%; it must be above 0 and up to 100%",
            id="more online than there are",
        ),
        pytest.param(
            {"survive": 1.5},
            "--survive is 1.5; it must be a whole number of 0 or more",
            id="half a node lost",
        ),
        pytest.param(
            {"node_cost_per_h": -1.0}, "--node-cost is -1; it must be 0 or more", id="paid for it"
        ),
        pytest.param(
            {"devices_per_node": 0.0}, "--devices-per-node is 0; it must be above 0", id="no node"
        ),
        pytest.param(
            {"users": float("nan")}, "users is nan; it must be a finite number", id="no number"
        ),
        pytest.param(
            {"deliveries_per_message": 20.0},
            "--deliveries-per-message is 20; the study had 8, and a limit says nothing about more"
            " than 2 times that: search the limit of a profile with channels of your sizes",
            id="beyond what was measured",
        ),
    ],
)
def test_an_impossible_size_is_refused(changes: dict[str, float], problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_sizing(replace(BY_HAND, **changes), studied_fan_out=8)

    assert refused.value.problems == (problem,)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        check_sizing(replace(BY_HAND, users=0, headroom=2.0), studied_fan_out=8)

    assert len(refused.value.problems) == 2


def test_a_node_carries_the_low_end_of_the_limit() -> None:
    node = node_capacity({"capacity.json": study()})

    assert (node.devices, node.deliveries_per_s) == (1_200, 170 * 8)
    assert node.deliveries_per_message == 8
    assert node.deliveries_source == "low end of the limit in capacity.json: 170 messages/s"
    assert node.devices_source == "at least: capacity.json held them at its limit of 170 messages/s"


def test_two_studies_give_the_better_of_each_axis() -> None:
    by_devices = study(
        "devices",
        limit=Limit(estimate=9_500, low=9_000, high=10_000, level=0.95),
        devices_per_unit=1.0,
        messages_per_unit=0.01,
        deliveries_per_unit=0.08,
    )

    node = node_capacity({"rate": study(), "devices": by_devices})

    assert (node.devices, node.deliveries_per_s) == (9_000, 1_360)
    assert node.devices_source.startswith("low end of the limit in devices")


def test_a_study_without_a_limit_sizes_nothing() -> None:
    with pytest.raises(UsageError, match="the study has no limit to size with: nothing passed"):
        node_capacity({"it": study(limit=None, answer="nothing passed.")})


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_page_computes_the_same() -> None:
    rng = Random(7)
    cases = [BY_HAND.to_dict()]
    for _ in range(300):
        drawn = {name: value * rng.uniform(0.2, 5) for name, value in BY_HAND.to_dict().items()}
        drawn |= {"survive": rng.randrange(4), "headroom": rng.uniform(0, 0.95)}
        cases.append(drawn)
    program = f"{SCRIPT.read_text()}\nconst cases = {json.dumps(cases)};\n"
    program += "process.stdout.write(JSON.stringify(cases.map(sized)));"

    done = subprocess.run(
        ["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=60
    )

    for case, found in zip(cases, json.loads(done.stdout), strict=True):
        ours = sized(Sizing(**case)).to_dict()
        assert found.keys() == ours.keys()
        for name, value in ours.items():
            assert found[name] == (value if isinstance(value, str) else pytest.approx(value)), name
