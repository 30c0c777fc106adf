"""What all devices of one worker share: settings, observer, timers, channels.

One object instead of a dozen attributes in each of twenty thousand devices.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from loadtest.chat.correlation import KeySequence
from loadtest.chat.dialect import DIALECT_2, Dialect
from loadtest.chat.resources import ChannelLinks, ChannelResource
from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.device.facts import channel_rules, user_rules
from loadtest.device.kinds import with_bounded_kinds
from loadtest.device.reader import Reading
from loadtest.device.readers import reader_factory
from loadtest.device.timers import TimerLanes
from loadtest.errors import RemoteProtocolError
from loadtest.observations import ChatEvent, Observer

__all__ = ["DeviceSettings", "Fleet", "Link", "LinkOwner", "check_topics"]

# Beyond this many, the oldest links are forgotten; a receipt for one of them is then identified by
# the answer to its relay instead.
_MESSAGE_LINKS_KEPT = 200_000
_UNWRITABLE = re.compile(r"[\n\0]")


class Link(Protocol):
    """A device's way out: one connection, already open."""

    def write(self, data: bytes) -> None:
        """Hand ``data`` to the socket; never blocks."""

    def read_slowly(self, bytes_per_s: float) -> None:
        """Give the owner no more than so much per second from now on."""

    def close(self) -> None:
        """Close the connection once what was written has gone out; its owner is told."""

    def abort(self) -> None:
        """Close the connection and tell its owner nothing more."""


class LinkOwner(Protocol):
    """What a driver calls as things happen on a connection: a device."""

    def link_opened(self, link: Link, now_ns: int) -> None:
        """Take a connection that was opened."""

    def receive(self, data: bytes, now_ns: int) -> None:
        """Take what was read from the connection."""

    def link_closed(self, reason: str, now_ns: int) -> None:
        """Take note that the connection is closed, or could not be opened."""


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """How every device of a run behaves; the defaults are the published SDK's."""

    uri: str = field(repr=False)
    """``ws://`` or ``wss://`` address with path and API key."""
    upgrade_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """More headers of the WebSocket's opening handshake."""
    offers_deflate: bool = False
    """Whether ``permessage-deflate`` is offered in it."""
    dialect: Dialect = DIALECT_2
    acknowledge: bool = True
    """Send an ACK for every event."""
    heart_beats: bool = True
    reconnect: bool = True
    handled: frozenset[str] = frozenset(ChatEvent)
    """Event types with a registered handler. For some the SDK relays a message before it calls
    one: the parent of a reply, the message of a read receipt or of a reaction."""
    api_connection: bool = False
    """The SDK's ``connectApi`` of dialect 2: it keeps two counts up to date."""
    reconnect_delay_ns: int = 5 * NS_PER_S
    keystroke_debounce_ns: int = 150 * NS_PER_MS
    connect_timeout_ns: int = 60 * NS_PER_S
    action_deadline_ns: int = 10 * NS_PER_S
    """An action without its completion by then has failed (the SDK waits for ever)."""
    session_limit: int = 10
    """Chat sessions at once on one device, as documented by the vendor."""


def check_topics(topics: Iterable[str], owner: str) -> None:
    """Check destinations of topics before they are kept.

    Raises:
        RemoteProtocolError: One is empty, or holds a character that no destination may hold.
    """
    for topic in topics:
        if not topic or _UNWRITABLE.search(topic):
            raise RemoteProtocolError(f"{owner} has the topic {topic!r}; it cannot be subscribed")


class Fleet:
    """The devices of one worker, as far as they share anything.

    Args:
        settings: How the devices behave.
        observer: Where all observations go.
        run: Name of the run in marks and ids, eight hexadecimal digits.
        worker: Index of this worker process.
        random_bits: Returns so many random bits; masks every WebSocket frame.
        open_link: Starts to open a connection for a device, which is told the outcome by
            ``link_opened`` or ``link_closed``.
    """

    def __init__(
        self,
        settings: DeviceSettings,
        observer: Observer,
        *,
        run: str,
        worker: int,
        random_bits: Callable[[int], int],
        open_link: Callable[[LinkOwner], None],
    ) -> None:
        self.settings = settings
        self.observer = with_bounded_kinds(observer)
        self.run = run
        self.random_bits = random_bits
        self.open_link = open_link
        self.channel_rules = channel_rules(settings.dialect)
        self.user_rules = user_rules(settings.dialect)
        self.reading = Reading(
            run, self.user_rules, self.channel_rules, random_bits, settings.acknowledge
        )
        self.new_reader = reader_factory(self.reading)
        self.next_key = KeySequence(worker)
        self.timers = TimerLanes()
        self.channels: dict[int, ChannelLinks] = {}
        self._message_ids: dict[str, int] = {}

    def learn_channel(self, channel: ChannelResource, resource: bytes) -> ChannelLinks:
        """Return the shared links of ``channel``, made from its newest resource.

        Raises:
            RemoteProtocolError: A topic that a chat session of this dialect needs is missing, or
                cannot be written into a frame.
        """
        known = self.channels.get(channel.id)
        topics = self.topics_of(channel)
        if known is not None and known.topics == topics:
            known.resource = resource
            # A member sees actions that a stranger does not, so what is known only grows.
            known.actions.update(channel.actions)
            return known
        links = ChannelLinks(channel.id, channel.name, topics, channel.actions, resource)
        self.channels[channel.id] = links
        return links

    def topics_of(self, channel: ChannelResource) -> tuple[str, ...]:
        """Return the topics of ``channel`` that a chat session subscribes, in their order.

        Raises:
            RemoteProtocolError: One is missing, or cannot be written into a frame.
        """
        try:
            topics = tuple(channel.topics[name] for name in self.settings.dialect.channel_topics)
        except KeyError as error:
            raise RemoteProtocolError(
                f"channel {channel.id} has no topic {error}; a chat session subscribes to it"
            ) from error
        check_topics(topics, f"channel {channel.id}")
        return topics

    def learn_message_link(self, link: str, message: int) -> None:
        """Remember which message the relay ``link`` leads to."""
        self._message_ids[link] = message
        if len(self._message_ids) > _MESSAGE_LINKS_KEPT:
            del self._message_ids[next(iter(self._message_ids))]

    def message_of_link(self, link: str) -> int | None:
        """Return the id of the message that the relay ``link`` leads to, if it was learnt."""
        return self._message_ids.get(link)
