"""The feeding server against a foreign client: the ``websockets`` library and a plain device."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.feeder import Feeder, FeedPlan
from tests.benchmarks.native import Programs
from tests.benchmarks.rivals.stompx import StompxDevice

_TIMEOUT_S = 10.0


@contextmanager
def _connected(feeder: Feeder) -> Iterator[ClientConnection]:
    uri = f"ws://127.0.0.1:{feeder.port}/rtm/websocket?api-key=k"
    with connect(uri, subprotocols=[Subprotocol("v12.stomp")], compression=None) as connection:
        yield connection


def _received(connection: ClientConnection) -> str:
    return str(connection.recv(_TIMEOUT_S))


def _bring_in(connection: ClientConnection, number: int, latencies: list[int]) -> StompxDevice:
    device = StompxDevice(number, 1, latencies.append)
    connection.send(device.opening())
    while not device.is_active:
        for frame in device.receive(_received(connection)):
            connection.send(frame)
    return device


def _headers(frame: str) -> dict[str, str]:
    head, _, _ = frame.partition("\n\n")
    return dict(line.split(":", 1) for line in head.split("\n")[1:])


def _connect_stomp(connection: ClientConnection) -> str:
    connection.send("CONNECT\nStompX-User:jane\naccept-version:1.2\n\n\0")
    return _received(connection)


def test_the_subprotocol_is_chosen(programs: Programs) -> None:
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        assert connection.subprotocol == "v12.stomp"


def test_connected_offers_the_heart_beat_that_was_asked_for(programs: Programs) -> None:
    with (
        Feeder(programs.feeder, 1, heart_beat="10000,10000") as feeder,
        _connected(feeder) as connection,
    ):
        headers = _headers(_connect_stomp(connection))

    assert headers["heart-beat"] == "10000,10000"
    assert headers["user-name"] == "jane"


def test_a_device_becomes_active_with_its_last_receipt(programs: Programs) -> None:
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        _bring_in(connection, 0, [])

        assert feeder.wait_for("active", _TIMEOUT_S)["devices"] == 1


def test_a_fed_event_has_the_bytes_of_the_notes_and_its_ack_is_known(programs: Programs) -> None:
    latencies: list[int] = []
    plan = FeedPlan(seconds=0.05, window=1)
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        device = _bring_in(connection, 0, latencies)
        feeder.wait_for("active", _TIMEOUT_S)
        feeder.begin(plan)
        event = _received(connection)
        for frame in device.receive(event):
            connection.send(frame)
        # The window is one, so the rest are due as this device acknowledges; it does for a while.
        while True:
            try:
                text = str(connection.recv(0.2))
            except TimeoutError:
                break
            for frame in device.receive(text):
                connection.send(frame)
        report = feeder.finish(plan)

    _, _, body = event.partition("\n\n")
    assert len(event.encode()) + 4 == 1_235
    assert len(body) - 1 == int(_headers(event)["content-length"]) == 991
    assert json.loads(body[:-1])["type"] == "channel.message.created"
    assert report.events == report.acks == report.acks_known == len(latencies) > 0
    assert min(latencies) > 0


def test_an_unknown_relay_is_refused_on_the_errors_queue(programs: Programs) -> None:
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        _connect_stomp(connection)
        connection.send("SUBSCRIBE\nid:e\ndestination:/user/queue/errors\n\n\0")
        connection.send("SUBSCRIBE\nid:r\ndestination:/application/threads/1.relay\n\n\0")
        answer = _received(connection)

    assert _headers(answer)["subscription-id"] == "r"
    assert "ResourceNotFoundError" in answer


def test_a_channel_is_created_once_and_found_again(programs: Programs) -> None:
    create = (
        "SEND\ndestination:/application/user.create_channel\nreceipt:r{}\n\n"
        '{{"type":"PUBLIC","name":"lobby"}}\0'
    )
    topic = "SUBSCRIBE\nid:c\nreceipt:s\nack:client-individual\ndestination:/topic/users/1.channels"
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        _connect_stomp(connection)
        connection.send(topic + "\n\n\0")
        connection.send(create.format(1))
        connection.send(create.format(2))
        _, _, first, _, second = (_received(connection) for _ in range(5))

    assert _headers(first)["receipt-id"] == "r1"
    created, upserted = (json.loads(each.partition("\n\n")[2][:-1]) for each in (first, second))
    assert (created["type"], upserted["type"]) == ("user.channel.created", "user.channel.upserted")
    assert created["resource"]["id"] == upserted["resource"]["id"]


def test_a_sent_message_reaches_all_with_its_properties(programs: Programs) -> None:
    send = (
        "SEND\ndestination:/application/channels/1.message\nreceipt:mine\n\n"
        '{"type":"TEXT","body":"a \\"quoted\\" word","properties":{"loadtest":["r",1,{"a":"}"}]}}\0'
    )
    with ExitStack() as stack:
        feeder = stack.enter_context(Feeder(programs.feeder, 2, is_fanning_out=True))
        author, reader = (stack.enter_context(_connected(feeder)) for _ in range(2))
        _bring_in(author, 0, [])
        _bring_in(reader, 1, [])
        author.send(send)
        receipt, own, other = _received(author), _received(author), _received(reader)

    assert _headers(receipt) == {"receipt-id": "mine"}
    assert _headers(own)["receipt-id"] == "mine"
    assert "receipt-id" not in _headers(other)
    resource = json.loads(other.partition("\n\n")[2][:-1])["resource"]
    assert resource["body"] == 'a "quoted" word'
    assert resource["properties"] == {"loadtest": ["r", 1, {"a": "}"}]}


def test_several_frames_in_one_message_are_all_served(programs: Programs) -> None:
    topic = "SUBSCRIBE\nid:{0}\nreceipt:{0}\ndestination:/topic/users/1.{0}\n\n\0\n"
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        _connect_stomp(connection)
        connection.send(topic.format("messages") + topic.format("users"))

        assert [_headers(_received(connection))["receipt-id"] for _ in range(2)] == [
            "messages",
            "users",
        ]


def test_a_ping_is_answered(programs: Programs) -> None:
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        assert connection.ping().wait(_TIMEOUT_S)


def test_a_client_that_breaks_the_protocol_spoils_the_measurement(programs: Programs) -> None:
    plan = FeedPlan(seconds=0.01, is_watching=True)
    with Feeder(programs.feeder, 1) as feeder, _connected(feeder) as connection:
        with pytest.raises(ConnectionClosed):
            connection.send(["a fragment, ", "and another"])
            connection.recv(_TIMEOUT_S)
        # What was refused before a feed counts: the figures could not be trusted.
        feeder.begin(plan)
        with pytest.raises(BenchmarkError, match="1 connections refused"):
            feeder.finish(plan)


def test_the_feeder_ends_with_its_input(programs: Programs) -> None:
    with Feeder(programs.feeder, 1) as feeder:
        port = feeder.port

    with pytest.raises(ConnectionRefusedError):
        connect(f"ws://127.0.0.1:{port}/")
