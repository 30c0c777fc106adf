"""Resources and events as a server would write them, with links that nobody could guess.

Links are opaque to a device, so here they look like nothing that the real server uses: a device
that built one itself would be found out.
"""

import json
from typing import Any

from loadtest.chat.dialect import Dialect

__all__ = [
    "channel",
    "current_user",
    "error",
    "event",
    "message",
    "notification",
    "read_receipt",
    "relayed",
]

_CHANNEL_ACTIONS = ("message", "keystrokes", "read", "update", "invite", "join")
_MESSAGE_ACTIONS = ("read", "edit", "reply", "react")

Resource = dict[str, Any]


def _links(kind: str, owner: int, names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"~{kind}~{owner}~{name}" for name in names}


def current_user(dialect: Dialect, user: int = 1, name: str = "alice") -> Resource:
    """Return the resource of the user of a connection."""
    return {
        "id": user,
        "name": name,
        "_topics": _links("user-topic", user, dialect.user_topics),
        "_actions": _links("user-action", user, ("update", "createChannel")),
        "_relays": _links("user-relay", user, ("self", "channelsCount", "unreadMessagesCount")),
    }


def channel(dialect: Dialect, number: int = 4, **changes: object) -> Resource:
    """Return the resource of a public channel."""
    return {
        "id": number,
        "type": "PUBLIC",
        "name": f"lobby{number}",
        "_topics": _links("topic", number, dialect.channel_topics),
        "_actions": _links("action", number, _CHANNEL_ACTIONS),
        "_relays": _links("relay", number, ("self",)),
        **changes,
    }


def message(number: int, channel: int = 4, *, author: int = 1, **changes: object) -> Resource:
    """Return the resource of a text message."""
    return {
        "id": number,
        "type": "TEXT",
        "channelId": channel,
        "user": {"id": author, "name": "alice"},
        "body": "hello",
        "properties": {},
        "_actions": _links("message-action", number, _MESSAGE_ACTIONS),
        "_relays": _links("message-relay", number, ("self", "channel")),
        **changes,
    }


def read_receipt(message: int, reader: int = 2) -> Resource:
    """Return the resource of a read receipt; it names its message by a link alone."""
    return {
        "user": {"id": reader, "name": "bob"},
        "_relays": {"message": f"~message-relay~{message}~self"},
    }


def notification(message_number: int, channel_number: int = 4) -> Resource:
    """Return the resource of a notification of a message."""
    return {
        "id": 900 + message_number,
        "channel": {"id": channel_number},
        "data": {
            "type": "USER:SENT:MESSAGE",
            "recipient": {"id": 2},
            "message": message(message_number, channel_number),
        },
    }


def relayed(resource: Resource) -> bytes:
    """Return the body of the answer to a relay."""
    return event("resource.relayed", resource)


def event(kind: str, resource: Resource) -> bytes:
    """Return the body of an event."""
    return json.dumps({"type": kind, "version": "v1", "resource": resource}).encode()


def error(kind: str, text: str = "no", **more: object) -> bytes:
    """Return the body of an error."""
    return json.dumps({"error": kind, "message": text, **more}).encode()
