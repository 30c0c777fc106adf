"""What a device may say, and what it is answered: the STOMP side of the server.

Every frame goes through ``receive`` and the table of its command. A request that is
refused is answered on the errors queue and changes nothing; bytes that are not STOMP, and a CONNECT
that is refused, end the connection with an ERROR frame. Nothing here waits or does I/O.
"""

import base64
import binascii
from collections.abc import Callable
from functools import partial

import orjson

from loadtest.chat.dialect import DIALECTS
from loadtest.clock import NS_PER_MS
from loadtest.errors import RemoteProtocolError
from loadtest.server.chat.chat import Chat
from loadtest.server.chat.subscriptions import subscribe, subscribed, unsubscribe
from loadtest.server.events.connection import Connection, ConnectionState, Socket
from loadtest.server.events.destinations import address_of, is_relay
from loadtest.server.events.publications import CONTENT_TYPE, Completion, envelope
from loadtest.server.requests.actions import Call
from loadtest.server.requests.relays import Query
from loadtest.server.requests.router import act, answer
from loadtest.server.state.refusals import (
    RefusalKind,
    RefusedError,
    access_denied,
    bad_request,
    rate_limited,
)
from loadtest.wire.stomp import (
    HEART_BEAT,
    Frame,
    HeartBeat,
    encode,
    negotiate_heart_beat,
    parse_heart_beat,
)

__all__ = ["Gateway"]

_ERRORS_QUEUES = {dialect.errors_queue: dialect for dialect in DIALECTS.values()}
_NOT_PARAMETERS = frozenset({"id", "destination", "receipt", "ack"})
_MS_PER_S = 1_000
_SILENT_PERIODS = 3
"""A device is dead after so many of its heart-beats have not come."""


