"""Notifications for users who are not connected at all: the push webhook.

One call per user and message, as a platform makes them for its push services; whoever is
called decides what to do about it. What is made here is posted by ``webhook``; without a URL there
is nothing to make. Faults of the pseudo event type ``push`` apply.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import orjson

from loadtest.server.events.rendering import RENDERERS, Notification
from loadtest.server.faults.active_faults import ActiveFaults
from loadtest.server.faults.injector import Fate
from loadtest.server.faults.plan import PUSH
from loadtest.server.state.agenda import Agenda
from loadtest.server.state.fault_counts import FaultCounts, FaultKind
from loadtest.server.state.statistics import Counters

__all__ = ["PUSH_TYPE", "Poster", "Pushes"]

PUSH_TYPE = "user.received.notification"
"""What the body of each call has as its type."""

_DIALECT = 2


class Poster(Protocol):
    """The way to the webhook."""

    def post(self, body: bytes, on_sent: Callable[[], None] | None = None) -> None:
        """Post without waiting; ``on_sent`` is called once the receiver has taken it."""


class Pushes:
    """Makes the calls of the webhook."""

    def __init__(self, faults: ActiveFaults, agenda: Agenda, counters: Counters) -> None:
        self._faults = faults
        self._agenda = agenda
        self._counters = counters
        self.poster: Poster | None = None
        """Where calls go; None for nowhere."""

    @property
    def is_on(self) -> bool:
        """Whether anybody wants to be called."""
        return self.poster is not None

    def push(self, notification: Notification) -> None:
        """Call the webhook for a notification, if there is one."""
        poster = self.poster
        if poster is None:
            return
        self._counters.pushes.created += 1
        counts = self._counters.faults
        injector = self._faults.injector
        fate = Fate.SEND if injector is None else injector.fate(PUSH)
        if fate is Fate.DROP:
            counts.note(FaultKind.DROP, PUSH)
            return
        posts = [partial(poster.post, _body(notification))]
        if fate is Fate.DUPLICATE:
            on_sent = partial(_count_duplicate, counts)
            posts.append(partial(poster.post, _body(notification), on_sent))
        delay_ns = 0 if injector is None else injector.delay_ns(PUSH)
        if delay_ns:
            counts.note(FaultKind.DELAY, PUSH)
        for post in posts:
            if delay_ns:
                self._agenda.after(delay_ns, post)
            else:
                post()


def _count_duplicate(counts: FaultCounts) -> None:
    counts.note(FaultKind.DUPLICATE, PUSH)


def _body(notification: Notification) -> bytes:
    user, message = notification.recipient, notification.message
    fields = {
        "type": PUSH_TYPE,
        "version": "v1",
        "user": {"id": user.id, "name": user.name},
        "channelId": message.channel.id,
        "messageId": message.id,
        "notification": orjson.Fragment(RENDERERS[_DIALECT].notification(notification)),
    }
    return orjson.dumps(fields)
