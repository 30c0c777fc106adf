"""What arrives on a connection: bytes of a socket in, arrivals out.

An arrival is a plain tuple that begins with its kind. ``PythonReader`` decides what may arrive and
what it means. ``CompiledReader`` has the usual case read by one function in C, which says the same
or leaves the frame to ``PythonReader``; there is no rule that only the C code knows. Which of the
two a process uses is decided in ``readers``.
"""

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal, Protocol

from loadtest.device.facts import Facts, facts_of
from loadtest.device.numbers import ERRORS_QUEUE_INDEX, RELAY, TOPIC_BITS, TOPIC_MASK, number_of_id
from loadtest.wire.deflate import Deflate
from loadtest.wire.scan import message_head, receipt_id
from loadtest.wire.stomp import Frame, FrameParser, encode
from loadtest.wire.websocket import MessageReader, Opcode, encode_client_frame

__all__ = [
    "CONTROL",
    "EVENT",
    "FRAME",
    "RECEIPT",
    "Arrival",
    "CompiledReader",
    "DeflatedReader",
    "Event",
    "PythonReader",
    "Reader",
    "Reading",
    "Scanner",
    "body_of",
]

EVENT: Final = 0
"""A MESSAGE of one of our subscriptions, but not of the errors queue."""
RECEIPT: Final = 1
FRAME: Final = 2
"""Any other frame of STOMP."""
CONTROL: Final = 3
"""A control frame of the WebSocket."""

Event = tuple[Literal[0], int, Facts | None, bytes | None, int | None, bytes, int, int]
"""EVENT, number of the subscription, facts (None: of a relay's answer, or unreadable), the ACK as a
frame of the WebSocket (None: nothing to acknowledge), number of the action that it completes, and
where the body is: bytes, start, end."""

Arrival = (
    Event
    | tuple[Literal[1], int | None, bytes]
    | tuple[Literal[2], Frame]
    | tuple[Literal[3], int, bytes]
)
"""RECEIPT comes with its number (None: not one of ours) and its id; the id may be left empty where
there is a number."""

# Plain integers: to look a member up in its enum costs more than to compare it.
_TEXT = int(Opcode.TEXT)
_BINARY = int(Opcode.BINARY)


