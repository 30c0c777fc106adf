"""Resources as JSON, as a device of one dialect sees them.

A renderer only reads. JSON that many resources share (a user stands in each message of
theirs) is rendered once and pasted into the rest; ``User.touch`` drops it. Which resource goes to
whom is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from loadtest.chat.dialect import DIALECT_1, DIALECTS, Dialect
from loadtest.server.events.links import CHANNEL_ID, ID, LINKS, PARENT_ID
from loadtest.server.state.store import ChannelType, Message, StoredChannel, User

__all__ = ["RENDERERS", "Notification", "Renderer"]

_ID = ID.encode()
_CHANNEL_ID = CHANNEL_ID.encode()
_PARENT_ID = PARENT_ID.encode()

_ONLINE = {"status": "AVAILABLE", "online": True}
_OFFLINE = {"status": "UNAVAILABLE", "online": False}


@dataclass(frozen=True, slots=True)
class Notification:
    """What a user is told of a message that no chat session of theirs could show."""

    id: int
    kind: str
    recipient: User
    message: Message
    parent: Message | None
    created_time: str
    is_muted: bool


def _with_links(fields: Mapping[str, Any], links: bytes) -> bytes:
    return b"%b,%b}" % (orjson.dumps(fields)[:-1], links)


class Renderer:
    """Renders every resource for one dialect."""

    __slots__ = ("_has_levels", "_links", "_number", "dialect")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._number = dialect.number
        self._links = LINKS[dialect.number]
        self._has_levels = dialect is not DIALECT_1

    def user(self, user: User) -> bytes:
        """Return a User."""
        rendered = user.rendered.get(self._number)
        if rendered is None:
            links = self._links.user.replace(_ID, b"%d" % user.id)
            rendered = user.rendered[self._number] = _with_links(_user_fields(user), links)
        return rendered

    def current_user(self, user: User) -> bytes:
        """Return the CurrentUser that this user is for itself."""
        links = self._links.current_user.replace(_ID, b"%d" % user.id)
        return _with_links(_user_fields(user), links)

    def channel(self, channel: StoredChannel, *, for_member: bool) -> bytes:
        """Return a Channel; members and visitors see other actions."""
        fields: dict[str, Any] = {
            "id": channel.id,
            "type": channel.kind.value,
            "name": channel.name,
        }
        if channel.kind is ChannelType.DIRECT:
            fields["members"] = [self._paste(user) for user in channel.members.values()]
        else:
            fields["displayName"] = channel.display_name
        if channel.creator is not None:
            fields["creator"] = self._paste(channel.creator)
        last_message = channel.last_message
        if last_message is not None:
            fields["lastReceivedMessage"] = orjson.Fragment(self.message(last_message))
        fields["createdTime"] = channel.created_time
        fields["properties"] = orjson.Fragment(channel.properties)
        links = self._channel_links(channel, for_member=for_member)
        return _with_links(fields, links.replace(_ID, b"%d" % channel.id))

    def message(self, message: Message) -> bytes:
        """Return a Message."""
        content = message.content
        fields: dict[str, Any] = {
            "id": message.id,
            "type": "TEXT" if content.file is None else "FILE",
            "channelId": message.channel.id,
            "user": self._paste(message.author),
        }
        if content.file is None:
            fields |= {"body": content.body, "links": [], "mentions": []}
        else:
            fields["file"] = {
                "type": "EXTERNAL",
                "url": content.file.url,
                "name": content.file.name,
                "contentType": content.file.content_type,
                "size": content.file.size_bytes,
            }
        if self._has_levels:
            fields["nestedLevel"] = 0 if message.parent_id is None else 1
        fields["createdTime"] = message.created_time
        if message.last_edited_time is not None:
            fields["lastEditedTime"] = message.last_edited_time
        if content.group_tag is not None:
            fields["groupTag"] = content.group_tag
        fields["reactions"] = self._reaction_summaries(message)
        fields["repliesCount"] = len(message.reply_ids)
        fields["properties"] = orjson.Fragment(content.properties)
        return _with_links(fields, self._message_links(message))

    def keystrokes(self, user: User, channel: StoredChannel, keys: str) -> bytes:
        """Return Keystrokes, which name their user and do not hold it."""
        links = self._links.keystrokes.replace(_ID, b"%d" % channel.thread_id)
        links = links.replace(_PARENT_ID, b"%d" % user.id)
        return _with_links({"username": user.name, "keys": keys}, links)

    def read_receipt(self, message: Message, reader: User, created_time: str) -> bytes:
        """Return a ReadReceipt, which links to its message and does not hold it."""
        links = self._links.message_only.replace(_ID, b"%d" % message.id)
        return _with_links({"user": self._paste(reader), "createdTime": created_time}, links)

    def reaction(self, message: Message, user: User, emoji: str, created_time: str) -> bytes:
        """Return a Reaction."""
        links = self._links.message_only.replace(_ID, b"%d" % message.id)
        fields = {
            "emoji": _emoji_fields(emoji),
            "user": self._paste(user),
            "createdTime": created_time,
        }
        return _with_links(fields, links)

    def triggered_event(
        self, channel: StoredChannel, user: User, event_type: str, properties: bytes
    ) -> bytes:
        """Return an Event that an application triggered by itself."""
        links = self._links.channel_only.replace(_ID, b"%d" % channel.id)
        fields = {
            "type": event_type,
            "user": self._paste(user),
            "properties": orjson.Fragment(properties),
        }
        return _with_links(fields, links)

    def thread(self, channel: StoredChannel) -> bytes:
        """Return the main Thread of a channel."""
        links = self._links.thread.replace(_ID, b"%d" % channel.thread_id)
        links = links.replace(_CHANNEL_ID, b"%d" % channel.id)
        fields = {
            "id": channel.thread_id,
            "type": "MAIN",
            "properties": {},
            "createdTime": channel.created_time,
        }
        return _with_links(fields, links)

    def notification(self, notification: Notification) -> bytes:
        """Return a Notification; it holds its channel and its message."""
        message = notification.message
        parent = notification.parent
        text = message.content.body
        details: dict[str, Any] = {
            "type": notification.kind,
            "recipient": self._paste(notification.recipient),
            "channelId": message.channel.id,
            "message": orjson.Fragment(self.message(message)),
        }
        if parent is not None:
            details["parent"] = orjson.Fragment(self.message(parent))
        fields = {
            "id": notification.id,
            "title": message.author.display_name,
            "body": "sent a file" if text is None else text,
            "channel": orjson.Fragment(self.channel(message.channel, for_member=True)),
            "data": details,
            "muted": notification.is_muted,
            "createdTime": notification.created_time,
            "readTime": None,
        }
        return orjson.dumps(fields)

    def _paste(self, user: User) -> orjson.Fragment:
        return orjson.Fragment(self.user(user))

    def _reaction_summaries(self, message: Message) -> list[dict[str, Any]]:
        return [
            {
                "emoji": _emoji_fields(emoji),
                "users": [self._paste(user) for user in times],
                "count": len(times),
            }
            for emoji, times in message.reactions.items()
        ]

    def _channel_links(self, channel: StoredChannel, *, for_member: bool) -> bytes:
        if channel.kind is ChannelType.DIRECT:
            return self._links.channel_of_visitor
        if for_member:
            return self._links.channel_of_member
        if channel.kind is ChannelType.PUBLIC:
            return self._links.public_channel_of_visitor
        return self._links.channel_of_visitor

    def _message_links(self, message: Message) -> bytes:
        if message.parent_id is None:
            links = self._links.message
        else:
            links = self._links.reply.replace(_PARENT_ID, b"%d" % message.parent_id)
        links = links.replace(_ID, b"%d" % message.id)
        return links.replace(_CHANNEL_ID, b"%d" % message.channel.id)


def _emoji_fields(emoji: str) -> dict[str, Any]:
    return {"character": emoji, "description": "", "aliases": [], "tags": []}


def _user_fields(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "type": "PERSON",
        "name": user.name,
        "displayName": user.display_name,
        "displayPictureUrl": f"https://example.test/picture/{user.id}",
        "isGuest": user.is_guest,
        "presence": _ONLINE if user.is_online else _OFFLINE,
        "callStatus": "AVAILABLE",
        "properties": orjson.Fragment(user.properties),
    }


RENDERERS: dict[int, Renderer] = {number: Renderer(dialect) for number, dialect in DIALECTS.items()}
"""The renderer of each dialect, by its number."""
