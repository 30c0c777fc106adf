"""The relays: what a device can read, by the kind of resource and the name of the relay.

A relay changes nothing. A function here has been given a resource that exists and that
the reader may see, and returns JSON. Lists are complete in memory; only one page is rendered.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

from loadtest.server.chat.chat import Chat
from loadtest.server.chat.presence import contacts_of
from loadtest.server.events.destinations import Address
from loadtest.server.events.rendering import RENDERERS, Renderer
from loadtest.server.requests.pages import Listing, render_page
from loadtest.server.state.refusals import bad_request, not_found
from loadtest.server.state.store import ChannelType, Message, StoredChannel, User

__all__ = [
    "CHANNEL_RELAYS",
    "CURRENT_USER_RELAYS",
    "MESSAGE_RELAYS",
    "THREAD_RELAYS",
    "USER_RELAYS",
    "Query",
]

_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Query:
    """One relay on its way: who reads what, with which parameters."""

    chat: Chat
    reader: User
    address: Address
    parameters: Mapping[str, str]

    @property
    def renderer(self) -> Renderer:
        """The renderer of the dialect in which was asked."""
        return RENDERERS[self.address.dialect.number]

    def is_true(self, parameter: str) -> bool:
        """Tell whether a parameter was given as true."""
        return self.parameters.get(parameter) == "true"

    def number(self, parameter: str, default: int) -> int:
        """Return a parameter that is a number, or the default if it was not given.

        Raises:
            RefusedError: It is not a number.
        """
        text = self.parameters.get(parameter)
        if text is None:
            return default
        if _NUMBER.fullmatch(text) is None:
            raise bad_request(f"parameter {parameter} is {text[:50]!r}; it must be a number")
        return int(text)

    def accepts(self, parameter: str, value: str) -> bool:
        """Tell whether a text filter lets a value pass; without the parameter all pass."""
        wanted = self.parameters.get(parameter, "")
        return wanted.casefold() in value.casefold()


def _count(value: int) -> bytes:
    return orjson.dumps({"count": value})


def _exists(value: bool) -> bytes:
    return orjson.dumps({"exists": value})


def _render_channels(query: Query, channels: Iterable[StoredChannel]) -> bytes:
    def render(channel: StoredChannel) -> bytes:
        return query.renderer.channel(channel, for_member=channel.has_member(query.reader))

    found = [each for each in channels if query.accepts("name", each.name)]
    found.sort(key=lambda channel: channel.id)
    return render_page(Listing("channels", query.address), found, render)


def _render_messages(query: Query, messages: Iterable[Message]) -> bytes:
    """Return a page of messages, which are given in the order of the page."""
    wants_files = query.parameters.get("type") == "FILE"
    wants_main_thread = query.is_true("mainThread")
    found = [
        message
        for message in messages
        if (message.content.file is not None or not wants_files)
        and (message.parent_id is None or not wants_main_thread)
    ]
    return render_page(Listing("messages", query.address), found, query.renderer.message)


def _render_users(query: Query, users: Iterable[User]) -> bytes:
    wanted_online = query.parameters.get("online")
    found = [
        user
        for user in users
        if query.accepts("name", user.name)
        and query.accepts("displayName", user.display_name)
        and (wanted_online is None or user.is_online is (wanted_online == "true"))
    ]
    found.sort(key=lambda user: user.id)
    return render_page(Listing("users", query.address), found, query.renderer.user)


def _nothing(list_name: str) -> Callable[..., bytes]:
    """Return the relay of a list that is always empty here."""

    def empty(query: Query, *_resource: object) -> bytes:
        return render_page(Listing(list_name, query.address), (), bytes)

    return empty


# --- what is unread ---------------------------------------------------------------------------


def _is_unread(message: Message, reader: User) -> bool:
    return message.author is not reader and reader not in message.read_times


def _unread_count(channel: StoredChannel, reader: User) -> int:
    return sum(_is_unread(message, reader) for message in channel.history.values())


def _has_unread(channel: StoredChannel, reader: User) -> bool:
    # From the newest: an unread message, if there is one, is most likely there.
    return any(_is_unread(message, reader) for message in reversed(channel.history.values()))


def _own_channels(query: Query) -> list[StoredChannel]:
    kind = query.parameters.get("type")
    channels = query.reader.channels.values()
    return [channel for channel in channels if kind is None or channel.kind == kind]


def _unread_channels(query: Query) -> list[StoredChannel]:
    return [channel for channel in _own_channels(query) if _has_unread(channel, query.reader)]


# --- the current user -------------------------------------------------------------------------


def _current_user(query: Query) -> bytes:
    return query.renderer.current_user(query.reader)


def _grant(query: Query) -> bytes:
    return orjson.dumps({"grant": f"{query.address.name}-{query.reader.id}"})


def _channels(query: Query) -> bytes:
    if query.is_true("subscribable"):
        return _render_channels(query, query.reader.channels.values())
    visible = (
        channel
        for channel in query.chat.store.channels()
        if channel.kind is ChannelType.PUBLIC or channel.has_member(query.reader)
    )
    return _render_channels(query, visible)


def _joinable_channels(query: Query) -> bytes:
    joinable = (
        channel
        for channel in query.chat.store.channels()
        if channel.kind is ChannelType.PUBLIC and not channel.has_member(query.reader)
    )
    return _render_channels(query, joinable)


def _channels_count(query: Query) -> bytes:
    unread_only = query.is_true("unread")
    return _count(len(_unread_channels(query) if unread_only else _own_channels(query)))


def _unread_messages_count(query: Query) -> bytes:
    return _count(sum(_unread_count(channel, query.reader) for channel in _own_channels(query)))


def _messages_of_user(query: Query) -> bytes:
    messages = [
        message
        for channel in query.reader.channels.values()
        for message in channel.history.values()
    ]
    messages.sort(key=lambda message: message.id, reverse=True)
    return _render_messages(query, messages)


CURRENT_USER_RELAYS: dict[str, Callable[[Query], bytes]] = {
    "": _current_user,
    "write_file_access_grant": _grant,
    "read_file_access_grant": _grant,
    "channels": _channels,
    "channels.count": _channels_count,
    "joinable_channels": _joinable_channels,
    "unread_channels": lambda query: _render_channels(query, _unread_channels(query)),
    "unread_channels.count": lambda query: _count(len(_unread_channels(query))),
    "unread_messages.count": _unread_messages_count,
    "messages": _messages_of_user,
    "contacts": lambda query: _render_users(query, contacts_of(query.reader)),
    "contacts.count": lambda query: _count(len(contacts_of(query.reader))),
    "blocked": _nothing("items"),
}
"""Relays of the reader themself, by name."""


# --- any user ---------------------------------------------------------------------------------


def _channel_member(query: Query, user: User) -> bytes:
    return _exists(query.number("channelId", default=0) in user.channels)


USER_RELAYS: dict[str, Callable[[Query, User], bytes]] = {
    "": lambda query, user: query.renderer.user(user),
    "channel_member": _channel_member,
}
"""Relays of any user, by name."""


# --- channels ---------------------------------------------------------------------------------


def _channel(query: Query, channel: StoredChannel) -> bytes:
    return query.renderer.channel(channel, for_member=channel.has_member(query.reader))


def _messages_of_channel(query: Query, channel: StoredChannel) -> bytes:
    return _render_messages(query, reversed(channel.history.values()))


def _messages_count(query: Query, channel: StoredChannel) -> bytes:
    if query.is_true("unread"):
        return _count(_unread_count(channel, query.reader))
    return _count(len(channel.history))


def _last_received_message(query: Query, channel: StoredChannel) -> bytes:
    message = channel.last_message
    if message is None:
        raise not_found(f"last message of channel {channel.id}")
    return query.renderer.message(message)


def _last_read_message(query: Query, channel: StoredChannel) -> bytes:
    name = query.parameters.get("username", query.reader.name)
    reader = query.chat.store.find_user(name=name)
    for message in reversed(channel.history.values()):
        if reader in message.read_times:
            return query.renderer.message(message)
    raise not_found(f"message of channel {channel.id} read by {name!r}")


def _context(query: Query, channel: StoredChannel) -> bytes:
    """Return who has read what; cursors are ids of messages here."""
    first = query.number("startCursor", default=next(iter(channel.history), 0))
    last = query.number("endCursor", default=next(reversed(channel.history), 0))
    read_by = {
        str(message.id): [reader.id for reader in message.read_times]
        for message in channel.history.values()
        if first <= message.id <= last and message.read_times
    }
    return orjson.dumps({"startCursor": str(first), "endCursor": str(last), "readBy": read_by})


def _threads(query: Query, channel: StoredChannel) -> bytes:
    wants_main = query.parameters.get("includeMainThread") != "false"
    threads = [channel] if wants_main and not query.is_true("standalone") else []
    return render_page(Listing("threads", query.address), threads, query.renderer.thread)


CHANNEL_RELAYS: dict[str, Callable[[Query, StoredChannel], bytes]] = {
    "": _channel,
    "context": _context,
    "messages": _messages_of_channel,
    "messages.count": _messages_count,
    "last_received_message": _last_received_message,
    "last_read_message": _last_read_message,
    "unread": lambda query, channel: _exists(_has_unread(channel, query.reader)),
    "members": lambda query, channel: _render_users(query, channel.members.values()),
    "threads": _threads,
    "calls": _nothing("calls"),
    "block_records": _nothing("records"),
    "moderators": _nothing("users"),
}
"""Relays of a channel, by name; all but the channel itself need a member."""


# --- messages and threads ---------------------------------------------------------------------


def _read_receipts(query: Query, message: Message) -> bytes:
    def render(read: tuple[User, str]) -> bytes:
        return query.renderer.read_receipt(message, *read)

    reads = list(message.read_times.items())
    return render_page(Listing("receipts", query.address), reads, render)


def _replies(query: Query, message: Message) -> bytes:
    return _render_messages(query, query.chat.store.replies(message))


def _reactions(query: Query, message: Message) -> bytes:
    def render(reaction: tuple[User, str, str]) -> bytes:
        return query.renderer.reaction(message, *reaction)

    reactions = [
        (user, emoji, time)
        for emoji, times in message.reactions.items()
        for user, time in times.items()
    ]
    return render_page(Listing("reactions", query.address), reactions, render)


MESSAGE_RELAYS: dict[str, Callable[[Query, Message], bytes]] = {
    "": lambda query, message: query.renderer.message(message),
    "read_receipts": _read_receipts,
    "replies": _replies,
    "replies.count": lambda _, message: _count(len(message.reply_ids)),
    "reactions": _reactions,
    "reports": _nothing("reports"),
    "reports.count": lambda _, __: _count(0),
}
"""Relays of a message, by name."""

THREAD_RELAYS: dict[str, Callable[[Query, StoredChannel], bytes]] = {
    "": lambda query, channel: query.renderer.thread(channel),
}
"""Relays of the main thread of a channel, by name."""
