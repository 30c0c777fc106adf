"""The costs of parts, in miniature: the work is done, and what is missing is refused."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.bridge import round_trips, submissions
from tests.benchmarks.cores import main as cores
from tests.benchmarks.curves import main as curves
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.parts import Part, device_costs, ledger_cost


def test_a_part_costs_time_for_each_piece_of_work() -> None:
    part = Part("part", 1_000, 2_000_000, "pieces")

    assert (part.us_each, part.per_cpu_s) == (2.0, 500_000)


def test_the_ledger_counts_every_delivery_of_its_benchmark() -> None:
    part = ledger_cost(devices=3, messages=1_000)

    assert part.count == 3_000
    assert part.cpu_ns > 0


def test_every_kind_of_event_is_observed_and_every_device_is_brought_up() -> None:
    parts = device_costs(events=3, devices=2)

    assert [part.count for part in parts] == [3] * (len(parts) - 1) + [2]
    assert all(part.cpu_ns > 0 for part in parts)


def test_every_command_over_the_bridge_is_done() -> None:
    submissions(100)
    round_trips(100, 10)
    with pytest.raises(BenchmarkError, match="did 99 of 100 commands"):
        round_trips(100, 11)  # not a multiple


@pytest.mark.benchmark
@pytest.mark.usefixtures("programs")
def test_the_curves_are_measured_and_drawn(tmp_path: Path) -> None:
    words = ["--short", "--pictures", str(tmp_path), "--results", str(tmp_path)]

    assert curves([*words, "--scratch", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("curves-*.json")
    document = json.loads(path.read_text())
    assert {each["name"] for each in document["curves"]} == {
        each.stem for each in tmp_path.glob("*.svg")
    }
    assert all(y > 0 for curve in document["curves"] for _, y in curve["points"])


@pytest.mark.benchmark
@pytest.mark.usefixtures("programs")
def test_two_processes_are_measured_beside_one(tmp_path: Path) -> None:
    words = ["--devices", "100", "--rate", "500", "--seconds", "0.3", "--rounds", "1"]

    assert cores([*words, "--results", str(tmp_path), "--scratch", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("cores-*.json")
    document = json.loads(path.read_text())
    assert document["scaling"] > 0
    assert len(document["paired_events_per_cpu_s"]) == 2
