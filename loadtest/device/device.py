"""The user session of a device: start-up, loss, reconnect, end.

Whoever drives a device calls ``start``, then ``link_opened``, ``receive`` and ``link_closed`` as
things happen; what its user does is asked of ``chat_sessions`` and of the functions of
``loadtest.device.actions``. Each takes the present instant. What a device writes goes to its
``Link`` before such a call returns; what it waits for lies in the fleet's timers.

The order of frames is the SDK's; the hot path is ``receive_event``.
"""

from loadtest.chat.texts import cleaned
from loadtest.clock import NS_PER_S
from loadtest.device import events
from loadtest.device.attempt import Attempt
from loadtest.device.connection import Connection, DeflatingConnection
from loadtest.device.core import DeviceCore
from loadtest.device.fleet import Fleet, Link
from loadtest.device.heart_beats import start_heart_beats
from loadtest.device.numbers import (
    ACTION,
    ERRORS_QUEUE_INDEX,
    RELAY,
    TOPIC_BITS,
    TOPIC_MASK,
)
from loadtest.device.pending import error_of
from loadtest.device.reader import DeflatedReader, Event, body_of
from loadtest.device.start_up import StartUp, check_credentials
from loadtest.device.state import NEXT_STATE, State
from loadtest.errors import RemoteProtocolError
from loadtest.wire.stomp import Frame, encode

__all__ = ["Device"]

_DISCONNECT_RECEIPT = b"close-0"
_ACCESS_DENIED = "AccessDeniedError"
_ENDED_EARLY = "ended before it was active"
# Beyond the longest pause between heart-beats that the SDK asks a server for.
_LONG_SILENCE_S = 15.0


