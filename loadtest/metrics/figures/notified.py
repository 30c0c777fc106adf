"""Counts and latencies of notifications and of pushes, and which share of them was judged."""

from msgspec import Struct, field

from loadtest.metrics.figures.histogram import Histogram

__all__ = [
    "ActivationFigures",
    "NotificationFigures",
    "OutcomeFigures",
    "PushFigures",
    "judged_share",
]


def judged_share(expected: int, boundary: int) -> float | None:
    """Return which share of the pairs of cause and receiver was judged; None without any."""
    every = expected + boundary
    return expected / every if every else None


class OutcomeFigures(Struct):
    """What became of messages for users who may be delivered or notified: pairs of both."""

    delivered: int = 0
    """Delivered to a chat session of the user, and not notified."""
    notified: int = 0
    """Notified on a device of the user, and not delivered."""
    neither: int = 0
    both: int = 0

    @property
    def total(self) -> int:
        """How many pairs of message and user these are."""
        return self.delivered + self.notified + self.neither + self.both


class ActivationFigures(Struct):
    """What the end of a user's last chat session in a channel costs, until notifications come.

    It is known only between two messages: later than the last that did not come as a notification,
    and no later than the first that did.
    """

    at_least: Histogram = field(default_factory=Histogram)
    """From the end to the writing of the last message that did not come as a notification; 0
    without one."""
    at_most: Histogram = field(default_factory=Histogram)
    """From the end to the writing of the first message that came as a notification."""
    resolution: Histogram = field(default_factory=Histogram)
    """At most minus at least."""
    gap_messages: int = 0
    """Messages after such an end that came as neither."""
    overlap_messages: int = 0
    """Messages after such an end that came as both."""

    @property
    def count(self) -> int:
        """How many ends were followed by a notification."""
        return self.at_most.count


class NotificationFigures(Struct):
    """Notifications of one class of users; ``delivered + missed`` is ``expected`` when settled.

    Pairs of message and device, but for the outcomes of hand-off and entry: those are pairs of
    message and user.
    """

    expected: int = 0
    delivered: int = 0
    missed: int = 0
    late: int = 0
    duplicate: int = 0
    spurious: int = 0
    boundary: int = 0
    boundary_seen: int = 0
    """Notifications that arrived and are not judged."""
    in_flight: int = 0
    handoff: OutcomeFigures = field(default_factory=OutcomeFigures)
    """Messages while the user's last chat session ended: neither and both are faults."""
    entry: OutcomeFigures = field(default_factory=OutcomeFigures)
    """Messages while the user's first chat session started: none of the outcomes is a fault."""
    latency: Histogram = field(default_factory=Histogram)
    """Arrival minus due of the message, of expected notifications."""
    service: Histogram = field(default_factory=Histogram)
    """Arrival minus written of the message."""
    activation: ActivationFigures = field(default_factory=ActivationFigures)

    @property
    def handoff_gap(self) -> int:
        """Messages that came as neither while the user's last chat session ended."""
        return self.handoff.neither

    @property
    def handoff_overlap(self) -> int:
        """Messages that came as both while the user's last chat session ended."""
        return self.handoff.both

    @property
    def judged_share(self) -> float | None:
        """Which share of the pairs of message and device was judged; None without any."""
        return judged_share(self.expected, self.boundary)


class PushFigures(Struct):
    """Pairs of message and user who is not connected; delivered and missed are all expected."""

    taken: int = 0
    """Pushes that came for a channel of this run."""
    expected: int = 0
    delivered: int = 0
    missed: int = 0
    late: int = 0
    duplicate: int = 0
    spurious: int = 0
    """For somebody who was connected, is no member, or wrote the message."""
    boundary: int = 0
    boundary_seen: int = 0
    """Of those, the ones that came."""
    in_flight: int = 0
    latency: Histogram = field(default_factory=Histogram)
    """Arrival at the sink minus due of the message, of expected pushes."""
    service: Histogram = field(default_factory=Histogram)
    """Arrival at the sink minus written of the message."""

    @property
    def judged_share(self) -> float | None:
        """Which share of the pairs of message and user was judged; None without any."""
        return judged_share(self.expected, self.boundary)
