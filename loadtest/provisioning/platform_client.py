"""Users and channels through the Platform API: created, found, deleted, in either style.

What is not there is an answer, and no error. How a call is made is in ``calls``; what is
made, and in which order, is decided elsewhere.
"""

import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Struct, field
from requests.adapters import BaseAdapter

from loadtest.errors import TargetError
from loadtest.provisioning.access import ApiAccess, Credentials, PathStyle
from loadtest.provisioning.calls import PlatformCalls, RefusedCallError

__all__ = ["Found", "PlatformClient"]

T = TypeVar("T")

_PAGE_SIZE = 100
_SNAKE_NAMES = {"displayName": "display_name", "isGuest": "is_guest"}


@dataclass(frozen=True, slots=True)
class Found:
    """A user or a channel as the server has it, as far as it matters here."""

    id: int
    name: str
    properties: Mapping[str, Any]
    type: str = ""
    members: frozenset[str] = frozenset()
    """Names of the members; only a direct channel tells them."""


class _Member(Struct):
    name: str


class _Resource(Struct):
    """A user or a channel."""

    id: int
    name: str = ""
    properties: dict[str, Any] | None = None
    type: str = ""
    members: list[_Member] = []


class _PageFacts(Struct):
    """The number of pages, in either style."""

    total_pages: int = 0
    totalPages: int = 0  # noqa: N815 - as the older style spells it


class _Page(Struct):
    embedded: dict[str, list[dict[str, Any]]] = field(name="_embedded", default_factory=dict)
    page: _PageFacts = field(default_factory=_PageFacts)


class PlatformClient:
    """One application on one server; its methods may be called from several threads.

    Args:
        access: Where it is, and how it is called.
        credentials: Of the application's OAuth client.
        random: Spreads the pauses, so that what was refused together does not come back together.
        stop: Ends every pause, and with it the call.
        adapter: What carries the requests; None: sockets.
    """

    def __init__(
        self,
        access: ApiAccess,
        credentials: Credentials,
        *,
        random: random.Random,
        stop: threading.Event | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self.access = access
        self.stop = stop or threading.Event()
        self._calls = PlatformCalls(
            access, credentials, random=random, stop=self.stop, adapter=adapter
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._calls.close()

    def sign_in(self) -> None:
        """Get a token now, so that wrong credentials are known before anything is made.

        Raises:
            TargetError: There is none for these credentials.
        """
        self._calls.sign_in()

    # --- users --------------------------------------------------------------------------------

    def create_user(self, name: str, properties: Mapping[str, Any]) -> Found | None:
        """Create a user; return None if the name is in use.

        Raises:
            TargetError: It cannot be done.
        """
        display, guest = self._named("displayName"), self._named("isGuest")
        body = {"name": name, display: name, guest: False, "properties": properties}
        try:
            return _found(self._calls.call("POST", "/users", body))
        except RefusedCallError as error:
            if error.status == HTTPStatus.CONFLICT:
                return None
            # What a server says to a name in use is not documented, so look.
            if error.status == HTTPStatus.BAD_REQUEST and self.find_user(name) is not None:
                return None
            raise

    def find_user(self, name: str) -> Found | None:
        """Return the user of this name, None if there is none.

        Raises:
            TargetError: It cannot be found out.
        """
        # A server may take the name for a part of one, or not at all.
        pages = self._pages("/users", "users", {"name": name})
        return next((user for user in pages if user.name == name), None)

    def user(self, user_id: int) -> Found | None:
        """Return a user, None if there is none.

        Raises:
            TargetError: It cannot be found out.
        """
        return self._look(f"/users/{user_id}")

    def delete_user(self, user_id: int) -> bool:
        """Delete a user; return False if there is none.

        Raises:
            TargetError: It cannot be done.
        """
        return self._delete(f"/users/{user_id}")

    # --- channels -----------------------------------------------------------------------------

    def create_channel(self, channel: Mapping[str, Any]) -> Found:
        """Create a channel of ``type``, ``name``, ``members`` and ``properties``, or find it.

        Raises:
            TargetError: It cannot be done.
        """
        body = dict(channel)
        if "name" in body:
            body[self._named("displayName")] = body["name"]
        body["members"] = [{"username": name} for name in body["members"]]
        return _found(self._calls.call("POST", "/channels", body))

    def channels(self) -> Iterator[Found]:
        """Yield all channels of the application.

        Raises:
            TargetError: They cannot be read.
        """
        return self._pages("/channels", "channels", {})

    def channel(self, channel_id: int) -> Found | None:
        """Return a channel, None if there is none.

        Raises:
            TargetError: It cannot be found out.
        """
        return self._look(f"/channels/{channel_id}")

    def delete_channel(self, channel_id: int) -> bool:
        """Delete a channel; return False if there is none.

        Raises:
            TargetError: It cannot be done.
        """
        return self._delete(f"/channels/{channel_id}")

    # --- both ----------------------------------------------------------------------------------

    def _named(self, name: str) -> str:
        """Return a name of two words as the style writes it."""
        return _SNAKE_NAMES[name] if self.access.style is PathStyle.PLAIN else name

    def _look(self, path: str) -> Found | None:
        try:
            return _found(self._calls.call("GET", path))
        except RefusedCallError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _delete(self, path: str) -> bool:
        try:
            self._calls.call("DELETE", path)
        except RefusedCallError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def _pages(self, path: str, name: str, query: Mapping[str, str]) -> Iterator[Found]:
        number = 0
        while True:
            answer = self._calls.call(
                "GET", path, query={**query, "page": number, "size": _PAGE_SIZE}
            )
            page = _converted(answer, _Page)
            for each in page.embedded.get(name, []):
                yield _found(each)
            number += 1
            if number >= (page.page.total_pages or page.page.totalPages):
                return


def _found(content: Mapping[str, Any]) -> Found:
    """Return what an answer says of a user or a channel."""
    resource = _converted(content, _Resource)
    return Found(
        id=resource.id,
        name=resource.name,
        properties=resource.properties or {},
        type=resource.type,
        members=frozenset(member.name for member in resource.members),
    )


def _converted(content: Mapping[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise TargetError("platform API", f"an answer cannot be used: {error}") from error
