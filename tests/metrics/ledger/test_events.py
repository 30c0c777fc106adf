from typing import Any

import pytest

from loadtest.metrics.figures.figures import EventFigures
from loadtest.observations import Action, ChatEvent
from tests.support.scenes import MESSAGE, ROOM, Scene, ns

UPDATED = ChatEvent.MESSAGE_UPDATED
CHANNEL = ChatEvent.CHANNEL_UPDATED
READ = ChatEvent.MESSAGE_READ


def counts(figures: EventFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = (
        *("expected", "delivered", "lost", "late", "duplicate", "boundary", "unexpected"),
        *("refused", "coalesced"),
    )
    return {name: value for name in names if (value := getattr(figures, name))}


def edit(scene: Scene, message: int, at_ms: float) -> None:
    scene.ledger.message_edited(1, ROOM, message, ns(at_ms - 2), ns(at_ms))


def read(scene: Scene, message: int, at_ms: float, device: int) -> None:
    scene.ledger.message_read(device, ROOM, message, ns(at_ms), ns(at_ms))


def receipt(scene: Scene, message: int, reader: int, at_ms: float, *sessions: int) -> None:
    for session in sessions:
        scene.ledger.read_receipt_delivered(session, message, reader, ns(at_ms))


def test_an_edit_is_expected_at_every_active_chat_session() -> None:
    scene = Scene()
    scene.room(3)
    edit(scene, 7, 1000)
    scene.event(UPDATED, 7, 1005, 1, 2)

    figures = scene.events(UPDATED)
    assert counts(figures) == {"expected": 3, "delivered": 2, "lost": 1}
    assert (figures.latency.max_us, figures.service.max_us) == (7_000, 5_000)


def test_two_edits_of_a_message_are_matched_in_their_order() -> None:
    scene = Scene()
    scene.room(1)
    edit(scene, 7, 1000)
    edit(scene, 7, 2000)
    scene.event(UPDATED, 7, 2002, 1)
    scene.event(UPDATED, 7, 2004, 1)

    figures = scene.events(UPDATED)
    assert counts(figures) == {"expected": 2, "delivered": 2}
    assert (figures.latency.min_us, figures.latency.max_us) == (6_000, 1_004_000)


def test_an_event_without_a_cause_is_unexpected_and_a_second_one_a_duplicate() -> None:
    scene = Scene()
    scene.room(2)
    edit(scene, 7, 1000)
    scene.event(UPDATED, 7, 1001, 1, 1, 2)
    scene.event(UPDATED, 8, 1002, 1)
    scene.event(UPDATED, 7, 1003, 99)

    assert counts(scene.events(UPDATED)) == {
        "expected": 2,
        "delivered": 2,
        "duplicate": 1,
        "unexpected": {"no_cause": 1, "unknown_chat_session": 1},
    }


def test_a_channel_update_is_known_by_its_channel() -> None:
    scene = Scene()
    scene.room(2)
    scene.ledger.channel_updated(1, ROOM, ns(1000), ns(1000))
    scene.event(CHANNEL, ROOM, 1005, 1, 2)

    assert counts(scene.events(CHANNEL)) == {"expected": 2, "delivered": 2}


def test_a_chat_session_that_starts_right_after_a_cause_may_see_it() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    edit(scene, 7, 1000)
    scene.enter(2, at_ms=1001)
    scene.event(UPDATED, 7, 1005, 1, 2)

    assert counts(scene.events(UPDATED)) == {"expected": 1, "delivered": 1, "boundary": 1}


@pytest.mark.parametrize(
    ("action", "event"),
    [(Action.EDIT, UPDATED), (Action.READ, READ), (Action.UPDATE_CHANNEL, CHANNEL)],
)
def test_what_the_server_refused_is_no_loss(action: Action, event: ChatEvent) -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, device=2)
    scene.see(1, 1001, 1, 2)
    scene.ledger.message_edited(1, ROOM, 9, ns(2000), ns(2000))
    scene.ledger.message_read(1, ROOM, 1 + MESSAGE, ns(2000), ns(2000))
    scene.ledger.channel_updated(1, ROOM, ns(2000), ns(2000))
    scene.ledger.action_failed(action, 1, ns(2000), ns(2001), "AccessDeniedError: no")

    assert counts(scene.events(event)) == {"refused": 1}


def test_the_first_read_by_a_user_is_seen_by_all_and_later_ones_cause_nothing() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1)
    scene.see(1, 1001, 1, 2)
    read(scene, 1 + MESSAGE, 2000, device=2)
    read(scene, 1 + MESSAGE, 2001, device=20)
    receipt(scene, 1 + MESSAGE, 2, 2005, 1, 2)

    figures = scene.figures()
    assert counts(figures.event(READ)) == {"expected": 2, "delivered": 2}
    assert figures.load.reads == 2


def test_authors_do_not_read_their_own_messages() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1, 2)
    read(scene, 1 + MESSAGE, 2000, device=1)

    assert counts(scene.events(READ)) == {}


def test_two_readers_of_a_message_are_told_apart() -> None:
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1001, 1, 2, 3)
    read(scene, 1 + MESSAGE, 2000, device=2)
    read(scene, 1 + MESSAGE, 2000, device=3)
    receipt(scene, 1 + MESSAGE, 3, 2005, 1, 2, 3)

    assert counts(scene.events(READ)) == {"expected": 6, "delivered": 3, "lost": 3}


def test_a_read_of_a_message_that_nobody_remembers_is_not_judged() -> None:
    scene = Scene(remembered_messages=1)
    scene.room(2)
    for key in (1, 2):
        scene.send(key, at_ms=1000 + key)
        scene.see(key, 1010, 1, 2)
    read(scene, 1 + MESSAGE, 2000, device=2)
    receipt(scene, 1 + MESSAGE, 2, 2005, 1)

    assert counts(scene.events(READ)) == {"boundary": 2}


def test_nothing_is_kept_of_events_that_are_settled() -> None:
    scene = Scene(delivery_deadline_s=1)
    scene.room(2)
    for turn in range(50):
        at_ms = 1000 + turn * 100
        edit(scene, 7, at_ms)
        scene.event(UPDATED, 7, at_ms + 1, 1, 2)
        scene.settle(at_ms + 2)
    scene.settle(60_000)
    book = scene.ledger._events

    assert not book._parked
    assert [match for match in book._records if match[0] is UPDATED] == []
