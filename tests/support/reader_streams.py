"""What a server may send to a device: usual, odd, broken and hostile, all of it from one seed.

A stream begins as frames that are right, for a device with one active chat session, so that readers
go deep into it. Then some of it is changed, at one level or another: a value or a name in the JSON,
the spelling of the JSON, a header, the frame of the WebSocket, any byte; and it is cut anywhere.
"""

import itertools
import json
import random
from typing import Any

from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from loadtest.chat.correlation import PROPERTY, marked_keystrokes
from loadtest.chat.dialect import DIALECT_2
from loadtest.device.numbers import ACTION, ERRORS_QUEUE_INDEX, RELAY, id_prefix, wire_id
from loadtest.observations import ChatEvent
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN
from tests.support.recordings import RecordedFrame, recording

__all__ = ["pieces_of"]

_PREFIX = id_prefix(RUN, 1)
_MARK = [RUN, 9, 7, 1, 50, 60]

_ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, 1, -1, 7.0, 1.5, 1e300, 10**18, 10**17, 2**63, 2**64, -(2**70), 1e-9,
    "", "a", "é", "😀", '"', "\\", "\n", "\x7f", "\u2028", "#lt.", f"#lt.{RUN}.", f"#lt.{RUN}.1f",
    f"#lt.{RUN}.+1f", f"#lt.{RUN}.1_f", f"#lt.{RUN}.{'f' * 15}", f"#lt.{RUN}.{'f' * 16}",
    f"a#lt.{RUN}.1#lt.deadbeef.2", f'"#lt.{RUN}.A', "x" * 200,
    [], [[]], {}, {"a": {}}, {"id": 5}, {"id": "5"}, [1, 2], _MARK, [*_MARK, 1], _MARK[:5],
    ["deadbeef", *_MARK[1:]], [RUN, -1, 7, 1, 50, 60], [RUN, 9.0, 7, 1, 50, 60],
    {PROPERTY: _MARK}, {PROPERTY: None}, {"parent": "~p", "message": "~m"}, {"parent": 5},
    {"parent": None, "message": None}, {"message": "~link"}, {"parent": "~\\é\""}, {"data": None},
)  # fmt: skip
# Of these a right frame has one already: which one counts?
_MEMBERS: tuple[dict[str, Any], ...] = (
    {"id": 5}, {"id": 2**64 + 5}, {"id": 10**18}, {"id": 0.5}, {"type": "thread.typing.stopped"},
    {"resource": {"id": 5}},
    {"keys": f"#lt.{RUN}.5"}, {"message": "~link"}, {"parent": "~q"}, {"user": {"id": 5}},
    {PROPERTY: [RUN, 5, 7, 1, 50, 60]}, {"_relays": {"message": "~z"}}, {"channel": {"id": 5}},
    {"properties": {PROPERTY: [RUN, 4, 7, 1, 50, 60]}}, {"data": {"type": "x"}},
)  # fmt: skip
_NAMES = ("id", "type", "resource", "properties", PROPERTY, "_relays", "parent", "message", "keys")
_MORE_NAMES = ("user", "data", "channel", "x", "é", "a\\", '"')
_SPELLINGS = (
    ('"id"', '"\\u0069d"'),
    ('"id":7', '"id":7,"\\u0069d":5'),
    ('"id":6', '"id":6,"\\u0069d":5'),
    ('"type"', '"t\\u0079pe"'),
    (":", ": 00"),
    ("1", "01"),
    ("1", "1e0"),
    ("1", "-0"),
    ("1", "1."),
    ('"', "'"),
    ("é", "\\ud83d"),
    ("a", "\\ud83d\\ude00"),
    ("a", "\\udc00"),
    ("a", "\\x"),
    ("a", "\t"),
    (",", ",,"),
    ("}", ",}"),
    ("}", "}\x00"),
    ("null", "nul"),
    ("true", "TRUE"),
    ("{", "[" * 70 + "]" * 70),
    ('{"', '{"a":' + "[" * 64 + "]" * 64 + ',"'),
)
_HEADERS = (
    "no colon", ":x", "", "ack:2", "subscription:x", "content-length:5", "receipt-id:x", "a:b",
    "é:b", "a:é", "a:\\c", "a:\\x", "a:b\r", "a:\0", "x" * 300 + ":y", f"receipt-id:close-{0}",
)  # fmt: skip
_RAW = (b"\n", b"\r\n", b"", b"\n\n", b"ERROR\n\n{}\0", b"NONSENSE\n\n\0", b"\0", b"MESSAGE\n\n\0")


