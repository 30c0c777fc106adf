"""The recordings of the vendor's SDK, line by line; see ``tests/data/traces/README.md``."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["RecordedEvent", "RecordedFrame", "Recording", "recording"]

_TRACES = Path(__file__).parent.parent / "data" / "traces"


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One frame, as it was sent or received."""

    device: str
    connection: int
    is_out: bool
    command: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def get(self, name: str) -> str:
        """Return a header's value, or nothing."""
        return dict(self.headers).get(name, "")


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """What happened to a connection: ``websocket``, ``open`` or ``close``."""

    device: str
    connection: int
    kind: str
    path: str
    protocols: tuple[str, ...]


Recording = tuple[RecordedFrame | RecordedEvent, ...]


@cache
def recording(dialect: int) -> Recording:
    """Return the recording of the scenario *full* in a dialect."""
    text = (_TRACES / f"full-dialect-{dialect}.jsonl").read_text(encoding="utf-8")
    return tuple(_line(json.loads(line)) for line in text.splitlines())


def _line(line: dict[str, object]) -> RecordedFrame | RecordedEvent:
    device, connection = str(line["device"]), line["conn"]
    assert isinstance(connection, int)
    if "event" in line:
        protocols = line.get("protocols", [])
        assert isinstance(protocols, list)
        path = str(line.get("path", ""))
        return RecordedEvent(device, connection, str(line["event"]), path, tuple(protocols))
    headers = line["headers"]
    assert isinstance(headers, dict)
    return RecordedFrame(
        device,
        connection,
        line["dir"] == "out",
        str(line["command"]),
        tuple(headers.items()),
        str(line.get("body", "")).encode(),
    )
