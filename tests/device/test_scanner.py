"""The compiled reader says what the one in Python says, of every input, or it says nothing."""

import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.chat.correlation import PROPERTY
from loadtest.device.facts import channel_rules, user_rules
from loadtest.device.numbers import RELAY
from loadtest.device.reader import EVENT
from loadtest.device.readers import is_built
from loadtest.observations import ChatEvent
from tests.benchmarks.differential import main as differential
from tests.benchmarks.differential import sanitizer_library
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN, DeviceWorld
from tests.support.reader_streams import pieces_of
from tests.support.recordings import RecordedFrame, recording
from tests.support.stompx_peer import message, receipt
from tests.support.two_readers import assert_same

if not is_built():
    pytest.skip("the compiled reader was not built", allow_module_level=True)

from loadtest.device._scanner import Scanner

DIALECT = DeviceWorld().dialect
RIG = DeviceWorld().rig()
PREFIX = RIG.device.wire_prefix
TYPES = tuple(str(event) for event in ChatEvent)


def scanner(**changes: Any) -> Scanner:
    arguments = {
        "run": RUN.encode(),
        "user_rules": user_rules(DIALECT),
        "channel_rules": channel_rules(DIALECT),
        "types": TYPES,
        "mark": PROPERTY.encode(),
        "separator": b"#lt.",
        "created": b"channel.message.created",
    }
    return Scanner(*(arguments | changes).values())


def mask(_bits: int) -> int:
    return 0x01020304


@settings(deadline=None)
@given(st.integers(0, 2**64))
def test_both_readers_tell_write_and_keep_the_same(seed: int) -> None:
    assert_same(pieces_of(seed))


@pytest.mark.parametrize("dialect", [1, 2])
def test_the_recorded_events_are_usual(dialect: int) -> None:
    """What the SDK really got is read in C, as far as it names anything of a device of ours."""
    bodies = [
        line.body
        for line in recording(dialect)
        if isinstance(line, RecordedFrame) and line.command == "MESSAGE" and not line.is_out
    ]
    frames = [message(RIG.topic_id("elements"), body, ack="a") for body in bodies]
    frames = [frame for frame in frames if len(frame) < 1 << 16]
    data = RIG.peer.say(*frames)
    arrivals, end = scanner().read(data, PREFIX, mask)

    assert end == len(data)
    assert len(arrivals) == len(frames) > 50


EVENTS = {
    ChatEvent.MESSAGE_CREATED: ("messages", resources.message(6)),
    ChatEvent.KEYSTROKES_CREATED: ("keystrokes", {"keys": f'"é\\u00e9 a#lt.{RUN}.1f'}),
    ChatEvent.TYPING_STARTED: ("typing", {"id": 7}),
    ChatEvent.TYPING_STOPPED: ("typing", {"id": 7}),
    ChatEvent.PARTICIPANT_ENTERED: ("participants", {"id": 7}),
    ChatEvent.PARTICIPANT_LEFT: ("participants", {"id": 7}),
    ChatEvent.PRESENCE_CHANGED: ("participants", {"id": 7}),
    ChatEvent.MESSAGE_UPDATED: ("messages", resources.message(6)),
    ChatEvent.CHANNEL_UPDATED: ("self", {"id": 4}),
    ChatEvent.MESSAGE_READ: ("readReceipts", resources.read_receipt(6)),
    ChatEvent.NOTIFICATION_CREATED: ("notifications", resources.notification(6)),
}
FACTS = {
    ChatEvent.MESSAGE_CREATED: (6, None, 0, None),
    ChatEvent.MESSAGE_UPDATED: (6, None, 0, None),
    ChatEvent.KEYSTROKES_CREATED: (None, 0x1F, 0, None),
    ChatEvent.CHANNEL_UPDATED: (4, None, 0, None),
    ChatEvent.MESSAGE_READ: (None, None, 2, "~message-relay~6~self"),
    ChatEvent.NOTIFICATION_CREATED: (6, None, 4, None),
}


@pytest.mark.parametrize("event", list(ChatEvent))
def test_every_event_of_a_chat_session_and_the_notification_are_usual(event: ChatEvent) -> None:
    topic, resource = EVENTS[event]
    ordinal = 0 if topic == "notifications" else 1
    frame = message(RIG.topic_id(topic, ordinal), resources.event(event, resource), ack="a")
    [arrival], _ = scanner().read(RIG.peer.say(frame), PREFIX, mask)

    assert arrival[0] == EVENT
    assert arrival[2] == (event, *FACTS.get(event, (7, None, 0, None)))


def test_the_answer_to_a_relay_a_receipt_and_a_heart_beat_are_usual() -> None:
    number = RELAY | 3
    relay = message(f"subscription-id-{PREFIX.decode()}{number:012x}", b"no JSON")
    told = receipt(f"receipt-{PREFIX.decode()}{0x10:012x}")
    data = RIG.peer.say(relay, b"\n", told)
    arrivals, end = scanner().read(data, PREFIX, mask)

    assert end == len(data)
    assert [each[:2] for each in arrivals] == [(0, number), (1, 0x10)]


