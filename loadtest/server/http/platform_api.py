"""The part of the Platform API that a load test needs: users, channels and members over HTTP.

It changes the same store as the devices do, by the same functions, so that whoever is
connected hears of it. Every answer is JSON; what is refused changes nothing. Not here: messages,
imports, settings, webhooks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
import orjson

from loadtest.errors import LoadtestError
from loadtest.http import Answer, Request
from loadtest.server.chat.bodies import Name, NewChannel, Properties, UserReference, properties_text
from loadtest.server.chat.chat import Chat
from loadtest.server.chat.membership import add_member, referred_user, remove_member
from loadtest.server.events.destinations import user_topic
from loadtest.server.events.publications import publication_of_user
from loadtest.server.http.platform_style import OLDER, Listing, Style, style_of
from loadtest.server.http.platform_tokens import DeniedError, Tokens
from loadtest.server.requests.channel_actions import add_channel, remove_channel, tell_joined
from loadtest.server.state.refusals import (
    RefusalKind,
    RefusedError,
    bad_request,
    conflict,
    not_found,
)
from loadtest.server.state.store import ChannelType, StoredChannel, User

__all__ = ["PlatformApi", "is_platform_path"]

T = TypeVar("T")

_TOKEN_PATH = "/oauth/token"
_COLLECTIONS = ("users", "channels")
_STATUSES = {
    RefusalKind.ACCESS_DENIED: HTTPStatus.FORBIDDEN,
    RefusalKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalKind.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    RefusalKind.CONFLICT: HTTPStatus.CONFLICT,
}


class _NewUser(msgspec.Struct):
    """Body of create user."""

    name: Name
    display_name: str | None = None
    is_guest: bool = False
    properties: Properties | None = None


class _PlatformChannel(msgspec.Struct):
    """Body of create channel."""

    type: str
    name: Name | None = None
    display_name: str | None = None
    creator: UserReference | None = None
    members: list[UserReference] = []
    properties: Properties | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    """One request on its way."""

    style: Style
    query: dict[str, str]
    body: bytes

    def decode(self, expected: type[T]) -> T:
        """Return the body as its type.

        Raises:
            RefusedError: It is not JSON, or not what the type says.
        """
        try:
            found = orjson.loads(self.body)
            if isinstance(found, dict):
                found = self.style.read_names(found)
            return msgspec.convert(found, expected)
        except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
            raise bad_request(f"the body is not valid: {error}") from error


def is_platform_path(path: str) -> bool:
    """Tell whether a path belongs to the Platform API."""
    if path == _TOKEN_PATH:
        return True
    rest = path.removeprefix(OLDER.prefix) if style_of(path) is OLDER else path
    return rest.strip("/").partition("/")[0] in _COLLECTIONS


class PlatformApi:
    """Answers the requests of the Platform API for one chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._tokens = Tokens(chat.settings, chat.times.monotonic_ns)
        self._routes: dict[tuple[str, str], Callable[..., dict[str, Any]]] = {
            ("GET", "users"): self._list_users,
            ("HEAD", "users"): self._find_user,
            ("POST", "users"): self._create_user,
            ("GET", "users/*"): self._get_user,
            ("DELETE", "users/*"): self._delete_user,
            ("GET", "channels"): self._list_channels,
            ("POST", "channels"): self._create_channel,
            ("GET", "channels/*"): self._get_channel,
            ("DELETE", "channels/*"): self._delete_channel,
            ("GET", "channels/*/members"): self._list_members,
            ("POST", "channels/*/members"): self._add_member,
            ("DELETE", "channels/*/members/*"): self._remove_member,
            ("GET", "channels/*/participants"): self._list_participants,
        }

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""
        url = urlsplit(request.path)
        style = style_of(url.path)
        try:
            if url.path == _TOKEN_PATH:
                status, content = self._give_token(request)
            else:
                self._tokens.check(request)
                status, content = HTTPStatus.OK, self._do(request, style, url.path, url.query)
        except DeniedError as error:
            status = HTTPStatus.UNAUTHORIZED
            content = {"error": "access_denied", "error_description": str(error)}
        except RefusedError as refusal:
            status = _STATUSES[refusal.kind]
            content = self._problem(refusal.kind.value, refusal.message)
        except _NoSuchCallError as error:
            status = error.status
            content = self._problem(RefusalKind.BAD_REQUEST.value, str(error))
        self._chat.counters.platform_answers[str(status.value)] += 1
        # What answers HEAD has no body.
        body = b"" if request.method == "HEAD" else orjson.dumps(content)
        content_type = style.content_type if status is HTTPStatus.OK else "application/json"
        return Answer(status, body, content_type)

    def _problem(self, kind: str, message: str) -> dict[str, Any]:
        return {"error": kind, "message": message, "timestamp": self._chat.now_text()}

    def _give_token(self, request: Request) -> tuple[HTTPStatus, dict[str, Any]]:
        if request.method != "POST":
            raise _NoSuchCallError(HTTPStatus.METHOD_NOT_ALLOWED, request)
        return HTTPStatus.OK, self._tokens.give(request)

    def _do(self, request: Request, style: Style, path: str, query: str) -> dict[str, Any]:
        parts = path.removeprefix(style.prefix).strip("/").split("/")
        ids = [int(part) for part in parts if _is_id(part)]
        shape = "/".join("*" if _is_id(part) else part for part in parts)
        function = self._routes.get((request.method, shape))
        if function is None:
            known = any(shape == each for _, each in self._routes)
            status = HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND
            raise _NoSuchCallError(status, request)
        call = _Call(style, dict(parse_qsl(query, keep_blank_values=True)), request.body)
        return function(call, *ids)

    # --- users --------------------------------------------------------------------------------

    def _list_users(self, call: _Call) -> dict[str, Any]:
        name = call.query.get("name")
        found = [user for user in self._chat.store.users() if not name or user.name == name]
        return Listing(call.style, "users", "users", call.query).page(found, call.style.user)

    def _find_user(self, call: _Call) -> dict[str, Any]:
        name = call.query.get("name", "")
        if self._chat.store.find_user(name=name) is None:
            raise not_found(f"user {name!r}")
        return {}

    def _create_user(self, call: _Call) -> dict[str, Any]:
        wanted = call.decode(_NewUser)
        store = self._chat.store
        if store.find_user(name=wanted.name) is not None:
            raise conflict(f"the user {wanted.name!r} exists already")
        user = User(
            store.next_id(),
            wanted.name,
            display_name=wanted.display_name or wanted.name,
            properties=properties_text(wanted.properties),
            is_guest=wanted.is_guest,
            created_time=self._chat.now_text(),
        )
        store.add_user(user)
        return call.style.user(user)

    def _get_user(self, call: _Call, user_id: int) -> dict[str, Any]:
        return call.style.user(self._chat.store.user(user_id))

    def _delete_user(self, _call: _Call, user_id: int) -> dict[str, Any]:
        chat = self._chat
        user = chat.store.user(user_id)
        deleted = publication_of_user("user.self.deleted", user)
        chat.publisher.publish(user_topic(user.id, ""), deleted)
        for channel in list(user.channels.values()):
            if channel.kind is ChannelType.DIRECT:
                # It stands for one set of users, which is no more.
                remove_channel(chat, channel)
            else:
                remove_member(chat, channel, user)
        chat.store.remove_user(user)
        for connection in list(chat.connections):
            if connection.user_or_none is user:
                connection.socket.close()
        return {}

    # --- channels -----------------------------------------------------------------------------

    def _list_channels(self, call: _Call) -> dict[str, Any]:
        name = call.query.get("name")
        found = [each for each in self._chat.store.channels() if not name or each.name == name]
        listing = Listing(call.style, "channels", "channels", call.query)
        return listing.page(found, call.style.channel)

    def _create_channel(self, call: _Call) -> dict[str, Any]:
        wanted = call.decode(_PlatformChannel)
        chat = self._chat
        if wanted.type not in ChannelType.__members__:
            raise bad_request(f"type is {wanted.type!r}; it must be {', '.join(ChannelType)}")
        creator = None if wanted.creator is None else referred_user(chat, wanted.creator)
        members = [referred_user(chat, each) for each in wanted.members]
        users = list(dict.fromkeys([*([creator] if creator else ()), *members]))
        self._check_name(wanted)
        body = {
            "type": wanted.type,
            "name": wanted.name,
            "displayName": wanted.display_name,
            "properties": wanted.properties,
        }
        new = msgspec.convert(body, NewChannel)
        channel, is_new = add_channel(chat, new, users, creator=creator)
        if is_new:
            tell_joined(chat, channel, users)
        return call.style.channel(channel)

    def _check_name(self, wanted: _PlatformChannel) -> None:
        if wanted.type == ChannelType.DIRECT or not wanted.name:
            return
        try:
            self._chat.store.find_group(ChannelType(wanted.type), wanted.name)
        except RefusedError as refusal:
            raise conflict(refusal.message) from refusal

    def _get_channel(self, call: _Call, channel_id: int) -> dict[str, Any]:
        return call.style.channel(self._chat.store.channel(channel_id))

    def _delete_channel(self, _call: _Call, channel_id: int) -> dict[str, Any]:
        remove_channel(self._chat, self._chat.store.channel(channel_id))
        return {}

    # --- members ------------------------------------------------------------------------------

    def _list_members(self, call: _Call, channel_id: int) -> dict[str, Any]:
        channel = self._chat.store.channel(channel_id)
        return self._user_page(call, channel, "members", list(channel.members.values()))

    def _list_participants(self, call: _Call, channel_id: int) -> dict[str, Any]:
        channel = self._chat.store.channel(channel_id)
        live = [user for user in channel.members.values() if user.id in channel.participants]
        return self._user_page(call, channel, "participants", live)

    def _user_page(
        self, call: _Call, channel: StoredChannel, name: str, users: list[User]
    ) -> dict[str, Any]:
        listing = Listing(call.style, f"channels/{channel.id}/{name}", "users", call.query)
        return listing.page(sorted(users, key=lambda user: user.id), call.style.user)

    def _add_member(self, call: _Call, channel_id: int) -> dict[str, Any]:
        channel = self._chat.store.channel(channel_id)
        _check_group(channel)
        add_member(self._chat, channel, referred_user(self._chat, call.decode(UserReference)))
        return call.style.channel(channel)

    def _remove_member(self, call: _Call, channel_id: int, user_id: int) -> dict[str, Any]:
        channel, user = self._chat.store.channel(channel_id), self._chat.store.user(user_id)
        _check_group(channel)
        if not channel.has_member(user):
            raise not_found(f"member {user.name!r} of channel {channel.id}")
        remove_member(self._chat, channel, user)
        return call.style.channel(channel)


class _NoSuchCallError(LoadtestError):
    """Nothing is at a path, or not for this method."""

    def __init__(self, status: HTTPStatus, request: Request) -> None:
        super().__init__(status, request)
        self.status = status
        self._request = request

    def __str__(self) -> str:
        return f"nothing is at {self._request.method} {self._request.path}"


def _check_group(channel: StoredChannel) -> None:
    if channel.kind is ChannelType.DIRECT:
        raise bad_request(f"channel {channel.id} is direct; its members are fixed")


def _is_id(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= len(str(2**63))
