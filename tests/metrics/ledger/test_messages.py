from typing import Any

import pytest

from loadtest.metrics.figures.figures import EventFigures
from loadtest.observations import Action, ChatEvent
from tests.support.scenes import MESSAGE, ROOM, Scene, ns


def counts(figures: EventFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = (
        *("expected", "delivered", "lost", "late", "duplicate", "out_of_order"),
        *("boundary", "boundary_seen", "in_flight", "refused", "unexpected", "after_end"),
    )
    return {name: value for name in names if (value := getattr(figures, name))}


def test_a_message_is_expected_at_every_active_chat_session_the_senders_too() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1005, 1, 2, 3)

    assert counts(scene.messages()) == {"expected": 3, "delivered": 3}


def test_delivery_latency_counts_from_due_and_service_latency_from_written() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000, due_ms=900)
    scene.see(1, 1005, 1, 2)
    figures = scene.figures()

    message = figures.event(ChatEvent.MESSAGE_CREATED)
    assert (message.latency.min_us, message.latency.max_us) == (105_000, 105_000)
    assert (message.service.min_us, message.service.max_us) == (5_000, 5_000)
    assert figures.health.lag.max_us == 100_000


def test_what_has_not_come_by_the_deadline_is_lost() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1005, 1, 2)

    assert counts(scene.messages()) == {"expected": 3, "delivered": 2, "lost": 1}


@pytest.mark.parametrize(
    ("at_ms", "late"),
    [
        pytest.param(11_000, 0, id="at the deadline is in time"),
        pytest.param(11_000.000_001, 1, id="a nanosecond after it is late"),
    ],
)
def test_late_is_decided_by_the_arrival_alone(at_ms: float, late: int) -> None:
    """Neither the moment of settling nor its absence may matter."""
    for settles in (True, False):
        scene = Scene()
        scene.room(2)
        scene.send(1)
        scene.see(1, 1005, 1)
        if settles:
            scene.settle(11_050)
        scene.see(1, at_ms, 2)
        figures = scene.messages()

        assert (figures.delivered, figures.lost, figures.late) == (2, 0, late)
        assert figures.latency.count == 2


def test_a_late_delivery_is_lost_until_it_comes() -> None:
    scene = Scene()
    scene.room(1)
    scene.send(1)
    scene.settle(12_000)
    before = scene.ledger.roll(ns(12_000)).figures.event(ChatEvent.MESSAGE_CREATED)
    scene.see(1, 13_000, 1)

    assert counts(before) == {"expected": 1, "lost": 1}
    assert counts(scene.messages()) == {"expected": 1, "delivered": 1, "late": 1}


@pytest.mark.parametrize("again_ms", [1006, 9000, 500_000])
def test_a_second_arrival_is_a_duplicate_however_late(again_ms: float) -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.settle(again_ms)
    scene.see(1, again_ms, 2)

    assert counts(scene.messages()) == {"expected": 2, "delivered": 2, "duplicate": 1}


def test_a_message_overtaken_by_a_later_one_of_its_sender_is_out_of_order() -> None:
    scene = Scene()
    scene.room(2)
    for key in (1, 2, 3):
        scene.send(key, at_ms=1000 + key)
    scene.see(1, 1010, 1, 2)
    scene.see(3, 1011, 1, 2)
    scene.see(2, 1012, 2)
    scene.see(2, 1013, 1)

    assert counts(scene.messages()) == {"expected": 6, "delivered": 6, "out_of_order": 2}


def test_messages_of_two_senders_have_no_order() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, device=1, at_ms=1000)
    scene.send(2, device=2, at_ms=1001)
    scene.see(2, 1010, 1, 2)
    scene.see(1, 1011, 1, 2)

    assert "out_of_order" not in counts(scene.messages())


def test_a_late_message_is_out_of_order_if_a_later_one_was_seen_meanwhile() -> None:
    scene = Scene()
    scene.room(1)
    scene.send(1, at_ms=1000)
    scene.settle(20_000)
    scene.send(2, at_ms=20_001)
    scene.see(2, 20_010, 1)
    scene.see(1, 20_020, 1)

    assert counts(scene.messages()) == {
        "expected": 2,
        "delivered": 2,
        "late": 1,
        "out_of_order": 1,
    }


def test_a_chat_session_that_is_starting_may_see_a_message() -> None:
    scene = Scene()
    scene.room(3, present=[1])
    scene.start(2, at_ms=990)
    scene.start(3, at_ms=990)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.see(1, 1006, 2)

    assert counts(scene.messages()) == {
        "expected": 1,
        "delivered": 1,
        "boundary": 2,
        "boundary_seen": 1,
        "duplicate": 1,
    }


