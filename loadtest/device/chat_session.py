"""How a chat session starts and ends on the wire.

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

from loadtest.chat.resources import ChannelLinks
from loadtest.clock import NS_PER_S
from loadtest.device.core import ChatSession, ChatSessionState, DeviceCore, Started
from loadtest.device.numbers import TOPIC_BITS, TOPIC_MASK, session_number, topic_number
from loadtest.observations import Action

__all__ = [
    "abandon_chat_session",
    "drop_chat_sessions",
    "end_all_with_user_session",
    "end_chat_session",
    "receive_topic_receipt",
    "resubscribe_chat_sessions",
    "start_chat_session",
]


# --- start ------------------------------------------------------------------------------------


def start_chat_session(
    device: DeviceCore,
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

    Returns None, with the failure recorded and ``started`` told, if it cannot even be asked for:
    the user session is not active, or the device is at its limit.
    """
    fleet = device.fleet
    refusal = _refusal(device)
    if refusal:
        fleet.observer.action_failed(
            Action.CHAT_SESSION_START, device.number, due_ns, now_ns, refusal
        )
        if started is not None:
            started(refusal, now_ns)
        return None
    ordinal = device.next_ordinal
    device.next_ordinal += 1
    chat_session = ChatSession(
        ordinal,
        session_number(device.number, ordinal),
        links,
        fleet.settings.handled if handled is None else handled,
    )
    chat_session.due_ns, chat_session.written_ns = due_ns, now_ns
    chat_session.started = started
    device.chat_sessions[ordinal] = chat_session
    fleet.observer.chat_session_starting(chat_session.number, device.number, links.id, now_ns)
    fleet.timers.after(fleet.settings.action_deadline_ns, now_ns, _expire, device, ordinal)
    device.subscribed.append(topic_number(ordinal, 0))
    device.write_subscribes(topic_number(ordinal, 0), links.topics[:1])
    device.flush()
    return chat_session


def _refusal(device: DeviceCore) -> str:
    if not device.is_active:
        return f"the user session is not active: {device.state.value}"
    limit = device.fleet.settings.session_limit
    if limit and len(device.chat_sessions) >= limit:
        return f"the device has {limit} chat sessions, its limit"
    return ""


def receive_topic_receipt(device: DeviceCore, ordinal: int, index: int, now_ns: int) -> None:
    """Take the RECEIPT of one topic of a chat session."""
    chat_session = device.chat_sessions.get(ordinal)
    if chat_session is None:
        return
    if chat_session.state is ChatSessionState.SELF_WRITTEN:
        if index == 0:
            chat_session.state = ChatSessionState.TOPICS_WRITTEN
            topics = chat_session.links.topics
            chat_session.missing = (1 << len(topics)) - 2
            device.subscribed.append(topic_number(ordinal, 1))
            device.write_subscribes(topic_number(ordinal, 1), topics[1:])
    elif chat_session.state is ChatSessionState.TOPICS_WRITTEN:
        chat_session.missing &= ~(1 << index)
        if not chat_session.missing:
            _activate(device, chat_session, now_ns)


def _activate(device: DeviceCore, chat_session: ChatSession, now_ns: int) -> None:
    chat_session.state = ChatSessionState.ACTIVE
    observer = device.fleet.observer
    observer.chat_session_started(chat_session.number, now_ns)
    # After a reconnect it starts again, but nobody asked for that start.
    if chat_session.due_ns:
        due_ns, chat_session.due_ns = chat_session.due_ns, 0
        written_ns = chat_session.written_ns
        observer.action_completed(
            Action.CHAT_SESSION_START, device.number, due_ns, written_ns, now_ns, now_ns
        )
    chat_session.settle_start("", now_ns)


def resubscribe_chat_sessions(device: DeviceCore, now_ns: int) -> None:
    """Subscribe every topic of the open chat sessions again, with the same ids, all at once."""
    for first in device.subscribed:
        ordinal = first >> TOPIC_BITS
        chat_session = device.chat_sessions[ordinal]
        topics = _burst(chat_session, first)
        if first & TOPIC_MASK == 0:
            _restart(device, chat_session, now_ns)
        else:
            chat_session.state = ChatSessionState.TOPICS_WRITTEN
            chat_session.missing = (1 << len(chat_session.links.topics)) - 1
        device.write_subscribes(first, topics)


def _burst(chat_session: ChatSession, first: int) -> tuple[str, ...]:
    """Return the topics that were subscribed together, of which ``first`` is the number of one."""
    topics = chat_session.links.topics
    return topics[1:] if first & TOPIC_MASK else topics[:1]


