"""The chat sessions of one device: how each starts and ends on the wire.

It starts with the RECEIPT of the channel's ``self`` topic; only then the other topics are
subscribed, all at once. It ends with UNSUBSCRIBE of each topic, ``self`` last. There is no frame
"start": the server counts subscriptions to ``self``. A start that is refused, over the limit of the
device, or without its RECEIPTs by the deadline is a failed start with its reason, where the SDK
would wait for ever.

A reconnect subscribes, and the end of the user session unsubscribes, in the order in which the
topics were first subscribed. Two chat sessions that started at the same time are mixed there:
``self`` of both comes before the other topics of either.

The SDK goes on subscribing a chat session that was ended before the RECEIPT of ``self``, and never
ends it; a device ends it.
"""

from collections.abc import Callable, Iterator
from enum import Enum

from loadtest.chat.resources import ChannelLinks
from loadtest.clock import NS_PER_S
from loadtest.device.line import DeviceLine
from loadtest.device.numbers import TOPIC_BITS, TOPIC_MASK, session_number, topic_number
from loadtest.observations import Action

__all__ = ["ChatSession", "ChatSessionState", "ChatSessions", "Started"]

Started = Callable[[str, int], None]
"""Is told how a start ended: a reason, empty if it went well, and the instant."""


class ChatSessionState(Enum):
    """Where a chat session stands."""

    SELF_WRITTEN = "waiting for the RECEIPT of the topic self"
    TOPICS_WRITTEN = "waiting for the RECEIPTs of the other topics"
    ACTIVE = "active"
    ENDED = "ended"


class ChatSession:
    """One chat session of one device.

    ``ordinal`` counts the chat sessions of the device from 1; ``number`` is unique in the worker
    and is what observations name.
    """

    __slots__ = (
        "due_ns",
        "handled",
        "links",
        "missing",
        "number",
        "ordinal",
        "started",
        "state",
        "written_ns",
    )

    def __init__(
        self, ordinal: int, number: int, links: ChannelLinks, handled: frozenset[str]
    ) -> None:
        self.handled = handled
        """Event types with a registered handler; some cost a relay."""
        self.ordinal = ordinal
        self.number = number
        self.links = links
        self.due_ns = 0
        """When its start was due; 0 once the start has ended, well or not."""
        self.written_ns = 0
        self.state = ChatSessionState.SELF_WRITTEN
        self.missing = 0
        """One bit per topic whose RECEIPT has not come."""
        self.started: Started | None = None

    @property
    def is_active(self) -> bool:
        """Whether every topic has its RECEIPT."""
        return self.state is ChatSessionState.ACTIVE

    def settle_start(self, reason: str, now_ns: int) -> None:
        """Tell whoever waits for the start how it ended; only the first call counts."""
        started, self.started = self.started, None
        if started is not None:
            started(reason, now_ns)