def test_what_is_pending_when_a_chat_session_ends_is_delivered_or_boundary() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.leave(2, 1001)
    scene.leave(3, 1001)
    scene.see(1, 1005, 1, 2)

    assert counts(scene.messages()) == {"expected": 2, "delivered": 2, "boundary": 1}


def test_a_chat_session_may_see_messages_within_the_race_window_of_its_end_and_not_after() -> None:
    scene = Scene(race_window_s=2)
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=1500)
    scene.see(1, 1501, 1, 2)
    scene.settle(3100)
    scene.send(2, at_ms=3200)
    scene.see(2, 3201, 1, 2)

    assert counts(scene.messages()) == {
        "expected": 2,
        "delivered": 2,
        "boundary": 1,
        "boundary_seen": 1,
        "after_end": 1,
    }


@pytest.mark.parametrize(
    ("start_ms", "expected"),
    [
        pytest.param(1500, {"boundary": 1, "boundary_seen": 1}, id="soon after it is boundary"),
        pytest.param(
            2500, {"unexpected": {"no_chat_session_then": 1}}, id="long after it is unexpected"
        ),
    ],
)
def test_a_chat_session_that_starts_after_a_message(
    start_ms: float, expected: dict[str, Any]
) -> None:
    """The server may take the SUBSCRIBE of one connection before the SEND of another."""
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.enter(2, at_ms=start_ms)
    scene.see(1, start_ms + 1, 2)

    assert counts(scene.messages()) == {"expected": 1, "delivered": 1, **expected}


def test_what_was_pending_for_long_on_a_lost_connection_stays_expected() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1005, 1)
    scene.lose(2, 2001)
    scene.lose(3, 2001)
    scene.send(2, at_ms=3000)
    scene.see(2, 3005, 1)
    scene.online(2, 6000)
    scene.enter(2, at_ms=6000)
    scene.see(1, 6001, 2)
    scene.send(3, at_ms=7000)
    scene.see(3, 7005, 1, 2)

    assert counts(scene.messages()) == {"expected": 6, "delivered": 5, "lost": 1}


def test_a_slot_used_again_does_not_mix_two_chat_sessions() -> None:
    scene = Scene(delivery_deadline_s=1)
    scene.room(3, present=[1, 2])
    scene.send(1)
    scene.see(1, 1001, 1)  # lost at 2, so the record is kept
    scene.leave(2, 2500)
    scene.settle(10_000)
    scene.enter(3, at_ms=10_000)
    scene.see(1, 10_001, 3)

    figures = scene.messages()
    assert figures.lost == 1
    assert figures.unexpected == {"no_chat_session_then": 1}


def test_a_chat_session_ends_with_its_user_session() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.ledger.user_session_ending(2, ns(1001))
    scene.ledger.chat_session_ending(2, ns(1001))
    scene.ledger.user_session_ended(2, ns(1002))
    scene.see(1, 1005, 1)

    assert counts(scene.messages()) == {"expected": 1, "delivered": 1, "boundary": 1}


@pytest.mark.parametrize(
    ("session", "key", "kind"),
    [
        pytest.param(1, 99, "unknown_key", id="a key that was never given out"),
        pytest.param(77, 1, "unknown_chat_session", id="a chat session that never was"),
        pytest.param(50, 1, "wrong_channel", id="a chat session in another channel"),
    ],
)
def test_an_arrival_that_matches_nothing_is_unexpected(session: int, key: int, kind: str) -> None:
    scene = Scene()
    scene.room(2)
    scene.enter(50, device=2, channel=2)
    scene.send(1)
    scene.see(1, 1005, 1, 2)
    scene.see(key, 1006, session)

    assert scene.messages().unexpected == {kind: 1}


def test_fan_out_completion_is_taken_at_the_expected_devices() -> None:
    scene = Scene()
    scene.room(20)
    scene.send(1, at_ms=1000)
    for device in range(1, 21):
        scene.see(1, 1000 + device, device)
    figures = scene.figures()

    completion = figures.completion["11-100"]
    found = [
        getattr(completion, mark).max_us // 1000
        for mark in ("first", "p50", "p90", "p99", "last", "spread")
    ]
    assert found == [1, 10, 18, 20, 20, 19]
    assert completion.last.count == 1
    assert completion.incomplete == 0


def test_a_message_to_nobody_has_no_completion() -> None:
    scene = Scene()
    scene.room(1, present=[])
    scene.send(1)
    figures = scene.figures()

    assert figures.completion == {}
    assert counts(figures.event(ChatEvent.MESSAGE_CREATED)) == {}


