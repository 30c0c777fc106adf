"""The start of a user session, from CONNECT to the RECEIPTs of its topics; the first or a return.

A first start asks who the user is and for two grants, each after the answer to the one before, and
then subscribes the topics of the user. A reconnect knows all that, and subscribes everything in one
burst, with the ids of the first time. The order of frames is the SDK's.
"""

import base64
import re
import sys
from collections.abc import Callable
from typing import Protocol

from loadtest.chat.resources import relayed_current_user
from loadtest.device.chat_sessions import Started
from loadtest.device.core import DeviceCore
from loadtest.device.counts import COUNTS, relay_counts
from loadtest.device.fleet import check_topics
from loadtest.device.heart_beats import OFFER
from loadtest.device.numbers import ERRORS_QUEUE_INDEX, topic_number
from loadtest.device.pending import Outcome, Pending
from loadtest.device.state import State
from loadtest.errors import RemoteProtocolError, UsageError
from loadtest.observations import Action
from loadtest.wire.stomp import encode

__all__ = ["StartUp", "check_credentials"]

# CONNECT knows no escapes, and a lone surrogate is no text.
_UNWRITABLE = re.compile("[\r\n\0\ud800-\udfff]")

_Take = Callable[[bytes, int], None]
"""Takes the answer to a relay of the start-up, and the instant."""


class Lose(Protocol):
    """Takes the loss of a connection."""

    def __call__(self, reason: str, now_ns: int) -> None:
        """Give the connection up for ``reason``."""


