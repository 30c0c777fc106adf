from typing import Any

import pytest

from loadtest.metrics.figures.figures import EventFigures
from loadtest.observations import ChatEvent
from tests.support.scenes import ROOM, Scene, ns

PRESENCE = ChatEvent.PRESENCE_CHANGED


def counts(figures: EventFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = ("expected", "delivered", "lost", "duplicate", "boundary", "coalesced", "unexpected")
    return {name: value for name in names if (value := getattr(figures, name))}


def room(present: int, **settings: Any) -> Scene:
    """Return a room of one user more than are present, who is offline."""
    scene = Scene(**settings)
    scene.room(present)
    scene.members(present + 1)
    scene.settle(30_000)
    return scene


def test_the_first_connection_of_a_member_is_seen_in_its_channels() -> None:
    scene = room(2)
    scene.online(3, 31_000)
    scene.event(PRESENCE, 3, 31_004, 1)

    figures = scene.events(PRESENCE)
    assert counts(figures) == {"expected": 2, "delivered": 1, "lost": 1}


def test_presence_counts_from_connect_though_it_is_known_later() -> None:
    scene = room(2)
    scene.ledger.user_session_starting(3, ns(31_000))
    scene.event(PRESENCE, 3, 31_004, 1, 2)
    scene.ledger.user_session_started(3, 3, ns(31_050))

    figures = scene.events(PRESENCE)
    assert counts(figures) == {"expected": 2, "delivered": 2}
    assert figures.latency.max_us == 4_000


def test_who_was_not_active_at_connect_is_not_expected_to_see_it() -> None:
    scene = room(2)
    scene.members(4)
    scene.online(4)
    scene.ledger.user_session_starting(3, ns(31_000))
    scene.enter(4, at_ms=31_010)
    scene.ledger.user_session_started(3, 3, ns(31_050))
    scene.event(PRESENCE, 3, 31_051, 1, 2)

    assert counts(scene.events(PRESENCE))["expected"] == 4  # of 4 as well, who came before
    assert counts(scene.events(PRESENCE))["delivered"] == 2


def test_a_second_connection_changes_nothing() -> None:
    scene = room(2)
    scene.online(20, 31_000, user=2)
    scene.ledger.user_session_ending(20, ns(32_000))

    assert counts(scene.events(PRESENCE)) == {}


def test_the_end_or_loss_of_the_last_connection_is_seen() -> None:
    for is_clean in (True, False):
        scene = room(3)
        if is_clean:
            scene.ledger.user_session_ending(3, ns(31_000))
        else:
            scene.lose(3, 31_000)
        scene.event(PRESENCE, 3, 31_004, 1, 2)

        assert counts(scene.events(PRESENCE))["delivered"] == 2
        assert "lost" not in counts(scene.events(PRESENCE))


def test_who_goes_offline_is_owed_nothing_of_it() -> None:
    scene = room(3)
    scene.ledger.user_session_ending(3, ns(31_000))
    scene.event(PRESENCE, 3, 31_004, 1, 2, 3)

    assert counts(scene.events(PRESENCE)) == {"expected": 2, "delivered": 2}


def test_connections_that_break_together_do_not_see_each_other_go_offline() -> None:
    scene = room(3)
    for device in (3, 2):
        scene.lose(device, 31_000)
    for device in (3, 2):
        scene.event(PRESENCE, device, 31_004, 1)

    assert counts(scene.events(PRESENCE)) == {"expected": 2, "delivered": 2, "boundary": 1}


def test_a_quick_change_may_be_merged() -> None:
    scene = room(2)
    scene.online(3, 31_000)
    scene.ledger.user_session_ending(3, ns(32_500))
    scene.event(PRESENCE, 3, 32_504, 1)

    figures = scene.events(PRESENCE)
    assert counts(figures) == {"expected": 4, "delivered": 1, "lost": 3, "coalesced": 1}
    assert figures.staleness.max_us == 1_504_000


def test_back_online_within_the_race_window_is_not_judged() -> None:
    scene = room(3)
    scene.ledger.user_session_ending(3, ns(31_000))
    scene.ledger.user_session_ended(3, ns(31_001))
    scene.online(3, 31_500)

    assert "expected" not in counts(scene.events(PRESENCE))


def test_going_offline_while_another_device_connects_is_not_judged() -> None:
    scene = room(3)
    scene.online(30, 30_100, user=3)
    scene.ledger.user_session_ending(30, ns(30_200))
    scene.ledger.user_session_ended(30, ns(30_201))
    scene.ledger.user_session_starting(30, ns(31_000))
    scene.ledger.user_session_ending(3, ns(31_001))
    scene.event(PRESENCE, 3, 31_002, 1)

    assert "expected" not in counts(scene.events(PRESENCE))
    assert "unexpected" not in counts(scene.events(PRESENCE))


@pytest.mark.parametrize("start_ms", [31_000, 31_001.5])
def test_a_boundary_arrival_yields_to_a_cause_that_becomes_known_later(
    start_ms: float,
) -> None:
    """A chat session that was starting when a user left must still see the user return."""
    scene = room(1)
    scene.members(2, 3)
    scene.online(2, 20_000)
    scene.online(3, 20_000)
    scene.event(PRESENCE, 2, 20_001, 1)
    scene.event(PRESENCE, 3, 20_001, 1)
    scene.settle(31_000)
    if start_ms < 31_001:
        scene.start(2, at_ms=start_ms)
    scene.ledger.user_session_ending(3, ns(31_001))
    scene.start(2, at_ms=start_ms)
    scene.event(PRESENCE, 3, 31_002, 1)
    scene.ledger.chat_session_started(2, ns(31_010))
    scene.ledger.user_session_ended(3, ns(31_011))
    scene.ledger.user_session_starting(3, ns(34_000))
    scene.event(PRESENCE, 3, 34_001, 1, 2)
    scene.ledger.user_session_started(3, 3, ns(34_020))

    figures = scene.events(PRESENCE)
    assert (figures.expected, figures.delivered, figures.lost) == (5, 5, 0)


def test_presence_of_an_unknown_device_at_the_end_of_the_run_is_not_held_against_anyone() -> None:
    scene = room(2)
    scene.ledger.user_session_starting(3, ns(31_000))
    scene.event(PRESENCE, 3, 31_002, 1)
    scene.settle(32_000)

    assert counts(scene.figures(32_000).event(PRESENCE)) == {"boundary": 1}


def test_a_server_that_tells_no_presence_is_not_expected_to() -> None:
    scene = Scene(expects_presence=False)
    scene.room(2)
    scene.members(3)
    scene.online(3, 31_000)
    scene.event(PRESENCE, 3, 31_001, 1)

    assert counts(scene.events(PRESENCE)) == {"unexpected": {"no_cause": 1}}


def test_a_member_who_joined_after_connect_is_not_judged() -> None:
    scene = Scene()
    scene.room(1)
    scene.ledger.user_session_starting(2, ns(31_000))
    scene.ledger.member_joined(ROOM, 2, ns(31_005))
    scene.ledger.user_session_started(2, 2, ns(31_010))

    assert counts(scene.events(PRESENCE)) == {"boundary": 1}
