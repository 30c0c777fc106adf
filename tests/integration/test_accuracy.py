"""Counts beside the server's own while devices move: losses of short stays, of unknown ids, of all.

The server's counters are the truth; ``python -m tests.benchmarks.accuracy`` does it for ten seeds.
"""

import pytest

from loadtest.observations import ChatEvent
from tests.support.accuracy import MOVING, measured

SHORT_STAYS = ('chat_sessions.stay_s={ kind = "fixed", value = 6 }', "chat_sessions.settle_s=1")
FEWER = "run.duration_s=14"


@pytest.mark.parametrize("seed", [2, 9])
def test_all_faults_at_once_are_told_apart_while_devices_move(seed: int) -> None:
    found = measured("smoke", *MOVING, FEWER, seed=seed)
    message = found.figures.event(ChatEvent.MESSAGE_CREATED)

    assert found.wrong() == []
    assert found.contradictions == ()
    assert (message.judged_share or 0) > 0.97
    kinds = ("drop", "duplicate", "reorder", "delay", "cut", "rate_limit")
    assert all(found.happened[kind] for kind in kinds), "a fault that did not happen proves nothing"


def test_losses_of_short_stays_are_found() -> None:
    """Of every record that a chat session had not seen when it ended nothing was judged before."""
    faults = ("drop.channel.message.created=0.02", "drop.user.notification.created=0.05")
    found = measured("smoke", *SHORT_STAYS, FEWER, faults=faults)
    message = found.figures.event(ChatEvent.MESSAGE_CREATED)

    assert found.wrong() == []
    assert found.happened["drop"] > 10
    assert message.lost > 0.8 * message.expected * 0.02
    assert (message.judged_share or 0) > 0.98


def test_a_notification_is_right_although_its_message_arrived_nowhere() -> None:
    """Without the mark in it, it was missed and spurious at the same time."""
    found = measured("smoke", FEWER, faults=("drop.channel.message.created=0.3",))
    notifications = found.figures.all_notifications()

    assert found.wrong() == []
    assert notifications.expected > 50
    assert (notifications.missed, notifications.spurious) == (0, 0)


def test_a_faultless_server_is_accused_of_nothing_and_nearly_everything_is_judged() -> None:
    found = measured("smoke", faults=())
    figures = found.figures
    shares = {event: each.judged_share or 0 for event, each in figures.events.items()}

    assert found.wrong() == []
    assert shares[ChatEvent.MESSAGE_CREATED] > 0.99
    assert (figures.all_notifications().judged_share or 0) > 0.99
    for event in (
        ChatEvent.PARTICIPANT_ENTERED,
        ChatEvent.PARTICIPANT_LEFT,
        ChatEvent.PRESENCE_CHANGED,
    ):
        assert shares[event] > 0.9
    assert all(not each.lost and not each.after_end for each in figures.events.values())


def test_deliveries_after_an_end_are_counted_as_such() -> None:
    found = measured("smoke", *SHORT_STAYS, FEWER, faults=("unsubscribe_lag_ms=400",))
    message = found.figures.event(ChatEvent.MESSAGE_CREATED)

    wrong = {each.figure for each in found.wrong()}
    assert wrong <= {"hand-off overlaps"}, "what is delivered after the end is notified as well"
    assert message.after_end > 10
    assert message.unexpected == {}


def test_a_server_that_notices_an_end_late_is_named_by_the_interval() -> None:
    """300 ms, of which the messages that come as neither are the evidence."""
    overrides = ("run.duration_s=20", "run.ramp_s=1", "population.users=24", "population.cells=1")
    found = measured(
        "notifications",
        *overrides,
        "channels.group.count=4",
        "workload.message_rate_per_s=80",
        faults=("session_end_lag_ms=300",),
    )
    notifications = found.figures.all_notifications()
    activation = notifications.activation

    assert activation.count > 10
    assert activation.at_least.max_us <= 301_000
    assert activation.at_most.min_us >= 299_000
    assert (activation.resolution.percentile_us(50) or 0) < 150_000
    assert notifications.handoff_gap == activation.gap_messages > 3 * activation.count
    assert (notifications.missed, notifications.spurious) == (0, 0)
