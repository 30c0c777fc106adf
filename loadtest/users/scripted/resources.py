"""What handlers and tasks of scripted users get: resources as a person reads them.

Each wraps the whole JSON of the resource; the names that tests need most have properties of their
own. Unlike the engine's hot path this decodes everything: a person's handler may want any of it.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from loadtest.chat.resources import ChannelLinks, MessageLinks, relayed_message
from loadtest.observations import ChatEvent

__all__ = ["Channel", "Message", "Notification", "Resource", "handler_argument"]


@dataclass(frozen=True, slots=True)
class Resource:
    """Any resource: users, keystrokes, read receipts."""

    json: dict[str, Any]

    @property
    def id(self) -> int | None:
        """The server's id, if the resource has one."""
        return self.json.get("id")

    @property
    def name(self) -> str:
        """The name of a user, or of the user that keystrokes are from."""
        return str(self.json.get("name") or self.json.get("username") or "")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, with the links to act on it."""

    links: ChannelLinks

    @property
    def id(self) -> int:
        """The server's id."""
        return self.links.id

    @property
    def name(self) -> str:
        """The channel's name; a direct channel has none."""
        return self.links.name

    @property
    def json(self) -> dict[str, Any]:
        """The whole resource, as last seen by any device of this worker."""
        resource: dict[str, Any] = orjson.loads(self.links.resource)
        return resource


@dataclass(frozen=True, slots=True)
class Message:
    """A message, with the links to act on it."""

    json: dict[str, Any]
    links: MessageLinks
    parent: "Message | None" = None
    """Of a reply that a handler gets: what it answers."""

    @classmethod
    def from_body(cls, body: bytes, parent: "Message | None" = None) -> "Message":
        """Return the message in an event or in the answer to a relay."""
        return cls(orjson.loads(body)["resource"], relayed_message(body), parent)

    @property
    def id(self) -> int:
        """The server's id."""
        return self.links.id

    @property
    def body(self) -> str:
        """The text; a file message has none."""
        return str(self.json.get("body", ""))

    @property
    def author(self) -> str:
        """The name of the author; a system message has none."""
        return str((self.json.get("user") or {}).get("name", ""))


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification."""

    json: dict[str, Any]

    @classmethod
    def from_body(cls, body: bytes) -> "Notification":
        """Return the notification in an event."""
        return cls(orjson.loads(body)["resource"])

    @property
    def title(self) -> str:
        """The title."""
        return str(self.json.get("title", ""))

    @property
    def body(self) -> str:
        """The text."""
        return str(self.json.get("body", ""))

    @property
    def channel_id(self) -> int | None:
        """The channel that it is about."""
        channel = self.json.get("channel") or {}
        return channel.get("id")


def handler_argument(event: str, body: bytes) -> Message | Resource:
    """Return what the SDK gives to the handler of ``event``."""
    if event in (ChatEvent.MESSAGE_CREATED, ChatEvent.MESSAGE_UPDATED):
        return Message.from_body(body)
    return Resource(orjson.loads(body)["resource"])
