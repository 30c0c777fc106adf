"""Devices end in rounds: a few of every cell, and never all of a cell at once."""

import pytest

from loadtest.device import Device
from loadtest.simulation.teardown import rounds
from tests.support.device_world import DeviceWorld


def devices(count: int, first: int = 1) -> list[Device]:
    world = DeviceWorld()
    return [world.rig(number).device for number in range(first, first + count)]


def numbers(groups: list[list[Device]], limit: int = 100) -> list[list[int]]:
    return [[device.number for device in ending] for ending in rounds(groups, limit)]


def test_each_round_takes_one_device_of_every_cell() -> None:
    assert numbers([devices(3), devices(1, 11), devices(2, 21)]) == [[1, 11, 21], [2, 22], [3]]


def test_a_large_cell_takes_more_of_them_at_once() -> None:
    assert numbers([devices(7), devices(2, 11)], limit=3) == [[1, 2, 3, 11], [4, 5, 6, 12], [7]]


@pytest.mark.parametrize("groups", [[], [[]]], ids=["no cell", "an empty cell"])
def test_nobody_ends_in_no_round(groups: list[list[Device]]) -> None:
    assert numbers(groups) == []
