import json
from typing import Any

import orjson
import pytest

from loadtest.errors import RemoteProtocolError
from loadtest.sink.pushes import Push, PushLog, push_from_body

OURS: dict[str, Any] = {
    "user": {"id": 7, "name": "jane"},
    "channelId": 4,
    "messageId": 99,
    "notification": {},
}
BARE: dict[str, Any] = {
    "notification": {
        "channel": {"id": 4},
        "data": {"recipient": {"id": 7, "name": "jane"}, "message": {"id": 99}},
    }
}
SNAKE: dict[str, Any] = {"user": {"id": 7, "name": "jane"}, "channel_id": 4, "message_id": 99}
JANE = Push(user_id=7, user_name="jane", channel_id=4, message_id=99)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(OURS, id="ids beside the notification"),
        pytest.param(BARE, id="ids in the notification only"),
        pytest.param(SNAKE, id="snake case"),
    ],
)
def test_a_push_is_read_from_either_form(body: dict[str, Any]) -> None:
    assert push_from_body(json.dumps(body).encode()) == JANE


def test_a_name_is_not_needed() -> None:
    assert push_from_body(json.dumps(OURS | {"user": {"id": 7}}).encode()).user_name is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b"{", "the body is not JSON", id="no JSON"),
        pytest.param(
            b"[]", "no id of the user is in the body; it is looked for in user.id", id="[]"
        ),
        pytest.param(json.dumps(OURS | {"user": {"id": "7"}}).encode(), "user", id="text id"),
        pytest.param(json.dumps(OURS | {"messageId": True}).encode(), "message", id="boolean id"),
        pytest.param(json.dumps(OURS | {"channelId": None}).encode(), "channel", id="no channel"),
    ],
)
def test_what_is_no_push_is_an_error(body: bytes, problem: str) -> None:
    with pytest.raises(RemoteProtocolError, match=problem):
        push_from_body(body)


def test_the_log_counts_what_came_and_what_came_again() -> None:
    log = PushLog()

    for push in (JANE, JANE, Push(8, None, 4, 99)):
        log.add(push, 1_000)
    log.add_unreadable("no JSON")

    assert log.as_json() == {
        "received": 3,
        "duplicates": 1,
        "unreadable": 1,
        "last_problem": "no JSON",
    }


def test_the_log_keeps_the_newest_pushes() -> None:
    log = PushLog()

    for number in range(10_001):
        log.add(Push(7, "jane", 4, number), arrived_ns=number)

    newest = log.newest_as_json()
    assert len(newest) == 10_000
    assert newest[-1] == {
        "message_id": 10_000,
        "channel_id": 4,
        "user_id": 7,
        "user_name": "jane",
        "arrived_ns": 10_000,
    }


def test_what_is_kept_of_a_push_is_bounded() -> None:
    body = orjson.dumps(
        {"user": {"id": 1, "name": "n" * 3_900_000}, "channelId": 2, "messageId": 3}
    )
    assert push_from_body(body).user_name == "n" * 200
    log = PushLog()
    log.add_unreadable("x" * 10_000)
    assert len(log.last_problem or "") == 200


@pytest.mark.parametrize("number", [-1, 1 << 63])
def test_an_id_that_no_server_gives_is_no_push(number: int) -> None:
    body = orjson.dumps({"user": {"id": number}, "channelId": 2, "messageId": 3})
    with pytest.raises(RemoteProtocolError, match="no id of the user"):
        push_from_body(body)