class StartUp:
    """Where the start of one device's user session stands, and what a later one needs."""

    __slots__ = (
        "_device",
        "_due_ns",
        "_lost_at_ns",
        "_missing",
        "_written_ns",
        "auth_session",
        "started",
        "user_topics",
    )

    def __init__(self, device: DeviceCore) -> None:
        self._device = device
        self._due_ns = 0
        """When the start was due."""
        self._written_ns = 0
        """When that start was asked for."""
        self._lost_at_ns = 0
        """When the connection was lost that is now being replaced; 0: it is the first."""
        self._missing = 0
        """One bit per user topic whose RECEIPT has not come."""
        self.started: Started | None = None
        """Is told how the start ended."""
        self.auth_session = ""
        self.user_topics = ""
        """Destinations joined by line feeds: one string takes a fifth of fourteen.

        Empty until the user session knows them; one that does reconnects in one burst.
        """

    # --- asked for -----------------------------------------------------------------------------

    def forget(self) -> None:
        """Begin anew: what is known is that of a user session that has ended."""
        self.user_topics = self.auth_session = ""
        self._lost_at_ns = 0

    def ask(self, due_ns: int, now_ns: int) -> None:
        """Note that a start was asked for, and when it was due."""
        self._due_ns = due_ns
        self._written_ns = now_ns

    def write_connect(self, auth_params: str | None) -> None:
        """Write CONNECT."""
        device = self._device
        headers = [
            ("StompX-User", device.username),
            ("StompX-User-Agent", device.fleet.settings.dialect.user_agent),
        ]
        if auth_params is not None:
            encoded = base64.b64encode(auth_params.encode("latin-1")).decode()
            headers.append(("StompX-Auth-Params", encoded))
        if self.auth_session:
            headers.append(("StompX-Auth-Session-ID", self.auth_session))
        headers.append(("accept-version", "1.2"))
        headers.append(("heart-beat", "{},{}".format(*OFFER)))
        device.write(encode("CONNECT", headers))

    # --- a first start -------------------------------------------------------------------------

    def load(self, lose: Lose, now_ns: int) -> None:
        """Ask who the user is, and go on from there; ``lose`` is called if the server refuses."""
        relay = self._device.fleet.settings.dialect.user_relay
        self._load(relay, lambda body, at_ns: self._take_user(body, lose, at_ns), lose, now_ns)

    def _load(self, destination: str, take: _Take, lose: Lose, now_ns: int) -> None:
        device = self._device
        state = device.state

        def answered(outcome: Outcome, at_ns: int) -> None:
            if device.state is not state:
                return  # it failed because the connection was lost, or was given up
            if outcome.is_ok:
                device.step("answer")
                take(outcome.body, at_ns)
            else:
                lose(f"{destination}: {outcome.reason}", at_ns)

        device.pending.relay(destination, Pending(Action.RELAY, now_ns, now_ns, answered))

    def _take_user(self, body: bytes, lose: Lose, now_ns: int) -> None:
        current = relayed_current_user(body)
        device, settings = self._device, self._device.fleet.settings
        dialect = settings.dialect
        missing = [name for name in dialect.user_topics if name not in current.topics]
        if settings.api_connection:
            missing += [name for name in COUNTS if name not in current.relays]
        if missing:
            raise RemoteProtocolError(f"the current user has no link {', '.join(missing)}")
        topics = [current.topics[name] for name in dialect.user_topics]
        check_topics(topics, "the current user")
        self.user_topics = "\n".join(topics)
        device.user = current.id
        # An application may not let its users create channels; the SDK misses the link when asked.
        device.create_channel_link = sys.intern(current.actions.get("createChannel", ""))
        if settings.api_connection:
            device.count_links = tuple(sys.intern(current.relays[name]) for name in COUNTS)
        device.write_subscribe_bare(ERRORS_QUEUE_INDEX, dialect.errors_queue)

        def take_write_grant(_body: bytes, at_ns: int) -> None:
            self._load(dialect.read_grant_relay, self._take_read_grant, lose, at_ns)

        self._load(dialect.write_grant_relay, take_write_grant, lose, now_ns)

    def _take_read_grant(self, _body: bytes, now_ns: int) -> None:
        self._subscribe()
        relay_counts(self._device, now_ns)

    def _subscribe(self) -> None:
        topics = self.user_topics.split("\n")
        self._missing = (1 << len(topics)) - 1
        self._device.write_subscribes(topic_number(0, 0), topics)

    # --- a reconnect ---------------------------------------------------------------------------

    def resubscribe(self, now_ns: int) -> None:
        """Subscribe everything again in one burst, with the ids of the first time."""
        device = self._device
        dialect = device.fleet.settings.dialect
        device.write_subscribe_bare(ERRORS_QUEUE_INDEX, dialect.errors_queue)
        self._subscribe()
        device.chat_sessions.resubscribe(now_ns)
        device.pending.relay(dialect.user_relay, Pending(Action.RELAY, now_ns, now_ns))

    # --- how it ends ---------------------------------------------------------------------------

    def receive_receipt(self, index: int) -> bool:
        """Take the RECEIPT of one topic of the user; return whether none is missing."""
        self._missing &= ~(1 << index)
        return not self._missing

    def is_missing(self, index: int) -> bool:
        """Return whether the RECEIPT of a topic of the user has not come."""
        return bool(self._missing >> index & 1)

    def complete(self, now_ns: int) -> None:
        """Tell that the start went well."""
        device = self._device
        action, due_ns, written_ns = self._under_way()
        device.fleet.observer.action_completed(
            action, device.number, due_ns, written_ns, now_ns, now_ns
        )
        self._lost_at_ns = 0
        self.settle("", now_ns)

    def fail(self, reason: str, now_ns: int) -> None:
        """Tell that the start failed."""
        action, due_ns, _ = self._under_way()
        device = self._device
        device.fleet.observer.action_failed(action, device.number, due_ns, now_ns, reason)
        self.settle(reason, now_ns)

    def _under_way(self) -> tuple[Action, int, int]:
        """Return what the start is called in reports, when it was due, and when asked for."""
        if self._lost_at_ns:
            return Action.RECONNECT, self._lost_at_ns, self._lost_at_ns
        return Action.USER_SESSION_START, self._due_ns, self._written_ns

    def settle(self, reason: str, now_ns: int) -> None:
        """Tell whoever waits for the start how it ended; only the first call counts."""
        started, self.started = self.started, None
        if started is not None:
            started(reason, now_ns)

    def lost(self, was: State, reason: str, now_ns: int) -> None:
        """Take note that the connection was lost while the user session ``was`` in a state."""
        if was is State.ACTIVE:
            self._lost_at_ns = now_ns
            return
        # The start-up that was not done begins anew.
        if was in (State.LOADING_USER, State.LOADING_WRITE_GRANT, State.LOADING_READ_GRANT):
            self.user_topics = ""
        self.fail(reason, now_ns)


def check_credentials(username: str, auth_params: str | None) -> None:
    """Check what CONNECT will carry.

    Raises:
        UsageError: The name or the parameters cannot be written into a CONNECT frame.
    """
    if not username or _UNWRITABLE.search(username):
        raise UsageError(
            f"the user name is {username!r}; it must be text without line ends and NULs, not empty"
        )
    try:
        (auth_params or "").encode("latin-1")
    except UnicodeEncodeError as error:
        # The parameters themselves are a secret.
        raise UsageError(
            f"the auth params of {username!r} hold U+{ord(error.object[error.start]):04X}; the SDK "
            "takes characters up to U+00FF only"
        ) from None
