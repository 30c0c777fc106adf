"""Whether the answer to a relay or an action can be used, asked before anybody is told of it.

An answer of the wrong form, or about something else than was asked for, is a failed action with its
reason. Whoever waits for it can go on, which a broken connection would not let them.
"""

from collections.abc import Callable

from loadtest.chat.resources import (
    relayed_channel,
    relayed_channel_page,
    relayed_current_user,
)
from loadtest.chat.texts import cleaned
from loadtest.device.fleet import Fleet
from loadtest.errors import RemoteProtocolError

__all__ = ["Check", "channel_check", "check_page", "check_user"]

Check = Callable[[bytes], str]
"""Returns why the body of an answer cannot be used; empty: it can."""


def channel_check(fleet: Fleet, wanted: int = 0) -> Check:
    """Return the check of a channel that chat sessions can start in.

    ``wanted`` is the id of the channel that was asked for; 0: whichever the server made.
    """

    def check(body: bytes) -> str:
        channel, _ = relayed_channel(body)
        if wanted and channel.id != wanted:
            return f"the answer is channel {channel.id}, and channel {wanted} was asked for"
        fleet.topics_of(channel)
        return ""

    return _checked(check)


def _checked(check: Check) -> Check:
    def checked(body: bytes) -> str:
        try:
            return check(body)
        except RemoteProtocolError as error:
            return cleaned(f"the answer cannot be used: {error}")

    return checked


def _reads(decode: Callable[[bytes], object]) -> Check:
    def check(body: bytes) -> str:
        decode(body)
        return ""

    return _checked(check)


check_user = _reads(relayed_current_user)
"""Of the relay of the current user."""
check_page = _reads(relayed_channel_page)
"""Of the relay of a page of channels."""
