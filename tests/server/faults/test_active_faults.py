"""What goes wrong besides copies, seen by the devices."""

import pytest

from loadtest.clock import NS_PER_MS
from loadtest.server.settings import ServerSettings
from tests.support.chat_devices import ChatWorld, FakeDevice
from tests.support.faults import FaultyRoom, plan

MESSAGE = "channel.message.created"
NOTIFICATION = "user.notification.created"
INACTIVE = "channel.participant.inactive"
ROOM = ("alice", "bob", "carol")


def new_device(room: FaultyRoom) -> FakeDevice:
    return FakeDevice(room.world.gateway, dialect=2)


def lose_what_was_cut(room: FaultyRoom) -> list[str]:
    """Do what the loop does after an abort; returns whose connections are closed."""
    cut = [name for name, device in room.devices.items() if device.socket.was_aborted]
    for name in cut:
        room.devices.pop(name).lose()
    return cut


# --- refusals ---------------------------------------------------------------------------------


def test_a_refused_connect_is_an_error_that_lets_the_device_come_again() -> None:
    room = FaultyRoom("refuse_connect=1")
    device = new_device(room)

    device.connect("dave")

    (frame,) = device.take()
    assert frame.command == "ERROR"
    assert b'"error":"ServiceUnavailableError"' in frame.body
    assert not device.socket.is_open
    assert room.faults("refuse_connect") == 1


def test_a_share_of_connects_is_refused() -> None:
    room = FaultyRoom("refuse_connect=0.5")
    devices = [new_device(room) for _ in range(40)]

    for device in devices:
        device.connect("dave")

    refused = sum(device.take()[0].command == "ERROR" for device in devices)
    assert 0 < refused < 40
    assert room.faults("refuse_connect") == refused


def test_a_rate_limited_action_is_not_done_and_names_its_cool_off() -> None:
    room = FaultyRoom("rate_limit=1", "cool_off_ms=250")

    receipt = room.say("alice", "hello")

    assert len(room.devices["alice"].socket.frames) == 1
    error = room.devices["alice"].take_error()
    assert error["receipt-id"] == receipt
    assert (error["error"], error["coolOffDuration"]) == ("RateLimitedError", "PT0.250S")
    assert room.heard("bob") == []
    assert room.faults("rate_limit") == {"message": 1}


def test_relays_and_acks_hit_no_rate_limit() -> None:
    room = FaultyRoom("rate_limit=1")

    assert room.devices["bob"].channel(room.channel["id"])["id"] == room.channel["id"]


# --- the service rate of actions --------------------------------------------------------------


def test_actions_queue_for_the_service_rate() -> None:
    room = FaultyRoom("actions_per_s=2")
    heard = []

    for text in ("one", "two", "three"):
        room.say("alice", text)
    for _ in range(3):
        room.world.pass_time(0.499)
        heard.append(room.heard("bob"))
        room.world.pass_time(0.001)
        heard.append(room.heard("bob"))

    assert heard == [[], ["one"], [], ["two"], [], ["three"]]
    assert room.faults("action_queue") == {"message": 3}


def test_a_receipt_waits_with_its_action() -> None:
    room = FaultyRoom("actions_per_s=2")

    room.say("alice", "hello")
    before = room.devices["alice"].take()
    room.world.pass_time(0.5)

    assert before == []
    assert [frame.command for frame in room.devices["alice"].take()] == ["RECEIPT", "MESSAGE"]


def test_a_limit_that_ends_does_not_let_later_actions_overtake() -> None:
    room = FaultyRoom("actions_per_s=2")

    room.say("alice", "waiting")
    room.apply()
    room.say("alice", "behind it")
    room.world.pass_time(0.5)
    room.say("alice", "at once")

    assert room.heard("bob") == ["waiting", "behind it", "at once"]


def test_an_action_of_a_device_that_went_is_abandoned() -> None:
    room = FaultyRoom("actions_per_s=2")

    room.say("alice", "hello")
    room.devices["alice"].lose()
    room.world.pass_time(1)

    assert room.heard("bob") == []
    assert room.faults("action_abandoned") == {"message": 1}


