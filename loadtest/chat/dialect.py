"""The two dialects of StompX: names that differ, and the order of subscriptions.

Dialect 1 is what ``@chatkitty/core`` 1.11.0 speaks, dialect 2 what 2.106.2 speaks. They differ in
names and in a few extra topics, not in mechanism. Every other destination comes from the links of a
resource: nothing in this package builds one, except the embedded server, which invents them.
"""

from dataclasses import dataclass

__all__ = ["DIALECTS", "DIALECT_1", "DIALECT_2", "Dialect", "dialect_of_destination"]

_CHANNEL_TOPICS = (
    "messages",
    "keystrokes",
    "typing",
    "participants",
    "readReceipts",
    "reactions",
    "events",
)
# The SDK ends its topics in the opposite order, then (dialect 2) those added later, then `self`.
_CHANNEL_TOPICS_ENDED = tuple(reversed(_CHANNEL_TOPICS))


@dataclass(frozen=True, slots=True)
class Dialect:
    """Names and orders in which one published SDK speaks StompX."""

    number: int
    user_agent: str
    application_prefix: str
    errors_queue: str
    user_topics: tuple[str, ...]
    """Names in ``_topics`` of the current user, in the order of their SUBSCRIBE frames."""
    channel_topics: tuple[str, ...]
    """Names in ``_topics`` of a channel, in the order of SUBSCRIBE; ``self`` first and alone."""
    channel_topics_ended: tuple[str, ...]
    """The same names in the order of their UNSUBSCRIBE frames."""

    @property
    def user_relay(self) -> str:
        """The relay of the current user."""
        return f"{self.application_prefix}user.relay"

    @property
    def write_grant_relay(self) -> str:
        """The relay of the grant for uploads."""
        return f"{self.application_prefix}user.write_file_access_grant.relay"

    @property
    def read_grant_relay(self) -> str:
        """The relay of the grant for downloads."""
        return f"{self.application_prefix}user.read_file_access_grant.relay"

    def channel_relay(self, channel: int) -> str:
        """Return the relay of a channel that is known by its id only."""
        return f"{self.application_prefix}channels/{channel}.relay"

    def user_by_id_relay(self, user: int) -> str:
        """Return the relay of a user who is known by id only."""
        return f"{self.application_prefix}users/{user}.relay"


DIALECT_1 = Dialect(
    number=1,
    user_agent="ChatKitty-JS-Core/0.0.0-semantic-release",
    application_prefix="/application/v1/",
    errors_queue="/user/queue/v1/errors",
    user_topics=(
        "self",
        "channels",
        "messages",
        "notifications",
        "contacts",
        "participants",
        "users",
        "reactions",
        "threads",
        "calls",
    ),
    channel_topics=("self", *_CHANNEL_TOPICS),
    channel_topics_ended=(*_CHANNEL_TOPICS_ENDED, "self"),
)

DIALECT_2 = Dialect(
    number=2,
    user_agent="ChatKitty-ChatUI/2.106.2",
    application_prefix="/application/",
    errors_queue="/user/queue/errors",
    user_topics=(
        "self",
        "elements",
        "features",
        "styles",
        "channels",
        "messages",
        "readReceipts",
        "notifications",
        "contacts",
        "participants",
        "users",
        "reactions",
        "threads",
        "calls",
    ),
    channel_topics=("self", *_CHANNEL_TOPICS, "members", "blockRecords", "moderators"),
    channel_topics_ended=(
        *_CHANNEL_TOPICS_ENDED,
        "members",
        "blockRecords",
        "moderators",
        "self",
    ),
)

DIALECTS: dict[int, Dialect] = {1: DIALECT_1, 2: DIALECT_2}


def dialect_of_destination(destination: str) -> Dialect | None:
    """Return the dialect that an ``/application/`` destination belongs to, else None."""
    if destination.startswith(DIALECT_1.application_prefix):
        return DIALECT_1
    if destination.startswith(DIALECT_2.application_prefix):
        return DIALECT_2
    return None
