"""What the calls of an observer are follows from the names of their arguments."""

import pytest

from loadtest.observations import Observer
from loadtest.recording.calls import OBSERVATIONS
from loadtest.spanning.calls import SHAPES, CallKind, converted, number_of, shape_of
from tests.support.spanning import call, device_on, session_on


def test_every_call_says_when_it_was_made() -> None:
    assert all(shape.instants for shape in SHAPES)
    assert len(SHAPES) == len(OBSERVATIONS)


def test_only_who_is_a_member_and_which_message_it_was_name_no_device() -> None:
    nobodys = {name for name in OBSERVATIONS if shape_of(name).device is None}
    nobodys = {name for name in nobodys if shape_of(name).session is None}

    known = {"member_joined", "member_left", "message_identified"}
    assert nobodys == known | {"push_received"}, "every worker is told of each push"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("chat_session_started", CallKind.CONFIRMATION),
        ("user_session_started", CallKind.CONFIRMATION),
        ("chat_session_ended", CallKind.CONFIRMATION),
        ("message_sent", CallKind.PLAIN),
        ("chat_session_ending", CallKind.PLAIN),
        ("action_failed", CallKind.PLAIN),
        ("message_delivered", CallKind.EFFECT),
        ("notification_delivered", CallKind.EFFECT),
        ("message_identified", CallKind.EFFECT),
        ("event_counted", CallKind.EFFECT),
    ],
)
def test_calls_are_causes_confirmations_or_effects(name: str, kind: CallKind) -> None:
    assert shape_of(name).kind is kind


def test_a_chat_session_s_number_names_its_device() -> None:
    delivered = call("message_delivered", session_on(1), 1, 2, 3)

    assert SHAPES[delivered[0]].device_of(delivered) == device_on(1)
    assert SHAPES[delivered[0]].instant_ns(delivered) == 3


def test_instants_are_converted_and_nothing_else_is() -> None:
    completed = call("action_completed", 4, 10, 20, 30, 0, 40)

    assert converted(completed, lambda at_ns: at_ns + 1000) == (
        completed[0],
        [4, 10, 1020, 1030, 0, 1040],
    ), "0 stands for a receipt that was not seen"
    assert completed[1][2] == 20


def test_numbers_are_places_in_the_order_of_the_observer() -> None:
    assert [number_of(name) for name in OBSERVATIONS] == list(range(len(OBSERVATIONS)))
    assert all(hasattr(Observer, name) for name in OBSERVATIONS)
