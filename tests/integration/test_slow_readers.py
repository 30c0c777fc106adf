"""Devices that read slowly are known to the ledger from their user session on."""

from loadtest.metrics.figures.figures import Figures
from loadtest.workload.disturbances import SlowReaders
from tests.support.virtual_run import virtual_run

DEVICES = 40


def test_the_devices_that_the_seed_makes_slow_are_a_class_of_their_own() -> None:
    run = virtual_run(
        "slow-readers",
        "run.duration_s=12",
        "run.ramp_s=1",
        "device.slow_share=0.3",
        "workload.message_rate_per_s=40",
        devices=DEVICES,
    )
    figures = Figures.from_plain(run["figures"])
    message = figures.event("channel.message.created")
    plan = SlowReaders(0.3, 1.0)
    slow = sum(plan.includes(1, 0, member, 0) for member in range(DEVICES))

    assert run["contradictions"] == []
    assert figures.slow.devices == slow > 5
    assert 0 < figures.slow.delivered < message.delivered
    # Everybody gets every message here, at once: a slow device gets its share and no more.
    assert figures.slow.latency.count == figures.slow.delivered
    share = figures.slow.delivered / message.delivered
    assert abs(share - slow / DEVICES) < 0.05