def test_an_unusual_frame_and_all_behind_it_are_left() -> None:
    usual = RIG.peer.say(receipt(f"receipt-{PREFIX.decode()}{0x10:012x}"))
    data = usual + RIG.peer.say(b"CONNECTED\n\n\0") + usual
    arrivals, end = scanner().read(data, PREFIX, mask)

    assert (len(arrivals), end) == (1, len(usual))


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_frame_that_is_cut_is_left(cut: int) -> None:
    data = RIG.peer.say(message(RIG.topic_id("typing", 1), resources.event("x", {"id": 1})))
    assert scanner().read(data[:-cut], PREFIX, mask) == ([], 0)


def test_a_topic_with_a_rule_that_c_does_not_know_is_left() -> None:
    data = RIG.peer.say(message(RIG.topic_id("typing", 1), resources.event("x", {"id": 1})))
    for rule, is_usual in ((0, True), (6, False), (255, False)):
        arrivals, _ = scanner(channel_rules=bytes([rule] * 16)).read(data, PREFIX, mask)
        assert bool(arrivals) is is_usual


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"type":"x","resource":{"id":6,"id":5}}', id="a name twice"),
        pytest.param(b'{"type":"x","resource":{"id":6,"\\u0069d":5}}', id="a name as an escape"),
        pytest.param(b'{"type":"x","resource":{"id":1000000000000000000}}', id="19 digits"),
        pytest.param(b'{"type":"x","resource":{"id":06}}', id="a zero in front"),
        pytest.param(b'{"type":"x","resource":{"id":6.0}}', id="a fraction"),
        pytest.param(b'{"type":"x","resource":{"id":6},"a":1e5}', id="an exponent"),
        pytest.param(b'{"type":"x","resource":{"id":6},"a":"\\ud83d"}', id="half a pair"),
        pytest.param(b'{"type":"x","resource":{"id":6},"a":"\\x"}', id="no escape"),
        pytest.param(b'{"type":"x","resource":{"id":6},"a":"\t"}', id="a control character"),
        pytest.param(b'{"type":"x","resource":{"id":6},"a":"\xff"}', id="no UTF-8"),
        pytest.param(b'{"type":"x","resource":{"id":6}} x', id="something behind"),
        pytest.param(b'{"type":"x","resource":{"id":6}', id="cut"),
        pytest.param(b'{"type":"\\u0078","resource":{"id":6}}', id="a type with an escape"),
        pytest.param(b'{"type":"x","resource":{}}', id="no id"),
        pytest.param(b'{"resource":{"id":6}}', id="no type"),
    ],
)
def test_what_may_mean_something_else_is_left(body: bytes) -> None:
    plain = b'{"type":"x","resource":{"id":6},"a":"\\ud83d\\ude00 \\u00e9"}'
    for each, is_usual in ((plain, True), (body, False)):
        data = RIG.peer.say(message(RIG.topic_id("typing", 1), each))
        arrivals, _ = scanner().read(data, PREFIX, mask)
        assert bool(arrivals) is is_usual


def test_nesting_beyond_the_limit_is_left() -> None:
    for depth, is_usual in ((64, True), (65, False), (100_000, False)):
        body = b'{"type":"x","version":%b%b,"resource":{"id":1}}' % (b"[" * depth, b"]" * depth)
        data = RIG.peer.say(message(RIG.topic_id("typing", 1), body))
        arrivals, _ = scanner().read(data, PREFIX, mask)
        assert bool(arrivals) is is_usual


def test_an_error_of_the_source_of_masks_is_raised() -> None:
    data = RIG.peer.say(
        message(RIG.topic_id("typing", 1), resources.event("x", {"id": 1}), ack="a")
    )

    def broken(_bits: int) -> int:
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        scanner().read(data, PREFIX, broken)
    with pytest.raises(OverflowError):
        scanner().read(data, PREFIX, lambda _bits: 1 << 32)
    with pytest.raises(TypeError):
        scanner().read(data, PREFIX, lambda _bits: "x")  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((b"", b"short", None), id="prefix"),
        pytest.param((bytearray(4), PREFIX, None), id="no bytes"),
        pytest.param((b"", PREFIX), id="too few"),
    ],
)
def test_what_is_no_read_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        scanner().read(*arguments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"user_rules": bytes(15)}, id="too few rules"),
        pytest.param({"types": ("x",) * 17}, id="too many types"),
        pytest.param({"types": (b"x",)}, id="a type that is no text"),
        pytest.param({"run": "text"}, id="a run that is no bytes"),
    ],
)
def test_what_is_no_scanner_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        scanner(**changes)


def test_nothing_is_kept_of_what_was_read() -> None:
    """Reading holds no reference to its bytes, however it ends."""
    made = scanner()
    rng = random.Random(5)
    frame = message(RIG.topic_id("typing", 1), resources.event("x", {"id": 1}), ack="a")
    usual = RIG.peer.say(frame)
    before = _references(made, usual)
    for _ in range(200):
        data = bytearray(usual)
        data[rng.randrange(len(data))] = rng.randrange(256)
        made.read(bytes(data) + usual, PREFIX, mask)
        made.read(usual, PREFIX, mask)
    assert _references(made, usual) == before


def _references(made: Scanner, data: bytes) -> tuple[int, ...]:
    return sys.getrefcount(made), sys.getrefcount(data), sys.getrefcount(PREFIX)


@pytest.mark.skipif(sanitizer_library() is None, reason="the compiler has no address sanitizer")
def test_the_compiled_reader_is_clean_under_the_sanitizers(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert differential(["--sanitize", "--streams", "40"]) == 0
    assert "both readers say the same" in capfd.readouterr().out
