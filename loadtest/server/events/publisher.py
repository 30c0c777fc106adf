"""Who subscribes to what, and the one way out for events.

Every copy of every event passes ``Publisher.deliver``, one copy per subscription; there
it is counted, and nowhere else. A body is rendered once per event and dialect, however many
subscriptions it goes to; only the head is made for each. Who may subscribe is decided before. While
faults are injected, copies take a detour and come to ``deliver`` later, twice, or never.
"""

from collections.abc import Sequence
from typing import Protocol

from loadtest.server.events.connection import Connection, Subscription
from loadtest.server.events.publications import CONTENT_TYPE, Completion, Publication
from loadtest.server.state.fault_counts import FaultKind
from loadtest.server.state.statistics import Counters
from loadtest.wire.stomp import encode

__all__ = ["Detour", "Publisher"]

# What `encode` puts after the last header of a frame without a body.
_END_OF_HEAD = b"\n\0"


class Detour(Protocol):
    """Takes copies on their way to ``Publisher.deliver``."""

    def take(
        self,
        subscription: Subscription,
        publication: Publication,
        receipt_header: bytes,
        sender: Connection | None,
    ) -> None:
        """Take one copy; ``receipt_header`` is what completes the sender's action, or empty."""


class Publisher:
    """Keeps the subscriptions of all topics, and delivers."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._subscriptions: dict[str, dict[Subscription, None]] = {}
        self._last_number = 0
        self.detour: Detour | None = None
        """Where copies go instead of straight to their sockets; None without faults."""

    def add(self, subscription: Subscription) -> None:
        """Deliver the events of its topic to this subscription from now on."""
        self._subscriptions.setdefault(subscription.topic, {})[subscription] = None

    def remove(self, subscription: Subscription) -> None:
        """Deliver nothing more to this subscription."""
        remaining = self._subscriptions[subscription.topic]
        del remaining[subscription]
        if not remaining:
            del self._subscriptions[subscription.topic]

    def subscriptions(self, topic: str) -> tuple[Subscription, ...]:
        """Return who subscribes to a topic, in the order of their subscribing."""
        return tuple(self._subscriptions.get(topic, ()))

    def next_number(self) -> int:
        """Return a number that no other frame of this server has as its id."""
        self._last_number += 1
        return self._last_number

    def publish(
        self, topic: str, publication: Publication, completion: Completion | None = None
    ) -> None:
        """Deliver one event to everybody who subscribes to the topic.

        The first copy for the acting connection completes its action.
        """
        self._counters.published[publication.type] += 1
        # A copy: a subscription may go when its reader turns out to be too slow.
        self._send(self.subscriptions(topic), publication, completion)

    def complete(self, topic: str, publication: Publication, completion: Completion) -> None:
        """Deliver one event to the acting connection alone, if its action is not completed yet.

        For actors who do not subscribe to the topic that all others learn it from.
        """
        if completion.is_done:
            return
        found = completion.connection.subscriptions_to(topic)[:1]
        if found:
            self._counters.published[publication.type] += 1
            self._send(found, publication, completion)

    def _send(
        self,
        subscriptions: Sequence[Subscription],
        publication: Publication,
        completion: Completion | None,
    ) -> None:
        detour = self.detour
        sender = None if completion is None else completion.connection
        for subscription in subscriptions:
            receipt_header = b""
            if completion is not None and not completion.is_done:
                receipt_header = completion.header_for(subscription.connection)
            if detour is None:
                self.deliver(subscription, publication, receipt_header)
            else:
                detour.take(subscription, publication, receipt_header, sender)

    def deliver(
        self, subscription: Subscription, publication: Publication, receipt_header: bytes = b""
    ) -> bool:
        """Write one copy to its socket; return whether that was open."""
        connection = subscription.connection
        number = self.next_number()
        head = subscription.head
        if head is None:
            head = subscription.head = _head_of(subscription)
        ack = b"ack:%d\n" % number if subscription.wants_ack else b""
        tail = publication.tail(connection.dialect)
        if not connection.socket.send(b"%b%d\n%b%b%b" % (head, number, ack, receipt_header, tail)):
            return False
        counters = self._counters
        if subscription.is_ended:
            is_in_channel = subscription.is_in_channel
            counters.faults.note(FaultKind.AFTER_END, publication.type, is_in_channel=is_in_channel)
        if subscription.is_in_channel:
            counters.channel_deliveries[publication.type] += 1
        else:
            counters.user_deliveries[publication.type] += 1
        return True


def _head_of(subscription: Subscription) -> bytes:
    head = encode(
        "MESSAGE",
        (
            ("destination", subscription.destination),
            ("content-type", CONTENT_TYPE),
            ("subscription", subscription.id),
        ),
    )
    return head[: -len(_END_OF_HEAD)] + b"message-id:"