def test_without_a_drain_what_is_young_is_in_flight_and_not_lost() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.send(2, at_ms=9000)
    scene.see(2, 9001, 1)

    assert counts(scene.messages(11_500, drained=False)) == {
        "expected": 3,
        "delivered": 1,
        "lost": 2,
        "boundary": 1,
        "in_flight": 1,
    }


def test_after_a_drain_what_is_missing_is_lost_whatever_its_age() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=9000)
    scene.see(1, 9001, 1)

    assert counts(scene.messages(9500)) == {"expected": 2, "delivered": 1, "lost": 1}


def test_a_message_that_the_server_refused_is_an_error_and_not_a_loss() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.ledger.action_failed(
        Action.MESSAGE, 1, ns(1000), ns(1003), "RateLimitedError: cool off for 5 s"
    )

    assert counts(scene.messages()) == {"refused": 1}


def test_a_refusal_of_what_somebody_has_seen_excuses_nothing() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1002, 1)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(1003), "OddError: no")

    assert counts(scene.messages()) == {"expected": 2, "delivered": 1, "lost": 1}


def test_deliveries_that_come_late_one_by_one_are_all_counted() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.settle(12_000)
    for session in (1, 2, 3):
        scene.see(1, 12_000 + session, session)
        scene.ledger.roll(ns(12_500 + session))

    assert counts(scene.messages()) == {"expected": 3, "delivered": 3, "late": 3}


def test_a_chat_session_can_be_ended_while_its_connection_is_lost() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1)
    scene.lose(2, 2002)
    scene.leave(2, 2003)
    scene.settle(40_000)
    scene.send(2, at_ms=40_000)
    scene.see(2, 40_001, 1, 2)

    assert counts(scene.messages()) == {
        "expected": 3,
        "delivered": 2,
        "lost": 1,
        "after_end": 1,
    }


@pytest.mark.parametrize("reason", ["no completion within 10 s", "connection lost: reset"])
def test_a_message_without_an_answer_is_lost(reason: str) -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.ledger.action_failed(Action.MESSAGE, 1, ns(1000), ns(1003), reason)

    assert counts(scene.messages()) == {"expected": 2, "lost": 2}


def test_open_deliveries_are_known_at_any_time() -> None:
    scene = Scene()
    scene.room(3, present=[1, 2])
    scene.settle(20_000)
    scene.send(1, at_ms=20_000)
    assert scene.ledger.open_count == 3  # two deliveries and a notification
    scene.see(1, 20_005, 1, 2)
    assert scene.ledger.open_count == 1
    scene.notify(1, 20_006, 3)

    assert scene.ledger.open_count == 0


def test_nothing_is_kept_of_what_is_settled() -> None:
    """Memory must stay flat over a million messages."""
    scene = Scene(delivery_deadline_s=1)
    scene.room(2)
    for key in range(1, 301):
        at_ms = 1000 + key * 100
        scene.send(key, device=1 + key % 2, at_ms=at_ms)
        scene.see(key, at_ms + 1, 1, 2)
        scene.settle(at_ms + 2)
    scene.settle(60_000)
    book = scene.ledger._messages

    assert not book.open
    assert not book._closed
    assert not book._by_message
    assert not book._newest
    assert scene.ledger._refusals.open_count == 0
    assert book.book.kept_count == 0


def test_what_is_kept_for_late_arrivals_is_limited() -> None:
    scene = Scene(delivery_deadline_s=1, kept_records=5)
    scene.room(2)
    for key in range(1, 21):
        scene.send(key, at_ms=1000 + key)
        scene.see(key, 1100 + key, 1)
    scene.settle(5000)
    scene.see(20, 5001, 2)
    scene.see(1, 5002, 2)

    assert scene.ledger._messages.book.kept_count == 5
    assert counts(scene.messages()) == {
        "expected": 40,
        "delivered": 21,
        "lost": 19,
        "late": 1,
        "duplicate": 1,
    }


def test_the_id_of_a_message_comes_with_its_first_delivery() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.send(1)
    scene.notify(1, 1004, 2)
    scene.see(1, 1005, 1)

    assert scene.ledger._messages._by_message[1 + MESSAGE].key == 1
    assert scene.notifications().delivered == 1


def test_a_device_that_nobody_has_named_can_send() -> None:
    scene = Scene()
    scene.room(1)
    scene.ledger.message_sent(1, 42, ROOM, 1, ns(1000), ns(1000))
    scene.see(1, 1005, 1)

    assert counts(scene.messages()) == {"expected": 1, "delivered": 1}
