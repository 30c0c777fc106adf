"""The frames that the server counts are those of the SDK's frame budget, to the last one.

A run in scripted time, in which every device is in the room before the first message is due, so
that each figure follows from the number of devices, messages and reads alone.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.virtual_run import virtual_run

DEVICES = 12
_ALL_THERE = (
    "run.duration_s=12",
    "run.ramp_s=1",
    "chat_sessions.enter_within_s=1",
    # Whoever writes has been there for so long, and so everybody else is there too.
    "chat_sessions.settle_s=2",
)
# Some twenty messages and one per second, once the profile is scaled down.
_RATES = {
    "busy-room": "workload.message_rate_per_s=300",
    "read-receipts": "workload.message_rate_per_s=16",
}


@dataclass(frozen=True)
class Budget:
    """What stands in the table of the frame budget for one dialect."""

    dialect: int
    user_topics: int
    channel_topics: int
    receipt_copies: int
    """Events for each read on user topics: to the author's device and to the reader's."""


BUDGETS = (Budget(1, 10, 8, 0), Budget(2, 14, 11, 2))


def counted(name: str, budget: Budget, *overrides: str) -> dict[str, Any]:
    run = virtual_run(
        name,
        *_ALL_THERE,
        _RATES[name],
        f"target.dialect={budget.dialect}",
        *overrides,
        devices=DEVICES,
    )
    assert run["devices"] == DEVICES
    assert run["contradictions"] == []
    return run


def subscribed(budget: Budget, sessions: int, relays: int) -> int:
    """SUBSCRIBE: the start-up, one read of the channel by each device, topics, and relays."""
    start_up = 3 + 1 + budget.user_topics
    return DEVICES * (start_up + 1) + sessions * budget.channel_topics + relays


def confirmed(budget: Budget, sessions: int, sends: int) -> int:
    """RECEIPT: of every topic and of every action."""
    return DEVICES * budget.user_topics + sessions * budget.channel_topics + sends


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"dialect {budget.dialect}")
@pytest.mark.parametrize("share", [1.0, 0.6], ids=["all there", "some only connected"])
def test_a_busy_room_costs_what_its_messages_cost(budget: Budget, share: float) -> None:
    run = counted(
        "busy-room",
        budget,
        f"chat_sessions.active_share_at_start={share}",
        "chat_sessions.away_s=1000",
    )
    load, server = run["figures"]["load"], run["server"]
    messages, present = load["messages"], load["chat_sessions_started"]
    absent = DEVICES - present
    assert messages > 5
    assert bool(absent) == (share < 1)

    entered = present * (present - 1) // 2
    created = DEVICES
    events = messages * (present + absent) + entered + created
    assert server["frames_in"] == {
        "ACK": events,
        "CONNECT": DEVICES,
        "SEND": 1 + messages,
        "SUBSCRIBE": subscribed(budget, present, relays=0),
    }
    assert server["frames_out"] == {
        "CONNECTED": DEVICES,
        "MESSAGE": events + DEVICES * (3 + 1),
        "RECEIPT": confirmed(budget, present, sends=1 + messages),
    }


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"dialect {budget.dialect}")
def test_a_reply_costs_a_message_and_a_relay_of_its_parent_by_each_device(budget: Budget) -> None:
    run = counted("busy-room", budget, "workload.reply_probability=0.6")
    load, server = run["figures"]["load"], run["server"]
    messages = load["messages"]
    replies = run["figures"]["actions"]["reply"]["completed"]
    assert messages > replies > 2

    events = messages * DEVICES + DEVICES * (DEVICES - 1) // 2 + DEVICES
    relays = replies * DEVICES
    assert server["frames_in"] == {
        "ACK": events,
        "CONNECT": DEVICES,
        "SEND": 1 + messages,
        "SUBSCRIBE": subscribed(budget, DEVICES, relays),
    }
    assert server["frames_out"]["MESSAGE"] == events + DEVICES * (3 + 1) + relays


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"dialect {budget.dialect}")
def test_read_receipts_cost_the_square_of_the_room(budget: Budget) -> None:
    run = counted("read-receipts", budget)
    load, server = run["figures"]["load"], run["server"]
    messages, reads = load["messages"], load["reads"]
    assert load["chat_sessions_started"] == DEVICES
    assert reads > messages > 2

    entered = DEVICES * (DEVICES - 1) // 2
    created = DEVICES
    events = messages * DEVICES + reads * (DEVICES + budget.receipt_copies) + entered + created
    relays = reads * DEVICES
    assert server["frames_in"] == {
        "ACK": events,
        "CONNECT": DEVICES,
        "SEND": 1 + messages + reads,
        "SUBSCRIBE": subscribed(budget, DEVICES, relays),
    }
    assert server["frames_out"] == {
        "CONNECTED": DEVICES,
        "MESSAGE": events + DEVICES * (3 + 1) + relays,
        "RECEIPT": confirmed(budget, DEVICES, sends=1 + messages + reads),
    }


def test_an_api_connection_costs_two_relays_at_the_start_and_for_each_notification() -> None:
    budget = BUDGETS[1]
    run = counted(
        "busy-room",
        budget,
        "chat_sessions.active_share_at_start=0.6",
        "chat_sessions.away_s=1000",
        "device.api_connection=true",
    )
    load, server = run["figures"]["load"], run["server"]
    present = load["chat_sessions_started"]
    notifications = load["messages"] * (DEVICES - present)
    assert notifications > 5

    relays = 2 * (DEVICES + notifications)
    assert server["frames_in"]["SUBSCRIBE"] == subscribed(budget, present, relays)


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"dialect {budget.dialect}")
def test_every_session_is_ended_as_the_sdk_ends_it(budget: Budget) -> None:
    """UNSUBSCRIBE of each topic, then DISCONNECT with its RECEIPT."""
    run = counted("busy-room", budget)
    before, after = run["server"], run["server_at_end"]

    assert "UNSUBSCRIBE" not in before["frames_in"]
    assert after["frames_in"]["UNSUBSCRIBE"] == DEVICES * (
        budget.user_topics + budget.channel_topics
    )
    assert after["frames_in"]["DISCONNECT"] == DEVICES
    assert after["frames_out"]["RECEIPT"] == before["frames_out"]["RECEIPT"] + DEVICES
    assert run["states"] == ["ENDED"]
