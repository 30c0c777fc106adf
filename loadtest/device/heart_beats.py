"""Both heart-beats of a connection, as the SDK keeps them.

Ours goes out on a fixed timer, whether or not other frames were sent. The server's are not awaited
one by one: the connection is given up once nothing at all has come for two periods, which is looked
at once per period. Both end with the connection that they were started for.
"""

from typing import Protocol

from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.device.connection import Connection
from loadtest.device.fleet import Fleet
from loadtest.wire.stomp import HEART_BEAT, negotiate_heart_beat, parse_heart_beat

__all__ = ["OFFER", "Beating", "start_heart_beats"]

OFFER = (60_000, 10_000)
"""What the SDK offers to send, and wants to get, in milliseconds."""


class Beating(Protocol):
    """A device as far as its heart-beats are concerned."""

    fleet: Fleet
    epoch: int
    connection: Connection | None

    def write(self, frame: bytes) -> None:
        """Have one STOMP frame written at the next ``flush``."""

    def flush(self) -> None:
        """Hand what was gathered to the link."""

    def break_off(self, reason: str, now_ns: int) -> None:
        """Be done with the connection."""


def start_heart_beats(device: Beating, answer: str, now_ns: int) -> None:
    """Start what the server's ``answer`` to ``OFFER`` asks for.

    Raises:
        RemoteProtocolError: The answer is no ``heart-beat`` header.
    """
    periods = negotiate_heart_beat(OFFER, parse_heart_beat(answer))
    timers = device.fleet.timers
    if periods.outgoing_ms:
        period_ns = periods.outgoing_ms * NS_PER_MS
        timers.after(period_ns, now_ns, _beat, device, device.epoch, period_ns)
    if periods.incoming_ms:
        period_ns = periods.incoming_ms * NS_PER_MS
        timers.after(period_ns, now_ns, _check_silence, device, device.epoch, period_ns)


def _beat(device: Beating, epoch: int, period_ns: int, now_ns: int) -> None:
    if device.epoch == epoch and device.connection is not None:
        device.write(HEART_BEAT)
        device.flush()
        device.fleet.timers.after(period_ns, now_ns, _beat, device, epoch, period_ns)


def _check_silence(device: Beating, epoch: int, period_ns: int, now_ns: int) -> None:
    connection = device.connection
    if device.epoch != epoch or connection is None:
        return
    silence_ns = now_ns - connection.last_byte_ns
    if silence_ns >= 2 * period_ns:
        # The same words for every device: how late the silence was noticed says nothing.
        awaited_s = 2 * period_ns / NS_PER_S
        device.break_off(
            f"nothing came from the server for two heart-beats ({awaited_s:g} s)", now_ns
        )
    else:
        device.fleet.timers.after(period_ns, now_ns, _check_silence, device, epoch, period_ns)
