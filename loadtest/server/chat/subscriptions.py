"""Subscriptions to topics: who may have one, and what else begins and ends with it.

Only members subscribe a channel's topics, and only a user their own. A subscription to a
channel's ``self`` topic is a chat session (see ``sessions``).
"""

from functools import partial

from loadtest.chat.dialect import DIALECTS
from loadtest.chat.names import snake_case
from loadtest.server.chat.chat import Chat
from loadtest.server.events.connection import Connection, Subscription
from loadtest.server.events.destinations import TopicAddress, channel_topic, topic_of
from loadtest.server.state.refusals import access_denied, bad_request, not_found
from loadtest.server.state.store import StoredChannel, User

__all__ = ["end_channel_subscriptions", "subscribe", "subscribed", "unsubscribe"]

_ACK_MODES = frozenset({"client", "client-individual"})


def _snake_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(snake_case, names))


_USER_TOPICS = frozenset().union(*(_snake_names(each.user_topics) for each in DIALECTS.values()))
_CHANNEL_TOPICS = frozenset().union(
    *(_snake_names(each.channel_topics) for each in DIALECTS.values())
)
_THREAD_TOPICS = frozenset({"self", "messages", "keystrokes", "typing"})


def subscribe(
    chat: Chat, connection: Connection, subscription_id: str, destination: str, ack: str
) -> Subscription:
    """Begin to deliver a topic; ``subscribed`` is to be called once the device was told.

    Raises:
        RefusedError: There is no such topic, or this user may not have it now.
    """
    address = topic_of(destination)
    connection.speaks(address.dialect)
    _check(chat, connection, address)
    if subscription_id in connection.subscriptions:
        raise bad_request(f"subscription id {subscription_id!r} is in use on this connection")
    subscription = Subscription(
        subscription_id,
        connection,
        destination,
        address.topic,
        wants_ack=ack in _ACK_MODES,
    )
    connection.subscriptions[subscription_id] = subscription
    chat.publisher.add(subscription)
    return subscription


def subscribed(chat: Chat, subscription: Subscription) -> None:
    """Start the chat session that a new subscription may be."""
    channel = _channel_of_self_topic(chat, subscription)
    if channel is not None:
        chat.sessions.subscribed(subscription.connection, channel)


def unsubscribe(chat: Chat, subscription: Subscription) -> None:
    """Deliver nothing more, and end the chat session that this subscription may be."""
    del subscription.connection.subscriptions[subscription.id]
    subscription.is_ended = True
    chat.faults.end_delivery(partial(chat.publisher.remove, subscription))
    channel = _channel_of_self_topic(chat, subscription)
    if channel is not None:
        chat.sessions.unsubscribed(subscription.connection, channel)


def end_channel_subscriptions(chat: Chat, channel: StoredChannel, user: User | None = None) -> None:
    """End all subscriptions to a channel's topics, or those of one user."""
    for name in sorted(_CHANNEL_TOPICS, key=lambda name: name == "self"):
        topic = channel_topic(channel.id, "" if name == "self" else name)
        for subscription in chat.publisher.subscriptions(topic):
            if user is None or subscription.connection.user is user:
                unsubscribe(chat, subscription)


def _check(chat: Chat, connection: Connection, address: TopicAddress) -> None:
    if address.kind == "users":
        if address.id != connection.user.id:
            raise access_denied(f"topic {address.topic} belongs to another user")
        _check_name(address, _USER_TOPICS)
        return
    if address.kind == "threads":
        channel = chat.store.channel_of_thread(address.id)
        _check_name(address, _THREAD_TOPICS)
    else:
        channel = chat.store.channel(address.id)
        _check_name(address, _CHANNEL_TOPICS)
    if not channel.has_member(connection.user):
        raise access_denied(f"{connection.user.name!r} is not a member of channel {channel.id}")
    if address.kind == "channels" and not address.name:
        chat.sessions.check_limit(connection, channel)


def _check_name(address: TopicAddress, names: frozenset[str]) -> None:
    if address.name and address.name not in names:
        raise not_found(f"topic {address.topic}")


def _channel_of_self_topic(chat: Chat, subscription: Subscription) -> StoredChannel | None:
    kind, _, channel_id = subscription.topic.partition("/")
    if kind != "channels" or "." in channel_id:
        return None
    return chat.store.channel(int(channel_id))
