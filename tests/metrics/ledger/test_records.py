import pytest

from loadtest.metrics.ledger.model import (
    BOUNDARY,
    DELIVERED,
    EXPECTED,
    LEAVING,
    Record,
    TrackedChannel,
    TrackedChatSession,
    TrackedDevice,
)
from loadtest.metrics.ledger.records import (
    Arrival,
    RecordBook,
    code_at,
    is_unseen,
    leave_records,
    unjudge,
    unjudge_slot,
)
from loadtest.metrics.ledger.roster import Roster
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import ChatEvent

EVENT = ChatEvent.CHANNEL_UPDATED
SETTINGS = LedgerSettings(delivery_deadline_s=1e-6)  # 1000 ns


class Book:
    """A book, and a channel with two active chat sessions."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.book: RecordBook[Record] = RecordBook(SETTINGS, self.tally)
        self.roster = Roster(SETTINGS)
        self.channel: TrackedChannel = self.roster.channel(1)
        self.sessions: list[TrackedChatSession] = [self.add(number) for number in (1, 2)]

    def add(self, number: int, at_ns: int = 0) -> TrackedChatSession:
        """Make a chat session active."""
        device: TrackedDevice = self.roster.device(number)
        chat_session = self.roster.session_starting(number, device, self.channel, at_ns)
        self.roster.session_started(chat_session, at_ns)
        return chat_session

    def record(self, written_ns: int = 100) -> Record:
        """Return a record that is not open yet."""
        return Record(EVENT, self.channel, written_ns, written_ns, written_ns + 1000)

    def opened(self, written_ns: int = 100) -> Record:
        """Return an open record."""
        record = self.record(written_ns)
        self.book.open(record)
        return record


def test_an_arrival_is_delivered_once() -> None:
    scene = Book()
    record = scene.opened()

    found = [scene.book.take(record, scene.sessions[0], 200) for _ in range(2)]
    assert found == [Arrival.DELIVERED, Arrival.DUPLICATE]
    assert record.remaining == 1


def test_a_record_is_finished_with_its_last_expected_arrival() -> None:
    scene = Book()
    record = scene.opened()
    for chat_session in scene.sessions:
        scene.book.take(record, chat_session, 200)

    assert scene.book.outstanding() == 0
    assert scene.channel.unfinished == {}
    assert scene.tally.roll(0).event(EVENT).delivered == 2


def test_a_record_is_due_after_its_deadline_and_closed_in_order() -> None:
    scene = Book()
    first, second = scene.opened(100), scene.opened(200)

    assert list(scene.book.due(1100)) == []
    assert list(scene.book.due(1101)) == [first]
    assert list(scene.book.due(None)) == [second]
    assert first.is_closed
    assert scene.tally.now.event(EVENT).lost == 4


def test_a_slot_of_a_later_chat_session_is_not_this_records() -> None:
    scene = Book()
    record = scene.opened(100)
    late = scene.add(3, at_ns=150)
    record.state.extend(bytes([DELIVERED]))

    assert code_at(record, late) == 0
    assert scene.book.take(record, late, 200) == Arrival.ABSENT


def test_a_chat_session_that_ends_marks_what_it_had_not_seen() -> None:
    scene = Book()
    seen, owed, unseen = scene.opened(100), scene.opened(199), scene.opened(200)
    scene.book.take(seen, scene.sessions[0], 300)
    leave_records(scene.sessions[0], since_ns=200)

    assert [each.state[0] for each in (seen, owed, unseen)] == [DELIVERED, EXPECTED, LEAVING]


def test_withdrawing_makes_boundary_of_what_is_still_expected() -> None:
    scene = Book()
    record = scene.opened()
    scene.book.take(record, scene.sessions[0], 200)

    assert scene.book.withdraw(record) == 1
    figures = scene.tally.roll(0).event(EVENT)
    assert (figures.expected, figures.delivered, figures.boundary) == (1, 1, 1)


def test_a_closed_record_cannot_be_withdrawn() -> None:
    scene = Book()
    record = scene.opened()
    list(scene.book.due(None))

    assert scene.book.withdraw(record) == 0
    assert scene.tally.now.event(EVENT).lost == 2


def test_a_record_is_unseen_until_anyone_sees_it() -> None:
    scene = Book()
    record = scene.opened()
    assert is_unseen(record)
    scene.book.take(record, scene.sessions[0], 200)

    assert not is_unseen(record)


def test_unjudged_slots_are_expected_no_more() -> None:
    scene = Book()
    one, all_of_it = scene.record(), scene.record()
    unjudge_slot(one, 0)
    unjudge(all_of_it)

    assert (one.expected, one.state[0]) == (1, BOUNDARY)
    assert (all_of_it.expected, set(all_of_it.state)) == (0, {BOUNDARY})


@pytest.mark.parametrize("is_settled", [True, False])
def test_only_what_misses_nothing_is_forgotten_at_once(is_settled: bool) -> None:
    scene = Book()
    record = scene.opened()
    for chat_session in scene.sessions:
        scene.book.take(record, chat_session, 200)
    list(scene.book.due(None))

    forgotten = scene.book.retire(record, is_settled=is_settled)
    assert forgotten == ([record] if is_settled else [])
    assert scene.book.kept_count == (not is_settled)
