"""The actions on channels: making them, belonging to them, changing them, talking in them.

The rule is that of ``actions``: the target exists and the actor may reach it; what is left to
decide is here. Every action but joining needs a member.
"""

from collections.abc import Callable, Iterable, Sequence
from uuid import uuid4

from loadtest.server.chat.bodies import (
    ChannelChanges,
    Invitation,
    KeystrokesBody,
    Leaving,
    Muting,
    NewChannel,
    TriggeredEvent,
    decode,
    properties_text,
)
from loadtest.server.chat.chat import Chat
from loadtest.server.chat.membership import add_member, find_member, referred_user, remove_member
from loadtest.server.chat.subscriptions import end_channel_subscriptions
from loadtest.server.events.destinations import channel_topic, user_topic
from loadtest.server.events.publications import (
    Completion,
    Publication,
    publication_of_channel,
    publication_of_user,
)
from loadtest.server.requests.actions import Call, read_message, send_message
from loadtest.server.state.refusals import access_denied, bad_request
from loadtest.server.state.store import ChannelType, StoredChannel, User

__all__ = [
    "CHANNEL_ACTIONS",
    "MAX_DIRECT_MEMBERS",
    "add_channel",
    "create_channel",
    "join",
    "remove_channel",
    "tell_joined",
]

MAX_DIRECT_MEMBERS = 10
"""A direct channel joins a user with up to nine others."""


# --- making -----------------------------------------------------------------------------------


def create_channel(chat: Chat, call: Call) -> None:
    """Create a channel, or join the actor and the named members to the equivalent one."""
    wanted = decode(call.body, NewChannel)
    # Members that do not exist are left out; the creator comes first.
    found = (chat.store.find_user(user_id=m.id, name=m.username) for m in wanted.members)
    users = list(dict.fromkeys([call.actor, *(user for user in found if user is not None)]))
    channel, is_new = add_channel(chat, wanted, users, creator=call.actor)
    event_type = "user.channel.created" if is_new else "user.channel.upserted"
    publication = publication_of_channel(event_type, channel)
    chat.publisher.publish(user_topic(call.actor.id, "channels"), publication, call.completion)
    if is_new:
        tell_joined(chat, channel, (user for user in users if user is not call.actor))


def add_channel(
    chat: Chat, wanted: NewChannel, users: Sequence[User], *, creator: User | None
) -> tuple[StoredChannel, bool]:
    """Return a new channel of these users, or the equivalent one with them, and if it is new.

    Of a new one the members are still to be told.

    Raises:
        RefusedError: A direct channel cannot have so many members, or the name is in use by a
            channel of another type.
    """
    kind = ChannelType(wanted.type)
    if kind is ChannelType.DIRECT:
        if not 2 <= len(users) <= MAX_DIRECT_MEMBERS:
            raise bad_request(
                f"a direct channel of {len(users)} existing users; it must be 2 to "
                f"{MAX_DIRECT_MEMBERS}"
            )
        channel = chat.store.find_direct(users)
    else:
        channel = chat.store.find_group(kind, wanted.name) if wanted.name else None
    if channel is None:
        channel = _new_channel(chat, wanted, creator)
        chat.store.add_channel(channel, users)
        return channel, True
    for user in users:
        add_member(chat, channel, user)
    return channel, False


def tell_joined(chat: Chat, channel: StoredChannel, users: Iterable[User]) -> None:
    """Tell the members of a new channel that they are members of it."""
    joined = publication_of_channel("user.channel.joined", channel)
    for user in users:
        chat.publisher.publish(user_topic(user.id, "channels"), joined)


def _new_channel(chat: Chat, wanted: NewChannel, creator: User | None) -> StoredChannel:
    channel_id = chat.store.next_id()
    kind = ChannelType(wanted.type)
    name = wanted.name or str(uuid4())
    return StoredChannel(
        id=channel_id,
        thread_id=chat.store.next_id(),
        kind=kind,
        name=name,
        display_name=None if kind is ChannelType.DIRECT else wanted.display_name or name,
        creator=creator,
        created_time=chat.now_text(),
        properties=properties_text(wanted.properties),
    )


# --- belonging --------------------------------------------------------------------------------


def join(chat: Chat, call: Call, channel: StoredChannel) -> None:
    """Make the actor a member of a public channel."""
    if channel.kind is not ChannelType.PUBLIC:
        raise access_denied(f"channel {channel.id} is not public; a member must invite")
    if chat.store.add_member(channel, call.actor):
        joined = publication_of_user("channel.member.joined", call.actor)
        chat.publisher.publish(channel_topic(channel.id, "members"), joined)
    of_user = publication_of_channel("user.channel.joined", channel)
    chat.publisher.publish(user_topic(call.actor.id, "channels"), of_user, call.completion)


