from http import HTTPStatus
from typing import Any

import pytest

from loadtest.server.http.fault_control import answer_fault_request, why_refused
from tests.support.faults import FaultyRoom


@pytest.fixture
def room() -> FaultyRoom:
    return FaultyRoom()


def ask(room: FaultyRoom, path: str, query: str = "") -> Any:
    status, answer = answer_fault_request(room.world.chat.faults, path, query)
    assert status is HTTPStatus.OK, answer
    return answer


def problems(room: FaultyRoom, path: str, query: str) -> Any:
    before = room.world.chat.faults.plan
    status, answer = answer_fault_request(room.world.chat.faults, path, query)
    assert status is HTTPStatus.BAD_REQUEST
    assert room.world.chat.faults.plan is before
    return answer["problems"]


def test_the_plan_is_shown_with_its_seed_and_the_meaning_of_each_key(room: FaultyRoom) -> None:
    room.apply("drop=0.5")

    answer = ask(room, "/faults")

    assert (answer["seed"], answer["plan"]) == (1, {"drop": 0.5})
    assert (
        answer["meanings"]["session_end_lag_ms"] == "how late the end of a chat session is noticed"
    )


def test_setting_changes_what_it_names_and_takes_effect(room: FaultyRoom) -> None:
    room.apply("delay_ms=50")

    answer = ask(room, "/faults/set", "drop.channel.message.created=1&delay_ms=0")
    room.say("alice", "hello")

    assert answer["plan"] == {"drop.channel.message.created": 1.0}
    assert room.heard("bob") == []


def test_clearing_ends_all_faults(room: FaultyRoom) -> None:
    room.apply("drop=1", "stall_s=1", "stall_every_s=3")

    assert ask(room, "/faults/clear")["plan"] == {}
    room.say("alice", "hello")
    assert room.heard("bob") == ["hello"]


@pytest.mark.parametrize(
    ("query", "count"),
    [pytest.param("", 2, id="all"), pytest.param("connections=1", 1, id="some")],
)
def test_connections_are_cut_at_once(room: FaultyRoom, query: str, count: int) -> None:
    assert ask(room, "/faults/cut", query) == {"cut": count}
    assert sum(device.socket.was_aborted for device in room.devices.values()) == count


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        pytest.param("/faults/set", "drop=2", "fault drop is 2; it must be 0 to 1", id="value"),
        pytest.param("/faults/set", "", "/faults/set names no fault", id="nothing"),
        pytest.param("/faults/set", "drop", "the query 'drop' cannot be read", id="no value"),
        pytest.param("/faults/set", "drop=1&drop=0", "drop is given twice", id="twice"),
        pytest.param("/faults/clear", "drop=1", "/faults/clear takes no query", id="clear"),
        pytest.param("/faults", "drop=1", "/faults takes no query", id="show"),
        pytest.param("/faults/cut", "drop=1", "it takes connections", id="cut of a fault"),
        pytest.param("/faults/cut", "connections=-1", "a whole number", id="negative cut"),
        pytest.param("/faults/cut", "connections=1&x=1", "a whole number", id="too much"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    room: FaultyRoom, path: str, query: str, expected: str
) -> None:
    (problem,) = problems(room, path, query)

    assert expected in problem


def test_all_problems_are_told(room: FaultyRoom) -> None:
    assert len(problems(room, "/faults/set", "drip=1&drop=x&delay_ms=-1")) == 3


@pytest.mark.parametrize(
    ("client", "headers", "words"),
    [
        ("127.0.0.1", {"Host": "127.0.0.1:80"}, ""),
        ("::1", {"Host": "[::1]:80", "Sec-Fetch-Site": "same-origin"}, ""),
        ("127.0.0.1", {"Host": "localhost:80", "Origin": "http://localhost:80"}, ""),
        ("192.0.2.1", {"Host": "127.0.0.1"}, "by 192.0.2.1; faults are injected from this host"),
        ("127.0.0.1", {"Host": "127.0.0.1:80", "Origin": "http://evil.test"}, "another site"),
        ("127.0.0.1", {"Host": "127.0.0.1:80", "Origin": "null"}, "another site"),
        ("127.0.0.1", {"Host": "127.0.0.1:80", "Origin": "http://127.0.0.1:81"}, "another site"),
        ("127.0.0.1", {"Host": "127.0.0.1", "Sec-Fetch-Site": "cross-site"}, "another site"),
        ("127.0.0.1", {"Host": "evil.test:80"}, "ask for it as localhost or 127.0.0.1"),
        ("127.0.0.1", {"Host": "[::1"}, "ask for it as localhost"),
        ("127.0.0.1", {}, "ask for it as localhost"),
    ],
)
def test_only_this_host_s_own_requests_are_answered(
    client: str, headers: dict[str, str], words: str
) -> None:
    reason = why_refused(client, headers)
    assert words in reason
    assert bool(words) is bool(reason)
