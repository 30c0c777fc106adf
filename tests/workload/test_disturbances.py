from collections import Counter

from loadtest.clock import NS_PER_S
from loadtest.workload import CutPlan, Disturbances, SlowReaders

DEVICES = [
    (1, cell, member, device) for cell in range(5) for member in range(100) for device in (0, 1)
]


def test_all_devices_are_cut_at_once_by_default() -> None:
    plan = CutPlan(at_s=30)

    assert {plan.wave_of(*device) for device in DEVICES} == {0}
    assert plan.due_ns(0) == 30 * NS_PER_S


def test_waves_divide_the_devices_evenly() -> None:
    plan = CutPlan(at_s=10, waves=4, every_s=2.5)
    waves = Counter(plan.wave_of(*device) for device in DEVICES)

    assert sorted(wave for wave in waves if wave is not None) == [0, 1, 2, 3]
    assert all(200 < count < 300 for count in waves.values())
    assert plan.due_ns(3) == round(17.5 * NS_PER_S)


def test_a_share_is_cut_and_the_rest_is_not() -> None:
    plan = CutPlan(at_s=10, share=0.3)
    cut = sum(plan.wave_of(*device) is not None for device in DEVICES)

    assert 250 < cut < 350


def test_who_is_cut_follows_from_the_seed() -> None:
    plan = CutPlan(at_s=10, waves=4)
    first = [plan.wave_of(*device) for device in DEVICES]

    assert first == [plan.wave_of(*device) for device in DEVICES]
    assert first != [plan.wave_of(2, *device[1:]) for device in DEVICES]


def test_a_share_of_the_devices_reads_slowly() -> None:
    slow = SlowReaders(0.05, 4000)
    count = sum(slow.includes(*device) for device in DEVICES)

    assert 25 < count < 80
    assert not any(SlowReaders(0.0, 1).includes(*device) for device in DEVICES)


def test_who_reads_slowly_is_not_who_is_cut() -> None:
    """The two are drawn apart, or a test of both would be one of neither."""
    cuts, slow = CutPlan(at_s=1, share=0.5), SlowReaders(0.5, 1)
    both = sum(cuts.wave_of(*each) is not None and slow.includes(*each) for each in DEVICES)

    assert 200 < both < 300


def test_nothing_goes_wrong_by_default() -> None:
    assert Disturbances() == Disturbances(cuts=None, slow_readers=None)
