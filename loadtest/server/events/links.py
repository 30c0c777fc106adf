"""The destinations that resources carry, per dialect.

A link is a pattern with ids in it, so the links of a resource are one ready piece of JSON
text in which only the ids are replaced. What the destinations mean is ``destinations`` and
``router``; devices take all of them as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from loadtest.chat.dialect import DIALECT_1, DIALECTS, Dialect
from loadtest.chat.names import snake_case

__all__ = ["LINKS", "Links"]

ID = "<id>"
CHANNEL_ID = "<channel>"
PARENT_ID = "<parent>"

_LIST = ".page..size..sort."

# Names of link -> (what stands in the destination, whether it is a list), where they differ.
_COUNTS = {
    "channelsCount": "channels.count",
    "unreadChannelsCount": "unread_channels.count",
    "unreadMessagesCount": "unread_messages.count",
    "contactsCount": "contacts.count",
    "messagesCount": "messages.count",
    "repliesCount": "replies.count",
    "reportCount": "reports.count",
}
_LISTS = frozenset(
    {
        "channels",
        "messages",
        "joinableChannels",
        "unreadChannels",
        "contacts",
        "blocked",
        "members",
        "threads",
        "calls",
        "blockRecords",
        "moderators",
        "readReceipts",
        "replies",
        "reactions",
        "reports",
    }
)

_USER_RELAYS = (
    "readFileAccessGrant",
    "writeFileAccessGrant",
    "channelsCount",
    "channels",
    "messages",
    "joinableChannels",
    "unreadChannelsCount",
    "unreadChannels",
    "unreadMessagesCount",
    "contactsCount",
    "contacts",
)
_CHANNEL_RELAYS = (
    "context",
    "messages",
    "messagesCount",
    "lastReceivedMessage",
    "lastReadMessage",
    "unread",
    "members",
    "threads",
    "calls",
)
_CHANNEL_ACTIONS = (
    "message",
    "keystrokes",
    "read",
    "mute",
    "call",
    "triggerEvent",
    "update",
    "delete",
    "clearHistory",
    "hide",
    "createThread",
)
_MESSAGE_RELAYS = ("readReceipts", "repliesCount", "replies", "reactions")
_MESSAGE_ACTIONS = (
    "read",
    "unread",
    "reply",
    "deleteForMe",
    "delete",
    "react",
    "edit",
    "removeReaction",
    "updateProperties",
)


class _Spelling:
    """Writes the destinations of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.version = "v1/" if dialect is DIALECT_1 else ""
        self.application = dialect.application_prefix

    def relay(self, target: str, name: str) -> str:
        path = _COUNTS.get(name) or snake_case(name)
        return f"{self.application}{target}.{path}.relay{_LIST if name in _LISTS else ''}"

    def relays(self, target: str, names: Iterable[str]) -> dict[str, str]:
        return {
            "self": f"{self.application}{target}.relay",
            **{name: self.relay(target, name) for name in names},
        }

    def topics(self, target: str, names: Iterable[str]) -> dict[str, str]:
        base = f"/topic/{self.version}{target}"
        return {name: base if name == "self" else f"{base}.{snake_case(name)}" for name in names}

    def actions(self, target: str, names: Iterable[str]) -> dict[str, str]:
        return {name: f"{self.application}{target}.{snake_case(name)}" for name in names}

    def stream(self, path: str) -> str:
        return f"/{self.version}{path}"


@dataclass(frozen=True, slots=True)
class Links:
    """Link members of each resource as JSON text without the braces around them."""

    user: bytes
    current_user: bytes
    channel_of_visitor: bytes
    """Of a public channel, for a user who is not a member; of a direct channel, for all."""
    public_channel_of_visitor: bytes
    channel_of_member: bytes
    message: bytes
    reply: bytes
    keystrokes: bytes
    message_only: bytes
    """For a read receipt or a reaction, which link to their message."""
    channel_only: bytes
    thread: bytes


def _text(members: dict[str, dict[str, str]]) -> bytes:
    return orjson.dumps(members)[1:-1]