# --- ends of chat sessions --------------------------------------------------------------------


def test_an_end_that_is_noticed_late_gives_neither_message_nor_notification() -> None:
    room = FaultyRoom("session_end_lag_ms=300")
    bob = room.devices["bob"]

    room.leave("bob")
    room.say("alice", "at once")
    room.world.pass_time(0.299)
    room.say("alice", "too early")
    before = bob.take_types()
    room.world.pass_time(0.001)
    room.say("alice", "noticed")

    assert before == []
    assert bob.take_types() == [NOTIFICATION]
    assert room.faults("session_end_lag") == 1


def test_a_topic_that_is_ended_late_goes_on_and_its_copies_are_counted() -> None:
    room = FaultyRoom("unsubscribe_lag_ms=300")
    room.leave("bob")
    room.say("alice", "goes on")
    room.world.pass_time(0.3)
    room.say("alice", "over")

    assert room.heard("bob") == ["goes on"]
    assert room.faults("after_end")["channel.message.created"] == 1


def test_an_end_is_noticed_although_its_topics_go_on() -> None:
    room = FaultyRoom("unsubscribe_lag_ms=300")
    alice, bob = room.devices["alice"], room.devices["bob"]
    room.leave("bob")
    room.say("alice", "delivered and notified")

    assert alice.take_types(INACTIVE) == [INACTIVE]
    assert NOTIFICATION in bob.take_types()


def test_others_hear_of_a_late_end_late() -> None:
    room = FaultyRoom("session_end_lag_ms=300")
    alice = room.devices["alice"]

    room.leave("bob")
    before = alice.take_types(INACTIVE)
    room.world.pass_time(0.3)

    assert before == []
    assert alice.take_types(INACTIVE) == [INACTIVE]


def test_who_comes_back_within_the_lag_was_never_gone() -> None:
    room = FaultyRoom("session_end_lag_ms=300")
    bob = room.devices["bob"]

    room.leave("bob")
    bob.enter(room.channel)
    room.world.pass_time(1)
    room.world.hush()
    room.say("alice", "hello")

    assert bob.take_types() == [MESSAGE]


def test_a_lost_connection_is_an_end_as_well() -> None:
    room = FaultyRoom("session_end_lag_ms=300")

    room.devices["bob"].lose()
    room.world.pass_time(0.299)
    before = room.devices["alice"].take_types(INACTIVE)
    room.world.pass_time(0.001)

    assert before == []
    assert room.devices["alice"].take_types(INACTIVE) == [INACTIVE]


def test_a_member_who_is_removed_may_still_be_noticed_late() -> None:
    room = FaultyRoom("session_end_lag_ms=300")

    room.devices["bob"].act(room.channel["_actions"]["leave"])
    room.world.pass_time(1)

    assert room.world.chat.store.channel(room.channel["id"]).participants.keys() == {
        room.devices["alice"].resource["id"]
    }


def test_a_stopping_server_notices_nothing_more() -> None:
    room = FaultyRoom("session_end_lag_ms=300")

    room.leave("bob")
    room.world.gateway.stop()
    room.world.pass_time(1)

    assert room.devices["alice"].take_types() == []


# --- spurious notifications -------------------------------------------------------------------


def test_a_spurious_notification_goes_to_every_device_of_a_participant() -> None:
    room = FaultyRoom(names=ROOM)
    second = room.world.device("bob")
    room.apply("spurious_notification=1", f"drop.{NOTIFICATION}=1")

    room.say("alice", "hello")

    assert second.take_types() == [NOTIFICATION]
    for name in ("bob", "carol"):
        assert sorted(room.devices[name].take_types()) == [MESSAGE, NOTIFICATION]
    assert room.devices["alice"].take_types(NOTIFICATION) == []
    assert room.faults("spurious_notification") == {NOTIFICATION: 3}


