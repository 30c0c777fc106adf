"""Chat sessions: which connection is live in which channel.

A chat session is nothing but subscriptions to the channel's ``self`` topic. It starts
with the first one of a connection and ends with the last one; a connection may hold several. A user
participates while any of their connections has a chat session.
"""

from functools import partial

from loadtest.server.chat.typing import Typing
from loadtest.server.events.connection import Connection
from loadtest.server.events.destinations import channel_topic
from loadtest.server.events.publications import publication_of_user
from loadtest.server.events.publisher import Publisher
from loadtest.server.faults.active_faults import ActiveFaults
from loadtest.server.state.refusals import RefusalKind, RefusedError
from loadtest.server.state.statistics import Counters
from loadtest.server.state.store import StoredChannel, User

__all__ = ["ChatSessions"]


class ChatSessions:
    """Counts the subscriptions that are chat sessions, and announces participants."""

    def __init__(
        self,
        limit: int,
        publisher: Publisher,
        typing: Typing,
        faults: ActiveFaults,
        counters: Counters,
    ) -> None:
        self._limit = limit
        self._publisher = publisher
        self._typing = typing
        self._faults = faults
        self._counters = counters

    def check_limit(self, connection: Connection, channel: StoredChannel) -> None:
        """Make sure that this connection may have a chat session in this channel.

        Raises:
            RefusedError: It has as many chat sessions in other channels as are allowed.
        """
        sessions = connection.chat_sessions
        if self._limit and channel.id not in sessions and len(sessions) >= self._limit:
            raise RefusedError(
                RefusalKind.CHAT_SESSION_LIMIT,
                f"this connection has {len(sessions)} chat sessions; the limit is {self._limit}",
            )

    def subscribed(self, connection: Connection, channel: StoredChannel) -> None:
        """Count one subscription to the ``self`` topic; the first one starts a chat session."""
        count = connection.chat_sessions.get(channel.id, 0)
        connection.chat_sessions[channel.id] = count + 1
        if count:
            return
        self._counters.chat_sessions_started += 1
        if channel.enter(connection.user):
            self._announce("channel.participant.active", channel, connection.user)

    def unsubscribed(self, connection: Connection, channel: StoredChannel) -> None:
        """Count one subscription less; with the last one the chat session ends."""
        count = connection.chat_sessions[channel.id] - 1
        if count:
            connection.chat_sessions[channel.id] = count
            return
        del connection.chat_sessions[channel.id]
        self._counters.chat_sessions_ended += 1
        self._faults.notice_end(partial(self._end, channel, connection.user))

    def _end(self, channel: StoredChannel, user: User) -> None:
        """Notice the end of a chat session: from here on messages may become notifications."""
        if channel.exit(user):
            self._typing.stop(channel, user)
            self._announce("channel.participant.inactive", channel, user)

    def _announce(self, event_type: str, channel: StoredChannel, user: User) -> None:
        topic = channel_topic(channel.id, "participants")
        self._publisher.publish(topic, publication_of_user(event_type, user))