def pieces_of(seed: int) -> list[bytes]:
    """Return what a device reads, piece by piece; the same for the same seed."""
    rng = random.Random(seed)
    maker = _Maker(rng)
    stream = b"".join(maker.websocket_frame() for _ in range(rng.randint(1, 12)))
    if rng.random() < 0.15:
        stream = maker.with_bytes_changed(stream)
    if rng.random() < 0.6:
        return [stream]
    edges = [0, *sorted(rng.choices(range(len(stream) + 1), k=rng.randint(1, 5))), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


def _events() -> list[tuple[str, str, dict[str, Any]]]:
    """Return right events: topic, type, resource."""
    marked: dict[str, Any] = {"properties": {"n": 1, PROPERTY: _MARK}}
    known: list[tuple[str, str, dict[str, Any]]] = [
        ("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, **marked)),
        ("messages", ChatEvent.MESSAGE_UPDATED, resources.message(6, **marked)),
        ("messages", "user.message.created", resources.message(6, **marked)),
        ("messages", ChatEvent.MESSAGE_CREATED, resources.message(6, _relays={"parent": "~p"})),
        ("keystrokes", ChatEvent.KEYSTROKES_CREATED, {"keys": marked_keystrokes('é"\n', RUN, 31)}),
        ("self", ChatEvent.CHANNEL_UPDATED, {"id": 4}),
        ("readReceipts", ChatEvent.MESSAGE_READ, resources.read_receipt(6)),
        ("reactions", "message.reaction.created", {"id": 1, "_relays": {"message": "~m"}}),
        ("notifications", ChatEvent.NOTIFICATION_CREATED, resources.notification(6)),
    ]
    # Right as well, but not ours, or with numbers that some languages cannot hold.
    theirs = {"properties": {PROPERTY: ["deadbeef", *_MARK[1:]]}}
    known += [
        ("messages", ChatEvent.MESSAGE_CREATED, resources.message(6) | theirs),
        ("keystrokes", ChatEvent.KEYSTROKES_CREATED, {"keys": "a#lt.deadbeef.5"}),
        ("typing", ChatEvent.TYPING_STARTED, {"id": 2**64 + 5}),
        ("typing", ChatEvent.TYPING_STARTED, {"id": 10**18 + 7}),
    ]
    for topic, *kinds in (
        ("typing", ChatEvent.TYPING_STARTED, ChatEvent.TYPING_STOPPED),
        ("participants", ChatEvent.PARTICIPANT_ENTERED, ChatEvent.PARTICIPANT_LEFT),
        ("participants", ChatEvent.PRESENCE_CHANGED),
    ):
        known += [(topic, event, {"id": 7}) for event in kinds]
    topics = {event: topic for topic, event, _ in known}
    for line in recording(2):
        if isinstance(line, RecordedFrame) and line.command == "MESSAGE" and not line.is_out:
            body = json.loads(line.body)
            known.append((topics.get(body["type"], "events"), body["type"], body["resource"]))
    return known


_EVENTS = _events()


class _Maker:
    """Makes frames, and spoils some."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    # --- the body ------------------------------------------------------------------------------

    def _event(self) -> tuple[str, bytes]:
        """Return topic and body of an event."""
        rng = self._rng
        topic, kind, resource = rng.choice(_EVENTS)
        event = {"type": kind, "version": "v1", "resource": resource}
        if rng.random() < 0.1:
            topic, _, _ = rng.choice(_EVENTS)
        if rng.random() < 0.4:
            event = self._changed(event)
        text = json.dumps(
            event,
            ensure_ascii=rng.random() < 0.5,
            indent=rng.choice([None, None, 1]),
            separators=rng.choice([(",", ":"), (" ,\r\n", "\t: ")]),
        )
        if rng.random() < 0.3:
            text = self._spelled(text)
        return topic, text.encode("utf-8", "surrogatepass")

    def _changed(self, value: Any) -> Any:
        """Return a copy of some JSON with one place of it changed."""
        rng = self._rng
        if rng.random() < 0.25 or not isinstance(value, dict | list) or not value:
            return rng.choice(_ODD_VALUES)
        if isinstance(value, list):
            at = rng.randrange(len(value))
            return [*value[:at], self._changed(value[at]), *value[at + 1 :]]
        name = rng.choice(list(value))
        changed = dict(value)
        action = rng.randrange(5)
        if action == 0:
            del changed[name]
        elif action == 1:
            changed[rng.choice(_NAMES + _MORE_NAMES)] = rng.choice(_ODD_VALUES)
        else:
            changed[name] = self._changed(value[name])
        if rng.random() < 0.3:
            changed = dict(rng.sample(list(changed.items()), len(changed)))
        return changed

    def _spelled(self, text: str) -> str:
        """Return JSON with one place of it spelled otherwise, or a name twice."""
        rng = self._rng
        if rng.random() < 0.3:
            member = rng.choice(_MEMBERS)
            if rng.random() < 0.3:
                member = {rng.choice(_NAMES): rng.choice(_ODD_VALUES)}
            added = json.dumps(member)[1:-1]
            if rng.random() < 0.2:  # the first letter of its name as an escape
                added = f'"\\u00{ord(added[1]):02x}{added[2:]}'
            # Behind a value, where it counts, or before the others.
            ahead = rng.random() < 0.5
            return self._replaced(text, *(("{", f"{{{added},") if ahead else ("}", f",{added}}}")))
        if rng.random() < 0.2:
            return text + rng.choice([" ", "\n", "x", "}", "\0"])
        return self._replaced(text, *rng.choice(_SPELLINGS))

    def _replaced(self, text: str, old: str, new: str) -> str:
        places = [at for at in range(len(text)) if text.startswith(old, at)]
        if not places:
            return text
        at = self._rng.choice(places)
        return text[:at] + new + text[at + len(old) :]

    # --- frames --------------------------------------------------------------------------------

    def _topic_number(self, topic: str) -> int:
        rng = self._rng
        if rng.random() < 0.1:
            odd = [ERRORS_QUEUE_INDEX, 0x1F, 0x21, 0x10, 3, RELAY | 1, RELAY | 7, ACTION | 1]
            return rng.choice(odd)
        is_of_user = topic == "notifications" or rng.random() < 0.1
        names = DIALECT_2.user_topics if is_of_user else DIALECT_2.channel_topics
        index = names.index(topic) if topic in names else 1
        return index if is_of_user else 0x10 | index

    def _identifier(self, kind: str, number: int) -> str:
        identifier = wire_id(kind, _PREFIX, number)
        if self._rng.random() < 0.9:
            return identifier
        return self._rng.choice(
            [
                wire_id(kind, id_prefix(RUN, 2), number),
                identifier.upper(),
                identifier[-36:],
                identifier[-35:],
                identifier[:-12] + "0000000000_1",
                identifier[:-12] + "+00000000010",
                identifier + "0",
                f"{_PREFIX}{RELAY | 1:012x}",
                "close-0",
                "",
            ]
        )

    def _message(self) -> bytes:
        rng = self._rng
        topic, body = self._event()
        number = self._topic_number(topic)
        lines = [
            "destination:~",
            "content-type:application/json;charset=UTF-8",
            f"subscription:{self._identifier('subscription-id', number)}",
            "message-id:m-1",
        ]
        if rng.random() < 0.9:
            odd = ["", "a:b", "a" * 40, "a" * 41, "a" * 42, "a" * 43, "a" * 300, "é", "a" * 66_000]
            lines.append(f"ack:{rng.choice(['ack-1'] * 20 + odd)}")
        if rng.random() < 0.2:
            # Those of the actions and the relay that are under way, among others.
            lines.append(f"receipt-id:{self._identifier('receipt', ACTION | rng.randint(1, 5))}")
        if rng.random() < 0.9:
            size = len(body) + (rng.choice([-1, 1, 2]) if rng.random() < 0.05 else 0)
            lines.append(f"content-length:{rng.choice(['', '', '', '0'])}{size}")
        if rng.random() < 0.1:
            lines.insert(rng.randint(0, len(lines)), rng.choice(_HEADERS))
        if rng.random() < 0.1:
            rng.shuffle(lines)
        if rng.random() < 0.02:  # of the same length, so that only what it spells is wrong
            at = rng.randrange(len(body))
            body = body[:at] + rng.choice([b"\xff", b"\xc3", b"\x80"]) + body[at + 1 :]
        end = rng.choice([b"\0"] * 30 + [b"", b"\0\n", b"\0\0", b"x"])
        return "\n".join(["MESSAGE", *lines, "", ""]).encode() + body + end

    def _receipt(self) -> bytes:
        rng = self._rng
        number = rng.choice([0x10, 0x12, 3, ACTION | 1, ACTION | 2, RELAY | 3])
        more = rng.choice(["", "", "", "", "other:x\n", "receipt-id:x\n"])
        return f"RECEIPT\nreceipt-id:{self._identifier('receipt', number)}\n{more}\n\0".encode()

    def _stomp_frame(self) -> bytes:
        rng = self._rng
        kind = rng.random()
        if kind < 0.7:
            return self._message()
        if kind < 0.85:
            return self._receipt()
        return rng.choice(_RAW) if kind < 0.98 else rng.randbytes(rng.randint(0, 40))

    def websocket_frame(self) -> bytes:
        """Return one frame of a WebSocket, or a message in two: most carry one frame of STOMP."""
        rng = self._rng
        payload = self._stomp_frame()
        kind = rng.randrange(80)
        if kind == 0:
            opcode = rng.choice([Opcode.PING, Opcode.PONG, Opcode.CLOSE])
            return WebSocketFrame(opcode, payload[:120]).serialize(mask=False)
        if kind == 1:  # two frames of STOMP in one message
            payload += self._stomp_frame()
        if kind == 2:  # a length in more bytes than it needs
            return b"\x81\x7e" + min(len(payload), 0xFFFF).to_bytes(2, "big") + payload[:0xFFFF]
        if kind == 3:
            return b"\x81\x7f" + len(payload).to_bytes(8, "big") + payload
        opcode = Opcode.BINARY if kind == 4 else Opcode.TEXT
        cut = rng.randint(0, len(payload)) if kind == 5 else len(payload)
        whole = WebSocketFrame(opcode, payload[:cut], fin=cut == len(payload))
        rest = b""
        if cut < len(payload):
            rest = WebSocketFrame(Opcode.CONT, payload[cut:]).serialize(mask=False)
        return whole.serialize(mask=False) + rest

    def with_bytes_changed(self, stream: bytes) -> bytes:
        """Return a stream with a few bytes put in, left out or replaced."""
        rng = self._rng
        changed = bytearray(stream)
        for _ in range(rng.randint(1, 3)):
            at = rng.randint(0, len(changed))
            new = rng.choice([b"", rng.randbytes(1), rng.randbytes(3), b"\0", b'"', b"\xc3", b"\n"])
            changed[at : at + rng.randint(0, 3)] = new
        return bytes(changed)