class Device(DeviceCore):
    """One simulated device of one user: its connection, and the life of its user session.

    What it has written and waits for is in ``pending``, where it is live in ``chat_sessions``, what
    its user writes in ``drafts``; ``start_up`` brings the user session up.

    Args:
        number: Its number, unique in this worker.
        username: Name of the user, as given to ``startSession``.
        fleet: What it shares with the other devices of this worker.
        auth_params: JSON text for the application's own check of the user, if it has one.

    Raises:
        UsageError: The name or the parameters cannot be written into a CONNECT frame.
    """

    __slots__ = ("attempt", "auth_params", "start_up")

    def __init__(
        self, number: int, username: str, fleet: Fleet, *, auth_params: str | None = None
    ) -> None:
        check_credentials(username, auth_params)
        super().__init__(number, username, fleet)
        self.auth_params = auth_params
        self.start_up = StartUp(self)
        self.attempt: Attempt | None = None
        """The try to open a connection that is under way."""

    # --- what the driver tells -----------------------------------------------------------------

    def start(self, *, due_ns: int, now_ns: int) -> None:
        """Start the user session: ask for a connection.

        A device that waits to reconnect does so at once.

        Raises:
            LocalProtocolError: The user session has not ended.
        """
        if self.may_start:
            # A new user session, so it knows nothing; what is left is that of the one before.
            self.start_up.forget()
        self.step("start")
        self.start_up.ask(due_ns, now_ns)
        self._open(now_ns)

    def link_opened(self, link: Link, now_ns: int) -> None:
        """Take the connection that was opened, and ask for a WebSocket on it."""
        settings = self.fleet.settings
        if self.state is not State.OPENING or self.connection is not None:
            link.abort()  # it took so long that we gave up on it
            return
        prefix, awaited = self.wire_prefix, self.pending.awaited
        random_bits = self.fleet.random_bits
        if settings.offers_deflate:
            inflating = DeflatedReader(self.fleet.reading, prefix, awaited)
            self.connection = DeflatingConnection(link, settings, random_bits, inflating, now_ns)
        else:
            reader = self.fleet.new_reader(prefix, awaited)
            self.connection = Connection(link, settings, random_bits, reader, now_ns)
        self.attempt = None

    def receive(self, data: bytes, now_ns: int) -> None:
        """Take ``data``, which was read from the connection at ``now_ns``."""
        connection = self.connection
        if connection is None:
            return  # read after we gave up on it
        try:
            connection.receive(data, self, now_ns)
        except RemoteProtocolError as error:
            self.break_off(f"protocol error: {cleaned(str(error))}", now_ns)
        else:
            connection.flush()

    def link_closed(self, reason: str, now_ns: int) -> None:
        """Take note that the connection is closed, or could not be opened."""
        if self.connection is not None:
            reason = self.connection.explain_close(reason)
        if self.state in (State.ENDING, State.CLOSING):
            self.step("closed")
            self.connection = None
            self.fences.forget()
            self.pending.fail_all("the user session ended", now_ns)
            self.fleet.observer.user_session_ended(self.number, now_ns)
            self.tell_listener(now_ns)
        elif (self.state, "lost") in NEXT_STATE:
            self.lose(cleaned(reason) + self._after_silence(now_ns), now_ns)

    def end(self, now_ns: int) -> None:
        """End the user session as the SDK does; without a connection, or before it is up, at once.

        What is ended already stays so.
        """
        if (self.state, "disconnect") in NEXT_STATE:
            self._write_disconnect(now_ns)
        elif (self.state, "abandon") in NEXT_STATE:
            self._abandon(now_ns)

    # --- start-up ------------------------------------------------------------------------------

    def _open(self, now_ns: int) -> None:
        self.epoch += 1
        timeout_ns = self.fleet.settings.connect_timeout_ns
        self.fleet.timers.after(timeout_ns, now_ns, _give_up_connecting, self, self.epoch)
        self.attempt = Attempt(self)
        self.fleet.open_link(self.attempt)

    def websocket_opened(self, now_ns: int) -> None:
        """Write CONNECT on the WebSocket that was opened."""
        self.step("handshake")
        self.fleet.observer.user_session_starting(self.number, now_ns)
        self.start_up.write_connect(self.auth_params)

    def _receive_connected(self, frame: Frame, now_ns: int) -> None:
        if self.state is not State.CONNECTING:
            raise RemoteProtocolError(f"got CONNECTED while {self.state.value}")
        # A first start asks who the user is; a reconnect knows.
        is_known = bool(self.start_up.user_topics)
        self.step("reconnected" if is_known else "connected")
        self.start_up.auth_session = frame.get("session") or ""
        if self.fleet.settings.heart_beats:
            start_heart_beats(self, frame.get("heart-beat") or "0,0", now_ns)
        if is_known:
            self.start_up.resubscribe(now_ns)
        else:
            self.start_up.load(self.lose, now_ns)

    def _activate(self, now_ns: int) -> None:
        self.step("receipts")
        self.fleet.observer.user_session_started(self.number, self.user, now_ns)
        self.start_up.complete(now_ns)
        self.tell_listener(now_ns)

    # --- frames --------------------------------------------------------------------------------

    def receive_event(self, event: Event, now_ns: int) -> None:
        """Take one MESSAGE of a subscription. The hot path: every event of every topic."""
        number, acknowledgement, receipt = event[1], event[3], event[4]
        if number >= RELAY:
            self.pending.answer_relay(number, body_of(event), now_ns)
            return
        if number >> TOPIC_BITS:
            is_open = events.receive_chat_event(self, event, now_ns)
        else:
            is_open = events.receive_user_event(self, event, now_ns)
        # The handlers may have ended the connection.
        if is_open and acknowledgement is not None and self.connection is not None:
            self.connection.acknowledge(acknowledgement)
        # Last, as in the SDK: whoever waits for the action goes on behind the ACK.
        if receipt is not None and self.pending.awaited:
            self.pending.complete_by_event(receipt, body_of(event), now_ns)

    def receive_frame(self, frame: Frame, now_ns: int) -> None:
        """Take any frame that is no event of ours and no RECEIPT."""
        if frame.command == "MESSAGE":
            number = self.number_of_id(frame.require("subscription").encode())
            if number == ERRORS_QUEUE_INDEX:
                self._receive_error(frame, now_ns)
            else:
                # The SDK drops it. It may well be another device's, so it must not go unseen.
                self.fleet.observer.event_unexplained("foreign MESSAGE", self.number, 0, now_ns)
        elif frame.command == "CONNECTED":
            self._receive_connected(frame, now_ns)
        elif frame.command == "ERROR":
            self._receive_refusal(frame, now_ns)
        else:
            raise RemoteProtocolError(
                f"got {frame.command}, which only a client may send, while {self.state.value}"
            )

    def receive_receipt(self, number: int | None, identifier: bytes, now_ns: int) -> None:
        """Take the RECEIPT of a topic, of an action, or of DISCONNECT."""
        if number is None:
            self._receive_other_receipt(identifier, now_ns)
        elif number >= ACTION:
            self.pending.accept(number, now_ns)
        elif number >> TOPIC_BITS:
            self.fences.answer_received(number, now_ns)
            self.chat_sessions.receive_receipt(number >> TOPIC_BITS, number & TOPIC_MASK, now_ns)
        elif self.start_up.receive_receipt(number) and self.state is State.SUBSCRIBING:
            self._activate(now_ns)

    def _receive_other_receipt(self, identifier: bytes, now_ns: int) -> None:
        if identifier != _DISCONNECT_RECEIPT:
            self.fleet.observer.event_unexplained("foreign RECEIPT", self.number, 0, now_ns)
        elif self.state is State.ENDING and self.connection is not None:
            self.step("receipt")
            self.fences.disconnect_answered(now_ns)
            self.connection.close()

    def _receive_error(self, frame: Frame, now_ns: int) -> None:
        """Take an error from the errors queue: it names a relay, a topic, an action, or nothing."""
        error = error_of(frame)
        reason = f"{error.error}: {error.message}"
        identifier = frame.get("subscription-id") or frame.get("receipt-id")
        if identifier is None:
            self.pending.fail_actions(reason, now_ns)
            return
        if self.pending.fail_by_error(identifier, error, now_ns):
            return
        number = self.number_of_id(identifier.encode())
        if number is None or number >= RELAY:
            return
        if number >> TOPIC_BITS:
            self.chat_sessions.abandon(number >> TOPIC_BITS, reason, now_ns)
        elif self.state is State.SUBSCRIBING and self.start_up.is_missing(number):
            name = self.fleet.settings.dialect.user_topics[number]
            self.lose(f"topic {name}: {reason}", now_ns)

    def _receive_refusal(self, frame: Frame, now_ns: int) -> None:
        """Take an ERROR frame: the server refuses the connection.

        Access denied is for good. After any other refusal the SDK reconnects; so does the device.
        """
        error = error_of(frame)
        reason = f"{error.error}: {error.message}"
        self.break_off(reason, now_ns, for_good=error.error == _ACCESS_DENIED)

    # --- loss and end --------------------------------------------------------------------------

    def lose(self, reason: str, now_ns: int, *, for_good: bool = False) -> None:
        """Take the loss of the connection; come back after the SDK's fixed pause."""
        was = self.state
        is_back = self.fleet.settings.reconnect and not for_good
        self.step("lost" if is_back else "lost for good")
        self._drop_connection()
        if was is not State.OPENING:
            self.fleet.observer.connection_lost(self.number, now_ns, reason)
        self.start_up.lost(was, reason, now_ns)
        reason = f"connection lost: {reason}"
        self.pending.fail_all(reason, now_ns)
        if is_back:
            delay_ns = self.fleet.settings.reconnect_delay_ns
            self.fleet.timers.after(delay_ns, now_ns, _reconnect, self, self.epoch)
        else:
            self.chat_sessions.drop(reason, now_ns)
        self.tell_listener(now_ns)

    def _drop_connection(self) -> None:
        self.fences.forget()
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
        self.step("disconnect")
        self.fleet.observer.user_session_ending(self.number, now_ns)
        for index in range(len(self.fleet.settings.dialect.user_topics)):
            self.write_unsubscribe(index)
        self.chat_sessions.end_with_user_session(now_ns)
        self.write(encode("DISCONNECT", (("receipt", _DISCONNECT_RECEIPT.decode()),)))
        self.flush()
        deadline_ns = self.fleet.settings.action_deadline_ns
        self.fleet.timers.after(deadline_ns, now_ns, _give_up_ending, self, self.epoch)
        self.start_up.settle(_ENDED_EARLY, now_ns)

    def _abandon(self, now_ns: int) -> None:
        was_connected = self.state not in (State.OPENING, State.WAITING)
        self.step("abandon")
        self.epoch += 1  # whatever a timer or a socket wanted of it is void
        self._drop_connection()
        if was_connected:
            self.fleet.observer.user_session_ending(self.number, now_ns)
            self.fleet.observer.user_session_ended(self.number, now_ns)
        self.chat_sessions.drop("", now_ns)
        self.start_up.settle(_ENDED_EARLY, now_ns)
        self.pending.fail_all("the user session ended", now_ns)
        self.tell_listener(now_ns)

    def websocket_closing(self, code: int, reason: str, now_ns: int) -> None:
        """Take the server's close frame; the loss follows when the link is closed."""
        if (self.state, "lost") in NEXT_STATE:
            words = f"closed by the server with code {code}"
            if reason:
                words += f" ({cleaned(reason)})"
            self.lose(words + self._after_silence(now_ns), now_ns)

    def _after_silence(self, now_ns: int) -> str:
        """Return a hint if the connection was closed when nothing had come for a while.

        Its time is rounded, so that what a proxy does to a thousand devices is one kind of loss.
        """
        silence_s = 0.0
        if self.connection is not None and self.state is State.ACTIVE:
            silence_s = (now_ns - self.connection.last_byte_ns) / NS_PER_S
        if silence_s < _LONG_SILENCE_S:
            return ""
        return f" after {round(silence_s / 5) * 5} s without traffic: an idle timeout of a proxy?"


def _give_up_connecting(device: Device, epoch: int, now_ns: int) -> None:
    is_starting = (device.state, "lost") in NEXT_STATE and device.state is not State.ACTIVE
    if device.epoch == epoch and is_starting:
        timeout_s = device.fleet.settings.connect_timeout_ns / NS_PER_S
        device.lose(f"still {_stage_of(device)} after {timeout_s:g} s", now_ns)


def _stage_of(device: Device) -> str:
    """Return what the start of a user session waits for, as exactly as is known."""
    if device.state is not State.OPENING:
        return str(device.state.value)
    if device.attempt is not None:
        return device.attempt.stage
    return "waiting for the answer to the upgrade to a WebSocket"


def _give_up_ending(device: Device, epoch: int, now_ns: int) -> None:
    if device.epoch == epoch and device.state in (State.ENDING, State.CLOSING):
        device.break_off(f"still {device.state.value}", now_ns)


def _reconnect(device: Device, epoch: int, now_ns: int) -> None:
    if device.epoch == epoch and device.state is State.WAITING:
        device.start(due_ns=now_ns, now_ns=now_ns)