class ChatSessions:
    """The open chat sessions of one device, in the order of their start."""

    __slots__ = ("_line", "_subscribed", "by_ordinal")

    def __init__(self, line: DeviceLine) -> None:
        self._line = line
        self.by_ordinal: dict[int, ChatSession] = {}
        self._subscribed: list[int] = []
        """Numbers of the topics that begin a burst of SUBSCRIBEs, in the order in which they were
        written: ``self``, and the first of the others."""

    def __iter__(self) -> Iterator[ChatSession]:
        return iter(self.by_ordinal.values())

    def __len__(self) -> int:
        return len(self.by_ordinal)

    def in_channel(self, channel: int) -> ChatSession | None:
        """Return the open chat session in a channel, if there is one."""
        for chat_session in self.by_ordinal.values():
            if chat_session.links.id == channel:
                return chat_session
        return None

    # --- start ---------------------------------------------------------------------------------

    def start(
        self,
        links: ChannelLinks,
        *,
        due_ns: int,
        now_ns: int,
        started: Started | None = None,
        handled: frozenset[str] | None = None,
    ) -> ChatSession | None:
        """Start a chat session in a channel; ``started`` is told how that ended.

        ``handled`` are the event types with a registered handler, of which some cost a relay of a
        message; by default those of the settings.

        Returns None, with the failure recorded and ``started`` told, if it cannot even be asked
        for: the user session is not active, or the device is at its limit.
        """
        line, settings = self._line, self._line.fleet.settings
        refusal = self._refusal()
        if refusal:
            self._tell_failure(due_ns, now_ns, refusal)
            if started is not None:
                started(refusal, now_ns)
            return None
        line.fences.ordinal += 1
        ordinal = line.fences.ordinal
        number = session_number(line.number, ordinal)
        chat_session = ChatSession(
            ordinal, number, links, settings.handled if handled is None else handled
        )
        chat_session.due_ns, chat_session.written_ns = due_ns, now_ns
        chat_session.started = started
        self.by_ordinal[ordinal] = chat_session
        line.fleet.observer.chat_session_starting(number, line.number, links.id, now_ns)
        line.fleet.timers.after(settings.action_deadline_ns, now_ns, self._expire, ordinal)
        self._subscribe_first(topic_number(ordinal, 0), links.topics[:1])
        line.flush()
        return chat_session

    def _refusal(self) -> str:
        if not self._line.is_active:
            return f"the user session is not active: {self._line.state.value}"
        limit = self._line.fleet.settings.session_limit
        if limit and len(self.by_ordinal) >= limit:
            return f"the device has {limit} chat sessions, its limit"
        return ""

    def _subscribe_first(self, number: int, topics: tuple[str, ...]) -> None:
        self._subscribed.append(number)
        self._line.write_subscribes(number, topics)

    def receive_receipt(self, ordinal: int, index: int, now_ns: int) -> None:
        """Take the RECEIPT of one topic of a chat session."""
        chat_session = self.by_ordinal.get(ordinal)
        if chat_session is None:
            return
        if chat_session.state is ChatSessionState.SELF_WRITTEN:
            if index == 0:
                chat_session.state = ChatSessionState.TOPICS_WRITTEN
                topics = chat_session.links.topics
                chat_session.missing = (1 << len(topics)) - 2
                self._subscribe_first(topic_number(ordinal, 1), topics[1:])
        elif chat_session.state is ChatSessionState.TOPICS_WRITTEN:
            chat_session.missing &= ~(1 << index)
            if not chat_session.missing:
                self._activate(chat_session, now_ns)

    def _activate(self, chat_session: ChatSession, now_ns: int) -> None:
        chat_session.state = ChatSessionState.ACTIVE
        observer = self._line.fleet.observer
        observer.chat_session_started(chat_session.number, now_ns)
        # After a reconnect it starts again, but nobody asked for that start.
        if chat_session.due_ns:
            due_ns, chat_session.due_ns = chat_session.due_ns, 0
            written_ns = chat_session.written_ns
            observer.action_completed(
                Action.CHAT_SESSION_START, self._line.number, due_ns, written_ns, now_ns, now_ns
            )
        chat_session.settle_start("", now_ns)

    def resubscribe(self, now_ns: int) -> None:
        """Subscribe every topic of the open chat sessions again, with the same ids, all at once."""
        for first in self._subscribed:
            chat_session = self.by_ordinal[first >> TOPIC_BITS]
            if first & TOPIC_MASK == 0:
                self._restart(chat_session, now_ns)
            else:
                chat_session.state = ChatSessionState.TOPICS_WRITTEN
                chat_session.missing = (1 << len(chat_session.links.topics)) - 1
            self._line.write_subscribes(first, _burst(chat_session, first))

    def _restart(self, chat_session: ChatSession, now_ns: int) -> None:
        line = self._line
        observer, timers = line.fleet.observer, line.fleet.timers
        number, channel = chat_session.number, chat_session.links.id
        observer.chat_session_starting(number, line.number, channel, now_ns)
        deadline_ns = line.fleet.settings.action_deadline_ns
        ordinal = chat_session.ordinal
        timers.after(deadline_ns, now_ns, self._expire_resubscribed, ordinal, line.epoch)

    # --- failed start --------------------------------------------------------------------------

    def abandon(self, ordinal: int, reason: str, now_ns: int) -> None:
        """Give up the start of a chat session, with ``reason``; an active one is left alone."""
        chat_session = self.by_ordinal.get(ordinal)
        if chat_session is None or chat_session.is_active:
            return
        due_ns, chat_session.due_ns = chat_session.due_ns or now_ns, 0
        self._tell_failure(due_ns, now_ns, reason)
        # Told after the end is written, and of this reason instead of that end.
        started, chat_session.started = chat_session.started, None
        self.end(chat_session, now_ns)
        if started is not None:
            started(reason, now_ns)

    def _tell_failure(self, due_ns: int, now_ns: int, reason: str) -> None:
        line, action = self._line, Action.CHAT_SESSION_START
        line.fleet.observer.action_failed(action, line.number, due_ns, now_ns, reason)

    def _expire(self, ordinal: int, now_ns: int) -> None:
        chat_session = self.by_ordinal.get(ordinal)
        if chat_session is not None and chat_session.due_ns:
            self._abandon_expired(chat_session, now_ns)

    def _expire_resubscribed(self, ordinal: int, epoch: int, now_ns: int) -> None:
        chat_session = self.by_ordinal.get(ordinal)
        if chat_session is None or chat_session.is_active or self._line.epoch != epoch:
            return
        self._abandon_expired(chat_session, now_ns)

    def _abandon_expired(self, chat_session: ChatSession, now_ns: int) -> None:
        deadline_s = self._line.fleet.settings.action_deadline_ns / NS_PER_S
        reason = f"still {chat_session.state.value} after {deadline_s:g} s"
        self.abandon(chat_session.ordinal, reason, now_ns)

    # --- end -----------------------------------------------------------------------------------

    def end(self, chat_session: ChatSession, now_ns: int) -> None:
        """End a chat session; one that has ended already stays so."""
        if chat_session.state is ChatSessionState.ENDED:
            return
        dialect = self._line.fleet.settings.dialect
        if chat_session.state is ChatSessionState.SELF_WRITTEN:
            names: tuple[str, ...] = ("self",)
        else:
            names = dialect.channel_topics_ended
        self._line.fleet.observer.chat_session_ending(chat_session.number, now_ns)
        self._forget(chat_session)
        # Without a connection there is nothing to end: a reconnect will not subscribe it again.
        if self._line.is_subscribed:
            for name in names:
                index = dialect.channel_topics.index(name)
                self._line.write_unsubscribe(topic_number(chat_session.ordinal, index))
            self._line.fences.end_written(chat_session.number)
            self._line.flush()
        chat_session.settle_start("ended before it was active", now_ns)

    def end_with_user_session(self, now_ns: int) -> None:
        """End all along with the user session: topics in the order of subscription."""
        chat_sessions = tuple(self)
        for first in self._subscribed:
            topics = _burst(self.by_ordinal[first >> TOPIC_BITS], first)
            for number in range(first, first + len(topics)):
                self._line.write_unsubscribe(number)
        for chat_session in chat_sessions:
            self._line.fleet.observer.chat_session_ending(chat_session.number, now_ns)
            self._line.fences.end_written(chat_session.number)
            self._forget(chat_session)
        for chat_session in chat_sessions:
            chat_session.settle_start("the user session ended", now_ns)

    def drop(self, reason: str, now_ns: int) -> None:
        """End all of a device that has no connection and will not get it back.

        A start under way has failed with ``reason``; without one the end is our own wish.
        """
        for chat_session in tuple(self):
            if reason and chat_session.due_ns:
                self.abandon(chat_session.ordinal, reason, now_ns)
            else:
                self.end(chat_session, now_ns)

    def _forget(self, chat_session: ChatSession) -> None:
        chat_session.state = ChatSessionState.ENDED
        ordinal = chat_session.ordinal
        del self.by_ordinal[ordinal]
        self._subscribed = [each for each in self._subscribed if each >> TOPIC_BITS != ordinal]


def _burst(chat_session: ChatSession, first: int) -> tuple[str, ...]:
    """Return the topics that were subscribed together, of which ``first`` is the number of one."""
    topics = chat_session.links.topics
    return topics[1:] if first & TOPIC_MASK else topics[:1]