def _channel(spelling: _Spelling, dialect: Dialect, optional_actions: tuple[str, ...]) -> bytes:
    target = f"channels/{ID}"
    is_second = dialect is not DIALECT_1
    more_relays = ("blockRecords", "moderators") if is_second else ()
    more_actions = (*optional_actions, *(("block",) if is_second else ()))
    return _text(
        {
            "_relays": spelling.relays(target, (*_CHANNEL_RELAYS, *more_relays)),
            "_topics": spelling.topics(target, dialect.channel_topics),
            "_actions": spelling.actions(target, (*_CHANNEL_ACTIONS, *more_actions)),
            "_streams": {"messages": spelling.stream(f"{target}/messages")},
        }
    )


def _message(spelling: _Spelling, dialect: Dialect, parent: dict[str, str]) -> bytes:
    target = f"messages/{ID}"
    is_second = dialect is not DIALECT_1
    more_relays = ("reportCount", "reports") if is_second else ()
    more_actions = ("report", "removeReport") if is_second else ()
    channel = f"{spelling.application}channels/{CHANNEL_ID}.relay"
    relays = spelling.relays(target, (*_MESSAGE_RELAYS, *more_relays))
    return _text(
        {
            "_relays": {**relays, "channel": channel, **parent},
            "_actions": spelling.actions(target, (*_MESSAGE_ACTIONS, *more_actions)),
            "_streams": {"replies": spelling.stream(f"{target}/replies")},
        }
    )


def _current_user(spelling: _Spelling, dialect: Dialect) -> bytes:
    is_second = dialect is not DIALECT_1
    blocked = "userBlockListItems" if is_second else "userBlockedRecords"
    more_actions = ("delete",) if is_second else ()
    relays = spelling.relays("user", _USER_RELAYS)
    return _text(
        {
            "_relays": {**relays, blocked: spelling.relay("user", "blocked")},
            "_topics": spelling.topics(f"users/{ID}", dialect.user_topics),
            "_actions": spelling.actions(
                "user", ("update", "createChannel", "updateDisplayPicture", *more_actions)
            ),
            "_streams": {"displayPicture": spelling.stream("user/display-picture")},
        }
    )


def _user(spelling: _Spelling, dialect: Dialect) -> bytes:
    target = f"users/{ID}"
    members = {"_relays": spelling.relays(target, ("channelMember",))}
    if dialect is not DIALECT_1:
        members["_actions"] = spelling.actions(target, ("block", "delete"))
    return _text(members)


def _thread(spelling: _Spelling) -> bytes:
    target = f"threads/{ID}"
    return _text(
        {
            "_relays": {
                "self": f"{spelling.application}{target}.relay",
                "channel": f"{spelling.application}channels/{CHANNEL_ID}.relay",
            },
            "_topics": spelling.topics(target, ("self", "messages", "keystrokes", "typing")),
            "_actions": spelling.actions(target, ("message", "keystrokes", "read")),
            "_streams": {"messages": spelling.stream(f"{target}/messages")},
        }
    )


def _links(dialect: Dialect) -> Links:
    spelling = _Spelling(dialect)
    application = spelling.application
    more_for_members = () if dialect is DIALECT_1 else ("deleteModerator",)
    return Links(
        user=_user(spelling, dialect),
        current_user=_current_user(spelling, dialect),
        channel_of_visitor=_channel(spelling, dialect, ()),
        public_channel_of_visitor=_channel(spelling, dialect, ("join",)),
        channel_of_member=_channel(
            spelling, dialect, ("leave", "addModerator", "invite", *more_for_members)
        ),
        message=_message(spelling, dialect, {}),
        reply=_message(spelling, dialect, {"parent": f"{application}messages/{PARENT_ID}.relay"}),
        keystrokes=_text(
            {
                "_relays": {
                    "thread": f"{application}threads/{ID}.relay",
                    "user": f"{application}users/{PARENT_ID}.relay",
                }
            }
        ),
        message_only=_text({"_relays": {"message": f"{application}messages/{ID}.relay"}}),
        channel_only=_text({"_relays": {"channel": f"{application}channels/{ID}.relay"}}),
        thread=_thread(spelling),
    )


LINKS: dict[int, Links] = {number: _links(dialect) for number, dialect in DIALECTS.items()}
"""The links of each dialect, by its number."""
