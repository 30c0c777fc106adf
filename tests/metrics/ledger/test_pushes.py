from typing import Any

import pytest

from loadtest.metrics.figures.figures import PushFigures
from tests.support.scenes import MESSAGE, ROOM, Scene, ns


def counts(figures: PushFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = (
        *("taken", "expected", "delivered", "missed", "late", "duplicate", "spurious"),
        *("boundary", "boundary_seen", "in_flight"),
    )
    return {name: value for name in names if (value := getattr(figures, name))}


class PushScene(Scene):
    """Users 1 and 2 are in the chat; 3 and 4 are members that disconnected long ago."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(expects_pushes=True, **settings)
        self.room(4, present=[1, 2])
        for device in (3, 4):
            self.end(device, 100)
        self.settle(20_000)

    def end(self, device: int, at_ms: float) -> None:
        """End a user session, and its connection."""
        self.ledger.user_session_ending(device, ns(at_ms))
        self.ledger.user_session_ended(device, ns(at_ms))

    def write(self, key: int, at_ms: float = 30_000, *, due_ms: float | None = None) -> None:
        """Have user 1 write a message, which both chat sessions see."""
        self.send(key, at_ms=at_ms, due_ms=due_ms)
        self.see(key, at_ms + 5, 1, 2)

    def push(self, key: int, at_ms: float, *users: int, channel: int = ROOM) -> None:
        """Have the sink get pushes."""
        for user in users:
            self.ledger.push_received(user, channel, key + MESSAGE, ns(at_ms))

    def pushes(self, *, at_ms: float = 600_000, drained: bool = True) -> PushFigures:
        """End the run and return the figures of pushes."""
        return self.figures(at_ms, drained=drained).push


def test_each_member_who_is_not_connected_expects_one_push() -> None:
    scene = PushScene()
    scene.write(1, due_ms=29_990)
    scene.push(1, 30_010, 3, 4)

    figures = scene.pushes()
    assert counts(figures) == {"taken": 2, "expected": 2, "delivered": 2}
    assert (figures.latency.min_us, figures.service.min_us) == (20_000, 10_000)


def test_without_a_sink_nothing_is_expected() -> None:
    scene = Scene()
    scene.room(2, present=[1])
    scene.lose(2, 200)
    scene.send(1, at_ms=30_000)
    scene.ledger.push_received(2, ROOM, 1 + MESSAGE, ns(30_010))

    assert counts(scene.figures().push) == {}


def test_a_push_that_does_not_come_is_missed() -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3)

    assert counts(scene.pushes()) == {"taken": 1, "expected": 2, "delivered": 1, "missed": 1}


def test_a_late_push_is_missed_no_more() -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3)
    scene.settle(45_000)
    scene.push(1, 45_001, 4)

    expected = {"taken": 2, "expected": 2, "delivered": 2, "late": 1}
    assert counts(scene.pushes()) == expected


@pytest.mark.parametrize(
    "settled_ms",
    [
        pytest.param(30_020, id="before the message is judged"),
        pytest.param(45_000, id="after it was judged"),
    ],
)
def test_a_second_push_for_one_user_is_a_duplicate(settled_ms: float) -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3, 4)
    scene.settle(settled_ms)
    scene.push(1, settled_ms + 1, 4)

    expected = {"taken": 3, "expected": 2, "delivered": 2, "duplicate": 1}
    assert counts(scene.pushes()) == expected


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(1, id="who wrote it"),
        pytest.param(2, id="who is in the chat"),
        pytest.param(9, id="who is no member"),
    ],
)
def test_a_push_for_somebody_else_is_spurious(user: int) -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3, 4, user)

    expected = {"taken": 3, "expected": 2, "delivered": 2, "spurious": 1}
    assert counts(scene.pushes()) == expected


def test_a_push_of_a_message_that_nobody_sent_is_spurious() -> None:
    scene = PushScene()
    scene.push(77, 30_000, 3)

    assert counts(scene.pushes()) == {"taken": 1, "spurious": 1}


def test_a_push_may_come_before_the_id_of_its_message_is_known() -> None:
    scene = PushScene()
    scene.send(1, at_ms=30_000)
    scene.push(1, 30_003, 3, 4)
    scene.see(1, 30_005, 1, 2)

    assert counts(scene.pushes()) == {"taken": 2, "expected": 2, "delivered": 2}


def test_a_push_of_a_channel_of_another_worker_is_not_counted() -> None:
    scene = PushScene()
    scene.push(1, 30_000, 3, channel=ROOM + 1)

    assert counts(scene.pushes()) == {}


@pytest.mark.parametrize("is_pushed", [True, False])
@pytest.mark.parametrize("starting_ms", [29_200, 30_800], ids=["before", "after"])
def test_who_connects_around_a_message_may_be_pushed_or_not(
    *, is_pushed: bool, starting_ms: float
) -> None:
    scene = PushScene()
    if starting_ms < 30_000:
        scene.online(4, starting_ms)
    scene.write(1)
    if starting_ms > 30_000:
        scene.online(4, starting_ms)
    scene.push(1, 30_010, 3)
    if is_pushed:
        scene.push(1, 30_010, 4)

    found = counts(scene.pushes())
    assert (found["expected"], found["delivered"]) == (1, 1)
    assert found.get("boundary_seen", 0) == is_pushed
    assert not found.keys() & {"missed", "spurious"}


def test_a_device_that_is_on_its_way_makes_its_user_boundary() -> None:
    scene = PushScene()
    scene.ledger.user_session_starting(4, ns(25_000))
    scene.write(1)
    scene.push(1, 30_010, 3)

    expected = {"taken": 1, "expected": 1, "delivered": 1, "boundary": 1}
    assert counts(scene.pushes()) == expected


def test_a_lost_connection_that_the_server_saw_first_explains_a_push() -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3, 4, 2)
    scene.lose(2, 30_400)

    found = counts(scene.pushes())
    assert (found["delivered"], found["boundary_seen"]) == (2, 1)
    assert "spurious" not in found


def test_pushes_of_messages_that_arrived_nowhere_are_right_all_the_same() -> None:
    """Their ids are known to nobody: in their channel they are taken in the order of writing."""
    scene = PushScene()
    for key in (1, 2):
        scene.send(key, at_ms=30_000 + key)
    scene.push(2, 30_010, 3)
    scene.push(1, 30_011, 3, 4)

    expected = {"taken": 3, "expected": 4, "delivered": 3, "missed": 1}
    assert counts(scene.pushes()) == expected


def test_a_push_from_before_a_message_is_none_of_it() -> None:
    scene = PushScene()
    scene.push(9, 29_990, 3)
    scene.send(1, at_ms=30_000)

    found = counts(scene.pushes())
    assert (found["missed"], found["spurious"]) == (2, 1)


def test_whose_chat_session_is_ending_may_be_taken_for_present() -> None:
    scene = PushScene()
    scene.lose(2, 29_001)
    scene.send(1, at_ms=30_000)
    scene.see(1, 30_005, 1)
    scene.push(1, 30_010, 3, 4)

    expected = {"taken": 2, "expected": 2, "delivered": 2, "boundary": 1}
    assert counts(scene.pushes()) == expected


def test_who_leaves_the_channel_is_not_missed() -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3)
    scene.ledger.member_left(ROOM, 4, ns(30_020))

    expected = {"taken": 1, "expected": 1, "delivered": 1, "boundary": 1}
    assert counts(scene.pushes()) == expected


def test_who_has_just_joined_may_be_pushed() -> None:
    scene = PushScene()
    scene.write(1)
    scene.members(9, at_ms=30_100)
    scene.push(1, 30_010, 3, 4, 9)

    found = counts(scene.pushes())
    assert (found["delivered"], found["boundary"], found["boundary_seen"]) == (2, 1, 1)


def test_a_refused_message_makes_no_push() -> None:
    scene = PushScene()
    scene.send(1, at_ms=30_000)
    scene.ledger.action_failed(
        "message",  # type: ignore[arg-type]  # a StrEnum's value is as good
        1,
        ns(30_000),
        ns(30_010),
        "RateLimitedError: too many",
    )

    assert counts(scene.pushes()) == {"boundary": 2}


def test_a_push_under_way_is_awaited_and_one_that_came_is_not() -> None:
    scene = PushScene()
    scene.write(1)
    assert scene.ledger.open_count == 2
    scene.push(1, 30_010, 3)
    assert scene.ledger.open_count == 1
    scene.push(1, 30_011, 4)

    assert scene.ledger.open_count == 0


def test_what_is_young_when_nobody_waits_for_it_is_in_flight() -> None:
    scene = PushScene()
    scene.write(1)
    scene.push(1, 30_010, 3)
    scene.push(88, 30_011, 3)

    found = counts(scene.pushes(at_ms=31_000, drained=False))
    assert (found["expected"], found["delivered"], found["in_flight"]) == (1, 1, 1)
    assert "missed" not in found
    assert "spurious" not in found


def test_only_so_many_judged_messages_are_remembered() -> None:
    scene = PushScene(kept_records=1)
    for key in (1, 2):
        scene.write(key, at_ms=30_000 + key)
        scene.push(key, 30_010, 3, 4)
    scene.settle(50_000)
    scene.push(1, 50_001, 3)
    scene.push(2, 50_001, 3)

    found = counts(scene.pushes())
    assert (found["duplicate"], found["spurious"]) == (1, 1)
