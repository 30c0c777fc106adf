"""The load that is announced before a run is the one that it makes.

Bounds are those of the plan's own promise, some ten percent, and of what a short run leaves to
chance. Nothing but the dice of the seed differs from run to run: time is scripted.
"""

from dataclasses import dataclass

import pytest

from loadtest.profile import load_profile
from tests.support.virtual_run import virtual_run

_LENGTH = ("run.duration_s=40", "run.ramp_s=1")
# What a cell costs before its workload begins is not in the plan.
_BEFORE = ("user.channel.created", "user.channel.joined")


@dataclass(frozen=True)
class Measured:
    """Rates per second, on both sides."""

    planned: float
    seen: float
    name: str


def rates(name: str, devices: int, *overrides: str) -> list[Measured]:
    run = virtual_run(name, *_LENGTH, *overrides, devices=devices)
    plan = load_profile(name, [*_LENGTH, *overrides]).scaled(devices=devices).planned_load()
    server, length_s = run["server"], run["workload_s"]
    deliveries = server["deliveries"]
    events = sum(count for event, count in deliveries.items() if event not in _BEFORE)
    seen = {
        "messages_per_s": run["figures"]["load"]["messages"],
        "deliveries_per_s": deliveries["channel.message.created"],
        "notifications_per_s": deliveries.get("user.notification.created", 0),
        "keystrokes_per_s": run["figures"]["load"]["keystrokes"],
        "reads_per_s": run["figures"]["load"]["reads"],
        "events_per_s": events,
        "bytes_in_per_s": run["bytes_in"],
        "bytes_out_per_s": run["bytes_out"],
    }
    return [Measured(getattr(plan, key), seen[key] / length_s, key) for key in seen]


@pytest.mark.parametrize(
    ("name", "devices", "overrides"),
    [
        pytest.param("notifications", 72, (), id="short chats"),
        pytest.param(
            "typing-storm",
            50,
            ("workload.message_rate_per_s=20", "workload.message_length=12"),
            id="typing key by key",
        ),
        pytest.param(
            "presence-storm", 50, ("workload.message_rate_per_s=10",), id="users off and on"
        ),
        pytest.param(
            "multi-device",
            100,
            ("workload.message_rate_per_s=100", "workload.read_probability=0.3"),
            id="several devices and reads",
        ),
    ],
)
def test_a_run_makes_the_load_that_was_planned(
    name: str, devices: int, overrides: tuple[str, ...]
) -> None:
    for rate in rates(name, devices, *overrides):
        # What does not fit into a chat session is not typed ("at most"), and the reference server's
        # users have fewer properties than those of the recordings that sizes are from.
        is_at_most = rate.name in ("keystrokes_per_s", "bytes_in_per_s", "bytes_out_per_s")
        lower = 0.6 if is_at_most else 0.8
        assert rate.seen >= lower * rate.planned - 0.5, rate
        assert rate.seen <= 1.2 * rate.planned + 0.5, rate