class Gateway:
    """Takes what devices send, for one chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._counters = chat.counters
        self._faults = chat.faults
        self._boot = f"{chat.counters.started_ns:x}"
        self._is_stopping = False
        self._commands: dict[str, Callable[[Connection, Frame], None]] = {
            "CONNECT": self._connect,
            "STOMP": self._connect,
            "SUBSCRIBE": self._subscribe,
            "UNSUBSCRIBE": self._unsubscribe,
            "SEND": self._send,
            "ACK": self._acknowledge,
            "NACK": self._acknowledge,
            "DISCONNECT": self._disconnect,
        }

    # --- the life of a connection -------------------------------------------------------------

    def opened(self, socket: Socket, api_key: str | None) -> Connection:
        """Take in a new connection; ``lost`` must be called when it is no more."""
        self._counters.connections_opened += 1
        connection = Connection(socket, api_key, self._chat.settings.max_frame_bytes)
        self._chat.connections[connection] = None
        return connection

    def receive(self, connection: Connection, data: bytes) -> None:
        """Do everything that these bytes of a device ask for."""
        if connection.state is ConnectionState.ENDED:
            return
        connection.heard_ns = self._chat.timers.now_ns
        if connection.is_lone_ack(data) and connection.state is ConnectionState.ACTIVE:
            self._counters.frames_in["ACK"] += 1
            self._counters.acks += 1
            return
        try:
            for frame in connection.feed(data):
                if frame is None:
                    self._counters.heart_beats_in += 1
                else:
                    self._take(connection, frame)
        except RemoteProtocolError as error:
            self._refuse_connection(connection, bad_request(str(error)))

    def lost(self, connection: Connection) -> None:
        """Clean up after a connection whose socket is closed, for whatever reason."""
        self._counters.connections_closed += 1
        del self._chat.connections[connection]
        self._end_user_session(connection)

    def stop(self) -> None:
        """Announce nothing more: the server goes away, and everybody with it."""
        self._is_stopping = True
        self._chat.agenda.clear()

    def _take(self, connection: Connection, frame: Frame) -> None:
        self._counters.frames_in[frame.command] += 1
        if connection.state is ConnectionState.ENDED:
            return
        is_connect = frame.command in ("CONNECT", "STOMP")
        if is_connect is not (connection.state is ConnectionState.CONNECTING):
            when = "twice" if is_connect else "before CONNECT"
            raise RemoteProtocolError(f"got {frame.command} {when}")
        command = self._commands.get(frame.command)
        if command is None:
            raise RemoteProtocolError(f"got {frame.command}; this server does not take it")
        command(connection, frame)

    # --- CONNECT and DISCONNECT ---------------------------------------------------------------

    def _connect(self, connection: Connection, frame: Frame) -> None:
        offered = parse_heart_beat(frame.get("heart-beat") or "0,0")
        try:
            name = self._admitted_user_name(connection, frame)
        except RefusedError as refusal:
            self._refuse_connection(connection, refusal)
            return
        user = self._chat.store.user_named(name)
        connection.user_or_none = user
        connection.state = ConnectionState.ACTIVE
        self._counters.user_sessions_started += 1
        self._counters.connected += 1
        beat = self._chat.settings.heart_beat_ms
        headers = (
            ("version", "1.2"),
            ("heart-beat", f"{beat},{beat}"),
            ("session", self._session_id(frame)),
            ("user-name", name),
        )
        connection.socket.send(encode("CONNECTED", headers))
        self._start_heart_beats(connection, negotiate_heart_beat((beat, beat), offered))
        self._chat.presence.connected(user)

    def _admitted_user_name(self, connection: Connection, frame: Frame) -> str:
        if self._faults.refuses_connect():
            raise RefusedError(RefusalKind.UNAVAILABLE, "an injected fault refuses this CONNECT")
        settings = self._chat.settings
        if settings.api_key is not None and connection.api_key != settings.api_key:
            raise access_denied("the api-key in the URL is not the one of this server")
        if "1.2" not in (frame.get("accept-version") or "").split(","):
            raise bad_request("accept-version must hold 1.2")
        name = frame.get("StompX-User")
        if not name:
            raise bad_request("the header StompX-User is missing or empty")
        if settings.auth_params is not None:
            given = _auth_params(frame.get("StompX-Auth-Params"))
            if given != dict(settings.auth_params):
                raise access_denied("the auth params are not the ones this server asks for")
        return name

    def _session_id(self, frame: Frame) -> str:
        """Return a new id, or the one of the user session that this device had here before."""
        known = frame.get("StompX-Auth-Session-ID")
        if known is not None and known.startswith(f"{self._boot}-"):
            return known
        return f"{self._boot}-{self._chat.publisher.next_number():x}"

    def _disconnect(self, connection: Connection, frame: Frame) -> None:
        self._confirm(connection, frame)
        self._end_user_session(connection)

    def _end_user_session(self, connection: Connection) -> None:
        was_active = connection.state is ConnectionState.ACTIVE
        connection.state = ConnectionState.ENDED
        if not was_active:
            return
        self._counters.user_sessions_ended += 1
        if self._is_stopping:
            return
        # The other topics first: this device must not be told of its own leaving.
        mine = sorted(connection.subscriptions.values(), key=lambda each: "." not in each.topic)
        for subscription in mine:
            unsubscribe(self._chat, subscription)
        self._chat.presence.disconnected(connection.user)

    # --- SUBSCRIBE and UNSUBSCRIBE ------------------------------------------------------------

    def _subscribe(self, connection: Connection, frame: Frame) -> None:
        subscription_id = frame.require("id")
        destination = frame.require("destination")
        try:
            if destination in _ERRORS_QUEUES:
                connection.errors_subscription = subscription_id
                connection.speaks(_ERRORS_QUEUES[destination])
                self._confirm(connection, frame)
            elif is_relay(destination):
                self._answer(connection, frame, subscription_id, destination)
            else:
                ack = frame.get("ack") or "auto"
                subscription = subscribe(self._chat, connection, subscription_id, destination, ack)
                self._confirm(connection, frame)
                subscribed(self._chat, subscription)
        except RefusedError as refusal:
            self._refuse(connection, refusal, ("subscription-id", subscription_id))

    def _answer(
        self, connection: Connection, frame: Frame, subscription_id: str, destination: str
    ) -> None:
        """Answer a relay and forget it: it is never unsubscribed."""
        address = address_of(destination)
        connection.speaks(address.dialect)
        parameters = {name: value for name, value in frame.headers if name not in _NOT_PARAMETERS}
        resource = answer(Query(self._chat, connection.user, address, parameters))
        headers = (
            ("destination", destination),
            ("content-type", CONTENT_TYPE),
            ("subscription", subscription_id),
            ("message-id", str(self._chat.publisher.next_number())),
        )
        body = envelope("resource.relayed", resource)
        if connection.socket.send(encode("MESSAGE", headers, body)):
            self._counters.relays_answered += 1

    def _unsubscribe(self, connection: Connection, frame: Frame) -> None:
        subscription_id = frame.require("id")
        # Unknown ids are no error: the server itself ends subscriptions of members who leave.
        subscription = connection.subscriptions.get(subscription_id)
        if subscription is not None:
            unsubscribe(self._chat, subscription)
        elif subscription_id == connection.errors_subscription:
            connection.errors_subscription = None
        self._confirm(connection, frame)

    # --- SEND and ACK -------------------------------------------------------------------------

    def _send(self, connection: Connection, frame: Frame) -> None:
        destination = frame.require("destination")
        faults = self._faults
        if faults.injector is None and faults.action_line is None:
            self._perform(connection, frame, destination)
            return
        action = destination.rpartition(".")[2]
        if faults.limits_action(action):
            # No RECEIPT: it would complete those actions that end there.
            refusal = rate_limited(action, faults.plan.cool_off_ms / _MS_PER_S)
            self._refuse(connection, refusal, *_receipt_correlation(frame))
        elif faults.action_line is None:
            self._perform(connection, frame, destination)
        else:
            perform = partial(self._perform, connection, frame, destination)
            faults.action_line.take(action, connection, perform)

    def _perform(self, connection: Connection, frame: Frame, destination: str) -> None:
        self._confirm(connection, frame)
        try:
            if is_relay(destination):
                raise bad_request(f"{destination!r} is a relay; it can only be subscribed")
            address = address_of(destination)
            connection.speaks(address.dialect)
            completion = Completion(connection, frame.get("receipt"))
            act(self._chat, Call(connection.user, frame.body, completion), address)
        except RefusedError as refusal:
            self._refuse(connection, refusal, *_receipt_correlation(frame))

    def _acknowledge(self, connection: Connection, frame: Frame) -> None:
        """Count an ACK; nothing is ever delivered again."""
        if frame.command == "ACK":
            self._counters.acks += 1

    # --- answers ------------------------------------------------------------------------------

    def _confirm(self, connection: Connection, frame: Frame) -> None:
        receipt_id = frame.get("receipt")
        if receipt_id is None:
            return
        if connection.socket.send(encode("RECEIPT", (("receipt-id", receipt_id),))):
            self._counters.stomp_receipts += 1

    def _refuse(
        self, connection: Connection, refusal: RefusedError, *correlation: tuple[str, str]
    ) -> None:
        """Tell a device on its errors queue, if it has one, what was not done."""
        self._counters.errors[refusal.kind.value] += 1
        if connection.errors_subscription is None:
            return
        headers = (
            ("destination", connection.dialect.errors_queue),
            ("content-type", CONTENT_TYPE),
            ("subscription", connection.errors_subscription),
            ("message-id", str(self._chat.publisher.next_number())),
            *correlation,
        )
        if connection.socket.send(encode("MESSAGE", headers, self._error_body(refusal))):
            self._counters.error_messages += 1

    def _refuse_connection(self, connection: Connection, refusal: RefusedError) -> None:
        """Answer with ERROR and close."""
        self._counters.errors[refusal.kind.value] += 1
        headers = (("message", refusal.message), ("content-type", CONTENT_TYPE))
        if connection.socket.send(encode("ERROR", headers, self._error_body(refusal))):
            self._counters.error_frames += 1
        self._end_user_session(connection)
        connection.socket.close()

    def _error_body(self, refusal: RefusedError) -> bytes:
        fields = {
            "error": refusal.kind.value,
            "message": refusal.message,
            "timestamp": self._chat.now_text(),
        }
        if refusal.cool_off_s is not None:
            fields["coolOffDuration"] = f"PT{refusal.cool_off_s:.3f}S"
        return orjson.dumps(fields)

    # --- heart-beats --------------------------------------------------------------------------

    def _start_heart_beats(self, connection: Connection, agreed: HeartBeat) -> None:
        connection.sends_every_ns = agreed.outgoing_ms * NS_PER_MS
        connection.expects_every_ns = agreed.incoming_ms * NS_PER_MS
        if connection.sends_every_ns:
            self._later(connection.sends_every_ns, self._beat, connection)
        if connection.expects_every_ns:
            self._later(connection.expects_every_ns, self._check_alive, connection)

    def _beat(self, connection: Connection) -> None:
        if connection.state is not ConnectionState.ACTIVE:
            return
        if connection.socket.send(HEART_BEAT):
            self._counters.heart_beats_out += 1
        self._later(connection.sends_every_ns, self._beat, connection)

    def _check_alive(self, connection: Connection) -> None:
        if connection.state is not ConnectionState.ACTIVE:
            return
        silent_ns = self._chat.timers.now_ns - connection.heard_ns
        if silent_ns > _SILENT_PERIODS * connection.expects_every_ns:
            self._counters.dead_connections += 1
            connection.socket.abort()
        else:
            self._later(connection.expects_every_ns, self._check_alive, connection)

    def _later(
        self, delay_ns: int, callback: Callable[[Connection], None], connection: Connection
    ) -> None:
        self._chat.timers.schedule(
            self._chat.timers.now_ns + delay_ns, partial(callback, connection)
        )


def _receipt_correlation(frame: Frame) -> tuple[tuple[str, str], ...]:
    receipt_id = frame.get("receipt")
    return () if receipt_id is None else (("receipt-id", receipt_id),)


def _auth_params(header: str | None) -> object:
    """Return the JSON of StompX-Auth-Params, whose bytes are Latin-1."""
    if header is None:
        return None
    try:
        return orjson.loads(base64.b64decode(header, validate=True).decode("latin-1"))
    except (binascii.Error, orjson.JSONDecodeError) as error:
        raise access_denied(f"the auth params cannot be read: {error}") from error
