"""A device of dialect 2 as a careful user would write it for any WebSocket library.

Texts in, texts out: the same start-up as the published SDK's, then for each event the work that the
benchmark compares: STOMP head to a dict, JSON decoded, latency recorded, ACK. It decodes with
orjson; with the standard library's ``json`` every row that uses it would be slower.
"""

import time
import uuid
from collections.abc import Callable, Generator
from typing import Any

import orjson

__all__ = ["StompxDevice"]

_USER_TOPICS = (
    "self",
    "elements",
    "features",
    "styles",
    "channels",
    "messages",
    "readReceipts",
    "notifications",
    "contacts",
    "participants",
    "users",
    "reactions",
    "threads",
    "calls",
)
_CHANNEL_TOPICS = (
    "messages",
    "keystrokes",
    "typing",
    "participants",
    "readReceipts",
    "reactions",
    "events",
    "members",
    "blockRecords",
    "moderators",
)

_Step = tuple[list[str], int]
"""What to send, and how many answers to wait for."""
_Script = Generator[_Step, str, None]


class StompxDevice:
    """One device: ``opening`` gives its first text, ``receive`` what each text asks for.

    Args:
        number: Makes the user's name.
        channel: The channel of its chat session.
        record: Takes the latency of each message, in nanoseconds.
    """

    def __init__(self, number: int, channel: int, record: Callable[[int], None]) -> None:
        self.is_active = False
        self._record = record
        self._missing = 0
        self._script: _Script | None = _start_up(number, channel)

    def opening(self) -> str:
        """Return CONNECT."""
        return self._advance(None)[0]

    def receive(self, text: str) -> list[str]:
        """Take one frame; return the frames to send."""
        head, _, body = text.partition("\n\n")
        command, *lines = head.split("\n")
        headers = dict(line.split(":", 1) for line in lines)
        if command == "MESSAGE" and "ack" in headers:
            self._take_event(orjson.loads(body[:-1]))
            return [f"ACK\nid:{headers['ack']}\nsubscription:{headers['subscription']}\n\n\0"]
        self._missing -= 1
        return [] if self._missing or self._script is None else self._advance(body[:-1])

    def _take_event(self, event: dict[str, Any]) -> None:
        now_ns = time.monotonic_ns()
        if event["type"] == "channel.message.created":
            due_ns = event["resource"]["properties"]["loadtest"][4]
            self._record(now_ns - due_ns)

    def _advance(self, answer: str | None) -> list[str]:
        if self._script is None:
            return []
        try:
            # A generator that has not begun takes None only.
            frames, self._missing = self._script.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            self._script = None
            self.is_active = True
            return []
        return frames


def _start_up(number: int, channel: int) -> _Script:
    """Give the SDK's frames from CONNECT to an active chat session, step by step."""
    connect = (
        f"CONNECT\nStompX-User:device-{number}\nStompX-User-Agent:ChatKitty-ChatUI/2.106.2\n"
        "accept-version:1.2\nheart-beat:60000,10000\n\n\0"
    )
    yield [connect], 1
    body = yield [_bare("/application/user.relay")], 1
    topics = orjson.loads(body)["resource"]["_topics"]
    write_grant = _bare("/application/user.write_file_access_grant.relay")
    yield [_bare("/user/queue/errors"), write_grant], 1
    yield [_bare("/application/user.read_file_access_grant.relay")], 1
    yield [_topic(topics[name]) for name in _USER_TOPICS], len(_USER_TOPICS)
    body = yield [_bare(f"/application/channels/{channel}.relay")], 1
    topics = orjson.loads(body)["resource"]["_topics"]
    yield [_topic(topics["self"])], 1
    yield [_topic(topics[name]) for name in _CHANNEL_TOPICS], len(_CHANNEL_TOPICS)


def _bare(destination: str) -> str:
    return f"SUBSCRIBE\nid:subscription-id-{uuid.uuid4()}\ndestination:{destination}\n\n\0"


def _topic(destination: str) -> str:
    return (
        f"SUBSCRIBE\nid:subscription-id-{uuid.uuid4()}\nreceipt:receipt-{uuid.uuid4()}\n"
        f"ack:client-individual\ndestination:{destination}\n\n\0"
    )