def body_of(event: Event) -> bytes:
    """Return the JSON of an event; it is cut out only where it is used."""
    return event[5][event[6] : event[7]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What all readers of a fleet share."""

    run: str
    user_rules: bytes
    channel_rules: bytes
    random_bits: Callable[[int], int]
    acknowledge: bool = True


class Reader(Protocol):
    """Reads one connection from its first byte behind the opening handshake."""

    def read(self, data: bytes) -> Iterable[Arrival]:
        """Return what ``data``, the next piece, completes.

        Raises:
            RemoteProtocolError: At once or while its result is gone through: the peer broke a rule.
        """


class Scanner(Protocol):
    """Reads frames that are plainly the usual case, for all connections of a fleet."""

    def read(
        self, data: bytes, prefix: bytes, random_bits: Callable[[int], int] | None
    ) -> tuple[list[Arrival], int]:
        """Return the arrivals at the front of ``data``, and where they end.

        ``prefix`` begins our ids; ``random_bits`` gives the masks of ACKs, None: none are wanted.
        """


class PythonReader:
    """Reads everything that may arrive.

    Args:
        reading: What is common to all connections.
        prefix: What our ids on this connection begin with.
        awaited: Actions under way on this connection, which an event may complete.
    """

    __slots__ = ("_awaited", "_encode", "_messages", "_parser", "_prefix", "_reading")

    def __init__(self, reading: Reading, prefix: bytes, awaited: Sized) -> None:
        self._reading = reading
        self._prefix = prefix
        self._awaited = awaited
        self._encode: Callable[[int, bytes, int], bytes] = encode_client_frame
        self._messages: MessageReader | Deflate = MessageReader()
        # Kept only while a frame is incomplete: an idle device needs no parser.
        self._parser: FrameParser | None = None

    def read(self, data: bytes) -> Iterable[Arrival]:
        """Return what ``data`` completes."""
        messages = self._messages.feed(data)
        # The hot path: one usual frame in a read.
        if len(messages) == 1 and self._parser is None:
            opcode, payload = messages[0]
            arrival = self._usual(opcode, payload)
            if arrival is not None:
                return (arrival,)
        return self._arrivals(messages)

    def _arrivals(self, messages: Iterable[tuple[int, bytes]]) -> Iterator[Arrival]:
        for opcode, payload in messages:
            if opcode > _BINARY:
                yield CONTROL, opcode, payload
            elif self._parser is None and (arrival := self._usual(opcode, payload)) is not None:
                yield arrival
            else:
                yield from self._parsed(payload)

    def _usual(self, opcode: int, payload: bytes) -> Arrival | None:
        """Return one of the two kinds of frames that make up nearly all traffic.

        They are searched and not parsed; None: this is not plainly one of them.
        """
        if payload[:1] != b"M" or opcode > _BINARY:
            return self._usual_receipt(opcode, payload)
        head = message_head(payload)
        if head is None:
            return None
        subscription, ack, start = head
        number = number_of_id(subscription, self._prefix)
        if number is None or number == ERRORS_QUEUE_INDEX:
            return None
        end = len(payload) - 1
        if number >= RELAY:
            return EVENT, number, None, None, None, payload, start, end
        reading = self._reading
        rules = reading.channel_rules if number >> TOPIC_BITS else reading.user_rules
        facts = facts_of(rules[number & TOPIC_MASK], payload[start:end], reading.run)
        receipt = None
        # Only the acting connection's copy carries the receipt's id, so look only if we act.
        at = payload.find(b"\nreceipt-id:", 0, start) if self._awaited else -1
        if at >= 0:
            identifier = payload[at + 12 : payload.index(b"\n", at + 12)]
            receipt = number_of_id(identifier, self._prefix)
        acknowledgement = None
        if ack is not None and reading.acknowledge:
            # From headers as they stand in the MESSAGE: they are escaped already.
            frame = b"ACK\nid:%b\nsubscription:%b\n\n\0" % (ack, subscription)
            acknowledgement = self._encode(_TEXT, frame, reading.random_bits(32))
        return EVENT, number, facts, acknowledgement, receipt, payload, start, end

    def _usual_receipt(self, opcode: int, payload: bytes) -> Arrival | None:
        identifier = receipt_id(payload) if payload[:1] == b"R" and opcode <= _BINARY else None
        if identifier is None:
            return None
        return RECEIPT, number_of_id(identifier, self._prefix), identifier

    def _parsed(self, payload: bytes) -> Iterator[Arrival]:
        parser = self._parser or FrameParser()
        self._parser = None
        frames = parser.feed(payload)
        self._parser = parser if parser.is_partial else None
        for frame in frames:
            if frame is None:
                continue  # a heart-beat
            if frame.command == "RECEIPT":
                identifier = frame.require("receipt-id").encode()
                yield RECEIPT, number_of_id(identifier, self._prefix), identifier
            elif frame.command == "MESSAGE":
                yield self._event_of_frame(frame) or (FRAME, frame)
            else:
                yield FRAME, frame

    def _event_of_frame(self, frame: Frame) -> Event | None:
        subscription = frame.require("subscription")
        number = number_of_id(subscription.encode(), self._prefix)
        if number is None or number == ERRORS_QUEUE_INDEX:
            return None
        body = frame.body
        if number >= RELAY:
            return EVENT, number, None, None, None, body, 0, len(body)
        ack, identifier = frame.get("ack"), frame.get("receipt-id")
        acknowledgement = None
        if ack is not None and self._reading.acknowledge:
            written = encode("ACK", (("id", ack), ("subscription", subscription)))
            acknowledgement = self._encode(_TEXT, written, self._reading.random_bits(32))
        receipt = number_of_id(identifier.encode(), self._prefix) if identifier else None
        reading = self._reading
        rules = reading.channel_rules if number >> TOPIC_BITS else reading.user_rules
        facts = facts_of(rules[number & TOPIC_MASK], body, reading.run)
        return EVENT, number, facts, acknowledgement, receipt, body, 0, len(body)


class DeflatedReader(PythonReader):
    """Reads a connection that may be compressed; the ACK of an event is the frame of STOMP alone.

    The WebSocket's frames are those of the library then, in both directions.
    """

    __slots__ = ()

    def __init__(self, reading: Reading, prefix: bytes, awaited: Sized) -> None:
        super().__init__(reading, prefix, awaited)
        self._encode = _as_it_is

    def inflate(self, deflate: Deflate) -> None:
        """Read what ``deflate`` reads from now on: compression was agreed on."""
        self._messages = deflate


def _as_it_is(_opcode: int, payload: bytes, _mask: int) -> bytes:
    return payload


class CompiledReader(PythonReader):
    """Has a scanner read what is plainly the usual case."""

    __slots__ = ("_random_bits", "_scanner", "_stream")

    def __init__(self, reading: Reading, prefix: bytes, awaited: Sized, scanner: Scanner) -> None:
        super().__init__(reading, prefix, awaited)
        self._stream = self._messages = MessageReader()
        self._scanner = scanner
        self._random_bits = reading.random_bits if reading.acknowledge else None

    def read(self, data: bytes) -> Iterable[Arrival]:
        """Return what ``data`` completes."""
        messages = self._stream
        if messages.rest is not None:
            data = messages.join(data)
            if not data:
                return ()
        if self._parser is not None or not messages.is_between_messages:
            return self._arrivals(messages.feed(data))
        arrivals, end = self._scanner.read(data, self._prefix, self._random_bits)
        if end == len(data):
            return arrivals
        # If the rest breaks a rule of the WebSocket, nothing of this piece is told, as above.
        rest = messages.feed(data, end)
        return chain(arrivals, self._arrivals(rest)) if rest else arrivals
