"""The user session of a device: start-up, loss, reconnect, end.

Whoever drives a device calls ``start``, then ``link_opened``, ``receive`` and ``link_closed`` as
things happen, and the functions of ``loadtest.device.actions`` and ``chat_session``; each takes the
present instant. What a device writes goes to its ``Link`` before such a call returns; what it waits
for lies in the fleet's timers.

The order of frames is the SDK's; the hot path is ``receive_message``.
"""

import base64
import sys
from collections.abc import Callable

from loadtest.chat.resources import relayed_current_user
from loadtest.clock import NS_PER_S
from loadtest.device import chat_session, counts, events, pending
from loadtest.device.attempt import Attempt
from loadtest.device.connection import Connection
from loadtest.device.core import DeviceCore, Outcome, Pending
from loadtest.device.fleet import Link, check_topics
from loadtest.device.heart_beats import OFFER, start_heart_beats
from loadtest.device.numbers import (
    ACTION,
    ERRORS_QUEUE_INDEX,
    RELAY,
    TOPIC_BITS,
    TOPIC_MASK,
    number_of_id,
    topic_number,
)
from loadtest.device.state import NEXT_STATE, State
from loadtest.errors import LocalProtocolError, RemoteProtocolError
from loadtest.observations import Action
from loadtest.wire.stomp import Frame, FrameParser, encode

__all__ = ["Device"]

_DISCONNECT_RECEIPT = b"close-0"
_ACCESS_DENIED = "AccessDeniedError"
_ENDED_EARLY = "ended before it was active"
# The start-up that is not done when the connection is lost begins anew.
_LOADING = (State.LOADING_USER, State.LOADING_WRITE_GRANT, State.LOADING_READ_GRANT)

_Take = Callable[[bytes, int], None]
"""Takes the answer to a relay of the start-up, and the instant."""


