"""What a ledger knows: who is where, and what is still to arrive.

A channel gives each of its chat sessions a *slot*, a small number that is used again later. What
must reach whom is then one byte per slot: the channel keeps a template of who would have to see an
event now, and the record of an event starts as a copy of it. A copied byte is changed only by what
happens to that event at that chat session. These are only the things and their fields; ``roster``
changes who is where, the books change what has arrived.
"""

from enum import Enum

from loadtest.metrics.ledger.episodes import Crossing, Episode, HandOff
from loadtest.observations import ChatEvent

__all__ = [
    "ABSENT",
    "BOUNDARY",
    "BOUNDARY_SEEN",
    "DELIVERED",
    "EXPECTED",
    "LEAVING",
    "OVERTAKEN",
    "OWN",
    "Attendance",
    "ChatSessionState",
    "Crossing",
    "DeviceState",
    "Episode",
    "EventRecord",
    "Fate",
    "Gap",
    "HandOff",
    "Match",
    "MessageRecord",
    "Record",
    "Suspect",
    "TrackedChannel",
    "TrackedChatSession",
    "TrackedDevice",
    "TrackedUser",
]

# The states of one slot of a record. ``EXPECTED`` and above is "not seen, and nothing newer seen":
# the hot path asks for that with one comparison.
ABSENT = 0
BOUNDARY = 1
BOUNDARY_SEEN = 2
OWN = 3
"""A chat session that ends itself, and with that causes the event: it may see it or not."""
DELIVERED = 4
OVERTAKEN = 5
"""Expected, not seen, but a newer one of the same sender or subject was."""
EXPECTED = 6
LEAVING = 7
"""Expected, not seen, and its chat session has begun to end since."""

_REMEMBERED_SPANS = 8
_REMEMBERED_CHANGES = 32


class DeviceState(Enum):
    """How far a device's user session is."""

    OFFLINE = "offline"
    STARTING = "starting"
    ONLINE = "online"
    ENDING = "ending"


class ChatSessionState(Enum):
    """How far a chat session is."""

    STARTING = "starting"
    ACTIVE = "active"
    ENDING = "ending"
    """The server may have taken its UNSUBSCRIBE, or not yet."""
    ENDED = "ended"
    """It certainly has: nothing that is written now may reach it."""
    LOST = "lost"
    """Its connection broke; it keeps its slot and may start again."""


_LEFT = (ChatSessionState.ENDING, ChatSessionState.LOST)


class TrackedUser:
    """A chat user and the devices seen of it."""

    __slots__ = ("changes", "channels", "devices", "id", "offline_ns", "online")

    def __init__(self, user: int) -> None:
        self.id = user
        self.channels: dict[TrackedChannel, int] = {}
        """Since when it is a member."""
        # Tuples, as they are short and many: a set takes four times their memory.
        self.devices: tuple[TrackedDevice, ...] = ()
        self.online: tuple[TrackedDevice, ...] = ()
        self.offline_ns: int | None = None
        self.changes: tuple[int, ...] = ()
        """The latest instants at which a device of it came or went, where pushes are expected."""

    def remember_change(self, *instants_ns: int) -> None:
        """Take note that a device came or went."""
        self.changes = (*self.changes, *instants_ns)[-_REMEMBERED_CHANGES:]

    @property
    def has_several_devices(self) -> bool:
        """Whether more than one device of this user was seen."""
        return len(self.devices) > 1


class TrackedDevice:
    """A simulated device and its chat sessions."""

    __slots__ = ("chat_sessions", "is_slow", "number", "starting_ns", "state", "user")

    def __init__(self, number: int) -> None:
        self.number = number
        self.user: TrackedUser | None = None
        self.state = DeviceState.OFFLINE
        self.starting_ns = 0
        self.is_slow = False
        """Whether it reads slowly by the workload's wish."""
        self.chat_sessions: dict[int, TrackedChatSession] = {}


class TrackedChatSession:
    """One device in one channel."""

    __slots__ = (
        "active_ns",
        "attendance",
        "channel",
        "device",
        "ended_ns",
        "gap",
        "left_ns",
        "number",
        "prompt_channel",
        "slot",
        "starting_ns",
        "state",
        "taken_ns",
    )

    def __init__(
        self, number: int, device: TrackedDevice, channel: "TrackedChannel", slot: int, at_ns: int
    ) -> None:
        self.number = number
        self.device = device
        self.channel = channel
        self.prompt_channel: TrackedChannel | None = None if device.is_slow else channel
        """Its channel; None for a slow device, whose deliveries go the long way."""
        self.slot = slot
        self.attendance = channel.attendance(device.user) if device.user is not None else None
        self.state = ChatSessionState.STARTING
        self.taken_ns = at_ns
        self.starting_ns = at_ns
        self.active_ns = 0
        self.left_ns = 0
        """When its UNSUBSCRIBE was written, or its connection lost."""
        self.ended_ns = 0
        """When the server had certainly taken the end; 0: it has perhaps not."""
        self.gap: Gap | None = None
        """Since its connection was lost last."""

    @property
    def is_present(self) -> bool:
        """Whether it is active or starting."""
        return self.state in (ChatSessionState.STARTING, ChatSessionState.ACTIVE)

    def has_ended_at(self, at_ns: int) -> bool:
        """Return whether the server had certainly taken its end at an instant."""
        return self.state is ChatSessionState.ENDED and at_ns >= self.ended_ns


