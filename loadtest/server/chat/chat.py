"""The parts of one running chat, put together: what every relay and action works on."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from loadtest.clock import NS_PER_MS, NS_PER_S, Clock
from loadtest.server.chat.notifications import Notifications
from loadtest.server.chat.presence import Presence
from loadtest.server.chat.pushes import Pushes
from loadtest.server.chat.sessions import ChatSessions
from loadtest.server.chat.typing import Typing
from loadtest.server.events.connection import Connection
from loadtest.server.events.publisher import Publisher
from loadtest.server.faults.active_faults import ActiveFaults, Tools
from loadtest.server.faults.send_queue import SendQueue
from loadtest.server.settings import ServerSettings
from loadtest.server.state.agenda import Agenda
from loadtest.server.state.statistics import Counters
from loadtest.server.state.store import Store
from loadtest.server.state.timers import TimerWheel

__all__ = ["TICK_NS", "Chat", "Times", "build_chat"]

TICK_NS = 50 * NS_PER_MS
"""Resolution of everything that happens later and is no injected fault."""


@dataclass(frozen=True, slots=True)
class Times:
    """Where a chat takes the time from, and how it lets it pass."""

    monotonic_ns: Clock
    utc_now: Callable[[], datetime.datetime]
    block: Callable[[float], None]
    """Stands still for so many seconds; only an injected stall does."""


@dataclass(frozen=True, slots=True)
class Chat:
    """All state of one server."""

    settings: ServerSettings
    times: Times
    counters: Counters
    timers: TimerWheel
    agenda: Agenda
    connections: dict[Connection, None]
    """All that are open, the oldest first."""
    faults: ActiveFaults
    store: Store
    publisher: Publisher
    typing: Typing
    sessions: ChatSessions
    presence: Presence
    pushes: Pushes
    notifications: Notifications

    def now_text(self) -> str:
        """Return the present instant as resources spell it: ISO 8601, UTC, milliseconds."""
        text = self.times.utc_now().replace(tzinfo=None).isoformat(timespec="milliseconds")
        return f"{text}Z"


def build_chat(settings: ServerSettings, times: Times) -> Chat:
    """Return an empty chat, which does nothing wrong yet."""
    now_ns = times.monotonic_ns()
    counters = Counters(started_ns=now_ns)
    timers = TimerWheel(TICK_NS, now_ns)
    agenda = Agenda(times.monotonic_ns)
    connections: dict[Connection, None] = {}
    store = Store(
        history_limit=settings.history_limit, read_receipt_limit=settings.read_receipt_limit
    )
    publisher = Publisher(counters)
    faults = ActiveFaults(
        settings.fault_seed,
        Tools(
            clock=times.monotonic_ns,
            block=times.block,
            agenda=agenda,
            send_queue=SendQueue(publisher, agenda, counters.faults, times.monotonic_ns),
            counts=counters.faults,
            connections=connections,
        ),
    )
    timeout_ns = round(settings.typing_timeout_s * NS_PER_S)
    typing = Typing(timeout_ns, times.monotonic_ns, timers, publisher)
    pushes = Pushes(faults, agenda, counters)
    return Chat(
        settings=settings,
        times=times,
        counters=counters,
        timers=timers,
        agenda=agenda,
        connections=connections,
        faults=faults,
        store=store,
        publisher=publisher,
        typing=typing,
        sessions=ChatSessions(settings.session_limit, publisher, typing, faults, counters),
        presence=Presence(settings.presence_fanout, publisher),
        pushes=pushes,
        notifications=Notifications(store, publisher, pushes, faults, counters),
    )