class Device(DeviceCore):
    """One simulated device of one user; see ``DeviceCore`` for its arguments."""

    __slots__ = ()

    # --- what the driver tells -----------------------------------------------------------------

    def start(self, *, due_ns: int, now_ns: int) -> None:
        """Start the user session: ask for a connection.

        A device that waits to reconnect does so at once.

        Raises:
            LocalProtocolError: The user session has not ended.
        """
        if self.may_start:
            # A new user session, so it knows nothing; what is left is that of the one before.
            self.user_topics = self.auth_session = ""
            self.lost_at_ns = 0
        self._step("start")
        self.due_ns = due_ns
        self.written_ns = now_ns
        self._open(now_ns)

    def link_opened(self, link: Link, now_ns: int) -> None:
        """Take the connection that was opened, and ask for a WebSocket on it."""
        settings = self.fleet.settings
        if self.state is not State.OPENING or self.connection is not None:
            link.abort()  # it took so long that we gave up on it
            return
        self.connection = Connection(link, settings.uri, self.fleet.random_bits, now_ns)

    def receive(self, data: bytes, now_ns: int) -> None:
        """Take ``data``, which was read from the connection at ``now_ns``."""
        connection = self.connection
        if connection is None:
            return  # read after we gave up on it
        try:
            connection.receive(data, self, now_ns)
        except RemoteProtocolError as error:
            self.break_off(f"protocol error: {error}", now_ns)
        else:
            connection.flush()

    def link_closed(self, reason: str, now_ns: int) -> None:
        """Take note that the connection is closed, or could not be opened."""
        if self.connection is not None:
            reason = self.connection.explain_close(reason)
        if self.state in (State.ENDING, State.CLOSING):
            self._step("closed")
            self.connection = None
            pending.fail_all(self, "the user session ended", now_ns)
            self.fleet.observer.user_session_ended(self.number, now_ns)
            self.tell_listener(now_ns)
        elif (self.state, "lost") in NEXT_STATE:
            self.lose(reason, now_ns)

    def end(self, now_ns: int) -> None:
        """End the user session as the SDK does; without a connection, or before it is up, at once.

        What is ended already stays so.
        """
        if (self.state, "disconnect") in NEXT_STATE:
            self._write_disconnect(now_ns)
        elif (self.state, "abandon") in NEXT_STATE:
            self._abandon(now_ns)

    # --- start-up ------------------------------------------------------------------------------

    def _step(self, trigger: str) -> None:
        next_state = NEXT_STATE.get((self.state, trigger))
        if next_state is None:
            raise LocalProtocolError(
                f"device {self.number} ({self.username}) cannot take {trigger!r} "
                f"while {self.state.value}"
            )
        self.state = next_state

    def _open(self, now_ns: int) -> None:
        self.epoch += 1
        timeout_ns = self.fleet.settings.connect_timeout_ns
        self.fleet.timers.after(timeout_ns, now_ns, _give_up_connecting, self, self.epoch)
        self.fleet.open_link(Attempt(self))

    def websocket_opened(self, now_ns: int) -> None:
        """Write CONNECT on the WebSocket that was opened."""
        self._step("handshake")
        self.fleet.observer.user_session_starting(self.number, now_ns)
        headers = [
            ("StompX-User", self.username),
            ("StompX-User-Agent", self.fleet.settings.dialect.user_agent),
        ]
        if self.auth_params is not None:
            encoded = base64.b64encode(self.auth_params.encode("latin-1")).decode()
            headers.append(("StompX-Auth-Params", encoded))
        if self.auth_session:
            headers.append(("StompX-Auth-Session-ID", self.auth_session))
        headers.append(("accept-version", "1.2"))
        headers.append(("heart-beat", "{},{}".format(*OFFER)))
        self.write(encode("CONNECT", headers))

    def _receive_connected(self, frame: Frame, now_ns: int) -> None:
        if self.state is not State.CONNECTING:
            raise RemoteProtocolError(f"got CONNECTED while {self.state.value}")
        # A first start asks who the user is; a reconnect knows.
        self._step("reconnected" if self.user_topics else "connected")
        self.auth_session = frame.get("session") or ""
        if self.fleet.settings.heart_beats:
            start_heart_beats(self, frame.get("heart-beat") or "0,0", now_ns)
        if self.user_topics:
            self._resubscribe(now_ns)
        else:
            self._load(self.fleet.settings.dialect.user_relay, self._take_user, now_ns)

    def _load(self, destination: str, take: _Take, now_ns: int) -> None:
        state = self.state

        def answered(outcome: Outcome, at_ns: int) -> None:
            if self.state is not state:
                return  # it failed because the connection was lost, or was given up
            if outcome.is_ok:
                self._step("answer")
                take(outcome.body, at_ns)
            else:
                self.lose(f"{destination}: {outcome.reason}", at_ns)

        pending.relay(self, destination, Pending(Action.RELAY, now_ns, now_ns, answered))

    def _take_user(self, body: bytes, now_ns: int) -> None:
        current = relayed_current_user(body)
        dialect = self.fleet.settings.dialect
        missing = [name for name in dialect.user_topics if name not in current.topics]
        if self.fleet.settings.api_connection:
            missing += [name for name in counts.COUNTS if name not in current.relays]
        if missing:
            raise RemoteProtocolError(f"the current user has no link {', '.join(missing)}")
        topics = [current.topics[name] for name in dialect.user_topics]
        check_topics(topics, "the current user")
        self.user = current.id
        self.user_topics = "\n".join(topics)
        # An application may not let its users create channels; the SDK misses the link when asked.
        self.create_channel_link = sys.intern(current.actions.get("createChannel", ""))
        if self.fleet.settings.api_connection:
            self.count_links = tuple(sys.intern(current.relays[name]) for name in counts.COUNTS)
        self.write_subscribe_bare(ERRORS_QUEUE_INDEX, dialect.errors_queue)
        self._load(dialect.write_grant_relay, self._take_write_grant, now_ns)

    def _take_write_grant(self, _body: bytes, now_ns: int) -> None:
        relay = self.fleet.settings.dialect.read_grant_relay
        self._load(relay, self._take_read_grant, now_ns)

    def _take_read_grant(self, _body: bytes, now_ns: int) -> None:
        self._subscribe_user_topics()
        counts.relay_counts(self, now_ns)

    def _subscribe_user_topics(self) -> None:
        topics = self.user_topics.split("\n")
        self.missing = (1 << len(topics)) - 1
        self.write_subscribes(topic_number(0, 0), topics)

    def _resubscribe(self, now_ns: int) -> None:
        """Subscribe everything again in one burst, with the ids of the first time."""
        dialect = self.fleet.settings.dialect
        self.write_subscribe_bare(ERRORS_QUEUE_INDEX, dialect.errors_queue)
        self._subscribe_user_topics()
        chat_session.resubscribe_chat_sessions(self, now_ns)
        pending.relay(self, dialect.user_relay, Pending(Action.RELAY, now_ns, now_ns))

    def _activate(self, now_ns: int) -> None:
        self._step("receipts")
        observer = self.fleet.observer
        observer.user_session_started(self.number, self.user, now_ns)
        action, due_ns, written_ns = self._start_under_way()
        observer.action_completed(action, self.number, due_ns, written_ns, now_ns, now_ns)
        self.lost_at_ns = 0
        self._settle_start("", now_ns)
        self.tell_listener(now_ns)

    def _settle_start(self, reason: str, now_ns: int) -> None:
        started, self.started = self.started, None
        if started is not None:
            started(reason, now_ns)

    def _start_under_way(self) -> tuple[Action, int, int]:
        """Return what the start is called in reports, when it was due, and when asked for."""
        if self.lost_at_ns:
            return Action.RECONNECT, self.lost_at_ns, self.lost_at_ns
        return Action.USER_SESSION_START, self.due_ns, self.written_ns

    def _fail_start(self, reason: str, now_ns: int) -> None:
        action, due_ns, _ = self._start_under_way()
        self.fleet.observer.action_failed(action, self.number, due_ns, now_ns, reason)
        self._settle_start(reason, now_ns)

    # --- frames --------------------------------------------------------------------------------

    def receive_message(
        self, payload: bytes, subscription: bytes, ack: bytes | None, start: int, now_ns: int
    ) -> None:
        """Take one whole MESSAGE. The hot path: every event of every topic comes here."""
        number = number_of_id(subscription, self.wire_prefix)
        connection = self.connection
        if number is None or number == ERRORS_QUEUE_INDEX or connection is None:
            for frame in FrameParser().feed(payload):
                if frame is not None:
                    self.receive_frame(frame, now_ns)
            return
        body = payload[start:-1]
        # Only the acting connection's copy carries the receipt's id, so look only if we act.
        at = payload.find(b"\nreceipt-id:", 0, start) if self.pending and number < RELAY else -1
        if self._receive_body(number, body, now_ns) and ack is not None:
            connection.acknowledge(ack, subscription)
        # Last, as in the SDK: whoever waits for the action goes on behind the ACK.
        if at >= 0:
            receipt = payload[at + 12 : payload.index(b"\n", at + 12)]
            pending.complete_by_event(self, receipt, body, now_ns)

    def receive_frame(self, frame: Frame, now_ns: int) -> None:
        """Take any frame that is not plainly one whole MESSAGE or RECEIPT."""
        if frame.command == "MESSAGE":
            self._receive_parsed_message(frame, now_ns)
        elif frame.command == "RECEIPT":
            self.receive_receipt(frame.require("receipt-id").encode(), now_ns)
        elif frame.command == "CONNECTED":
            self._receive_connected(frame, now_ns)
        elif frame.command == "ERROR":
            self._receive_refusal(frame, now_ns)
        else:
            raise RemoteProtocolError(
                f"got {frame.command}, which only a client may send, while {self.state.value}"
            )

    def _receive_parsed_message(self, frame: Frame, now_ns: int) -> None:
        subscription = frame.require("subscription")
        number = self.number_of_id(subscription.encode())
        if number is None:
            # The SDK drops it. It may well be another device's, so it must not go unseen.
            self.fleet.observer.event_unexplained("foreign MESSAGE", self.number, 0, now_ns)
            return
        if number == ERRORS_QUEUE_INDEX:
            self._receive_error(frame, now_ns)
            return
        ack = frame.get("ack")
        if self._receive_body(number, frame.body, now_ns) and ack is not None:
            self.write(encode("ACK", (("id", ack), ("subscription", subscription))))
        receipt = frame.get("receipt-id")
        if receipt is not None and number < RELAY:
            pending.complete_by_event(self, receipt.encode(), frame.body, now_ns)

    def _receive_body(self, number: int, body: bytes, now_ns: int) -> bool:
        """Take the body of one MESSAGE; return whether the SDK would acknowledge it."""
        if number >= RELAY:
            pending.answer_relay(self, number, body, now_ns)
            return False
        ordinal = number >> TOPIC_BITS
        if ordinal:
            is_open = events.receive_chat_event(self, ordinal, number & TOPIC_MASK, body, now_ns)
        else:
            is_open = events.receive_user_event(self, number, body, now_ns)
        return is_open and self.fleet.settings.acknowledge

    def receive_receipt(self, identifier: bytes, now_ns: int) -> None:
        """Take the RECEIPT of a topic, of an action, or of DISCONNECT."""
        if identifier == _DISCONNECT_RECEIPT:
            if self.state is State.ENDING and self.connection is not None:
                self._step("receipt")
                self.connection.close()
            return
        number = number_of_id(identifier, self.wire_prefix)
        if number is None:
            self.fleet.observer.event_unexplained("foreign RECEIPT", self.number, 0, now_ns)
        elif number >= ACTION:
            pending.accept(self, number, now_ns)
        elif number >> TOPIC_BITS:
            chat_session.receive_topic_receipt(
                self, number >> TOPIC_BITS, number & TOPIC_MASK, now_ns
            )
        else:
            self.missing &= ~(1 << number)
            if not self.missing and self.state is State.SUBSCRIBING:
                self._activate(now_ns)

    def _receive_error(self, frame: Frame, now_ns: int) -> None:
        """Take an error from the errors queue: it names a relay, a topic, an action, or nothing."""
        error = pending.error_of(frame)
        reason = f"{error.error}: {error.message}"
        identifier = frame.get("subscription-id") or frame.get("receipt-id")
        if identifier is None:
            pending.fail_actions(self, reason, now_ns)
            return
        if pending.fail_by_error(self, identifier, error, now_ns):
            return
        number = self.number_of_id(identifier.encode())
        if number is None or number >= RELAY:
            return
        if number >> TOPIC_BITS:
            chat_session.abandon_chat_session(self, number >> TOPIC_BITS, reason, now_ns)
        elif self.state is State.SUBSCRIBING and self.missing >> number & 1:
            name = self.fleet.settings.dialect.user_topics[number]
            self.lose(f"topic {name}: {reason}", now_ns)

    def _receive_refusal(self, frame: Frame, now_ns: int) -> None:
        """Take an ERROR frame: the server refuses the connection.

        Access denied is for good. After any other refusal the SDK reconnects; so does the device.
        """
        error = pending.error_of(frame)
        reason = f"{error.error}: {error.message}"
        self.break_off(reason, now_ns, for_good=error.error == _ACCESS_DENIED)

    # --- loss and end --------------------------------------------------------------------------

    def lose(self, reason: str, now_ns: int, *, for_good: bool = False) -> None:
        """Take the loss of the connection; come back after the SDK's fixed pause."""
        was = self.state
        is_back = self.fleet.settings.reconnect and not for_good
        self._step("lost" if is_back else "lost for good")
        self._drop_connection()
        if was is not State.OPENING:
            self.fleet.observer.connection_lost(self.number, now_ns, reason)
        if was in _LOADING:
            self.user_topics = ""
        if was is State.ACTIVE:
            self.lost_at_ns = now_ns
        else:
            self._fail_start(reason, now_ns)
        reason = f"connection lost: {reason}"
        pending.fail_all(self, reason, now_ns)
        if is_back:
            delay_ns = self.fleet.settings.reconnect_delay_ns
            self.fleet.timers.after(delay_ns, now_ns, _reconnect, self, self.epoch)
        else:
            chat_session.drop_chat_sessions(self, reason, now_ns)
        self.tell_listener(now_ns)

    def _drop_connection(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()

    def break_off(self, reason: str, now_ns: int, *, for_good: bool = False) -> None:
        """Be done with the connection, whether the user session was to go on or to end."""
        if (self.state, "lost") in NEXT_STATE:
            self.lose(reason, now_ns, for_good=for_good)
        elif self.connection is not None:
            self.connection.abort()
            self.link_closed(reason, now_ns)

    def _write_disconnect(self, now_ns: int) -> None:
        self._step("disconnect")
        self.fleet.observer.user_session_ending(self.number, now_ns)
        for index in range(len(self.fleet.settings.dialect.user_topics)):
            self.write_unsubscribe(index)
        chat_session.end_all_with_user_session(self, now_ns)
        self.write(encode("DISCONNECT", (("receipt", _DISCONNECT_RECEIPT.decode()),)))
        self.flush()
        deadline_ns = self.fleet.settings.action_deadline_ns
        self.fleet.timers.after(deadline_ns, now_ns, _give_up_ending, self, self.epoch)
        self._settle_start(_ENDED_EARLY, now_ns)

    def _abandon(self, now_ns: int) -> None:
        was_connected = self.state not in (State.OPENING, State.WAITING)
        self._step("abandon")
        self.epoch += 1  # whatever a timer or a socket wanted of it is void
        self._drop_connection()
        if was_connected:
            self.fleet.observer.user_session_ending(self.number, now_ns)
            self.fleet.observer.user_session_ended(self.number, now_ns)
        chat_session.drop_chat_sessions(self, "", now_ns)
        self._settle_start(_ENDED_EARLY, now_ns)
        pending.fail_all(self, "the user session ended", now_ns)
        self.tell_listener(now_ns)

    def websocket_closing(self, code: int, reason: str, now_ns: int) -> None:
        """Take the server's close frame; the loss follows when the link is closed."""
        if (self.state, "lost") in NEXT_STATE:
            words = f"closed by the server with code {code}"
            self.lose(f"{words} ({reason})" if reason else words, now_ns)


def _give_up_connecting(device: Device, epoch: int, now_ns: int) -> None:
    is_starting = (device.state, "lost") in NEXT_STATE and device.state is not State.ACTIVE
    if device.epoch == epoch and is_starting:
        timeout_s = device.fleet.settings.connect_timeout_ns / NS_PER_S
        device.lose(f"still {device.state.value} after {timeout_s:g} s", now_ns)


def _give_up_ending(device: Device, epoch: int, now_ns: int) -> None:
    if device.epoch == epoch and device.state in (State.ENDING, State.CLOSING):
        device.break_off(f"still {device.state.value}", now_ns)


def _reconnect(device: Device, epoch: int, now_ns: int) -> None:
    if device.epoch == epoch and device.state is State.WAITING:
        device.start(due_ns=now_ns, now_ns=now_ns)
