"""The recordings of the real SDKs: what they sent is sent again, and what our server answers is
compared with what the stand-in server answered that satisfied them."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loadtest.chat.dialect import DIALECTS
from loadtest.clock import NS_PER_MS
from loadtest.server.settings import ServerSettings
from loadtest.wire.stomp import Frame, encode
from tests.support.chat_devices import ChatWorld, FakeDevice

TRACES = Path(__file__).parent.parent / "data" / "traces"

Kind = tuple[str, str, str, bool]
"""Command, destination, type, and whether it completes an action."""


def recorded(dialect: int) -> list[dict[str, Any]]:
    lines = (TRACES / f"full-dialect-{dialect}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def kind_of(command: str, headers: Mapping[str, str], body: str | bytes) -> Kind:
    body_type = json.loads(body).get("type", "") if body else ""
    completes = command == "MESSAGE" and "receipt-id" in headers
    return command, headers.get("destination", ""), body_type, completes


def kind_of_frame(frame: Frame) -> Kind:
    return kind_of(frame.command, dict(frame.headers), frame.body)


def is_comparable(kind: Kind) -> bool:
    # The stand-in told everybody of everybody's presence, ours tells those who share a channel.
    return kind[2] != "contact.presence.changed"


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_each_device_of_a_recording_is_answered_as_it_was(dialect: int) -> None:
    # A little less than the stand-in's 3 s, as our timers wait for the next tick.
    world = ChatWorld(ServerSettings(typing_timeout_s=2.9))
    devices: dict[int, FakeDevice] = {}
    expected: dict[int, list[Kind]] = defaultdict(list)
    start_ns = world.clock.now_ns
    for line in recorded(dialect):
        number = line["conn"]
        passed_ns = start_ns + line["ms"] * NS_PER_MS - world.clock.now_ns
        world.pass_time(max(0, passed_ns) / 1e9)
        if line.get("event") == "websocket":
            devices[number] = FakeDevice(world.gateway, dialect)
        elif line.get("event") == "close":
            devices[number].lose()
        elif line.get("dir") == "in" and line["command"] != "HEARTBEAT":
            expected[number].append(
                kind_of(line["command"], dict(line["headers"]), line.get("body", ""))
            )
        elif line.get("dir") == "out" and line["command"] != "HEARTBEAT":
            headers = line["headers"]
            pairs = headers.items() if isinstance(headers, dict) else headers
            body = line.get("body", "").encode()
            devices[number].hear(encode(line["command"], pairs, body))

    for number, device in devices.items():
        answers = [kind_of_frame(frame) for frame in device.take()]
        assert list(filter(is_comparable, answers)) == list(filter(is_comparable, expected[number]))
