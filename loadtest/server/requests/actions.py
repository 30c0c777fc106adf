"""What an action is given, and the actions on users and on messages.

A function here has been given a target that exists and an actor who may reach it; it
decides whether this action is allowed, changes the store, then publishes. It never answers the
device itself: the RECEIPT was sent, and a refusal is raised.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from loadtest.server.chat.bodies import (
    Edit,
    EmojiChoice,
    MessageBody,
    PropertiesChange,
    UserChanges,
    decode,
    properties_text,
)
from loadtest.server.chat.chat import Chat
from loadtest.server.events.destinations import channel_topic, user_topic
from loadtest.server.events.publications import Completion, Publication, publication_of_message
from loadtest.server.state.refusals import access_denied, bad_request
from loadtest.server.state.store import FileLink, Message, NewMessage, StoredChannel, User

__all__ = ["MESSAGE_ACTIONS", "Call", "read_message", "send_message", "update_user"]


@dataclass(frozen=True, slots=True)
class Call:
    """One action on its way: who does it, with what, and what completes it."""

    actor: User
    body: bytes
    completion: Completion


# --- users ------------------------------------------------------------------------------------


def update_user(chat: Chat, call: Call) -> None:
    """Change the actor's own display name and properties."""
    changes = decode(call.body, UserChanges)
    user = call.actor
    if changes.properties is not None:
        user.properties = properties_text(changes.properties)
    if changes.display_name is not None:
        user.display_name = changes.display_name
    user.touch()
    updated = Publication("user.self.updated", lambda renderer: renderer.current_user(user))
    chat.publisher.publish(user_topic(user.id, ""), updated, call.completion)


# --- new messages -----------------------------------------------------------------------------


def send_message(
    chat: Chat, call: Call, channel: StoredChannel, parent: Message | None = None
) -> None:
    """Add a message, tell the chat sessions, then notify who has none."""
    message = Message(
        id=chat.store.next_id(),
        channel=channel,
        author=call.actor,
        created_time=chat.now_text(),
        content=_content_of(decode(call.body, MessageBody)),
        parent_id=None if parent is None else parent.id,
    )
    chat.store.add_message(message)
    _publish_message(chat, "created", message, call.completion)
    chat.typing.stop(channel, call.actor)
    chat.notifications.message_sent(message, parent)


def _content_of(body: MessageBody) -> NewMessage:
    properties = properties_text(body.properties)
    if body.type == "FILE":
        if body.file is None:
            raise bad_request("a message of type FILE needs a file")
        link = FileLink(body.file.url, body.file.name, body.file.content_type, body.file.size)
        return NewMessage(file=link, group_tag=body.group_tag, properties=properties)
    if body.body is None:
        raise bad_request("a message of type TEXT needs a body")
    return NewMessage(body=body.body, group_tag=body.group_tag, properties=properties)


def _publish_message(chat: Chat, change: str, message: Message, completion: Completion) -> None:
    """Tell the channel; an actor without a chat session learns it from a topic of their own."""
    in_channel = publication_of_message(f"channel.message.{change}", message)
    topic = channel_topic(message.channel.id, "messages")
    chat.publisher.publish(topic, in_channel, completion)
    for_actor = publication_of_message(f"user.message.{change}", message)
    actor = completion.connection.user
    chat.publisher.complete(user_topic(actor.id, "messages"), for_actor, completion)


def _reply(chat: Chat, call: Call, message: Message) -> None:
    send_message(chat, call, message.channel, parent=message)


# --- reading ----------------------------------------------------------------------------------


def read_message(chat: Chat, call: Call, message: Message) -> None:
    """Note that the actor has read a message, once; authors do not read their own."""
    if message.author is call.actor:
        return
    time = chat.now_text()
    if chat.store.add_read_receipt(message, call.actor, time):
        _publish_read(chat, "created", call, message, time)


def _unread(chat: Chat, call: Call, message: Message) -> None:
    time = chat.store.remove_read_receipt(message, call.actor)
    if time is not None:
        _publish_read(chat, "deleted", call, message, time)


def _publish_read(chat: Chat, change: str, call: Call, message: Message, time: str) -> None:
    """Tell the channel, then the author and the reader."""
    reader = call.actor
    publication = Publication(
        f"message.read_receipt.{change}",
        lambda renderer: renderer.read_receipt(message, reader, time),
    )
    topic = channel_topic(message.channel.id, "read_receipts")
    chat.publisher.publish(topic, publication, call.completion)
    for user in (message.author, reader):
        chat.publisher.publish(user_topic(user.id, "read_receipts"), publication)


# --- changing and removing messages -----------------------------------------------------------


def _edit(chat: Chat, call: Call, message: Message) -> None:
    _check_author(call, message)
    if message.content.body is None:
        raise bad_request(f"message {message.id} is a file; only a text can be edited")
    message.content = replace(message.content, body=decode(call.body, Edit).body)
    message.last_edited_time = chat.now_text()
    _publish_message(chat, "updated", message, call.completion)


def _update_properties(chat: Chat, call: Call, message: Message) -> None:
    _check_author(call, message)
    properties = properties_text(decode(call.body, PropertiesChange).properties)
    message.content = replace(message.content, properties=properties)
    _publish_message(chat, "updated", message, call.completion)


def _delete(chat: Chat, call: Call, message: Message) -> None:
    if message.channel.creator is not call.actor:
        _check_author(call, message)
    chat.store.remove_message(message)
    _publish_message(chat, "deleted", message, call.completion)


def _check_author(call: Call, message: Message) -> None:
    if message.author is not call.actor:
        raise access_denied(f"message {message.id} belongs to another user")


# --- reactions --------------------------------------------------------------------------------


def _react(chat: Chat, call: Call, message: Message) -> None:
    emoji = decode(call.body, EmojiChoice).emoji
    time = message.reactions.setdefault(emoji, {}).setdefault(call.actor, chat.now_text())
    _publish_reaction(chat, "created", call, message, (emoji, time))


def _remove_reaction(chat: Chat, call: Call, message: Message) -> None:
    emoji = decode(call.body, EmojiChoice).emoji
    times = message.reactions.get(emoji, {})
    time = times.pop(call.actor, None)
    if time is None:
        raise bad_request(f"the actor has no reaction {emoji!r} to message {message.id}")
    if not times:
        del message.reactions[emoji]
    _publish_reaction(chat, "removed", call, message, (emoji, time))


def _publish_reaction(
    chat: Chat, change: str, call: Call, message: Message, reaction: tuple[str, str]
) -> None:
    emoji, time = reaction
    actor = call.actor
    publication = Publication(
        f"message.reaction.{change}",
        lambda renderer: renderer.reaction(message, actor, emoji, time),
    )
    topic = channel_topic(message.channel.id, "reactions")
    chat.publisher.publish(topic, publication, call.completion)
    chat.publisher.complete(user_topic(actor.id, "reactions"), publication, call.completion)


MESSAGE_ACTIONS: dict[str, Callable[[Chat, Call, Message], None]] = {
    "reply": _reply,
    "read": read_message,
    "unread": _unread,
    "edit": _edit,
    "update_properties": _update_properties,
    "delete": _delete,
    "react": _react,
    "remove_reaction": _remove_reaction,
}
"""Actions on a message of a channel that the actor is a member of, by name."""