def _leave(chat: Chat, call: Call, channel: StoredChannel) -> None:
    _check_group(channel, "left")
    reference = decode(call.body, Leaving).user
    user = call.actor if reference is None else find_member(chat, channel, reference)
    remove_member(chat, channel, user, call.completion)
    # Who removes another gets the same event, as nothing else completes the action.
    left = publication_of_channel("user.channel.left", channel)
    chat.publisher.complete(user_topic(call.actor.id, "channels"), left, call.completion)


def _invite(chat: Chat, call: Call, channel: StoredChannel) -> None:
    _check_group(channel, "invited to")
    user = referred_user(chat, decode(call.body, Invitation).user)
    add_member(chat, channel, user, call.completion)
    invited = publication_of_user("user.user.invited", user)
    chat.publisher.complete(user_topic(call.actor.id, "users"), invited, call.completion)


def _check_group(channel: StoredChannel, what: str) -> None:
    if channel.kind is ChannelType.DIRECT:
        raise bad_request(f"channel {channel.id} is direct; nobody can be {what} it")


# --- changing ---------------------------------------------------------------------------------


def _update(chat: Chat, call: Call, channel: StoredChannel) -> None:
    changes = decode(call.body, ChannelChanges)
    properties = channel.properties
    if changes.properties is not None:
        properties = properties_text(changes.properties)
    is_group = channel.kind is not ChannelType.DIRECT
    # All that can be refused stands before the first change.
    if is_group and changes.name is not None and changes.name != channel.name:
        chat.store.rename_channel(channel, changes.name)
    channel.properties = properties
    if is_group and changes.display_name is not None:
        channel.display_name = changes.display_name
    updated = publication_of_channel("channel.self.updated", channel)
    chat.publisher.publish(channel_topic(channel.id, ""), updated, call.completion)
    _tell_members(chat, channel, "user.channel.updated", call.completion)


def _delete(chat: Chat, call: Call, channel: StoredChannel) -> None:
    if channel.creator is not call.actor:
        raise access_denied(f"channel {channel.id} was created by another user")
    remove_channel(chat, channel, call.completion)


def remove_channel(
    chat: Chat, channel: StoredChannel, completion: Completion | None = None
) -> None:
    """Tell everybody that a channel is gone, and forget it."""
    deleted = publication_of_channel("channel.self.deleted", channel)
    chat.publisher.publish(channel_topic(channel.id, ""), deleted, completion)
    _tell_members(chat, channel, "user.channel.deleted", completion)
    end_channel_subscriptions(chat, channel)
    chat.store.remove_channel(channel)


def _tell_members(
    chat: Chat, channel: StoredChannel, event_type: str, completion: Completion | None
) -> None:
    publication = publication_of_channel(event_type, channel)
    for member in channel.members.values():
        if member.is_online:
            topic = user_topic(member.id, "channels")
            chat.publisher.publish(topic, publication, completion)


def _mute(chat: Chat, call: Call, channel: StoredChannel) -> None:
    if decode(call.body, Muting).state == "ON":
        channel.muted_by.add(call.actor.id)
        _tell_actor(chat, call, channel, "user.channel.muted")
    else:
        channel.muted_by.discard(call.actor.id)
        _tell_actor(chat, call, channel, "user.channel.unmuted")


def _hide(chat: Chat, call: Call, channel: StoredChannel) -> None:
    _tell_actor(chat, call, channel, "user.channel.hidden")


def _clear_history(chat: Chat, call: Call, channel: StoredChannel) -> None:
    _tell_actor(chat, call, channel, "user.channel.history_cleared")


def _tell_actor(chat: Chat, call: Call, channel: StoredChannel, event_type: str) -> None:
    """Complete an action that concerns only how the actor sees the channel."""
    publication = publication_of_channel(event_type, channel)
    chat.publisher.publish(user_topic(call.actor.id, "channels"), publication, call.completion)


# --- talking ----------------------------------------------------------------------------------


def _press_keys(chat: Chat, call: Call, channel: StoredChannel) -> None:
    keys = decode(call.body, KeystrokesBody).keys
    chat.typing.press(channel, call.actor, keys, call.completion)


def _read(chat: Chat, call: Call, channel: StoredChannel) -> None:
    for message in list(channel.history.values()):
        read_message(chat, call, message)


def _trigger_event(chat: Chat, call: Call, channel: StoredChannel) -> None:
    body = decode(call.body, TriggeredEvent)
    properties = properties_text(body.properties)
    actor = call.actor
    triggered = Publication(
        "channel.event.triggered",
        lambda renderer: renderer.triggered_event(channel, actor, body.type, properties),
    )
    chat.publisher.publish(channel_topic(channel.id, "events"), triggered, call.completion)


CHANNEL_ACTIONS: dict[str, Callable[[Chat, Call, StoredChannel], None]] = {
    "message": send_message,
    "keystrokes": _press_keys,
    "read": _read,
    "trigger_event": _trigger_event,
    "leave": _leave,
    "invite": _invite,
    "update": _update,
    "delete": _delete,
    "mute": _mute,
    "hide": _hide,
    "clear_history": _clear_history,
}
"""Actions on a channel that the actor is a member of, by name."""