class Gap:
    """The time from the loss of a chat session until it is active again."""

    __slots__ = ("_own_before", "_written_before", "back_ns", "lost_ns", "seen_count")

    def __init__(self, chat_session: TrackedChatSession, lost_ns: int) -> None:
        self.lost_ns = lost_ns
        self.back_ns = 0
        """When it was active again; 0: it is not yet."""
        self.seen_count = 0
        """Messages by other users since the loss that arrived all the same, while it started."""
        self._written_before, self._own_before = _written_counts(chat_session)

    def missed_count(self, chat_session: TrackedChatSession) -> int:
        """Return how many messages other users have written since, but for those that arrived."""
        written, own = _written_counts(chat_session)
        return written - self._written_before - (own - self._own_before) - self.seen_count


def _written_counts(chat_session: TrackedChatSession) -> tuple[int, int]:
    """Return how many messages were written into the channel, and those of this user."""
    attendance = chat_session.attendance
    own = attendance.written_count if attendance is not None else 0
    return chat_session.channel.written_count, own


class Attendance:
    """One user in one channel, over all of the user's devices."""

    __slots__ = (
        "active_count",
        "channel",
        "chat_sessions",
        "ended_ns",
        "is_clean",
        "since_ns",
        "spans",
        "starting_count",
        "user",
        "written_count",
    )

    def __init__(self, channel: "TrackedChannel", user: TrackedUser) -> None:
        self.channel = channel
        self.user = user
        self.chat_sessions: tuple[TrackedChatSession, ...] = ()
        self.active_count = 0
        self.starting_count = 0
        self.since_ns = 0
        self.spans: tuple[tuple[int, int], ...] = ()
        """The latest stretches with an active chat session that are over."""
        self.ended_ns: int | None = None
        """When the last chat session ended, until the server has certainly taken it."""
        self.is_clean = True
        """Whether that was by the device's own wish, not by a lost connection."""
        self.written_count = 0
        """Messages that the user has written here since this is known."""

    def remember_span(self, end_ns: int) -> None:
        """Take note that the stretch with an active chat session is over."""
        self.spans = (*self.spans, (self.since_ns, end_ns))[-_REMEMBERED_SPANS:]

    @property
    def is_present(self) -> bool:
        """Whether any chat session of the user is active or starting."""
        return self.active_count > 0 or self.starting_count > 0

    @property
    def ends_active(self) -> bool:
        """Whether nothing is left of the user's presence but the end of an active chat session."""
        is_end = self.ended_ns is not None and not self.is_present
        return is_end and bool(self.spans) and self.spans[-1][1] == self.ended_ns

    def is_ending(self, at_ns: int, race_ns: int) -> bool:
        """Return whether the server may not have taken the end of a chat session yet."""
        return any(
            each.state in _LEFT and at_ns - each.left_ns <= race_ns for each in self.chat_sessions
        )

    def attended_until(self, at_ns: int) -> int | None:
        """Return the end of the stretch of active chat sessions around ``at_ns``.

        0 means that it goes on; None that no chat session was active then.
        """
        if self.active_count and self.since_ns <= at_ns:
            return 0
        for start_ns, end_ns in self.spans:
            if start_ns <= at_ns < end_ns:
                return end_ns
        return None


class TrackedChannel:
    """A channel: who is in it now, and what is still to arrive there."""

    __slots__ = (
        "active_count",
        "attendances",
        "audience",
        "boundary_count",
        "changed_ns",
        "episodes",
        "free_slots",
        "id",
        "members",
        "slots",
        "slow_slots",
        "template",
        "transit",
        "unfinished",
        "unnotified",
        "written_count",
    )

    def __init__(self, channel: int) -> None:
        self.id = channel
        self.members: dict[TrackedUser, int] = {}
        self.attendances: dict[TrackedUser, Attendance] = {}
        self.template = bytearray()
        self.slots: list[TrackedChatSession | None] = []
        self.free_slots: list[int] = []
        self.slow_slots: set[int] = set()
        """Slots of chat sessions on slow devices."""
        self.active_count = 0
        self.boundary_count = 0
        self.changed_ns = 0
        """When a chat session became active or had ended here last."""
        self.unfinished: dict[Record, None] = {}
        """Records with a delivery to come, oldest first."""
        self.audience: dict[TrackedDevice, bool] = {}
        """Devices a message must notify now; true for those of users with several."""
        self.transit: dict[TrackedUser, Attendance] = {}
        """Users who are only starting or ending: delivered or notified, either is right."""
        self.episodes: dict[TrackedUser, Episode] = {}
        self.unnotified: dict[MessageRecord, None] = {}
        """Messages with a notification to come, oldest first."""
        self.written_count = 0
        """Messages written into it so far."""

    def attendance(self, user: TrackedUser) -> Attendance:
        """Return the attendance of ``user`` here."""
        attendance = self.attendances.get(user)
        if attendance is None:
            attendance = self.attendances[user] = Attendance(self, user)
        return attendance