def test_right_notifications_can_be_lost_doubled_and_delayed_like_any_event() -> None:
    room = FaultyRoom(names=ROOM)
    bob = room.devices["bob"]
    room.leave("bob")
    seen = []
    for settings in ("drop", "duplicate", "delay_ms"):
        number = 200 if settings == "delay_ms" else 1
        room.apply(f"{settings}.{NOTIFICATION}={number}")
        room.say("alice", "hello")
        seen.append(len(bob.take_types(NOTIFICATION)))
    room.world.pass_time(0.2)

    assert [*seen, len(bob.take_types(NOTIFICATION))] == [0, 2, 0, 1]
    assert [room.faults(kind) for kind in ("drop", "duplicate", "delay")] == [{NOTIFICATION: 1}] * 3


# --- cuts -------------------------------------------------------------------------------------


def test_connections_are_cut_evenly_and_each_once() -> None:
    room = FaultyRoom("cuts_per_min=60", names=ROOM)
    cut = []
    for _ in range(4):
        room.world.pass_time(0.999)
        cut.append(len(lose_what_was_cut(room)))
        room.world.pass_time(0.001)
        cut.append(len(lose_what_was_cut(room)))

    assert cut == [0, 1, 0, 1, 0, 1, 0, 0]
    assert room.faults("cut") == 3


def test_the_same_seed_cuts_the_same_connections() -> None:
    def cut(seed: int) -> list[list[str]]:
        room = FaultyRoom("cuts_per_min=60", names=ROOM, seed=seed)
        found = []
        for _ in ROOM:
            room.world.pass_time(1)
            found.append(lose_what_was_cut(room))
        return found

    assert cut(3) == cut(3)
    assert len({str(cut(seed)) for seed in range(8)}) > 1


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(None, ["alice", "bob", "carol"], id="all"),
        pytest.param(2, ["alice", "bob"], id="the oldest first"),
        pytest.param(0, [], id="none"),
        pytest.param(9, ["alice", "bob", "carol"], id="more than there are"),
    ],
)
def test_connections_are_cut_on_demand(count: int | None, expected: list[str]) -> None:
    room = FaultyRoom(names=ROOM)
    new_device(room)  # has no user session to cut

    assert room.world.chat.faults.cut(count) == len(expected)

    assert lose_what_was_cut(room) == expected
    assert room.faults("cut") == len(expected)


# --- stalls -----------------------------------------------------------------------------------


def test_stalls_come_by_their_schedule_whatever_they_last() -> None:
    room = FaultyRoom("stall_s=2", "stall_every_s=10")
    clock = room.world.clock
    start_ns, stalled_ns = clock.now_ns, 0
    seen: list[int] = []
    while len(seen) < 3:
        room.world.pass_time(0.05)
        total_ns = room.world.chat.counters.faults.stalled_ns
        if total_ns > stalled_ns:
            seen.append((clock.now_ns - start_ns) // NS_PER_MS - 2_000)
            stalled_ns = total_ns

    assert seen == [10_000, 20_000, 30_000]
    assert (room.faults("stall"), room.faults("stalled_ms")) == (3, 6_000)


def test_another_plan_has_its_own_stalls() -> None:
    room = FaultyRoom("stall_s=1", "stall_every_s=10")
    room.world.pass_time(9)

    room.apply("stall_s=1", "stall_every_s=5")
    room.world.pass_time(4.9)
    before = room.faults("stall")
    room.world.pass_time(0.2)
    room.apply()
    room.world.pass_time(60)

    assert (before, room.faults("stall")) == (0, 1)


# --- plans ------------------------------------------------------------------------------------


def test_without_faults_nothing_is_asked() -> None:
    faults = ChatWorld().chat.faults

    assert (faults.injector, faults.action_line, faults.end_lag_ns) == (None, None, 0)
    assert not faults.refuses_socket()


def test_a_server_can_do_wrong_from_its_start() -> None:
    world = ChatWorld(ServerSettings(faults=plan("refuse_connect=1")))
    device = FakeDevice(world.gateway, dialect=1)

    device.connect("alice")

    assert device.take()[0].command == "ERROR"
