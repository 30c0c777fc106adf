"""What all parts of a device share: who it is, where its user session stands, how it writes."""

from collections.abc import Iterable

from loadtest.device.connection import Connection
from loadtest.device.fences import Fences
from loadtest.device.fleet import Fleet
from loadtest.device.numbers import id_prefix, number_of_id
from loadtest.device.state import NEXT_STATE, State
from loadtest.errors import LocalProtocolError
from loadtest.wire.stomp import header_value

__all__ = ["DeviceLine"]

# Most of their headers are ours: a template takes a tenth of the time of `encode`.
_SUBSCRIBE_BARE = b"SUBSCRIBE\n%bid:subscription-id-%b%012x\ndestination:%b\n\n\0"
_SUBSCRIBE = (
    b"SUBSCRIBE\nid:subscription-id-%b%012x\nreceipt:receipt-%b%012x\n"
    b"ack:client-individual\ndestination:%b\n\n\0"
)


class DeviceLine:
    """The identity of one device, the state of its user session, and its connection."""

    __slots__ = (
        *("connection", "epoch", "fences", "fleet", "number", "state", "username"),
        "wire_prefix",
    )

    def __init__(self, number: int, username: str, fleet: Fleet) -> None:
        self.number = number
        self.username = username
        self.fleet = fleet
        self.wire_prefix = id_prefix(fleet.run, number).encode()
        """``prefix`` as it stands in frames."""
        self.state = State.IDLE
        self.connection: Connection | None = None
        self.fences = Fences(fleet)
        self.epoch = 0
        """Counts connections that were asked for, so that whatever belongs to an older one knows
        that it is void."""

    # --- the state of the user session ---------------------------------------------------------

    @property
    def is_active(self) -> bool:
        """Whether the user session is active, so that a chat session may start."""
        return self.state is State.ACTIVE

    @property
    def is_subscribed(self) -> bool:
        """Whether the topics of the user are subscribed, so that frames about topics may go out."""
        return self.state in (State.SUBSCRIBING, State.ACTIVE)

    @property
    def may_start(self) -> bool:
        """Whether the user session can be started: it never was, or it has ended."""
        return self.state in (State.IDLE, State.ENDED)

    def step(self, trigger: str) -> None:
        """Go on to the state that ``trigger`` leads to.

        Raises:
            LocalProtocolError: It leads nowhere from the present state.
        """
        next_state = NEXT_STATE.get((self.state, trigger))
        if next_state is None:
            raise LocalProtocolError(
                f"device {self.number} ({self.username}) cannot take {trigger!r} "
                f"while {self.state.value}"
            )
        self.state = next_state

    @property
    def prefix(self) -> str:
        """What every id of this device begins with, after its kind."""
        return self.wire_prefix.decode()

    # --- ids and frames ------------------------------------------------------------------------

    def number_of_id(self, identifier: bytes) -> int | None:
        """Return the number in an id that this device gave out, else None."""
        return number_of_id(identifier, self.wire_prefix)

    def write(self, frame: bytes) -> None:
        """Have one STOMP frame written when the present call ends."""
        if self.connection is not None:
            self.connection.write(frame)

    def flush(self) -> None:
        """Hand what was gathered to the link, in one piece."""
        if self.connection is not None:
            self.connection.flush()

    def write_subscribes(self, number: int, destinations: Iterable[str]) -> None:
        """Write SUBSCRIBE of topics with consecutive numbers, each with a receipt."""
        if self.connection is not None:
            prefix = self.wire_prefix
            self.connection.write_all(
                _SUBSCRIBE % (prefix, each, prefix, each, header_value(destination))
                for each, destination in enumerate(destinations, number)
            )

    def write_subscribe_bare(self, number: int, destination: str, parameters: bytes = b"") -> None:
        """Write SUBSCRIBE without a receipt: of a relay, or of the errors queue.

        ``parameters`` are the header lines that a relay may have before its id.
        """
        wanted = header_value(destination)
        self.write(_SUBSCRIBE_BARE % (parameters, self.wire_prefix, number, wanted))

    def write_unsubscribe(self, number: int) -> None:
        """Write UNSUBSCRIBE."""
        self.write(b"UNSUBSCRIBE\nid:subscription-id-%b%012x\n\n\0" % (self.wire_prefix, number))