class Record:
    """One event that was caused: which chat sessions it must still reach."""

    __slots__ = (
        "arrivals",
        "cause",
        "channel",
        "counted",
        "crossed",
        "deadline_ns",
        "due_ns",
        "event",
        "expected",
        "fate",
        "is_closed",
        "key",
        "next",
        "previous",
        "remaining",
        "sender",
        "state",
        "written_ns",
    )

    def __init__(
        self,
        event: ChatEvent,
        channel: TrackedChannel,
        due_ns: int,
        written_ns: int,
        deadline_ns: int,
    ) -> None:
        self.event = event
        self.channel = channel
        self.due_ns = due_ns
        self.written_ns = written_ns
        self.deadline_ns = deadline_ns
        self.state = bytearray(channel.template)
        self.expected = channel.active_count
        self.remaining = channel.active_count
        """Slots that are expected and not seen, among them those that are leaving."""
        self.arrivals: list[int] = []
        self.counted = 0
        """How many of ``arrivals`` are in the figures already."""
        self.crossed: list[int] | None = None
        """Those of ``arrivals`` on another worker than the cause that are not counted yet."""
        self.is_closed = False
        self.fate: Fate | None = None
        """What went wrong with it; None, as with nearly all: nothing."""
        self.key = 0
        """Our own number of it, where it carries one."""
        self.sender: TrackedDevice | None = None
        self.cause: TrackedChatSession | None = None
        """The chat session whose start is the cause: until it is active nothing is certain."""
        self.previous: Record | None = None
        self.next: Record | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether the server may never have had its cause."""
        return self.fate is not None and self.fate.is_doubtful

    def suffer(self) -> "Fate":
        """Return what goes wrong with it, to take note of it there."""
        if self.fate is None:
            self.fate = Fate()
        return self.fate


class Fate:
    """What goes wrong with few records."""

    __slots__ = ("is_doubtful", "is_incomplete", "is_refused", "marked")

    def __init__(self) -> None:
        self.is_incomplete = False
        """It was closed with a delivery missing that has not come since."""
        self.marked = 0
        """How many marks of an incomplete message are in the figures."""
        self.is_doubtful = False
        """The connection of its sender broke before any answer: the server may never have had
        it."""
        self.is_refused = False


Match = tuple[ChatEvent, int, int, int]
"""What an event without our key is known by: type, channel, subject, and reader or 0."""


class EventRecord(Record):
    """One event that carries nothing of ours."""

    __slots__ = ("ends", "match")

    def __init__(
        self, match: Match, channel: TrackedChannel, written_ns: int, deadline_ns: int
    ) -> None:
        super().__init__(match[0], channel, written_ns, written_ns, deadline_ns)
        self.match = match
        self.ends: TrackedChatSession | None = None
        """The chat session whose end is the cause: who sees the event knows that it was taken."""


class MessageRecord(Record):
    """One message: also which devices it must still notify."""

    __slots__ = ("author", "handoffs", "leaving", "message", "notified", "pending", "suspects")

    def __init__(
        self,
        event: ChatEvent,
        channel: TrackedChannel,
        due_ns: int,
        written_ns: int,
        deadline_ns: int,
    ) -> None:
        super().__init__(event, channel, due_ns, written_ns, deadline_ns)
        self.message = 0
        """The server's id of it; 0 until it is known."""
        self.author: TrackedUser | None = None
        self.pending: dict[TrackedDevice, bool] = {}
        self.leaving: dict[TrackedDevice, bool] = {}
        """Pending, and the device has begun to end its user session since."""
        self.notified: set[TrackedDevice] = set()
        self.handoffs: dict[TrackedUser, HandOff] = {}
        self.suspects: list[Suspect] = []


class Suspect:
    """A notification that was not expected; judged when its message is closed."""

    __slots__ = ("arrived_ns", "device", "user")

    def __init__(self, device: TrackedDevice, user: TrackedUser, arrived_ns: int) -> None:
        self.device = device
        self.user = user
        self.arrived_ns = arrived_ns
