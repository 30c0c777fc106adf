"""What arrives, and how a compiled reader and the one in Python share a stream."""

import pytest
from websockets.frames import Opcode

from loadtest.device.numbers import RELAY
from loadtest.device.reader import (
    CONTROL,
    EVENT,
    FRAME,
    RECEIPT,
    Arrival,
    CompiledReader,
    PythonReader,
    Reader,
    Reading,
    body_of,
)
from loadtest.errors import RemoteProtocolError
from loadtest.wire.stomp import Frame, encode
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN, DeviceWorld
from tests.support.stompx_peer import message, receipt

RIG = DeviceWorld().rig()
SAY = RIG.peer.say
PREFIX = RIG.device.wire_prefix
FLEET = RIG.device.fleet
READING = Reading(RUN, FLEET.user_rules, FLEET.channel_rules, lambda _bits: 0)
TYPING = resources.event("thread.typing.started", {"id": 7})
EVENT_FRAME = message(RIG.topic_id("typing", 1), TYPING, ack="a")


def arrivals(reader: Reader, *pieces: bytes) -> list[Arrival]:
    return [arrival for piece in pieces for arrival in reader.read(piece)]


def python_reader(awaited: tuple[int, ...] = ()) -> PythonReader:
    return PythonReader(READING, PREFIX, awaited)


def test_an_event_comes_with_its_facts_its_ack_and_its_body() -> None:
    [event] = arrivals(python_reader(), SAY(EVENT_FRAME))

    assert event[0] == EVENT
    assert event[1:3] == (0x13, ("thread.typing.started", 7, None, 0, None))
    assert event[3] is not None
    assert event[3][6:].startswith(b"ACK\nid:a\n")
    assert body_of(event) == TYPING


def test_no_ack_is_made_where_none_is_wanted() -> None:
    reading = Reading(
        RUN, READING.user_rules, READING.channel_rules, READING.random_bits, acknowledge=False
    )
    for frame in (EVENT_FRAME, b"\n" + EVENT_FRAME):  # the second one is parsed
        [event] = arrivals(PythonReader(reading, PREFIX, ()), SAY(frame))
        assert event[0] == EVENT
        assert event[3] is None


def test_the_action_that_an_event_completes_is_looked_for_while_one_is_under_way() -> None:
    identifier = f"receipt-{PREFIX.decode()}{5:012x}"
    frame = message(RIG.topic_id("typing", 1), TYPING, extra=(("receipt-id", identifier),))
    [with_one], [without] = (arrivals(python_reader(awaited), SAY(frame)) for awaited in ((1,), ()))
    assert (with_one[4], without[4]) == (5, None)  # type: ignore[misc]


def test_the_answer_to_a_relay_has_a_body_only() -> None:
    number = RELAY | 3
    frame = message(f"subscription-id-{PREFIX.decode()}{number:012x}", b"any", ack="a")
    [event] = arrivals(python_reader(), SAY(frame))
    assert event[0] == EVENT
    assert event[1:5] == (number, None, None, None)
    assert body_of(event) == b"any"


def test_other_frames_are_told_as_they_are() -> None:
    stream = SAY(encode("ERROR"), b"\n", receipt("close-0")) + b"\x89\x00"
    assert arrivals(python_reader(), stream) == [
        (FRAME, Frame("ERROR")),
        (RECEIPT, None, b"close-0"),
        (CONTROL, Opcode.PING, b""),
    ]


class FakeScanner:
    """Takes the first bytes of what it is given, and notes all."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.given: list[bytes] = []

    def read(self, data: bytes, _prefix: bytes, _random_bits: object) -> tuple[list[Arrival], int]:
        self.given.append(data)
        return [(RECEIPT, 1, b"")], self.takes


def compiled(takes: int) -> tuple[CompiledReader, FakeScanner]:
    scanner = FakeScanner(takes)
    return CompiledReader(READING, PREFIX, (), scanner), scanner


def test_what_a_scanner_leaves_is_read_in_python_behind_it() -> None:
    first = SAY(EVENT_FRAME)
    reader, _ = compiled(len(first))
    told = arrivals(reader, first + SAY(encode("ERROR")))
    assert told == [(RECEIPT, 1, b""), (FRAME, Frame("ERROR"))]


def test_a_scanner_gets_a_frame_that_came_in_pieces_as_a_whole() -> None:
    data = SAY(EVENT_FRAME)
    reader, scanner = compiled(0)
    list(reader.read(data[:50]))
    list(reader.read(data[50:60]))
    scanner.takes = len(data)
    assert arrivals(reader, data[60:]) == [(RECEIPT, 1, b"")]
    assert scanner.given == [data[:50], data]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(SAY(EVENT_FRAME[:50]), id="a frame of STOMP"),
        pytest.param(b"\x01\x02ER", id="a fragmented message"),
        pytest.param(b"\x88\x00", id="the end"),
    ],
)
def test_a_scanner_is_not_asked_in_the_middle_of_something(first: bytes) -> None:
    reader, scanner = compiled(0)
    list(reader.read(first))
    scanner.given.clear()
    list(reader.read(b"\x89\x00"))
    assert scanner.given == []


def test_if_the_websocket_is_broken_nothing_of_the_piece_is_told() -> None:
    """The reader in Python drops it; so does the other one, though its scanner has read it."""
    data = SAY(EVENT_FRAME)
    for reader in (python_reader(), compiled(len(data))[0]):
        with pytest.raises(RemoteProtocolError, match="reserved opcode"):
            reader.read(data + b"\x83\x00")
