"""What happens to copies, seen by the devices: every fault is one they can count themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.server.faults.send_queue import ServiceLine
from tests.support.faults import FaultyRoom

MESSAGE = "channel.message.created"
ROOM = ("alice", "bob", "carol")


def texts(count: int, sender: str = "alice") -> list[str]:
    return [f"{sender} {number}" for number in range(count)]


def out_of_order_count(heard: list[str]) -> int:
    """Count as the ledger does: first arrivals that a later one of the same sender came before."""
    newest: dict[str, int] = {}
    seen: set[str] = set()
    found = 0
    for text in heard:
        sender, _, number = text.partition(" ")
        if text not in seen and int(number) < newest.get(sender, -1):
            found += 1
        seen.add(text)
        newest[sender] = max(newest.get(sender, -1), int(number))
    return found


# --- dropped and doubled ----------------------------------------------------------------------


def test_a_dropped_copy_reaches_nobody_but_the_actor() -> None:
    room = FaultyRoom(f"drop.{MESSAGE}=1", names=ROOM)

    room.say("alice", "hello")

    assert [room.heard(name) for name in ROOM] == [["hello"], [], []]
    assert room.faults("drop") == {MESSAGE: 2}


def test_the_completing_copy_of_an_action_stays() -> None:
    room = FaultyRoom("drop=1")
    alice = room.devices["alice"]

    message = alice.send_text(room.channel)

    assert message["body"] == "hello"


def test_a_doubled_copy_is_another_frame_of_the_same_event() -> None:
    room = FaultyRoom(f"duplicate.{MESSAGE}=1")

    room.say("alice", "hello")

    one, two = (f for f in room.devices["bob"].take() if f.command == "MESSAGE")
    assert one.body == two.body
    assert one.get("message-id") != two.get("message-id")
    assert room.faults("duplicate") == {MESSAGE: 1}
    assert room.world.chat.counters.deliveries()[MESSAGE] == 3


def test_what_a_closed_socket_would_not_take_is_no_fault() -> None:
    room = FaultyRoom("drop=1")
    room.devices["bob"].socket.is_open = False

    room.say("alice", "hello")

    assert room.faults("drop") == {}


def test_channel_topics_are_counted_apart() -> None:
    room = FaultyRoom("drop.message.read_receipt.created=1")
    message = room.devices["alice"].send_text(room.channel)

    room.devices["bob"].act(message["_actions"]["read"])

    stats = room.world.chat.counters.as_json(0, 0)
    assert stats["faults"]["drop"] == {"message.read_receipt.created": 3}
    assert stats["faults_on_channel_topics"] == {"drop": {"message.read_receipt.created": 1}}


# --- reordered --------------------------------------------------------------------------------


def test_a_held_copy_follows_the_next_one_of_its_sender() -> None:
    room = FaultyRoom(f"reorder.{MESSAGE}=1")

    for text in texts(4):
        room.say("alice", text)

    assert room.heard("bob") == ["alice 1", "alice 0", "alice 3", "alice 2"]
    assert room.heard("alice") == texts(4)
    assert room.faults("reorder") == {MESSAGE: 2}


def test_messages_of_others_do_not_release_it() -> None:
    room = FaultyRoom(f"reorder.{MESSAGE}=1", names=ROOM)

    for name in ("alice", "carol", "alice", "carol"):
        room.say(name, name)

    assert room.heard("bob") == ["alice", "alice", "carol", "carol"]
    assert room.faults("reorder") == {MESSAGE: 4}


def test_a_held_copy_without_a_successor_is_late_and_not_reordered() -> None:
    room = FaultyRoom(f"reorder.{MESSAGE}=1", "reorder_limit_ms=300")

    room.say("alice", "last")
    room.world.pass_time(0.299)
    before = room.heard("bob")
    room.world.pass_time(0.001)

    assert before == []
    assert room.heard("bob") == ["last"]
    assert (room.faults("reorder"), room.faults("reorder_expired")) == ({}, {MESSAGE: 1})


def test_an_edit_does_not_change_what_is_held() -> None:
    room = FaultyRoom(f"reorder.{MESSAGE}=1")
    message = room.devices["alice"].send_text(room.channel, "before")

    room.devices["alice"].act(message["_actions"]["edit"], {"body": "after"})
    room.world.pass_time(4)

    assert room.heard("bob") == ["before"]


def test_keystrokes_are_reordered_as_well() -> None:
    room = FaultyRoom("reorder.thread.keystrokes.created=1")

    for keys in ("h", "he"):
        room.press("alice", keys)

    events = room.devices["bob"].take_events("thread.keystrokes.created")
    assert [resource["keys"] for _, resource in events] == ["he", "h"]


# --- delayed ----------------------------------------------------------------------------------


def test_a_delay_is_exact() -> None:
    room = FaultyRoom(f"delay_ms.{MESSAGE}=73.5")

    room.say("alice", "hello")
    room.world.pass_time(0.0734)
    before = room.heard("alice") + room.heard("bob")
    room.world.pass_time(0.0001)

    assert before == []
    assert (room.heard("alice"), room.heard("bob")) == (["hello"], ["hello"])
    assert room.faults("delay") == {MESSAGE: 2}


def test_jitter_does_not_reorder() -> None:
    room = FaultyRoom("jitter_ms=500")

    for text in texts(50):
        room.say("alice", text)
        room.world.pass_time(0.01)
    room.world.pass_time(0.5)

    assert room.heard("bob") == texts(50)


def test_what_is_delayed_when_faults_end_is_not_overtaken() -> None:
    room = FaultyRoom("delay_ms=100")

    room.say("alice", "delayed")
    room.apply()
    room.say("alice", "behind it")
    before = room.heard("bob")
    room.world.pass_time(0.1)
    room.say("alice", "at once")

    assert before == []
    assert room.heard("bob") == ["delayed", "behind it", "at once"]
    assert room.world.chat.publisher.detour is None


def test_what_is_held_when_faults_end_is_let_go() -> None:
    room = FaultyRoom("reorder=1")

    room.say("alice", "held")
    room.apply()

    assert room.heard("bob") == ["held"]
    assert room.world.chat.publisher.detour is None


def test_a_copy_whose_subscription_ended_meanwhile_is_abandoned() -> None:
    room = FaultyRoom(f"delay_ms.{MESSAGE}=100")

    room.say("alice", "hello")
    room.leave("bob")
    room.world.pass_time(1)

    assert room.heard("bob") == []
    assert room.faults("abandoned") == {MESSAGE: 1}


def test_without_faults_there_is_no_detour() -> None:
    room = FaultyRoom("stall_s=1", "stall_every_s=10", "rate_limit=0.1", "session_end_lag_ms=1")

    assert room.world.chat.publisher.detour is None


# --- the service rate -------------------------------------------------------------------------


def test_copies_queue_for_the_service_rate() -> None:
    room = FaultyRoom("deliveries_per_s=10", names=ROOM)
    heard = []

    room.say("alice", "hello")
    for _ in range(4):
        room.world.pass_time(0.0999)
        heard.append([len(room.heard(name)) for name in ROOM])
        room.world.pass_time(0.0001)

    assert heard == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert room.faults("queue") == {MESSAGE: 3}


def test_the_queue_grows_above_the_rate_and_is_worked_off() -> None:
    room = FaultyRoom("deliveries_per_s=100")

    for text in texts(100):
        room.say("alice", text)
    room.world.pass_time(1)
    half = room.heard("bob")
    room.world.pass_time(1)

    assert half == texts(50)
    assert half + room.heard("bob") == texts(100)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=50))
def test_a_line_serves_one_after_the_other(gaps_ns: list[int]) -> None:
    line = ServiceLine()
    line.set_rate(1e7)
    now_ns = last_ns = 0
    for gap_ns in gaps_ns:
        now_ns += gap_ns

        done_ns = line.done_ns(now_ns)

        assert done_ns == max(now_ns, last_ns) + 100
        last_ns = done_ns


# --- all together -----------------------------------------------------------------------------

SENDERS = st.lists(st.sampled_from(["alice", "carol"]), min_size=1, max_size=40)


@given(
    SENDERS,
    st.tuples(st.floats(0, 0.3), st.floats(0, 0.3), st.floats(0, 0.3)),
    st.sampled_from(["delay_ms=0", "jitter_ms=80", "deliveries_per_s=50"]),
    st.integers(0, 2**32),
)
def test_the_counts_are_what_devices_see(
    senders: list[str], shares: tuple[float, float, float], waiting: str, seed: int
) -> None:
    drop, duplicate, reorder = shares
    settings = [
        f"{name}.{MESSAGE}={share}"
        for name, share in zip(
            ("drop", "duplicate", "reorder"), (drop, duplicate, reorder), strict=True
        )
    ]
    room = FaultyRoom(*settings, waiting, "reorder_limit_ms=5000", names=ROOM, seed=seed)
    sent: dict[str, int] = {}
    for name in senders:
        room.say(name, f"{name} {sent.setdefault(name, 0)}")
        sent[name] += 1
        room.world.pass_time(0.01)
    room.world.pass_time(10)

    heard = {name: room.heard(name) for name in ROOM}

    lost = sum(len(senders) - len(set(each)) for each in heard.values())
    doubled = sum(len(each) - len(set(each)) for each in heard.values())
    reordered = sum(out_of_order_count(each) for each in heard.values())
    assert lost == room.faults("drop").get(MESSAGE, 0)
    assert doubled == room.faults("duplicate").get(MESSAGE, 0)
    assert reordered == room.faults("reorder").get(MESSAGE, 0)
    assert sum(map(len, heard.values())) == room.world.chat.counters.deliveries()[MESSAGE]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_faults(seed: int) -> None:
    def frames() -> list[list[str]]:
        room = FaultyRoom("drop=0.2", "duplicate=0.2", "reorder=0.2", names=ROOM, seed=seed)
        for text in texts(40):
            room.say("alice", text)
        return [room.heard(name) for name in ROOM]

    assert frames() == frames()


def test_a_plan_that_is_applied_again_begins_again() -> None:
    room = FaultyRoom("drop=0.5")
    rounds = []
    for _ in range(2):
        room.apply("drop=0.5")
        for text in texts(40):
            room.say("alice", text)
        rounds.append(room.heard("bob"))

    assert rounds[0] == rounds[1]