def _restart(device: DeviceCore, chat_session: ChatSession, now_ns: int) -> None:
    fleet = device.fleet
    number, channel = chat_session.number, chat_session.links.id
    fleet.observer.chat_session_starting(number, device.number, channel, now_ns)
    deadline_ns = fleet.settings.action_deadline_ns
    fleet.timers.after(
        deadline_ns, now_ns, _expire_resubscribed, device, chat_session.ordinal, device.epoch
    )


# --- failed start -----------------------------------------------------------------------------


def abandon_chat_session(device: DeviceCore, ordinal: int, reason: str, now_ns: int) -> None:
    """Give up the start of a chat session, with ``reason``; an active one is left alone."""
    chat_session = device.chat_sessions.get(ordinal)
    if chat_session is not None and not chat_session.is_active:
        started = _fail_start(device, chat_session, reason, now_ns)
        end_chat_session(device, chat_session, now_ns)
        if started is not None:
            started(reason, now_ns)


def _fail_start(
    device: DeviceCore, chat_session: ChatSession, reason: str, now_ns: int
) -> Started | None:
    """Tell that a start failed; return who is still to be told, after the end is written."""
    due_ns, chat_session.due_ns = chat_session.due_ns or now_ns, 0
    device.fleet.observer.action_failed(
        Action.CHAT_SESSION_START, device.number, due_ns, now_ns, reason
    )
    started, chat_session.started = chat_session.started, None
    return started


def _expire(device: DeviceCore, ordinal: int, now_ns: int) -> None:
    chat_session = device.chat_sessions.get(ordinal)
    if chat_session is not None and chat_session.due_ns:
        _abandon_expired(device, chat_session, now_ns)


def _expire_resubscribed(device: DeviceCore, ordinal: int, epoch: int, now_ns: int) -> None:
    chat_session = device.chat_sessions.get(ordinal)
    if chat_session is not None and device.epoch == epoch and not chat_session.is_active:
        _abandon_expired(device, chat_session, now_ns)


def _abandon_expired(device: DeviceCore, chat_session: ChatSession, now_ns: int) -> None:
    deadline_s = device.fleet.settings.action_deadline_ns / NS_PER_S
    reason = f"still {chat_session.state.value} after {deadline_s:g} s"
    abandon_chat_session(device, chat_session.ordinal, reason, now_ns)


# --- end --------------------------------------------------------------------------------------


def end_chat_session(device: DeviceCore, chat_session: ChatSession, now_ns: int) -> None:
    """End a chat session; one that has ended already stays so."""
    if chat_session.state is ChatSessionState.ENDED:
        return
    if chat_session.state is ChatSessionState.SELF_WRITTEN:
        names: tuple[str, ...] = ("self",)
    else:
        names = device.fleet.settings.dialect.channel_topics_ended
    order = device.fleet.settings.dialect.channel_topics
    device.fleet.observer.chat_session_ending(chat_session.number, now_ns)
    _forget(device, chat_session)
    # Without a connection there is nothing to end: a reconnect will not subscribe it again.
    if device.is_subscribed:
        for name in names:
            device.write_unsubscribe(topic_number(chat_session.ordinal, order.index(name)))
        device.flush()
    chat_session.settle_start("ended before it was active", now_ns)


def end_all_with_user_session(device: DeviceCore, now_ns: int) -> None:
    """End all chat sessions along with the user session: topics in the order of subscription."""
    chat_sessions = tuple(device.chat_sessions.values())
    for first in device.subscribed:
        topics = _burst(device.chat_sessions[first >> TOPIC_BITS], first)
        for number in range(first, first + len(topics)):
            device.write_unsubscribe(number)
    for chat_session in chat_sessions:
        device.fleet.observer.chat_session_ending(chat_session.number, now_ns)
        _forget(device, chat_session)
    for chat_session in chat_sessions:
        chat_session.settle_start("the user session ended", now_ns)


def drop_chat_sessions(device: DeviceCore, reason: str, now_ns: int) -> None:
    """End all chat sessions of a device that has no connection and will not get it back.

    A start under way has failed with ``reason``; without one the end is our own wish.
    """
    for chat_session in tuple(device.chat_sessions.values()):
        if reason and chat_session.due_ns:
            abandon_chat_session(device, chat_session.ordinal, reason, now_ns)
        else:
            end_chat_session(device, chat_session, now_ns)


def _forget(device: DeviceCore, chat_session: ChatSession) -> None:
    chat_session.state = ChatSessionState.ENDED
    del device.chat_sessions[chat_session.ordinal]
    device.subscribed = [
        each for each in device.subscribed if each >> TOPIC_BITS != chat_session.ordinal
    ]
