"""The push sink of a process that leads runs."""

import json
import socket
from urllib.request import Request, urlopen

import gevent
import pytest

from loadtest.errors import UsageError
from loadtest.run.leader.push_sink import RunPushSink
from loadtest.sink.service import Arrival


def post(url: str, body: object) -> None:
    with urlopen(Request(url, json.dumps(body).encode()), timeout=30) as answer:
        assert answer.status == 200


def push(user: int) -> object:
    return {"user": {"id": user}, "channelId": 4, "messageId": 99}


def test_pushes_come_out_in_a_greenlet_that_may_block() -> None:
    came: list[Arrival] = []

    def take(pushes: list[Arrival]) -> None:
        gevent.sleep(0)
        came.extend(pushes)

    intake = RunPushSink("127.0.0.1:0", take)
    try:
        post(intake.url, push(7))
        while not came:
            gevent.sleep(0.01)
    finally:
        intake.stop()

    assert [arrival[:3] for arrival in came] == [(7, 4, 99)]


def test_a_run_counts_from_its_own_beginning() -> None:
    intake = RunPushSink("127.0.0.1:0", lambda _: None)
    try:
        post(intake.url, push(7))
        facts = intake.begin_run()
        post(intake.url, push(8))
        post(intake.url, push(9))

        assert facts() == {"url": intake.url, "received": 2, "unreadable": 0}
    finally:
        intake.stop()


def test_an_address_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match="cannot listen"):
            RunPushSink(f"127.0.0.1:{port}", lambda _: None)


@pytest.mark.parametrize("address", ["no.such.invalid:80", "127.0.0.1:99999", "a..b:1"])
def test_an_address_that_is_none_is_refused_and_not_waited_for(address: str) -> None:
    with gevent.Timeout(20), pytest.raises(UsageError, match=r"cannot listen on|port is"):
        RunPushSink(address, lambda _: None)
