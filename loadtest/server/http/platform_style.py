"""The two ways in which the Platform API writes paths and names, and its resources in each.

The path says which style is spoken, and the answer is in the same one. Everything is
built in camel case, which is the older style; the newer one is made of it, key by key.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from loadtest.chat.names import snake_case
from loadtest.server.events.destinations import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from loadtest.server.state.refusals import bad_request
from loadtest.server.state.store import ChannelType, StoredChannel, User

__all__ = ["NEWER", "OLDER", "Listing", "Style", "style_of"]

T = TypeVar("T")

_NUMBER = re.compile(r"[0-9]{1,9}")
# The newer style keeps these as they are.
_UNCHANGED = frozenset({"isGuest", "_embedded", "_links"})
_PAGING = ("page", "size")


@dataclass(frozen=True, slots=True)
class Style:
    """One way to write paths and names."""

    prefix: str
    """What stands before each path."""
    content_type: str
    is_snake: bool
    """Whether names of fields are in snake case."""

    def user(self, user: User) -> dict[str, Any]:
        """Return a user."""
        fields: dict[str, Any] = {
            "id": user.id,
            "type": "PERSON",
            "name": user.name,
            "displayName": user.display_name,
            "isGuest": user.is_guest,
            "presence": {
                "status": "AVAILABLE" if user.is_online else "UNAVAILABLE",
                "online": user.is_online,
            },
            "properties": orjson.Fragment(user.properties),
            "_links": {"self": {"href": f"{self.prefix}/users/{user.id}"}},
        }
        if user.created_time:
            fields["createdTime"] = user.created_time
        return self._named(fields)

    def channel(self, channel: StoredChannel) -> dict[str, Any]:
        """Return a channel."""
        fields: dict[str, Any] = {
            "id": channel.id,
            "type": channel.kind.value,
            "name": channel.name,
            "createdTime": channel.created_time,
            "properties": orjson.Fragment(channel.properties),
            "_links": {"self": {"href": f"{self.prefix}/channels/{channel.id}"}},
        }
        if channel.kind is ChannelType.DIRECT:
            fields["members"] = [self.user(user) for user in channel.members.values()]
        else:
            fields["displayName"] = channel.display_name
        if channel.creator is not None:
            fields["creator"] = self.user(channel.creator)
        return self._named(fields)

    def read_names(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a body with its names in snake case."""
        return dict(body) if self.is_snake else {snake_case(key): body[key] for key in body}

    def _named(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if not self.is_snake:
            return dict(fields)
        return {key if key in _UNCHANGED else snake_case(key): fields[key] for key in fields}


OLDER = Style("/v1", "application/json", is_snake=False)
NEWER = Style("", "application/vnd.chatkitty+json", is_snake=True)


def style_of(path: str) -> Style:
    """Return the style that a path speaks."""
    return OLDER if path == OLDER.prefix or path.startswith(f"{OLDER.prefix}/") else NEWER


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as it was asked for: its path, its name, and the query."""

    style: Style
    path: str
    """Without the style's prefix."""
    name: str
    query: Mapping[str, str]

    def page(self, items: Sequence[T], render: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        """Return the page that the query asks for; pages are counted from 0.

        Raises:
            RefusedError: Page or size is no number, or out of bounds.
        """
        number, size = self._number("page", 0), self._number("size", DEFAULT_PAGE_SIZE)
        if not 1 <= size <= MAX_PAGE_SIZE:
            raise bad_request(f"size is {size}; it must be 1 to {MAX_PAGE_SIZE}")
        shown = items[number * size : (number + 1) * size]
        page_count = -(-len(items) // size)
        page = {"size": size, "totalElements": len(items), "totalPages": page_count}
        answer: dict[str, Any] = {"page": self.style._named({**page, "number": number})}
        if shown:
            answer["_embedded"] = {self.name: [render(item) for item in shown]}
        answer["_links"] = self._links(number, page_count)
        return answer

    def _number(self, parameter: str, default: int) -> int:
        text = self.query.get(parameter, str(default))
        if _NUMBER.fullmatch(text) is None:
            raise bad_request(f"{parameter} is {text[:50]!r}; it must be a number")
        return int(text)

    def _links(self, number: int, page_count: int) -> dict[str, dict[str, str]]:
        pages = {"self": number, "first": 0, "last": max(page_count - 1, 0)}
        if 0 < number <= page_count:
            pages["prev"] = number - 1
        if number < page_count - 1:
            pages["next"] = number + 1
        return {name: {"href": self._href(page)} for name, page in pages.items()}

    def _href(self, number: int) -> str:
        kept = {key: value for key, value in self.query.items() if key not in _PAGING}
        paging = {"page": number, "size": self._number("size", DEFAULT_PAGE_SIZE)}
        return f"{self.style.prefix}/{self.path}?{urlencode({**kept, **paging})}"
