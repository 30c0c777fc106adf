"""Who is online, and who is told.

A user is online while at least one user session is open, so a second device changes nothing. Who
hears of a change is a setting, because in large channels nothing else costs as much.
"""

from loadtest.server.events.destinations import channel_topic, user_topic
from loadtest.server.events.publications import publication_of_user
from loadtest.server.events.publisher import Publisher
from loadtest.server.settings import PresenceFanout
from loadtest.server.state.store import User

__all__ = ["Presence", "contacts_of"]


def contacts_of(user: User) -> list[User]:
    """Return the users who share a channel with this one, by id."""
    found: dict[int, User] = {}
    for channel in user.channels.values():
        found |= channel.members
    found.pop(user.id, None)
    return [found[user_id] for user_id in sorted(found)]


class Presence:
    """Counts the user sessions of each user and announces the first and the last."""

    def __init__(self, fanout: PresenceFanout, publisher: Publisher) -> None:
        self._fanout = fanout
        self._publisher = publisher

    def connected(self, user: User) -> None:
        """Count one more user session."""
        user.connection_count += 1
        if user.connection_count == 1:
            self._changed(user)

    def disconnected(self, user: User) -> None:
        """Count one user session less."""
        user.connection_count -= 1
        if user.connection_count == 0:
            self._changed(user)

    def _changed(self, user: User) -> None:
        user.touch()
        if self._fanout is PresenceFanout.OFF:
            return
        in_channel = publication_of_user("participant.presence.changed", user)
        for channel_id in user.channels:
            self._publisher.publish(channel_topic(channel_id, "participants"), in_channel)
        if self._fanout is PresenceFanout.CONTACTS:
            of_contact = publication_of_user("contact.presence.changed", user)
            for contact in contacts_of(user):
                if contact.is_online:
                    self._publisher.publish(user_topic(contact.id, "contacts"), of_contact)
