"""What master and workers tell each other."""

import pytest
from locust.rpc.protocol import Message

from loadtest.run.messages import MessageKind, PushBatch, WorkerBatch, WorkerError, WorkerReport


def over_the_bus(kind: str, data: object) -> Message:
    """Return a message as it comes out at the other end."""
    packed = Message(kind, data, "worker").serialize()  # type: ignore[no-untyped-call]
    return Message.unserialize(packed)  # type: ignore[no-untyped-call, no-any-return]


@pytest.mark.parametrize(
    "message",
    [
        WorkerReport("00c0ffee", {"worker": 1, "rows": [[1, b"\x00"]]}, is_final=True),
        PushBatch("00c0ffee", [[7, 4, 99, 123_456_789_012_345]]),  # type: ignore[list-item]
        WorkerReport("00c0ffee", {"worker": 1, "rows": []}, is_final=False, clock={"offset_ms": 1}),
        WorkerReport("00c0ffee", {"worker": 1, "rows": []}, is_final=False, reader="compiled"),
        WorkerBatch("00c0ffee", 1, b"\x00\xff"),
        WorkerError("it broke", is_fatal=True),
        WorkerError("it broke"),
    ],
)
def test_messages_survive_the_bus(
    message: PushBatch | WorkerReport | WorkerError | WorkerBatch,
) -> None:
    assert type(message)(**over_the_bus("any", message.to_message()).data) == message


def test_kinds_survive_the_bus_as_the_texts_that_listeners_are_found_by() -> None:
    received = [over_the_bus(kind, None).type for kind in MessageKind]

    names = (
        *("hello", "challenge", "proof", "welcome", "plan", "drain", "hurry", "pushes"),
        *("report", "idle", "error", "batch", "gone", "ping", "pong"),
    )
    assert received == [f"loadtest_{name}" for name in names]
    assert {MessageKind.HELLO: "listener"}[received[0]] == "listener"
