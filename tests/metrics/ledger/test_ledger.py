"""The ledger as a whole: any order of faults adds up, and the same calls give the same figures."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.metrics import HealthSample, Ledger, LedgerSettings, merge
from loadtest.observations import Action, ChatEvent
from loadtest.report.summary import contradictions
from tests.support.examples import examples
from tests.support.scenes import MESSAGE, ROOM, Scene, ns

DEVICES = st.integers(1, 4)
SESSIONS = st.integers(1, 8)
KEYS = st.integers(1, 12)
USERS = st.integers(1, 3)
EVENTS = st.sampled_from(
    [event for event in ChatEvent if event.value.startswith(("thread.t", "channel.p", "part"))]
)

CALLS = st.one_of(
    st.tuples(st.just("user_session_starting"), DEVICES),
    st.tuples(st.just("started"), DEVICES),
    st.tuples(st.just("user_session_ending"), DEVICES),
    st.tuples(st.just("user_session_ended"), DEVICES),
    st.tuples(st.just("lost"), DEVICES),
    st.tuples(st.just("starting"), SESSIONS, DEVICES, st.integers(1, 2)),
    st.tuples(st.just("chat_session_started"), SESSIONS),
    st.tuples(st.just("chat_session_started"), SESSIONS),
    st.tuples(st.just("chat_session_ending"), SESSIONS),
    st.tuples(st.just("chat_session_ended"), SESSIONS),
    st.tuples(st.just("member_joined"), st.integers(1, 2), USERS),
    st.tuples(st.just("member_left"), st.integers(1, 2), USERS),
    st.tuples(st.just("send"), DEVICES),
    st.tuples(st.just("send"), DEVICES),
    st.tuples(st.just("type"), DEVICES),
    st.tuples(st.just("edit"), DEVICES, KEYS),
    st.tuples(st.just("read"), DEVICES, KEYS),
    st.tuples(st.just("see"), SESSIONS, KEYS),
    st.tuples(st.just("see"), SESSIONS, KEYS),
    st.tuples(st.just("see"), SESSIONS, KEYS),
    st.tuples(st.just("see_keystrokes"), SESSIONS, KEYS),
    st.tuples(st.just("event"), EVENTS, SESSIONS, USERS),
    st.tuples(st.just("receipt"), SESSIONS, KEYS, USERS),
    st.tuples(st.just("notify"), DEVICES, KEYS, st.integers(0, 3)),
    st.tuples(st.just("refuse"), DEVICES, st.integers(0, 40)),
    st.tuples(st.just("roll")),
)
STEPS = st.lists(st.tuples(CALLS, st.sampled_from([0, 1, 1, 7, 400, 1200])), max_size=80)


def play(steps: list[Any], **windows: float) -> Ledger:
    """Give a ledger one call after the other, each a while after the one before."""
    ledger = Ledger(LedgerSettings(**windows, kept_records=6))  # type: ignore[arg-type]
    now_ns, key, sent_ns = 0, 0, [0]
    for user in (1, 2, 3):
        ledger.member_joined(ROOM, user, 0)
    for (name, *args), pause_ms in steps:
        now_ns += ns(pause_ms)
        ledger.settle(now_ns)
        if name in ("send", "type"):
            key += 1
            sent_ns.append(now_ns)
        call(ledger, name, args, now_ns, key, sent_ns)
    return ledger


def call(ledger: Ledger, name: str, args: Any, now_ns: int, key: int, sent_ns: list[int]) -> None:
    if name == "started":
        ledger.user_session_started(args[0], 1 + args[0] % 3, now_ns)
    elif name == "lost":
        ledger.connection_lost(args[0], now_ns, "reset")
    elif name == "starting":
        ledger.chat_session_starting(args[0], args[1], args[2], now_ns)
    elif name == "send":
        ledger.message_sent(key, args[0], ROOM, key, now_ns - 1000, now_ns)
    elif name == "type":
        ledger.keystrokes_sent(key, args[0], ROOM, now_ns, now_ns)
    elif name == "edit":
        ledger.message_edited(args[0], ROOM, args[1] + MESSAGE, now_ns, now_ns)
    elif name == "read":
        ledger.message_read(args[0], ROOM, args[1] + MESSAGE, now_ns, now_ns)
    elif name == "see":
        ledger.message_delivered(args[0], args[1], args[1] + MESSAGE, now_ns)
    elif name == "see_keystrokes":
        ledger.keystrokes_delivered(args[0], args[1], now_ns)
    elif name == "event":
        ledger.event_delivered(args[0], args[1], args[2], now_ns)
    elif name == "receipt":
        ledger.read_receipt_delivered(args[0], args[1] + MESSAGE, args[2], now_ns)
    elif name == "notify":
        ledger.notification_delivered(args[0], ROOM, args[1] + MESSAGE, args[2], now_ns)
    elif name == "refuse":
        due_ns = sent_ns[min(args[1], len(sent_ns) - 1)]
        ledger.action_failed(Action.MESSAGE, args[0], due_ns - 1000, now_ns, "NoError: no")
    elif name == "roll":
        ledger.roll(now_ns)
    else:
        getattr(ledger, name)(*args, now_ns)


@examples(share=4)
@given(STEPS, st.booleans(), st.sampled_from([0.5, 3, 10]))
def test_whatever_happens_delivered_and_lost_is_what_was_expected(
    steps: list[Any], drained: bool, deadline_s: float
) -> None:
    ledger = play(steps, delivery_deadline_s=deadline_s)
    end_ns = ns(100_000 if drained else 1)
    ledger.finish(end_ns, drained=drained)
    ledger.roll(end_ns)

    assert contradictions(merge([ledger.snapshot()])) == ()


@given(STEPS)
def test_the_same_observations_give_the_same_figures(steps: list[Any]) -> None:
    snapshots = []
    for _ in range(2):
        ledger = play(steps)
        ledger.finish(ns(100_000), drained=True)
        ledger.roll(ns(100_000))
        snapshots.append(ledger.snapshot())

    assert snapshots[0] == snapshots[1]


@given(STEPS)
def test_the_intervals_add_up_to_the_totals(steps: list[Any]) -> None:
    with_rolls = [step for pair in steps for step in (pair, (("roll",), 0))]
    totals = []
    for script in (steps, with_rolls):
        ledger = play(script)
        ledger.finish(ns(100_000), drained=True)
        ledger.roll(ns(100_000))
        totals.append(merge([ledger.snapshot()]).figures)

    assert totals[0] == totals[1]


@examples(share=2)
@given(STEPS)
def test_a_clean_end_leaves_nothing_open(steps: list[Any]) -> None:
    ledger = play(steps)
    ledger.finish(ns(100_000), drained=True)

    assert ledger.open_count == 0


def test_sessions_and_causes_are_counted() -> None:
    scene = Scene()
    scene.room(2)
    scene.online(20, user=2)
    scene.send(1)
    scene.lose(20, 1001)
    scene.leave(2, 1002)
    scene.ledger.user_session_ending(2, ns(1003))
    load = scene.figures().load

    assert (load.users, load.devices) == (2, 3)
    assert (load.user_sessions_started, load.user_sessions_ended) == (3, 1)
    assert (load.chat_sessions_started, load.chat_sessions_ended) == (2, 1)
    assert load.connections_lost == {"reset": 1}
    assert load.messages == 1


def test_actions_are_timed_to_their_receipt_and_to_their_completion() -> None:
    scene = Scene()
    ledger = scene.ledger
    ledger.action_completed(Action.EDIT, 1, ns(10), ns(11), ns(14), ns(20))
    ledger.action_completed(Action.RELAY, 1, ns(10), ns(11), 0, ns(17))
    ledger.action_failed(Action.EDIT, 1, ns(30), ns(40), "AccessDeniedError: no")
    ledger.action_dropped(Action.EDIT, 1, ns(50), "offline")
    actions = scene.figures().actions

    edit = actions["edit"]
    assert (edit.completed, edit.latency.max_us, edit.completion.max_us) == (1, 4_000, 10_000)
    assert (edit.errors, edit.dropped) == ({"AccessDeniedError: no": 1}, {"offline": 1})
    assert actions["relay"].latency.max_us == 7_000


def test_a_start_that_failed_leaves_the_device_offline() -> None:
    ledger = Ledger()
    ledger.user_session_starting(1, 0)
    before = ledger.roll(ns(1000)).row.devices
    ledger.action_failed(Action.USER_SESSION_START, 1, 0, ns(1), "refused")

    assert before == 1
    assert ledger.roll(ns(2000)).row.devices == 0


def test_events_that_nothing_explains_are_listed_and_known_side_effects_counted() -> None:
    scene = Scene()
    scene.ledger.event_unexplained("channel.message.created", 1, 1, ns(1))
    scene.ledger.event_counted("contact.presence.changed", 1, ns(1))
    figures = scene.figures()

    assert figures.events["channel.message.created"].unexpected == {"unexplained": 1}
    assert figures.counted == {"contact.presence.changed": 1}


def test_health_is_in_the_figures_and_in_the_row() -> None:
    ledger = Ledger(started_ns=ns(500))
    ledger.health(HealthSample(ns(1000), loop_lag_ns=ns(3), cpu_ratio=0.5, unsent_bytes=9))
    row = ledger.roll(ns(1500)).row

    assert row.t_s == 1
    assert row.columns()["loop_lag_max_ms"] == 3.0
    assert (row.columns()["cpu_ratio"], row.unsent_bytes) == (0.5, 9)


def test_an_interval_holds_what_came_since_the_last_one() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1001, 1)
    first = scene.ledger.roll(ns(2000))
    scene.see(1, 2001, 2)
    second = scene.ledger.roll(ns(3000))

    assert [interval.row.deliveries for interval in (first, second)] == [1, 1]
    assert [interval.row.expected for interval in (first, second)] == [2, 0]
    assert (second.number, second.started_ns, second.ended_ns) == (2, ns(2000), ns(3000))


@pytest.mark.parametrize("call_again", ["user_session_ended", "user_session_ending"])
def test_ending_twice_is_ending_once(call_again: str) -> None:
    scene = Scene()
    scene.room(2)
    scene.ledger.user_session_ended(2, ns(1000))
    getattr(scene.ledger, call_again)(2, ns(1001))

    assert scene.figures().load.user_sessions_ended == 1


@pytest.mark.parametrize("is_clean", [True, False])
@pytest.mark.parametrize(
    ("sent_ms", "gaps"),
    [
        pytest.param(2900, 0, id="a message just before the user went offline"),
        pytest.param(1500, 1, id="a message long before that"),
    ],
)
def test_who_goes_offline_while_a_notification_is_under_way_had_no_gap(
    is_clean: bool, sent_ms: float, gaps: int
) -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=sent_ms)
    scene.see(1, sent_ms + 1, 1)
    if is_clean:
        scene.ledger.user_session_ending(2, ns(3000))
    else:
        scene.lose(2, 3000)

    assert scene.notifications().handoff_gap == gaps


def test_a_message_between_the_end_of_a_chat_session_and_going_offline_is_no_gap() -> None:
    scene = Scene()
    scene.room(2)
    scene.send(1, at_ms=1000)
    scene.see(1, 1001, 1)
    scene.leave(2, 1001)
    scene.ledger.user_session_ending(2, ns(1002))

    assert scene.notifications().handoff_gap == 0


def test_going_offline_does_not_undo_an_activation() -> None:
    scene = Scene()
    scene.room(2)
    scene.leave(2, 1000)
    scene.send(1, at_ms=1500)
    scene.see(1, 1501, 1)
    scene.notify(1, 1502, 2)
    scene.ledger.user_session_ending(2, ns(1600))

    assert scene.notifications().activation.count == 1


# --- slow devices -----------------------------------------------------------------------------


def slow_room() -> Scene:
    """Return a room of three whose third device reads slowly."""
    scene = Scene()
    scene.room(2)
    scene.members(3)
    scene.online(3)
    scene.ledger.device_slowed(3, ns(0))
    scene.enter(3)
    scene.settle(100)
    return scene


def test_deliveries_to_a_slow_device_are_counted_apart_and_among_all() -> None:
    scene = slow_room()
    scene.send(1)
    scene.see(1, 1002, 1, 2)
    scene.see(1, 4000, 3)
    figures = scene.figures()
    message = figures.event(ChatEvent.MESSAGE_CREATED)

    assert (figures.slow.devices, figures.slow.delivered, figures.slow.lost) == (1, 1, 0)
    assert figures.slow.latency.max_us == 3_000_000
    assert (message.delivered, message.latency.count) == (3, 3)
    assert message.latency.without(figures.slow.latency).max_us == pytest.approx(2_000, rel=0.001)
    assert figures.all_completion().last.count == 1


def test_what_a_slow_device_does_not_see_is_its_own_loss_until_it_comes() -> None:
    for arrived_ms, counts in ((None, (0, 1, 0)), (13_000, (1, 0, 1))):
        scene = slow_room()
        scene.send(1)
        scene.see(1, 1002, 1, 2)
        scene.settle(12_000)
        if arrived_ms is not None:
            scene.see(1, arrived_ms, 3)
        figures = scene.figures()
        slow = figures.slow

        assert (slow.delivered, slow.lost, slow.late) == counts
        assert figures.event(ChatEvent.MESSAGE_CREATED).lost == slow.lost


def test_the_losses_of_others_are_not_those_of_slow_devices() -> None:
    scene = slow_room()
    scene.send(1)
    scene.see(1, 1002, 1, 3)
    figures = scene.figures()

    assert (figures.slow.delivered, figures.slow.lost) == (1, 0)
    assert figures.event(ChatEvent.MESSAGE_CREATED).lost == 1


def test_a_device_may_become_slow_in_the_midst_of_a_chat() -> None:
    scene = Scene()
    scene.room(2)
    for key in (1, 2):
        scene.send(key, at_ms=1000 * key)
        scene.see(key, 1000 * key + 1, 1, 2)
        for _ in range(2):
            scene.ledger.device_slowed(2, ns(1500))
    slow = scene.figures().slow

    assert (slow.devices, slow.delivered) == (1, 1)


def test_whoever_gets_the_place_of_a_slow_device_is_not_slow() -> None:
    scene = Scene(delivery_deadline_s=1)
    scene.room(3, present=[1, 2])
    scene.ledger.device_slowed(2, ns(200))
    scene.leave(2, 2500)
    scene.settle(10_000)
    scene.enter(3, at_ms=10_000)
    scene.send(1, at_ms=11_000)
    scene.see(1, 11_001, 1, 3)

    assert scene.figures().slow.delivered == 0
