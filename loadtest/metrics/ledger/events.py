"""The events that carry nothing of ours: matched by channel, type and subject, in order of cause.

Updates, read receipts and participants are matched to their oldest cause that the chat session has
not seen. Typing and presence tell a state, so that they are matched to the newest one and overtake
the others: a server may merge them. An arrival without a cause is unexpected only once none can
come any more. The end of a connection or of a pause in typing is noticed here later than at the
server, so that such arrivals are parked until the delivery deadline; so is one that fits nothing
but a boundary.
"""

from collections import deque
from collections.abc import Callable, Iterable

from loadtest.metrics.ledger.model import (
    ABSENT,
    BOUNDARY,
    EXPECTED,
    LEAVING,
    OVERTAKEN,
    OWN,
    EventRecord,
    Match,
    TrackedChannel,
    TrackedChatSession,
)
from loadtest.metrics.ledger.records import (
    Arrival,
    RecordBook,
    code_at,
    is_unseen,
    unjudge,
    unjudge_slot,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import ChatEvent

__all__ = ["EventBook"]

_STATES = frozenset(
    {ChatEvent.TYPING_STARTED, ChatEvent.TYPING_STOPPED, ChatEvent.PRESENCE_CHANGED}
)
"""They tell what is so now: the newest one says all that the earlier ones said."""

_EARLY = frozenset(
    {ChatEvent.TYPING_STOPPED, ChatEvent.PARTICIPANT_LEFT, ChatEvent.PRESENCE_CHANGED}
)
"""They may arrive before their cause is known here."""

_NO_CAUSE = "no_cause"


class _Parked:
    """An arrival that waits for its cause."""

    __slots__ = (
        *("arrived_ns", "chat_session", "deadline_ns", "is_taken", "kind", "match"),
        "possible",
    )

    def __init__(
        self,
        match: Match,
        chat_session: TrackedChatSession,
        arrived_ns: int,
        deadline_ns: int,
        kind: str,
        possible: EventRecord | None,
    ) -> None:
        self.possible = possible
        """What it was taken for, as nobody can know: it gives that up for a certain cause."""
        self.match = match
        self.chat_session = chat_session
        self.arrived_ns = arrived_ns
        self.deadline_ns = deadline_ns
        self.kind = kind
        self.is_taken = False


class EventBook:
    """The records of all event types without a key."""

    def __init__(self, settings: LedgerSettings, tally: Tally) -> None:
        self._settings = settings
        self._tally = tally
        self.book: RecordBook[EventRecord] = RecordBook(settings, tally)
        self._records: dict[Match, list[EventRecord]] = {}
        self._parked: dict[Match, list[_Parked]] = {}
        self._parked_order: deque[_Parked] = deque()
        self.on_end_taken: Callable[[TrackedChatSession, int], None] = _nobody
        """Is told of a chat session whose end the server has taken, and of the instant."""

    # --- causes -------------------------------------------------------------------------------

    def cause(
        self,
        match: Match,
        channel: TrackedChannel,
        written_ns: int,
        *,
        due_ns: int | None = None,
        excluded: TrackedChatSession | None = None,
        own: Iterable[TrackedChatSession] = (),
    ) -> EventRecord:
        """Expect an event at every chat session that is active in ``channel``.

        Args:
            match: What its arrivals are known by.
            channel: Where.
            written_ns: When its cause was written, perhaps a while ago.
            due_ns: When that was due; without it, when it was written.
            excluded: A chat session that must not see it.
            own: Chat sessions that cause it by their end, so that it is nothing to them.
        """
        record = self._record(match, channel, written_ns)
        if due_ns is not None:
            record.due_ns = due_ns
        if excluded is not None:
            unjudge_slot(record, excluded.slot, ABSENT)
        for chat_session in own:
            unjudge_slot(record, chat_session.slot, OWN)
        self._enter(record)
        return record

    def cause_unjudged(self, match: Match, channel: TrackedChannel, written_ns: int) -> EventRecord:
        """Take note of an event that may come or not: nobody can know."""
        record = self._record(match, channel, written_ns)
        unjudge(record)
        self._enter(record)
        return record

    def _record(self, match: Match, channel: TrackedChannel, written_ns: int) -> EventRecord:
        record = EventRecord(match, channel, written_ns, written_ns + self._settings.deadline_ns)
        if channel.changed_ns > written_ns:
            # The template tells of now, and the cause was written a while ago.
            for chat_session in channel.slots:
                if chat_session is not None and (
                    chat_session.active_ns > written_ns or chat_session.ended_ns > written_ns
                ):
                    unjudge_slot(record, chat_session.slot)
        return record

    def _enter(self, record: EventRecord) -> None:
        self.book.open(record)
        # A list, as most hold one record: a deque takes ten times its memory.
        self._records.setdefault(record.match, []).append(record)
        parked = self._parked.get(record.match)
        if parked:
            self._take_parked(record, parked)

    def _take_parked(self, record: EventRecord, parked: list[_Parked]) -> None:
        earliest_ns = record.due_ns - self._settings.race_ns
        for arrival in parked:
            code = code_at(record, arrival.chat_session)
            wanted = (EXPECTED,) if arrival.kind == Arrival.BOUNDARY else (EXPECTED, BOUNDARY)
            if arrival.arrived_ns >= earliest_ns and code in wanted:
                self.book.take(record, arrival.chat_session, arrival.arrived_ns)
                arrival.is_taken = True
                if arrival.possible is not None:
                    self.book.forget_boundary(arrival.possible, arrival.chat_session)
        rest = [arrival for arrival in parked if not arrival.is_taken]
        if rest:
            self._parked[record.match] = rest
        else:
            del self._parked[record.match]

    def withdraw_unseen(self, record: EventRecord | None) -> bool:
        """Make a record boundary if nobody has seen its event; return whether that is so."""
        if record is None or not is_unseen(record):
            return False
        self.book.withdraw(record)
        return True

    def refuse(self, record: EventRecord) -> bool:
        """Count a record as refused if nobody has seen its event; return whether that is so."""
        if not is_unseen(record):
            return False
        self.book.refuse(record)
        return True

    # --- arrivals -----------------------------------------------------------------------------

    def arrived(
        self, match: Match, chat_session: TrackedChatSession | None, arrived_ns: int
    ) -> None:
        """Take an arrival."""
        event = match[0]
        if chat_session is None:
            self._tally.unexpected(event, "unknown_chat_session")
            return
        records = self._records.get(match, ())
        record = _wanted(records, chat_session, newest_first=event in _STATES)
        if record is None:
            self._take_unwanted(match, records, chat_session, arrived_ns)
            return
        if event in _STATES:
            self._overtake(records, record, chat_session, arrived_ns)
        arrival = self.book.take(record, chat_session, arrived_ns)
        if record.ends is not None:
            self.on_end_taken(record.ends, arrived_ns)
            record.ends = None
        if arrival == Arrival.BOUNDARY and event in _EARLY:
            # A certain cause that becomes known later has the better claim.
            self._park(match, chat_session, arrived_ns, arrival, record)

    def _overtake(
        self,
        records: Iterable[EventRecord],
        newest: EventRecord,
        chat_session: TrackedChatSession,
        arrived_ns: int,
    ) -> None:
        for record in records:
            if record is newest:
                return
            if code_at(record, chat_session) in (EXPECTED, LEAVING):
                self.book.overtake_one(record, chat_session.slot, arrived_ns)

    def _take_unwanted(
        self,
        match: Match,
        records: Iterable[EventRecord],
        chat_session: TrackedChatSession,
        arrived_ns: int,
    ) -> None:
        kind, possible = _NO_CAUSE, None
        for record in records:
            if code_at(record, chat_session) != ABSENT:
                kind = Arrival.DUPLICATE
            elif self.book.take_unexpected(record, chat_session):
                kind, possible = Arrival.BOUNDARY, record
                break
        if kind == _NO_CAUSE and chat_session.has_ended_at(arrived_ns):
            kind = Arrival.AFTER_END
        if match[0] in _EARLY:
            self._park(match, chat_session, arrived_ns, kind, possible)
        else:
            self._count(match[0], kind)

    def _park(
        self,
        match: Match,
        chat_session: TrackedChatSession,
        arrived_ns: int,
        kind: str,
        possible: EventRecord | None,
    ) -> None:
        deadline_ns = arrived_ns + self._settings.deadline_ns
        parked = _Parked(match, chat_session, arrived_ns, deadline_ns, kind, possible)
        self._parked.setdefault(match, []).append(parked)
        self._parked_order.append(parked)

    def _count(self, event: ChatEvent, kind: str) -> None:
        if kind == Arrival.DUPLICATE:
            self._tally.event(event).duplicate += 1
        elif kind == Arrival.AFTER_END:
            self._tally.event(event).after_end += 1
        elif kind != Arrival.BOUNDARY:
            self._tally.unexpected(event, kind)

    # --- ends ---------------------------------------------------------------------------------

    def settle(self, now_ns: int | None) -> list[EventRecord]:
        """Close what is due (all: None); return it."""
        closed = list(self.book.due(now_ns))
        for record in closed:
            for forgotten in self.book.retire(record, is_settled=True):
                records = self._records[forgotten.match]
                records.remove(forgotten)
                if not records:
                    del self._records[forgotten.match]
        order = self._parked_order
        while order and (now_ns is None or order[0].deadline_ns < now_ns):
            parked = order.popleft()
            if not parked.is_taken:
                self._unpark(parked)
                self._count(parked.match[0], parked.kind)
        return closed

    def _unpark(self, parked: _Parked) -> None:
        waiting = self._parked[parked.match]
        waiting.remove(parked)
        if not waiting:
            del self._parked[parked.match]

    def give_up_parked(self, now_ns: int) -> None:
        """Make arrivals whose cause may still have become known boundary: the run is over."""
        for parked in self._parked_order:
            if not parked.is_taken and parked.kind == _NO_CAUSE and parked.deadline_ns >= now_ns:
                parked.is_taken = True
                self._unpark(parked)
                self._tally.event(parked.match[0]).boundary += 1


def _nobody(_chat_session: TrackedChatSession, _at_ns: int) -> None:
    """Be told and do nothing."""


def _wanted(
    records: Iterable[EventRecord], chat_session: TrackedChatSession, *, newest_first: bool
) -> EventRecord | None:
    """Return the record that an arrival at ``chat_session`` belongs to, if any still wants it."""
    best, best_rank = None, 0
    for record in records:
        code = code_at(record, chat_session)
        rank = 2 if code >= OVERTAKEN else 1 if code in (BOUNDARY, OWN) else 0
        # An overtaken one is wanted only if nothing newer is.
        rank += code > OVERTAKEN
        if rank > best_rank or (rank == best_rank and rank and newest_first):
            best, best_rank = record, rank
    return best
