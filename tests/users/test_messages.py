"""What master and workers tell each other."""

import msgpack
import pytest

from loadtest.users.messages import Kind, WorkerError, WorkerReport


@pytest.mark.parametrize(
    "message",
    [
        WorkerReport("00c0ffee", {"worker": 1, "rows": [[1, b"\x00"]]}, is_final=True),
        WorkerError("it broke", is_fatal=True),
        WorkerError("it broke"),
    ],
)
def test_messages_survive_the_bus(message: WorkerReport | WorkerError) -> None:
    received = msgpack.loads(msgpack.dumps(message.to_message()))

    assert type(message)(**received) == message


def test_kinds_survive_the_bus_as_the_texts_that_listeners_are_found_by() -> None:
    received = msgpack.loads(msgpack.dumps(list(Kind)))

    assert received == [
        "loadtest_" + name for name in ("plan", "drain", "hurry", "report", "error")
    ]
    assert {Kind.PLAN: "listener"}[received[0]] == "listener"
