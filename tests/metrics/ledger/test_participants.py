from typing import Any

from loadtest.metrics.figures.figures import EventFigures
from loadtest.observations import ChatEvent
from tests.support.scenes import Scene

ENTERED = ChatEvent.PARTICIPANT_ENTERED
LEFT = ChatEvent.PARTICIPANT_LEFT


def counts(figures: EventFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = ("expected", "delivered", "lost", "duplicate", "boundary", "unexpected")
    return {name: value for name in names if (value := getattr(figures, name))}


def room(present: list[int], **settings: Any) -> Scene:
    """Return a room of three users in which entering is long past."""
    scene = Scene(**settings)
    scene.room(3, present=present)
    for session in present:
        for earlier in present[: present.index(session)]:
            scene.event(ENTERED, session, 1, earlier)
    scene.settle(30_000)
    return scene


def judged(scene: Scene, event: ChatEvent, known: int) -> dict[str, Any]:
    """Return the counts of an event without those of the room's making."""
    found = counts(scene.events(event))
    for name in ("expected", "delivered"):
        found[name] = found.get(name, 0) - known
    return {name: value for name, value in found.items() if value}


def test_the_first_chat_session_of_a_user_is_seen_by_those_already_there() -> None:
    scene = room([1, 2])
    scene.start(3, at_ms=31_000)
    scene.event(ENTERED, 3, 31_004, 1)
    scene.ledger.chat_session_started(3, 31_005_000_000)

    assert judged(scene, ENTERED, 1) == {"expected": 2, "delivered": 1, "lost": 1}


def test_the_last_chat_session_of_a_user_is_missed_by_those_still_there() -> None:
    scene = room([1, 2, 3])
    scene.leave(3, 31_000)
    scene.event(LEFT, 3, 31_004, 1, 2)

    assert judged(scene, LEFT, 0) == {"expected": 2, "delivered": 2}


def test_who_sees_a_leaving_knows_that_the_server_has_taken_the_end() -> None:
    """``self`` is the last topic that a chat session ends, so nothing can reach it any more."""
    scene = room([1, 2, 3])
    scene.leave(3, 31_000)
    scene.send(1, at_ms=31_001)
    scene.event(LEFT, 3, 31_004, 1)
    scene.send(2, at_ms=31_005)
    for key in (1, 2):
        scene.see(key, 31_010, 1, 2, 3)

    figures = scene.messages()
    assert (figures.boundary, figures.boundary_seen, figures.after_end) == (1, 1, 1)


def test_with_a_user_session_a_leaving_proves_nothing() -> None:
    """There ``self`` ends first, and the topic of messages later."""
    scene = room([1, 2, 3])
    scene.ledger.user_session_ending(3, 31_000_000_000)
    scene.event(LEFT, 3, 31_004, 1)
    scene.send(1, at_ms=31_005)
    scene.see(1, 31_010, 1, 2, 3)

    assert scene.messages().boundary == 1


def test_a_device_may_see_its_own_leaving_but_not_its_own_entering() -> None:
    """With a user session ``self`` ends before ``participants``, and starts before it."""
    scene = room([1, 2])
    scene.leave(2, 31_000)
    scene.event(LEFT, 2, 31_001, 1, 2)
    scene.settle(41_500)
    scene.enter(3, at_ms=41_500)
    scene.settle(60_000)

    assert judged(scene, LEFT, 0) == {"expected": 1, "delivered": 1}
    assert judged(scene, ENTERED, 1) == {"expected": 1, "lost": 1}
    assert scene.figures().counted == {LEFT: 1}


def test_further_chat_sessions_of_a_user_cause_nothing() -> None:
    scene = room([1, 2])
    scene.online(20, at_ms=31_000, user=2)
    scene.enter(200, device=20, at_ms=31_000)
    scene.settle(45_000)
    scene.leave(200, 45_000)

    assert judged(scene, ENTERED, 1) == {}
    assert counts(scene.events(LEFT)) == {}


def test_a_start_that_is_refused_is_not_judged() -> None:
    scene = room([1, 2])
    scene.start(3, at_ms=31_000)
    scene.leave(3, 31_010)

    assert judged(scene, ENTERED, 1) == {"boundary": 2}
    assert counts(scene.events(LEFT)) == {"boundary": 3}


def test_a_start_without_an_answer_until_the_deadline_is_not_judged() -> None:
    scene = room([1, 2])
    scene.start(3, at_ms=31_000)
    scene.settle(42_000)

    assert judged(scene, ENTERED, 1) == {"boundary": 2}


def test_leaving_on_one_device_while_entering_on_another_is_a_race() -> None:
    scene = room([1, 2])
    scene.online(20, at_ms=31_000, user=2)
    scene.start(200, device=20, at_ms=31_000)
    scene.leave(2, 31_001)
    scene.event(LEFT, 2, 31_005, 1)
    scene.event(ENTERED, 2, 31_005, 1)

    assert "unexpected" not in judged(scene, LEFT, 0)
    assert "expected" not in judged(scene, LEFT, 0)
    assert "unexpected" not in judged(scene, ENTERED, 1)
    assert "expected" not in judged(scene, ENTERED, 1)


def test_entering_right_after_leaving_is_a_race_unless_the_leaving_was_seen() -> None:
    for is_seen in (False, True):
        scene = room([1, 2])
        scene.leave(2, 31_000)
        if is_seen:
            scene.event(LEFT, 2, 31_005, 1)
        scene.online(20, at_ms=31_000, user=2)
        scene.enter(200, device=20, at_ms=31_100)

        assert judged(scene, ENTERED, 1).get("lost", 0) == is_seen
        assert "lost" not in judged(scene, LEFT, 0)


def test_the_loss_of_a_connection_is_a_leaving_that_may_be_seen_before_it_is_known() -> None:
    scene = room([1, 2, 3])
    scene.event(LEFT, 3, 30_999, 1, 2)
    scene.lose(3, 31_000)

    assert judged(scene, LEFT, 0) == {"expected": 2, "delivered": 2}


def test_connections_that_break_together_do_not_see_each_other_leave() -> None:
    scene = room([1, 2, 3])
    scene.lose(3, 31_000)
    scene.lose(2, 31_000)
    scene.event(LEFT, 3, 31_004, 1)
    scene.event(LEFT, 2, 31_004, 1)

    assert judged(scene, LEFT, 0) == {"expected": 2, "delivered": 2, "boundary": 1}


def test_who_is_back_sees_the_next_leaving_and_not_the_one_before() -> None:
    scene = room([1, 2, 3])
    scene.lose(3, 31_000)
    scene.lose(2, 31_000)
    scene.event(LEFT, 3, 31_004, 1)
    scene.event(LEFT, 2, 31_004, 1)
    for device in (2, 3):
        scene.online(device, 36_000)
        scene.enter(device, at_ms=36_000)
    scene.leave(3, 38_000)
    scene.event(LEFT, 3, 38_005, 1, 2)
    figures = scene.events(LEFT)

    assert (figures.expected, figures.delivered, figures.late) == (4, 4, 0)
    assert figures.latency.max_us == 5_000


def test_leaving_that_nobody_did_is_unexpected_after_the_deadline() -> None:
    scene = room([1, 2, 3])
    scene.event(LEFT, 3, 31_000, 1, 1)

    assert judged(scene, LEFT, 0) == {"unexpected": {"no_cause": 2}}


def test_who_ends_along_is_not_expected_to_see_others_leave() -> None:
    scene = room([1, 2])
    scene.leave(1, 31_000)
    scene.leave(2, 31_000)

    assert "lost" not in judged(scene, LEFT, 0)
