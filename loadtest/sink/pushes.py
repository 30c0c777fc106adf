"""What the body of the webhook says, and the log of what came.

The body is JSON: a ``notification`` as devices get it, the recipient as ``user``, and the ids of
channel and message, which are looked for in the notification if they do not stand beside it. Names
may be in camel case or in snake case, as the platform's API spells them either way.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

import orjson

from loadtest.errors import RemoteProtocolError

__all__ = ["Push", "PushLog", "push_from_body"]

_KEPT_PUSHES = 10_000
_KEPT_PAIRS = 200_000
# Of a name, which is for a person to look at, and of a problem; both come from outside.
_LONGEST_NAME = 200
_LARGEST_ID = 1 << 63


@dataclass(frozen=True, slots=True)
class Push:
    """One call of the webhook."""

    user_id: int
    user_name: str | None
    channel_id: int
    message_id: int


def push_from_body(body: bytes) -> Push:
    """Return what a call says.

    Raises:
        RemoteProtocolError: It is not the webhook of a received notification.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RemoteProtocolError(f"the body is not JSON: {error}") from error
    name = _found(content, ("user", "name"), ("notification", "data", "recipient", "name"))
    return Push(
        user_id=_id("user", content, ("user", "id"), ("notification", "data", "recipient", "id")),
        user_name=name[:_LONGEST_NAME] if isinstance(name, str) else None,
        channel_id=_id(
            "channel",
            content,
            ("channelId",),
            ("channel_id",),
            ("notification", "channel", "id"),
            ("notification", "data", "channelId"),
            ("notification", "data", "channel_id"),
        ),
        message_id=_id(
            "message",
            content,
            ("messageId",),
            ("message_id",),
            ("notification", "data", "message", "id"),
        ),
    )


def _id(what: str, content: object, *paths: tuple[str, ...]) -> int:
    found = _found(content, *paths)
    # bool is an int to Python and not to JSON.
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _LARGEST_ID:
        tried = ", ".join(".".join(path) for path in paths)
        raise RemoteProtocolError(
            f"no id of the {what} is in the body; it is looked for in {tried}"
        )
    return found


def _found(content: object, *paths: tuple[str, ...]) -> object:
    """Return the first value that is there."""
    for path in paths:
        value = content
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


class PushLog:
    """Counts pushes and keeps the newest ones."""

    def __init__(self) -> None:
        self.received_count = 0
        self.duplicate_count = 0
        """Of the same message for the same user as one before."""
        self.unreadable_count = 0
        self.last_problem: str | None = None
        self._newest: deque[tuple[Push, int]] = deque(maxlen=_KEPT_PUSHES)
        self._pairs: OrderedDict[tuple[int, int], None] = OrderedDict()

    def add(self, push: Push, arrived_ns: int) -> None:
        """Take a push."""
        self.received_count += 1
        self._newest.append((push, arrived_ns))
        pair = (push.message_id, push.user_id)
        if pair in self._pairs:
            self.duplicate_count += 1
            return
        self._pairs[pair] = None
        if len(self._pairs) > _KEPT_PAIRS:
            self._pairs.popitem(last=False)

    def add_unreadable(self, problem: str) -> None:
        """Take a call that cannot be understood."""
        self.unreadable_count += 1
        self.last_problem = problem[:_LONGEST_NAME]

    def as_json(self) -> dict[str, object]:
        """Return the counts."""
        return {
            "received": self.received_count,
            "duplicates": self.duplicate_count,
            "unreadable": self.unreadable_count,
            "last_problem": self.last_problem,
        }

    def newest_as_json(self) -> list[dict[str, object]]:
        """Return the newest pushes, the oldest of them first."""
        return [
            {
                "message_id": push.message_id,
                "channel_id": push.channel_id,
                "user_id": push.user_id,
                "user_name": push.user_name,
                "arrived_ns": arrived_ns,
            }
            for push, arrived_ns in self._newest
        ]
