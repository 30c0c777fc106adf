"""Coordinated omission, written down: a server that stands still for 2 s in every 10 s.

The schedule, the ledger and the summary are the product's own; the server is a list of stalls, and
time is a number. The same stalls once meet the open schedule of a run, once users who each wait for
their own last message: the percentiles of the one are arithmetic, those of the other do not know.
"""

import heapq
from collections.abc import Iterable, Iterator

import pytest

from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.metrics import Ledger, LedgerSettings, merge
from loadtest.metrics.catalogue.values import latency_values
from loadtest.observations import ChatEvent
from loadtest.workload import ActionKind, CellSchedule
from loadtest.workload.arrivals import Even
from tests.support.workloads import behaviour, cell, group

_WINDOW_S = 100
_STALL_S, _PERIOD_S = 2, 10
_ANSWER_NS = NS_PER_MS
"""What the server takes when it does not stand still."""
_USERS = 4
_PAUSE_NS = 25 * NS_PER_MS
_ROOM = 1

# Of a period of 10 s, a message waits that is due in the 2 s of the stall, for what is left of it:
# 20 % of all messages, evenly from 0 to 2 s. So 10 % wait longer than 1 s, 5 % longer than 1.5 s
# and 1 % longer than 1.9 s.
OPEN_MS = {"p50_ms": 1, "p90_ms": 1_000, "p95_ms": 1_500, "p99_ms": 1_900, "max_ms": 2_000}
# Each user has one message per stall that waits: 40 of 12,000 or so, a third of a percent.
CLOSED_MS = {"p50_ms": 1, "p90_ms": 1, "p95_ms": 1, "p99_ms": 1, "max_ms": 2_000}

_Send = tuple[int, int, int]
"""User, due, written."""


def _answered_ns(written_ns: int) -> int:
    """Return when the server hands a message out: it reads nothing while it stands still."""
    into_period_ns = (written_ns - NS_PER_S) % (_PERIOD_S * NS_PER_S)
    left_ns = max(_STALL_S * NS_PER_S - into_period_ns, 0)
    return written_ns + left_ns + _ANSWER_NS


def _open() -> Iterator[_Send]:
    """Yield the messages of a run's own schedule: each is written when it is due."""
    plan = cell(group(size=_USERS), users=_USERS)
    does = behaviour(arrivals=Even(1.0), message_rate_per_s=100.0)
    schedule = CellSchedule(plan, does, seed=1)
    for user in plan.users:
        for action in schedule.actions_before(user.member, _WINDOW_S * NS_PER_S):
            if action.kind is ActionKind.MESSAGE:
                yield user.member, action.due_ns, action.due_ns


def _closed() -> Iterator[_Send]:
    """Yield the messages of users who wait for the last one, and then a moment."""
    turns = [(number * _PAUSE_NS // _USERS, number) for number in range(_USERS)]
    while turns[0][0] < _WINDOW_S * NS_PER_S:
        now_ns, user = heapq.heappop(turns)
        yield user, now_ns, now_ns
        heapq.heappush(turns, (_answered_ns(now_ns) + _PAUSE_NS, user))


def _percentiles_ms(sends: Iterable[_Send]) -> dict[str, float | None]:
    """Return the delivery latencies that a summary prints."""
    ledger = Ledger(LedgerSettings())
    for device in range(1, _USERS + 1):
        ledger.member_joined(_ROOM, device, 0)
        ledger.user_session_starting(device, 0)
        ledger.user_session_started(device, device, 0)
        ledger.chat_session_starting(device, device, _ROOM, 0)
        ledger.chat_session_started(device, 0)
    sent = sorted(sends, key=lambda send: send[2])
    arrivals: list[tuple[int, int]] = []
    for key, (user, due_ns, written_ns) in enumerate(sent, start=1):
        while arrivals and arrivals[0][0] <= written_ns:
            _arrive(ledger, *heapq.heappop(arrivals))
        ledger.message_sent(key, user + 1, _ROOM, key, due_ns, written_ns)
        heapq.heappush(arrivals, (_answered_ns(written_ns), key))
    while arrivals:
        _arrive(ledger, *heapq.heappop(arrivals))
    end_ns = (_WINDOW_S + 60) * NS_PER_S
    ledger.finish(end_ns, drained=True)
    ledger.roll(end_ns)
    event = merge([ledger.snapshot()]).figures.event(ChatEvent.MESSAGE_CREATED)
    assert event.lost == 0
    assert event.delivered == len(sent) * _USERS
    return latency_values(event.latency)


def _arrive(ledger: Ledger, arrived_ns: int, key: int) -> None:
    for session in range(1, _USERS + 1):
        ledger.message_delivered(session, key, key + 1_000_000, arrived_ns)


def test_the_open_schedule_shows_a_stall_as_arithmetic_says() -> None:
    found = _percentiles_ms(_open())

    for figure, expected_ms in OPEN_MS.items():
        # The answer itself, and the gap between two messages of the schedule.
        assert found[figure] == pytest.approx(expected_ms, rel=0.002, abs=20), figure


def test_a_closed_workload_hides_it_from_every_percentile_but_the_maximum() -> None:
    found = _percentiles_ms(_closed())

    for figure, expected_ms in CLOSED_MS.items():
        assert found[figure] == pytest.approx(expected_ms, rel=0.002), figure
