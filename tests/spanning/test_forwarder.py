"""Each call goes to the home of its device."""

import pytest

from loadtest.observations import Action, ChatEvent
from loadtest.recording.calls import OBSERVATIONS
from loadtest.spanning import forwarder as forwarder_module
from loadtest.spanning.calls import number_of
from loadtest.spanning.forwarder import Forwarder
from tests.support.spanning import WORKERS, call, device_on, session_on


def test_calls_are_sorted_by_home() -> None:
    forwarder = Forwarder(WORKERS)
    observer = forwarder.observer
    observer.user_session_starting(device_on(0, home=1), 1)
    observer.message_delivered(session_on(0, home=0), 5, 6, 2)
    observer.chat_session_ending(session_on(0, home=1), 3)

    assert forwarder.take(0) == [call("message_delivered", session_on(0, home=0), 5, 6, 2)]
    assert forwarder.take(1) == [
        call("user_session_starting", device_on(0, home=1), 1),
        call("chat_session_ending", session_on(0, home=1), 3),
    ]
    assert forwarder.take(1) == []


def test_members_of_an_enum_travel_as_their_place() -> None:
    forwarder = Forwarder(WORKERS)
    forwarder.observer.event_delivered(ChatEvent.TYPING_STOPPED, session_on(0), 9, 1)
    forwarder.observer.action_failed(Action.MESSAGE, device_on(0), 1, 2, "no")

    delivered, failed = forwarder.take(0)
    assert delivered[1][0] == list(ChatEvent).index(ChatEvent.TYPING_STOPPED)
    assert failed[1][0] == list(Action).index(Action.MESSAGE)


def test_who_identifies_a_message_tells_the_home_of_its_sender() -> None:
    forwarder = Forwarder(WORKERS)
    forwarder.observer.message_sent(77, device_on(0, home=1), 1, 1, 1, 1)
    forwarder.observer.message_identified(77, 5_000, 2)
    forwarder.observer.message_identified(78, 5_001, 2)

    assert forwarder.take(0) == []
    assert forwarder.take(1)[1:] == [call("message_identified", 77, 5_000, 2)]


def test_only_so_many_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder_module, "_REMEMBERED_KEYS", 2)
    forwarder = Forwarder(WORKERS)
    for key in (1, 2, 3):
        forwarder.observer.message_sent(key, device_on(0), 1, 1, 1, 1)
    forwarder.take(0)
    for key in (1, 2, 3):
        forwarder.observer.message_identified(key, key, 2)

    assert [arguments[0] for _, arguments in forwarder.take(0)] == [2, 3]


def test_a_home_is_told_of_members_by_whoever_made_the_channel() -> None:
    forwarder = Forwarder(WORKERS)
    forwarder.observer.member_joined(1, 2, 3)
    forwarder.member_joined(1, 10, 11, 12)

    assert forwarder.take(0) == []
    assert forwarder.take(1) == [call("member_joined", 10, 11, 12)]


def test_a_read_receipt_of_a_message_unknown_to_this_worker_is_counted_and_not_judged() -> None:
    forwarder = Forwarder(WORKERS)
    for event in (ChatEvent.MESSAGE_READ, "channel.message.deleted"):
        forwarder.observer.event_unexplained(event, device_on(0), session_on(0), 1)

    assert forwarder.take(0) == [
        call("event_counted", "message.read_receipt.created", device_on(0), 1),
        call("event_unexplained", "channel.message.deleted", device_on(0), session_on(0), 1),
    ]


def test_a_push_is_told_to_the_home_that_is_named() -> None:
    forwarder = Forwarder(WORKERS)
    forwarder.push_received(1, 7, 4, 99, 12)

    assert forwarder.take(1) == [call("push_received", 7, 4, 99, 12)]


def test_it_takes_every_observation() -> None:
    observer = Forwarder(WORKERS).observer

    assert all(callable(getattr(observer, name)) for name in OBSERVATIONS)
    assert number_of(OBSERVATIONS[-1]) == len(OBSERVATIONS) - 1
