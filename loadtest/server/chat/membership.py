"""How users become members of channels and stop being it, and who is told."""

from loadtest.server.chat.bodies import UserReference
from loadtest.server.chat.chat import Chat
from loadtest.server.chat.subscriptions import end_channel_subscriptions
from loadtest.server.events.destinations import channel_topic, user_topic
from loadtest.server.events.publications import (
    Completion,
    publication_of_channel,
    publication_of_user,
)
from loadtest.server.state.refusals import not_found
from loadtest.server.state.store import StoredChannel, User

__all__ = ["add_member", "find_member", "referred_user", "remove_member"]


def referred_user(chat: Chat, reference: UserReference) -> User:
    """Return the user that a reference means.

    Raises:
        RefusedError: There is none.
    """
    user = chat.store.find_user(user_id=reference.id, name=reference.username)
    if user is None:
        raise not_found(f"user {reference.username if reference.id is None else reference.id!r}")
    return user


def find_member(chat: Chat, channel: StoredChannel, reference: UserReference) -> User:
    """Return the member that a reference means.

    Raises:
        RefusedError: The user does not exist or is no member.
    """
    user = referred_user(chat, reference)
    if not channel.has_member(user):
        raise not_found(f"member {user.name!r} of channel {channel.id}")
    return user


def add_member(
    chat: Chat, channel: StoredChannel, user: User, completion: Completion | None = None
) -> None:
    """Make a user a member of an existing channel and announce it; nothing if it was one."""
    if not chat.store.add_member(channel, user):
        return
    joined = publication_of_user("channel.member.joined", user)
    chat.publisher.publish(channel_topic(channel.id, "members"), joined, completion)
    of_user = publication_of_channel("user.channel.joined", channel)
    chat.publisher.publish(user_topic(user.id, "channels"), of_user)


def remove_member(
    chat: Chat, channel: StoredChannel, user: User, completion: Completion | None = None
) -> None:
    """End a membership, and with it the chat sessions of this user in the channel."""
    left = publication_of_user("channel.member.left", user)
    chat.publisher.publish(channel_topic(channel.id, "members"), left)
    chat.store.remove_member(channel, user)
    end_channel_subscriptions(chat, channel, user)
    topic = user_topic(user.id, "channels")
    of_user = publication_of_channel("user.channel.left", channel, for_member=False)
    chat.publisher.publish(topic, of_user, completion)
    of_me = publication_of_channel("me.channel.left", channel, for_member=False)
    chat.publisher.publish(topic, of_me)
