"""From a destination to the function that does the work.

What exists and who may reach it is decided here, once for all relays and once for all
actions; the functions in the tables decide the rest. A destination with a name that is in no table
is something this server does not do, and is refused as such.
"""

from collections.abc import Mapping
from typing import TypeVar

from loadtest.server.chat.chat import Chat
from loadtest.server.events.destinations import Address
from loadtest.server.requests.actions import MESSAGE_ACTIONS, Call, update_user
from loadtest.server.requests.channel_actions import CHANNEL_ACTIONS, create_channel, join
from loadtest.server.requests.relays import (
    CHANNEL_RELAYS,
    CURRENT_USER_RELAYS,
    MESSAGE_RELAYS,
    THREAD_RELAYS,
    USER_RELAYS,
    Query,
)
from loadtest.server.state.refusals import RefusedError, access_denied, bad_request
from loadtest.server.state.store import ChannelType, StoredChannel, User

__all__ = ["act", "answer"]

F = TypeVar("F")

_CURRENT_USER_ACTIONS = {"update": update_user, "create_channel": create_channel}


def answer(query: Query) -> bytes:
    """Return the resource that a relay asks for, as JSON.

    Raises:
        RefusedError: It does not exist, or this user may not see it.
    """
    store = query.chat.store
    address = query.address
    match address.kind:
        case "user":
            return _named(CURRENT_USER_RELAYS, address)(query)
        case "users":
            return _named(USER_RELAYS, address)(query, store.user(address.id))
        case "channels":
            relay = _named(CHANNEL_RELAYS, address)
            channel = store.channel(address.id)
            if address.name or channel.kind is not ChannelType.PUBLIC:
                _check_member(channel, query.reader)
            return relay(query, channel)
        case "messages":
            message = store.message(address.id)
            _check_member(message.channel, query.reader)
            return _named(MESSAGE_RELAYS, address)(query, message)
        case "threads":
            channel = store.channel_of_thread(address.id)
            _check_member(channel, query.reader)
            return _named(THREAD_RELAYS, address)(query, channel)
    raise _unsupported(address)


def act(chat: Chat, call: Call, address: Address) -> None:
    """Perform an action and publish what comes of it.

    Raises:
        RefusedError: The target does not exist, or the actor may not do this.
    """
    match address.kind:
        case "user":
            _named(_CURRENT_USER_ACTIONS, address)(chat, call)
        case "channels" if address.name == "join":
            join(chat, call, chat.store.channel(address.id))
        case "channels":
            channel = chat.store.channel(address.id)
            _check_member(channel, call.actor)
            _named(CHANNEL_ACTIONS, address)(chat, call, channel)
        case "messages":
            message = chat.store.message(address.id)
            _check_member(message.channel, call.actor)
            _named(MESSAGE_ACTIONS, address)(chat, call, message)
        case _:
            raise _unsupported(address)


def _named(table: Mapping[str, F], address: Address) -> F:
    found = table.get(address.name)
    if found is None:
        raise _unsupported(address)
    return found


def _unsupported(address: Address) -> RefusedError:
    what = f"{address.target}.{address.name}" if address.name else address.target
    return bad_request(f"the reference server does not support {what!r}")


def _check_member(channel: StoredChannel, user: User) -> None:
    if not channel.has_member(user):
        raise access_denied(f"{user.name!r} is not a member of channel {channel.id}")
