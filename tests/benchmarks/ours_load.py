"""What our devices do in a benchmark: enter one channel each, then keep deliveries coming.

The counterpart of a profile, as little as a measurement of the engine needs. Everything here runs
in the engine's thread.
"""

from dataclasses import dataclass

from loadtest.chat.resources import ChannelLinks, relayed_channel
from loadtest.clock import NS_PER_S, monotonic_ns
from loadtest.device import Device, DeviceCore, Outcome, actions
from loadtest.device.actions import Timing

__all__ = ["ClosedSending", "OpenSending", "Sender", "enter_channel"]

_TEXT = "hello"


class _Entering:
    """Listens to one device and brings it into its channel once its user session is active."""

    def __init__(self, channel: int) -> None:
        self._channel = channel

    def chat_event(self, *_: object) -> None:
        """Hear nothing: the observer has seen it."""

    def relayed_event(self, *_: object) -> None:
        """Hear nothing."""

    def user_event(self, *_: object) -> None:
        """Hear nothing."""

    def user_session_changed(self, device: DeviceCore, now_ns: int) -> None:
        """Read the channel, then start the chat session."""
        if not device.is_active:
            return
        # A device with handlers of a person pays for its listener at each event; ours has none.
        device.listener = None
        device.fleet.observer.member_joined(self._channel, device.user, now_ns)

        def answered(outcome: Outcome, at_ns: int) -> None:
            if outcome.is_ok:
                links = device.fleet.learn_channel(*relayed_channel(outcome.body))
                device.chat_sessions.start(links, due_ns=at_ns, now_ns=at_ns)

        actions.get_channel(device, self._channel, Timing(now_ns, now_ns, answered))


def enter_channel(device: Device, channel: int) -> None:
    """Start the user session of ``device``, and after it a chat session in ``channel``."""
    device.listener = _Entering(channel)
    now_ns = monotonic_ns()
    device.start(due_ns=now_ns, now_ns=now_ns)


@dataclass(frozen=True, slots=True)
class Sender:
    """The device that sends into a channel."""

    device: Device
    links: ChannelLinks


class OpenSending:
    """Sends on a schedule that ignores the server; one of the engine's scheduled works."""

    def __init__(self, senders: list[Sender], messages_per_s: float) -> None:
        self._senders = senders
        self._per_s = messages_per_s
        self._started_ns = monotonic_ns()
        self._sent = 0

    def next_due_ns(self) -> int:
        """Return when the next message is due."""
        return self._started_ns + round(self._sent * NS_PER_S / self._per_s)

    def run(self, now_ns: int) -> None:
        """Send what is due."""
        while (due_ns := self.next_due_ns()) <= now_ns:
            sender = self._senders[self._sent % len(self._senders)]
            timing = Timing(due_ns, monotonic_ns())
            actions.send_message(sender.device, sender.links, _TEXT, timing)
            self._sent += 1


class ClosedSending:
    """Keeps a number of messages under way: each one that is back brings the next."""

    def __init__(self, senders: list[Sender], in_flight: int) -> None:
        self._senders = senders
        self._in_flight = in_flight
        self._sent = 0

    def begin(self) -> None:
        """Send the first messages."""
        now_ns = monotonic_ns()
        for _ in range(self._in_flight):
            self._send_next(Outcome(), now_ns)

    def _send_next(self, outcome: Outcome, now_ns: int) -> None:
        if not outcome.is_ok:
            return
        sender = self._senders[self._sent % len(self._senders)]
        self._sent += 1
        timing = Timing(now_ns, now_ns, self._send_next)
        actions.send_message(sender.device, sender.links, _TEXT, timing)
