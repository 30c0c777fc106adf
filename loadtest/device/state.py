"""The user session of a device as a table of states.

All that changes the state of a user session goes through ``NEXT_STATE``; a pair that is missing
there is an error, and there is no other rule.
"""

from collections.abc import Mapping
from enum import Enum

__all__ = ["NEXT_STATE", "State"]


class State(Enum):
    """Where the user session of a device stands."""

    IDLE = "idle"
    OPENING = "opening the connection"
    CONNECTING = "waiting for CONNECTED"
    LOADING_USER = "waiting for the current user"
    LOADING_WRITE_GRANT = "waiting for the write grant"
    LOADING_READ_GRANT = "waiting for the read grant"
    SUBSCRIBING = "waiting for the RECEIPTs of its topics"
    ACTIVE = "active"
    ENDING = "waiting for the RECEIPT of DISCONNECT"
    CLOSING = "closing the connection"
    WAITING = "waiting to reconnect"
    ENDED = "ended"


_LIVE = (
    State.OPENING,
    State.CONNECTING,
    State.LOADING_USER,
    State.LOADING_WRITE_GRANT,
    State.LOADING_READ_GRANT,
    State.SUBSCRIBING,
    State.ACTIVE,
)

NEXT_STATE: Mapping[tuple[State, str], State] = {
    (State.IDLE, "start"): State.OPENING,
    (State.ENDED, "start"): State.OPENING,
    # A reconnect, by its timer or sooner by whoever asks.
    (State.WAITING, "start"): State.OPENING,
    (State.OPENING, "handshake"): State.CONNECTING,
    (State.CONNECTING, "connected"): State.LOADING_USER,
    # A reconnect knows its user already and subscribes everything at once.
    (State.CONNECTING, "reconnected"): State.SUBSCRIBING,
    (State.LOADING_USER, "answer"): State.LOADING_WRITE_GRANT,
    (State.LOADING_WRITE_GRANT, "answer"): State.LOADING_READ_GRANT,
    (State.LOADING_READ_GRANT, "answer"): State.SUBSCRIBING,
    (State.SUBSCRIBING, "receipts"): State.ACTIVE,
    (State.SUBSCRIBING, "disconnect"): State.ENDING,
    (State.ACTIVE, "disconnect"): State.ENDING,
    (State.ENDING, "receipt"): State.CLOSING,
    (State.WAITING, "abandon"): State.ENDED,
    (State.ENDING, "closed"): State.ENDED,
    (State.CLOSING, "closed"): State.ENDED,
    **{(state, "abandon"): State.ENDED for state in _LIVE},
    **{(state, "lost"): State.WAITING for state in _LIVE},
    **{(state, "lost for good"): State.ENDED for state in _LIVE},
}
