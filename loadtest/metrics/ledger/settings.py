"""The limits by which a ledger judges: deadlines, windows and how much it remembers.

Every window is a statement about what nobody can know from outside: in which order a server took
two frames of two connections. Inside it an outcome is *boundary*, counted but not judged; outside
it every outcome is right or wrong. Narrow windows find more defects and accuse the innocent more
often; the defaults suit servers that answer within a second.
"""

from dataclasses import dataclass

from loadtest.clock import NS_PER_S

__all__ = ["LedgerSettings"]


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """How a ledger judges; times are in seconds."""

    delivery_deadline_s: float = 10.0
    """After ``written``; what has not arrived by then is lost."""
    race_window_s: float = 1.0
    """Within this time the order of two connections' frames at the server is taken as unknown, and
    so is that of a frame and the loss of a connection. For so long at most a chat session counts as
    ending after its UNSUBSCRIBE."""
    server_keeps_order: bool = True
    """Whether the server takes the frames of one connection in order. Then a chat session has ended
    as soon as a frame is answered that its device wrote after the UNSUBSCRIBE."""
    handoff_window_s: float = 5.0
    """For so long after the end of a user's last chat session in a channel, a message that comes as
    neither is called a hand-off gap, and later a missed notification."""
    typing_timeout_s: float = 3.0
    """After this pause the server says that a user has stopped typing."""
    expects_presence: bool = True
    """Whether the server tells the channels of a user of its presence."""
    expects_pushes: bool = False
    """Whether a push sink takes what the server pushes for users who are not connected."""
    kept_records: int = 5_000
    """How many causes with something still missing are kept for late arrivals."""
    remembered_messages: int = 50_000
    """For how many messages the author and readers are remembered, to judge reads; and how many
    chat sessions that have ended are known by their number."""
    spanned_workers: int = 1
    """Over how many workers the devices are spread that are judged together. Above 1, their numbers
    say which worker each is on (see ``crossings``)."""
    resent_rows: int = 10
    """How many seconds of the timeline go into every snapshot, against lost ones."""

    @property
    def deadline_ns(self) -> int:
        """The delivery deadline in nanoseconds."""
        return round(self.delivery_deadline_s * NS_PER_S)

    @property
    def race_ns(self) -> int:
        """The race window in nanoseconds."""
        return round(self.race_window_s * NS_PER_S)

    @property
    def handoff_ns(self) -> int:
        """The hand-off window in nanoseconds."""
        return round(self.handoff_window_s * NS_PER_S)

    @property
    def typing_timeout_ns(self) -> int:
        """The typing timeout in nanoseconds."""
        return round(self.typing_timeout_s * NS_PER_S)
