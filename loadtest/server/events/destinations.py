"""What the destinations of this server say: whose resource, which name, which page.

Devices treat them as opaque. Every destination is read here, by three patterns; what lies behind a
name is the router's.
"""

import re
from dataclasses import dataclass

from loadtest.chat.dialect import DIALECT_1, DIALECT_2, Dialect, dialect_of_destination
from loadtest.server.state.refusals import RefusedError, bad_request

__all__ = [
    "Address",
    "PageRequest",
    "TopicAddress",
    "address_of",
    "channel_topic",
    "is_relay",
    "topic_of",
    "user_topic",
]

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 1_000

# 18 digits fit into 64 bits.
_TARGET = r"(?P<target>user|(?P<kind>channels|users|messages|threads)/(?P<id>[0-9]{1,18}))"
_ACTION = re.compile(_TARGET + r"\.(?P<name>[a-z_]+)")
_RELAY = re.compile(
    _TARGET + r"(?:\.(?P<name>[a-z_.]+?))?\.relay"
    r"(?:\.page\.(?P<page>[0-9]{0,9})\.size\.(?P<size>[0-9]{0,9})\.sort\.(?P<sort>.*))?"
)
_TOPIC = re.compile(
    r"/topic/(?P<version>v1/)?"
    r"(?P<topic>(?P<kind>users|channels|threads)/(?P<id>[0-9]{1,18})(?:\.(?P<name>[a-z_]+))?)"
)
_RELAY_WORD = re.compile(r"\.relay(?:\.page\.|$)")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for, and in which order."""

    number: int = 0
    size: int = DEFAULT_PAGE_SIZE
    order: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An ``/application/`` destination."""

    dialect: Dialect
    target: str
    """As it stands in the destination: ``user``, ``channels/4``."""
    kind: str
    """``user`` for the current user, else the collection."""
    id: int
    """0 for the current user."""
    name: str
    """Name of the relay or action, empty for a resource itself."""
    page: PageRequest


@dataclass(frozen=True, slots=True)
class TopicAddress:
    """A ``/topic/`` destination."""

    dialect: Dialect
    topic: str
    """Without prefix and dialect: what both dialects have in common."""
    kind: str
    id: int
    name: str
    """Empty for ``self``."""


def user_topic(user_id: int, name: str) -> str:
    """Return a topic of a user as the publisher knows it."""
    return f"users/{user_id}.{name}" if name else f"users/{user_id}"


def channel_topic(channel_id: int, name: str) -> str:
    """Return a topic of a channel as the publisher knows it; no name is its ``self`` topic."""
    return f"channels/{channel_id}.{name}" if name else f"channels/{channel_id}"


def is_relay(destination: str) -> bool:
    """Tell whether a destination names something to be read."""
    return _RELAY_WORD.search(destination) is not None


def address_of(destination: str) -> Address:
    """Read the destination of a relay or of an action.

    Raises:
        RefusedError: It is none of this server's.
    """
    dialect = dialect_of_destination(destination)
    if dialect is None:
        raise _unknown(destination)
    path = destination[len(dialect.application_prefix) :]
    found = (_RELAY if is_relay(path) else _ACTION).fullmatch(path)
    if found is None:
        raise _unknown(destination)
    parts = found.groupdict()
    return Address(
        dialect=dialect,
        target=parts["target"],
        kind=parts["kind"] or "user",
        id=int(parts["id"] or 0),
        name=parts["name"] or "",
        page=_page_of(parts),
    )


def topic_of(destination: str) -> TopicAddress:
    """Read the destination of a topic.

    Raises:
        RefusedError: It is none of this server's.
    """
    found = _TOPIC.fullmatch(destination)
    if found is None:
        raise _unknown(destination)
    return TopicAddress(
        dialect=DIALECT_1 if found["version"] else DIALECT_2,
        topic=found["topic"],
        kind=found["kind"],
        id=int(found["id"]),
        name=found["name"] or "",
    )


def _page_of(parts: dict[str, str | None]) -> PageRequest:
    size = int(parts.get("size") or DEFAULT_PAGE_SIZE)
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise bad_request(f"page size is {size}; it must be 1 to {MAX_PAGE_SIZE}")
    return PageRequest(int(parts.get("page") or 0), size, parts.get("sort") or "")


def _unknown(destination: str) -> RefusedError:
    return bad_request(f"destination {destination[:200]!r} is none of this server's")
