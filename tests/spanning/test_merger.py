"""Calls of several workers come in order of time, and never so that the ledger accuses wrongly."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.observations import KEY_WORKER_SHIFT, ChatEvent
from loadtest.spanning.merger import Merger
from tests.support.spanning import WORKERS, Told, call, device_on, ms, session_on

FAR_MS = 1_000_000


class World:
    """A merger whose clocks are known to half a millisecond together."""

    def __init__(self, hold_ms: float = 0.5) -> None:
        self.told = Told()
        self.merger = Merger(WORKERS, self.told.observer)
        self.merger.hold_ns = ms(hold_ms)

    def all_told(self, until_ms: float = FAR_MS) -> list[str]:
        for worker in range(WORKERS):
            self.merger.take(worker, (), ms(until_ms))
        self.merger.advance(ms(until_ms))
        return self.told.names


def test_nothing_is_taken_before_every_worker_has_told_what_it_saw_until_then() -> None:
    world = World()
    world.merger.take(0, [call("message_sent", 1, device_on(0), 1, 1, ms(5), ms(5))], ms(10))
    assert world.merger.advance(ms(20)) < 0
    assert world.told.names == []

    world.merger.take(1, [call("chat_session_ending", session_on(1), ms(4))], ms(8))
    assert world.merger.advance(ms(20)) == ms(8)
    assert world.told.names == ["chat_session_ending", "message_sent"]


@given(
    st.lists(
        st.tuples(st.integers(0, WORKERS - 1), st.integers(0, 20), st.booleans()), max_size=60
    ),
    st.integers(0, 3),
)
def test_the_order_is_that_of_time_within_what_is_unknown(
    steps: list[tuple[int, int, bool]], hold_ms: int
) -> None:
    """Whatever comes in which batch: each worker's own order stays, and all is made once."""
    world = World(hold_ms)
    now_ms = [0] * WORKERS
    expected = []
    for key, (worker, passed_ms, advances) in enumerate(steps):
        now_ms[worker] += passed_ms
        sent = call("message_sent", key, device_on(worker), 1, 1, 0, ms(now_ms[worker]))
        world.merger.take(worker, [sent], ms(now_ms[worker]))
        expected.append((now_ms[worker], worker))
        if advances:
            world.merger.advance(ms(FAR_MS))
    world.all_told()
    instants = [each[-1] for each in world.told.calls]

    assert instants == sorted(instants)
    assert len(instants) == len(expected)


def test_an_effect_never_comes_before_its_cause() -> None:
    """By the clocks the message arrives 0.4 ms before it was sent."""
    world = World()
    world.merger.take(1, [call("message_delivered", session_on(1), 1, 5, ms(9.6))], ms(20))
    world.merger.take(0, [call("message_sent", 1, device_on(0), 1, 1, ms(10), ms(10))], ms(20))

    assert world.all_told() == ["message_sent", "message_delivered"]
    assert world.told.calls[1][-1] == ms(9.6), "its instant stays what it is"


def test_nothing_is_expected_of_a_session_as_long_as_the_clocks_may_be_wrong() -> None:
    """By the clocks it was up 0.4 ms before the message; it may have been the other way."""
    world = World()
    world.merger.take(1, [call("chat_session_started", session_on(1), ms(9.6))], ms(20))
    world.merger.take(0, [call("message_sent", 1, device_on(0), 1, 1, ms(10), ms(10))], ms(20))

    assert world.all_told() == ["message_sent", "chat_session_started"]


def test_what_a_device_does_after_a_confirmation_stays_after_it() -> None:
    world = World()
    device, session = device_on(1), session_on(1)
    world.merger.take(
        1,
        [
            call("user_session_started", device, 7, ms(1)),
            call("chat_session_starting", session, device, 1, ms(1.1)),
            call("chat_session_started", session, ms(3)),
            call("message_delivered", session, 1, 2, ms(3)),
            call("chat_session_ending", session, ms(9)),
        ],
        ms(20),
    )

    assert world.all_told() == [
        "user_session_started",
        "chat_session_starting",
        "chat_session_started",
        "message_delivered",
        "chat_session_ending",
    ]


def test_a_worker_that_has_told_everything_is_not_waited_for() -> None:
    world = World()
    world.merger.take(0, [call("chat_session_ending", session_on(0), ms(5))], ms(10))
    world.merger.finish(1)
    assert world.merger.watermark_ns == ms(10)

    world.merger.finish(0)
    assert world.merger.watermark_ns is None
    assert world.merger.advance(ms(6)) == ms(6)
    assert world.merger.waiting_count == 0


def test_once_all_have_told_everything_all_of_it_is_taken_at_once() -> None:
    world = World(hold_ms=500)
    world.merger.take(0, [call("message_delivered", session_on(0), 1, 2, ms(5))], ms(10))
    for worker in range(WORKERS):
        world.merger.finish(worker)
    world.merger.advance(ms(11))

    assert world.told.names == ["message_delivered"]


def test_a_lost_worker_s_devices_end_where_it_was_last_heard() -> None:
    world = World()
    gone, left = device_on(1, serial=1), device_on(1, serial=2)
    started = [call("user_session_starting", each, ms(1)) for each in (gone, left)]
    world.merger.take(1, [*started, call("user_session_ended", left, ms(2))], ms(8))
    world.merger.take(0, (), ms(20))
    world.merger.lose(1)
    world.merger.lose(1)
    world.merger.advance(ms(20))

    assert world.told.calls[3:] == [
        ("user_session_ending", gone, ms(8)),
        ("user_session_ended", gone, ms(8)),
    ]
    world.merger.take(1, started, ms(30))
    assert world.merger.waiting_count == 0, "what comes later would contradict it"


def test_what_a_lost_worker_sent_without_telling_is_counted_and_not_judged() -> None:
    world = World()
    first = (1 << KEY_WORKER_SHIFT) + 1
    world.merger.take(1, [call("message_sent", first, device_on(1), 1, 1, ms(1), ms(1))], ms(2))
    arrivals = [
        call("message_delivered", session_on(0), key, key, ms(3)) for key in (first, first + 1, 4)
    ]
    world.merger.take(0, arrivals, ms(20))
    world.merger.lose(1)
    world.merger.advance(ms(20))

    assert world.told.names == [
        "message_sent",
        "message_delivered",
        "event_counted",
        "message_delivered",
    ]


def test_members_of_an_enum_come_back_as_such() -> None:
    world = World()
    world.merger.take(0, [call("event_delivered", 3, session_on(0), 9, ms(1))], ms(2))
    world.all_told()

    assert world.told.calls == [
        ("event_delivered", ChatEvent.TYPING_STOPPED, session_on(0), 9, ms(1))
    ]
