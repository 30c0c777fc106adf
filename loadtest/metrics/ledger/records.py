"""The life of a record: opened by a cause, filled by arrivals, closed at its deadline.

At every instant ``delivered + lost + still open = expected``, for each event type. A slot that is
expected becomes delivered, or lost at the deadline, or boundary if its chat session began to end
right after the cause; lost becomes delivered, and late, if it arrives after all. A record with
nothing missing is forgotten at its deadline; the others are kept, up to a limit, for late arrivals.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.figures import SHEDDABLE
from loadtest.metrics.ledger.completion import complete_late, mark_incomplete, mark_reached
from loadtest.metrics.ledger.model import (
    ABSENT,
    BOUNDARY,
    BOUNDARY_SEEN,
    DELIVERED,
    EXPECTED,
    LEAVING,
    OVERTAKEN,
    OWN,
    ChatSessionState,
    MessageRecord,
    Record,
    TrackedChatSession,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import ChatEvent

__all__ = [
    "Arrival",
    "RecordBook",
    "RecordT",
    "code_at",
    "is_unseen",
    "is_void",
    "leave_records",
    "unjudge",
    "unjudge_slot",
]

RecordT = TypeVar("RecordT", bound=Record)

# Their arrivals name their cause exactly, so that their order means something.
_ORDERED = (ChatEvent.MESSAGE_CREATED, ChatEvent.KEYSTROKES_CREATED)
_AS_BOUNDARY = bytes(
    BOUNDARY if code in (EXPECTED, LEAVING, OVERTAKEN) else code for code in range(256)
)
_AS_ABSENT = bytes(
    ABSENT if code in (EXPECTED, LEAVING, OVERTAKEN, BOUNDARY) else code for code in range(256)
)
_WITHOUT_EXPECTED = bytes(ABSENT if code == EXPECTED else code for code in range(256))
_LEAVING_AS_BOUNDARY = bytes(BOUNDARY if code == LEAVING else code for code in range(256))


class Arrival:
    """What an arrival was to a record."""

    DELIVERED = "delivered"
    BOUNDARY = "boundary"
    DUPLICATE = "duplicate"
    OWN = "own"
    AFTER_END = "after_end"
    ABSENT = "absent"


def code_at(record: Record, chat_session: TrackedChatSession) -> int:
    """Return the state of a record at a chat session of its channel."""
    slot = chat_session.slot
    # A slot that was given to this chat session after the cause speaks of someone else.
    if slot < len(record.state) and chat_session.taken_ns <= record.written_ns:
        return record.state[slot]
    return ABSENT


def is_unseen(record: Record) -> bool:
    """Return whether no chat session has seen the event of a record."""
    return DELIVERED not in record.state and BOUNDARY_SEEN not in record.state


def is_void(record: Record) -> bool:
    """Return whether a doubtful record's cause may never have reached the server.

    It has if anybody saw its effect, or that of a later one that the sender wrote on the same
    connection.
    """
    later: Record | None = record
    while later is not None and later.is_doubtful:
        if not is_unseen(later) or (isinstance(later, MessageRecord) and later.notified):
            return False
        later = later.next
    return True


def unjudge(record: Record) -> None:
    """Make every expected slot of a record that is not open yet a boundary."""
    record.state = record.state.translate(_AS_BOUNDARY)
    record.expected = record.remaining = 0


def unjudge_slot(record: Record, slot: int, code: int = BOUNDARY) -> None:
    """Give one slot of a record that is not open yet ``code``, which nothing is expected of."""
    if record.state[slot] == EXPECTED:
        record.expected -= 1
        record.remaining -= 1
    record.state[slot] = code


def leave_records(chat_session: TrackedChatSession, since_ns: int) -> None:
    """Mark what was caused since ``since_ns`` and has not come to a chat session that ends now.

    The server may have taken the UNSUBSCRIBE before it: if it arrives it counts as delivered, if
    not it is boundary. What was caused earlier stays owed, and so does what a later one of the same
    sender has overtaken, or still does.
    """
    slot = chat_session.slot
    for record in chat_session.channel.unfinished:
        state = record.state
        if record.written_ns >= since_ns and slot < len(state) and state[slot] == EXPECTED:
            state[slot] = LEAVING


class RecordBook(Generic[RecordT]):
    """The records of some event types, in the order of their causes."""

    def __init__(self, settings: LedgerSettings, tally: Tally) -> None:
        self._settings = settings
        self._tally = tally
        self._open: deque[RecordT] = deque()
        self._kept: deque[RecordT] = deque()
        self._unfinished: dict[Record, None] = {}
        self.crosses: Callable[[Record, int], bool] | None = None
        """Whether a slot of a record is on another worker than the cause; None: there is one."""

    @property
    def kept_count(self) -> int:
        """How many closed records wait for late arrivals."""
        return len(self._kept)

    def outstanding(self) -> int:
        """Return how many deliveries are still open."""
        return sum(record.remaining for record in self._unfinished)

    def open(self, record: RecordT) -> None:
        """Take a record whose cause was just written."""
        figures = self._tally.event(record.event)
        figures.expected += record.expected
        figures.boundary += record.state.count(BOUNDARY)
        self._open.append(record)
        if record.remaining:
            self._unfinished[record] = None
            record.channel.unfinished[record] = None

    # --- arrivals -----------------------------------------------------------------------------

    def take(self, record: RecordT, chat_session: TrackedChatSession, arrived_ns: int) -> str:
        """Take an arrival of ``record`` at a chat session of its channel.

        Returns what it was (see ``Arrival``). Deliveries and boundaries are counted here;
        duplicates and arrivals where nothing was expected are for the caller to judge.
        """
        slot = chat_session.slot
        code = code_at(record, chat_session)
        if code >= OVERTAKEN:
            if code == OVERTAKEN:
                self._take_overtaken(record)
            self._deliver(record, slot, arrived_ns)
            return Arrival.DELIVERED
        if code in (DELIVERED, BOUNDARY_SEEN):
            return Arrival.DUPLICATE
        if code == BOUNDARY:
            record.state[slot] = BOUNDARY_SEEN
            self._tally.event(record.event).boundary_seen += 1
            return Arrival.BOUNDARY
        if code == OWN:
            record.state[slot] = BOUNDARY_SEEN
            counted = self._tally.now.counted
            counted[record.event] = counted.get(record.event, 0) + 1
            return Arrival.OWN
        return Arrival.ABSENT

    def take_unexpected(self, record: Record, chat_session: TrackedChatSession) -> bool:
        """Take an arrival where nothing was expected, if its chat session began soon after.

        The server may have taken that SUBSCRIBE before the cause: boundary. Returns whether it was.
        """
        delay_ns = chat_session.starting_ns - record.written_ns
        if not 0 <= delay_ns <= self._settings.race_ns:
            return False
        state = record.state
        slot = chat_session.slot
        if slot >= len(state):
            state.extend(bytes(slot + 1 - len(state)))
        state[slot] = BOUNDARY_SEEN
        figures = self._tally.event(record.event)
        figures.boundary += 1
        figures.boundary_seen += 1
        return True

    def forget_boundary(self, record: Record, chat_session: TrackedChatSession) -> None:
        """Take back that an arrival was taken for this record's: it was another's."""
        slot = chat_session.slot
        if slot < len(record.state) and record.state[slot] == BOUNDARY_SEEN:
            record.state[slot] = BOUNDARY
            self._tally.event(record.event).boundary_seen -= 1

    def _take_overtaken(self, record: Record) -> None:
        figures = self._tally.event(record.event)
        figures.out_of_order += record.event in _ORDERED
        if record.is_closed and record.event in SHEDDABLE:
            figures.coalesced -= 1

    def _deliver(self, record: RecordT, slot: int, arrived_ns: int) -> None:
        record.state[slot] = DELIVERED
        record.arrivals.append(arrived_ns)
        if self.crosses is not None and self.crosses(record, slot):
            record.crossed = record.crossed or []
            record.crossed.append(arrived_ns)
        record.remaining -= 1
        figures = self._tally.event(record.event)
        if record.is_closed:
            figures.lost -= 1
        if arrived_ns > record.deadline_ns:
            figures.late += 1
        if slot in record.channel.slow_slots and record.event is ChatEvent.MESSAGE_CREATED:
            self._deliver_slow(record, arrived_ns)
        if not record.remaining:
            self.finish(record, slot)
        elif record.is_closed:
            self.flush(record)
            if record.fate is not None and record.fate.is_incomplete:
                mark_reached(self._tally, record)

    def _deliver_slow(self, record: Record, arrived_ns: int) -> None:
        slow = self._tally.now.slow
        slow.delivered += 1
        slow.latency.record_ns(arrived_ns - record.due_ns)
        slow.lost -= record.is_closed
        slow.late += arrived_ns > record.deadline_ns

    def overtake(self, record: Record, chat_session: TrackedChatSession, arrived_ns: int) -> None:
        """Mark the earlier records of this sender not seen at a chat session as overtaken."""
        slot = chat_session.slot
        earlier = record.previous
        while earlier is not None:
            if slot < len(earlier.state) and chat_session.taken_ns <= earlier.written_ns:
                code = earlier.state[slot]
                if code in (DELIVERED, OVERTAKEN):
                    return
                if code in (EXPECTED, LEAVING):
                    self.overtake_one(earlier, slot, arrived_ns)
            earlier = earlier.previous

    def overtake_one(self, earlier: Record, slot: int, arrived_ns: int) -> None:
        """Mark one record as overtaken at ``slot`` by a newer one."""
        earlier.state[slot] = OVERTAKEN
        if earlier.event in SHEDDABLE:
            figures = self._tally.event(earlier.event)
            figures.staleness.record_ns(arrived_ns - earlier.due_ns)
            figures.coalesced += earlier.is_closed

    def finish(self, record: Record, slot: int = -1) -> None:
        """Note that every expected delivery of a record has come, the last one at ``slot``."""
        self._unfinished.pop(record, None)
        record.channel.unfinished.pop(record, None)
        self.flush(record)
        arrivals = record.arrivals
        if record.event is ChatEvent.MESSAGE_CREATED and arrivals:
            if record.fate is not None and record.fate.is_incomplete:
                record.fate.is_incomplete = False
                complete_late(self._tally, record)
            else:
                self._complete(record, arrivals, slot)
        record.arrivals = []
        record.counted = 0

    def _complete(self, record: Record, arrivals: list[int], slot: int) -> None:
        arrivals.sort()  # read receipts apart they are in order already
        due_ns = record.due_ns
        count = len(arrivals)
        # ceil(count * share) - 1 in integers.
        marks = (
            (arrivals[0] - due_ns) // NS_PER_US,
            (arrivals[(count - 1) // 2] - due_ns) // NS_PER_US,
            (arrivals[(count * 9 - 1) // 10] - due_ns) // NS_PER_US,
            (arrivals[(count * 99 - 1) // 100] - due_ns) // NS_PER_US,
            (arrivals[-1] - due_ns) // NS_PER_US,
        )
        self._tally.completed(due_ns, count, marks)
        if marks[4] > self._tally.slowest.least_us:
            self._tally.slowest.keep(record, count, marks, slot)

    def flush(self, record: Record) -> None:
        """Count the arrivals of a record that are not in the figures yet.

        The hot path only notes the instant; everything else is done here for many at once.
        """
        arrivals = record.arrivals[record.counted :] if record.counted else record.arrivals
        if not arrivals:
            return
        record.counted += len(arrivals)
        if record.crossed is not None:
            arrivals = self._without_crossed(record, arrivals)
        due_ns, written_ns = record.due_ns, record.written_ns
        latencies = services = [(arrived - due_ns) // 1000 for arrived in arrivals]
        if written_ns != due_ns:
            services = [(arrived - written_ns) // 1000 for arrived in arrivals]
        self._tally.timed(record.event, due_ns, latencies, services)

    def _without_crossed(self, record: Record, arrivals: list[int]) -> list[int]:
        """Count the arrivals that two clocks have timed; return the others."""
        crossed, record.crossed = record.crossed or [], None
        self._tally.crossed(
            record.event,
            [(arrived - record.due_ns) // NS_PER_US for arrived in crossed],
            [(arrived - record.written_ns) // NS_PER_US for arrived in crossed],
        )
        self._tally.event(record.event).delivered += len(crossed)
        rest = Counter(arrivals)
        rest.subtract(crossed)
        return list(rest.elements())

    def flush_all(self) -> None:
        """Count every arrival that is not in the figures yet."""
        for record in self._unfinished:
            if len(record.arrivals) > record.counted:
                self.flush(record)

    # --- ends ---------------------------------------------------------------------------------

    def withdraw(self, record: RecordT) -> int:
        """Make what an open record still expects boundary; return how many deliveries that were."""
        withdrawn = record.remaining
        if not withdrawn or record.is_closed:
            return 0
        record.state = record.state.translate(_AS_BOUNDARY)
        record.expected -= withdrawn
        record.remaining = 0
        figures = self._tally.event(record.event)
        figures.expected -= withdrawn
        figures.boundary += withdrawn
        self.finish(record)
        return withdrawn

    def refuse(self, record: RecordT) -> None:
        """Expect an open record nowhere: the server has refused its cause, so nobody may see it."""
        if record.is_closed:
            return
        figures = self._tally.event(record.event)
        figures.expected -= record.remaining
        figures.boundary -= record.state.count(BOUNDARY)
        figures.refused += 1
        record.state = record.state.translate(_AS_ABSENT)
        record.expected -= record.remaining
        record.remaining = 0
        record.suffer().is_refused = True
        self.finish(record)

    def excuse(self, record: Record, slots: int) -> bool:
        """Expect an open record at ``slots`` no more: boundary; return whether it is in this book.

        ``slots`` has a byte per slot, little-endian: 255 for those concerned. Nothing can come
        there any more, so an arrival would be another event's. A few operations on whole numbers:
        a large channel has thousands of slots, and as many records when all of it breaks down.
        """
        if record not in self._unfinished:
            return False
        was = record.state
        before = int.from_bytes(was, "little")
        without = int.from_bytes(was.translate(_WITHOUT_EXPECTED), "little")
        after = before ^ ((before ^ without) & slots)
        if after == before:
            return True
        state = record.state = bytearray(after.to_bytes(len(was), "little"))
        excused = was.count(EXPECTED) - state.count(EXPECTED)
        record.expected -= excused
        record.remaining -= excused
        figures = self._tally.event(record.event)
        figures.expected -= excused
        figures.boundary += excused
        if not record.remaining:
            self.finish(record)
        return True

    def due(self, now_ns: int | None) -> Iterator[RecordT]:
        """Close and yield every record whose deadline is before ``now_ns`` (all of them: None)."""
        while self._open and (now_ns is None or self._open[0].deadline_ns < now_ns):
            record = self._open.popleft()
            if record.remaining:
                self._close(record)
            record.is_closed = True
            yield record

    def _close(self, record: RecordT) -> None:
        figures = self._tally.event(record.event)
        cause = record.cause
        is_uncertain = cause is not None and cause.state is ChatSessionState.STARTING
        if is_uncertain or (record.is_doubtful and is_void(record)):
            leaving, codes = record.remaining, _AS_BOUNDARY
        else:
            leaving, codes = record.state.count(LEAVING), _LEAVING_AS_BOUNDARY
        if leaving:
            record.state = record.state.translate(codes)
            record.expected -= leaving
            record.remaining -= leaving
            figures.expected -= leaving
            figures.boundary += leaving
        if not record.remaining:
            self.finish(record)
            return
        self.flush(record)
        self._unfinished.pop(record, None)
        record.channel.unfinished.pop(record, None)
        figures.lost += record.remaining
        if record.event in SHEDDABLE:
            figures.coalesced += record.state.count(OVERTAKEN)
        elif record.event is ChatEvent.MESSAGE_CREATED:
            record.suffer().is_incomplete = True
            mark_incomplete(self._tally, record)
            self._tally.now.slow.lost += _missing_at(record, record.channel.slow_slots)

    def give_up_young(self, now_ns: int) -> None:
        """Make what is still within its deadline boundary: nobody waits for it any more."""
        for record in self._open:
            if record.remaining and record.deadline_ns >= now_ns:
                self._tally.event(record.event).in_flight += self.withdraw(record)

    def retire(self, record: RecordT, *, is_settled: bool) -> list[RecordT]:
        """Forget a closed record, or keep it and forget the oldest ones over the limit.

        ``is_settled`` says whether the caller misses nothing of it. Returns what was forgotten.
        """
        if is_settled and not record.remaining and BOUNDARY not in record.state:
            return [record]
        self._kept.append(record)
        forgotten = []
        while len(self._kept) > self._settings.kept_records:
            forgotten.append(self._kept.popleft())
        return forgotten


def _missing_at(record: Record, slots: set[int]) -> int:
    """Return at how many of ``slots`` a closed record is expected and was not seen."""
    state = record.state
    return sum(slot < len(state) and state[slot] in (EXPECTED, OVERTAKEN) for slot in slots)
