"""Devices of scripted users, and members who are named before they are known."""

import pytest

from loadtest.device import Device
from loadtest.metrics.ledger.crossings import home_of_device, worker_of_device
from loadtest.simulation.scripted_fleet import ScriptedFleet
from tests.support.device_world import DeviceWorld


def joined(world: DeviceWorld) -> list[tuple[object, ...]]:
    return [call[1:3] for call in world.observer.named("member_joined")]


def test_numbers_for_names_differ_on_every_worker() -> None:
    fleets = [ScriptedFleet(DeviceWorld().fleet, worker, 3) for worker in range(3)]
    names = [fleet.next_name() for fleet in fleets for _ in range(4)]

    assert sorted(names) == list(range(1, 13))


def test_numbers_of_devices_are_not_those_of_profile_driven_ones() -> None:
    fleet = ScriptedFleet(DeviceWorld().fleet, 0, 1)

    assert [fleet.next_device(), fleet.next_device()] == [1_000_000, 1_000_001]


def test_a_member_who_is_known_joins_at_once() -> None:
    world = DeviceWorld()
    fleet = ScriptedFleet(world.fleet, 0, 1)
    device = Device(1, "bob", world.fleet)
    device.user = 7
    fleet.devices.append(device)
    fleet.member_named(4, "bob", world.now_ns)

    assert joined(world) == [(4, 7)]


def test_a_member_who_is_named_first_joins_once_known() -> None:
    world = DeviceWorld()
    fleet = ScriptedFleet(world.fleet, 0, 1)
    device = Device(1, "bob", world.fleet)
    fleet.devices.append(device)
    fleet.member_named(4, "bob", world.now_ns)
    fleet.member_named(5, "bob", world.now_ns)
    assert joined(world) == []
    device.user = 7
    fleet.user_known(device, world.now_ns)
    fleet.user_known(device, world.now_ns)

    assert joined(world) == [(4, 7), (5, 7)]


@pytest.mark.parametrize("spans", [False, True])
def test_numbers_of_devices_are_unique_over_workers(spans: bool) -> None:
    fleets = [ScriptedFleet(DeviceWorld().fleet, worker, 3, spans=spans) for worker in range(3)]
    numbers = {fleet.next_device() for fleet in fleets for _ in range(20)}
    assert len(numbers) == 60


def test_where_numbers_name_the_judging_worker_it_is_the_own_one() -> None:
    number = ScriptedFleet(DeviceWorld().fleet, 2, 3, spans=True).next_device()
    assert (home_of_device(number, 3), worker_of_device(number, 3)) == (2, 2)
