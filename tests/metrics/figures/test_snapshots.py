import itertools
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import UsageError
from loadtest.metrics import Collection, Ledger, merge
from loadtest.observations import Action
from tests.support.scenes import ROOM, ns


def worker_snapshots(worker: int, seconds: int, seed: int) -> list[dict[str, Any]]:
    """Return what a worker tells over some seconds of sending to itself."""
    rng = random.Random(seed)
    ledger = Ledger(worker=worker)
    ledger.user_session_starting(1, 0)
    ledger.user_session_started(1, 1, 0)
    ledger.member_joined(ROOM, 1, 0)
    ledger.chat_session_starting(1, 1, ROOM, 0)
    ledger.chat_session_started(1, 0)
    snapshots = []
    for second in range(1, seconds + 1):
        for key in range(second * 10, second * 10 + rng.randrange(10)):
            at_ns = ns(second * 1000 - rng.randrange(1, 900))
            ledger.message_sent(key, 1, ROOM, key, at_ns, at_ns)
            ledger.message_delivered(1, key, key, at_ns + ns(rng.randrange(1, 90)))
        ledger.action_failed(Action.READ, 1, 0, 0, rng.choice(["one", "other"]))
        ledger.roll(ns(second * 1000))
        snapshots.append(ledger.snapshot())
    return snapshots


SNAPSHOTS = [worker_snapshots(worker, 4, worker) for worker in range(3)]
ALL = list(itertools.chain.from_iterable(SNAPSHOTS))
NEWEST = [snapshots[-1] for snapshots in SNAPSHOTS]


@given(st.permutations(ALL), st.lists(st.sampled_from(ALL)))
def test_neither_order_nor_repetition_matters(
    snapshots: list[dict[str, Any]], again: list[dict[str, Any]]
) -> None:
    assert merge(snapshots + again) == merge(ALL)


def test_the_newest_snapshot_of_a_worker_says_it_all() -> None:
    assert merge(NEWEST) == merge(ALL)


@given(st.lists(st.sampled_from(ALL)), st.lists(st.sampled_from(ALL)))
def test_merging_in_parts_is_merging_at_once(
    some: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    collection = Collection()
    for snapshot in some:
        collection.take(snapshot)
    collection.totals()
    for snapshot in others:
        collection.take(snapshot)

    assert collection.totals() == merge(some + others)


def test_counts_of_workers_add_up() -> None:
    totals = merge(ALL)
    parts = [merge([snapshot]) for snapshot in NEWEST]

    def delivered(part: Any) -> int:
        return int(part.figures.event("channel.message.created").delivered)

    assert delivered(totals) == sum(map(delivered, parts)) > 0
    assert totals.workers == {0: 4, 1: 4, 2: 4}
    assert [row.t_s for row in totals.timeline] == [1, 2, 3, 4]
    assert sum(row.deliveries for row in totals.timeline) == delivered(totals)
    assert totals.devices_peak == totals.chat_sessions_peak == 3


def test_a_snapshot_survives_the_message_bus() -> None:
    for snapshot in NEWEST:
        sent = msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot))

        assert merge([sent]) == merge([snapshot])


def test_a_row_that_was_lost_comes_again() -> None:
    without_second = [snapshot for snapshot in SNAPSHOTS[0] if snapshot["number"] != 2]

    assert merge(without_second).timeline == merge(SNAPSHOTS[0]).timeline


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(UsageError, match="worker 0 sent a snapshot of schema 'x/9'"):
        merge([{**SNAPSHOTS[0][0], "schema": "x/9"}])


def test_nothing_merges_to_nothing() -> None:
    totals = merge([])

    assert totals.timeline == ()
    assert totals.devices_peak == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_what_is_shown_while_a_run_goes_on_is_in_the_totals(workers: int) -> None:
    collection = Collection()
    assert (collection.latest_row(), collection.lost_count()) == (None, 0)
    for snapshots in SNAPSHOTS[:workers]:
        for snapshot in snapshots:
            collection.take(snapshot)
    totals = collection.totals()

    assert collection.latest_row() == totals.timeline[-1 if workers == 1 else -2]
    assert collection.lost_count() == sum(each.lost for each in totals.figures.events.values())
    assert [collection.newest_number(worker) for worker in (0, 99)] == [totals.workers[0], 0]


def test_a_worker_that_is_gone_does_not_stop_what_is_shown() -> None:
    collection = Collection()
    collection.take(SNAPSHOTS[1][0])
    for snapshot in SNAPSHOTS[0]:
        collection.take(snapshot)

    row = collection.latest_row()
    assert row is not None
    assert row.t_s == collection.totals().timeline[-2].t_s


def test_what_a_lost_worker_still_waited_for_is_not_judged() -> None:
    """Nobody will ever know whether it came; the ledger of the rest must add up."""
    ledger = Ledger(worker=1)
    for user in (1, 2, 3):
        ledger.member_joined(ROOM, user, 0)
        ledger.user_session_starting(user, 0)
        ledger.user_session_started(user, user, 0)
    for session in (1, 2):
        ledger.chat_session_starting(session, session, ROOM, 0)
        ledger.chat_session_started(session, 0)
    ledger.message_sent(1, 1, ROOM, 1, ns(900), ns(900))
    ledger.message_delivered(1, 1, 1, ns(905))
    ledger.roll(ns(1000))
    collection = Collection()
    collection.take(ledger.snapshot())
    collection.take(NEWEST[0])

    lost = collection.totals(final={0})
    message = lost.figures.event("channel.message.created")
    own = merge([NEWEST[0]]).figures.event("channel.message.created")
    assert message.expected - own.expected == message.delivered - own.delivered == 1
    assert message.boundary == message.in_flight == 1
    notifications = lost.figures.all_notifications()
    assert (notifications.expected, notifications.boundary, notifications.in_flight) == (0, 1, 1)
    assert lost.open_count == NEWEST[0]["open_count"]
    assert collection.totals().open_count > lost.open_count
