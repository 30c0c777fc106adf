"""Who is notified of a message, and of what kind the notification is.

A notification stands for a message that no chat session of a user could show. It goes to
each member but the author who has no chat session in the channel on any device, and there to every
connected device. Who is not connected at all is left to ``pushes``.
"""

from loadtest.server.chat.pushes import Pushes
from loadtest.server.events.destinations import user_topic
from loadtest.server.events.publications import Publication
from loadtest.server.events.publisher import Publisher
from loadtest.server.events.rendering import Notification
from loadtest.server.faults.active_faults import ActiveFaults
from loadtest.server.faults.injector import Chance, FaultInjector
from loadtest.server.state.statistics import NOTIFICATION, Counters
from loadtest.server.state.store import Message, Store, User

__all__ = ["Notifications"]

_MESSAGE_SENT = "USER:SENT:MESSAGE"
_REPLIED = "USER:REPLIED_TO:MESSAGE"


class Notifications:
    """Makes and sends notifications."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        pushes: Pushes,
        faults: ActiveFaults,
        counters: Counters,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._pushes = pushes
        self._faults = faults
        self._counters = counters

    def message_sent(self, message: Message, parent: Message | None) -> None:
        """Notify everybody who must learn of a new message, which may answer a parent."""
        for user in message.channel.absentees.values():
            if user is message.author:
                continue
            is_answered = parent is not None and parent.author is user
            if user.is_online:
                self._notify(self._make(user, message, parent if is_answered else None))
            elif self._pushes.is_on:
                self._pushes.push(self._make(user, message, parent if is_answered else None))
        injector = self._faults.injector
        if injector is not None and injector.can_happen(Chance.SPURIOUS_NOTIFICATION):
            self._make_spurious(message, injector)

    def _make_spurious(self, message: Message, injector: FaultInjector) -> None:
        """Notify members who have a chat session, by chance."""
        channel = message.channel
        for user_id in channel.participants:
            user = channel.members.get(user_id)
            if user is None or user is message.author or not user.is_online:
                continue
            if injector.happens(Chance.SPURIOUS_NOTIFICATION):
                self._notify(self._make(user, message, None), is_spurious=True)

    def _make(self, user: User, message: Message, parent: Message | None) -> Notification:
        return Notification(
            id=self._store.next_id(),
            kind=_MESSAGE_SENT if parent is None else _REPLIED,
            recipient=user,
            message=message,
            parent=parent,
            created_time=message.created_time,
            is_muted=user.id in message.channel.muted_by,
        )

    def _notify(self, notification: Notification, *, is_spurious: bool = False) -> None:
        """Send one notification to all devices of one user."""
        self._counters.notifications_created += 1
        publication = Publication(
            NOTIFICATION,
            lambda renderer: renderer.notification(notification),
            is_spurious=is_spurious,
        )
        topic = user_topic(notification.recipient.id, "notifications")
        self._publisher.publish(topic, publication)
