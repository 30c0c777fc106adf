import json

import pytest

from tests.benchmarks.rivals.latencies import Latencies
from tests.benchmarks.rivals.stompx import StompxDevice

_USER_TOPIC_COUNT = 14
_NAMES = (
    *("self", "elements", "features", "styles", "channels", "messages", "readReceipts"),
    *("notifications", "contacts", "participants", "users", "reactions", "threads", "calls"),
    *("keystrokes", "typing", "events", "members", "blockRecords", "moderators"),
)
_TOPICS = {"_topics": dict.fromkeys(_NAMES, "/topic/x")}


def _answer(resource: object) -> str:
    return f"MESSAGE\nsubscription:s\n\n{json.dumps({'resource': resource})}\0"


def _device(latencies: list[int]) -> StompxDevice:
    return StompxDevice(7, 3, latencies.append)


def test_it_opens_with_connect() -> None:
    assert _device([]).opening().startswith("CONNECT\nStompX-User:device-7\n")


def test_it_subscribes_as_the_sdk_does_and_is_active_with_the_last_receipt() -> None:
    device = _device([])
    device.opening()
    answers = ["CONNECTED\nversion:1.2\n\n\0", *[_answer(_TOPICS)] * 3]
    answers += ["RECEIPT\nreceipt-id:r\n\n\0"] * _USER_TOPIC_COUNT
    answers += [_answer(_TOPICS), *["RECEIPT\nreceipt-id:r\n\n\0"] * 10]

    sent = [frame for answer in answers for frame in device.receive(answer)]

    assert len(sent) == 1 + 2 + 1 + 14 + 1 + 1 + 10
    assert not device.is_active
    device.receive("RECEIPT\nreceipt-id:r\n\n\0")
    assert device.is_active


def test_an_event_is_recorded_and_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    latencies: list[int] = []
    monkeypatch.setattr("tests.benchmarks.rivals.stompx.time.monotonic_ns", lambda: 1_500)
    mark = {"loadtest": ["run", 1, 0, 1, 1_000, 1_000]}
    event = {"type": "channel.message.created", "resource": {"properties": mark}}
    frame = f"MESSAGE\nsubscription:s\nack:a\n\n{json.dumps(event)}\0"

    assert _device(latencies).receive(frame) == ["ACK\nid:a\nsubscription:s\n\n\0"]
    assert latencies == [500]


def test_percentiles_are_those_of_what_was_recorded() -> None:
    latencies = Latencies()
    for latency_ms in range(1, 101):
        latencies.record(latency_ms * 1_000_000)

    assert latencies.report() == {"recorded": 100, "p50_ms": 50.0, "p99_ms": 99.0}


def test_nothing_recorded_reports_zeros() -> None:
    assert Latencies().report() == {"recorded": 0, "p50_ms": 0, "p99_ms": 0}
