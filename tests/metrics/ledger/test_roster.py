from loadtest.metrics.ledger.model import (
    ABSENT,
    BOUNDARY,
    EXPECTED,
    ChatSessionState,
    DeviceState,
    TrackedChatSession,
)
from loadtest.metrics.ledger.roster import Roster
from loadtest.metrics.ledger.settings import LedgerSettings
from tests.support.scenes import ns


def roster_with_device() -> Roster:
    roster = Roster(LedgerSettings(race_window_s=1, delivery_deadline_s=2))
    roster.device(1).user = roster.user(1)
    return roster


def start(roster: Roster, number: int, at_ms: float = 0) -> TrackedChatSession:
    return roster.session_starting(number, roster.device(1), roster.channel(1), ns(at_ms))


def test_the_template_follows_a_chat_session_through_its_life() -> None:
    roster = roster_with_device()
    channel = roster.channel(1)
    codes = []
    chat_session = start(roster, 1)
    codes.append(channel.template[0])
    roster.session_started(chat_session, ns(1))
    codes.append(channel.template[0])
    roster.session_ending(chat_session, ns(10))
    codes.append(channel.template[0])
    roster.settle(ns(1010))
    codes.append(channel.template[0])

    assert codes == [BOUNDARY, EXPECTED, BOUNDARY, ABSENT]
    assert (channel.active_count, channel.boundary_count, roster.active_count) == (0, 0, 0)


def test_a_slot_is_used_again_only_when_no_open_record_can_know_it() -> None:
    roster = roster_with_device()
    roster.session_ending(start(roster, 1), ns(0))
    roster.settle(ns(2999))
    second = start(roster, 2, 2999)
    roster.settle(ns(3000))
    third = start(roster, 3, 3000)

    assert (second.slot, third.slot) == (1, 0)
    assert 1 not in roster.chat_sessions


def test_a_chat_session_keeps_its_slot_over_a_lost_connection() -> None:
    roster = roster_with_device()
    chat_session = start(roster, 1)
    roster.session_started(chat_session, ns(1))
    roster.session_lost(chat_session, ns(2))
    lost = roster.channel(1).template[0]
    again = start(roster, 1, 5000)

    assert lost == ABSENT
    assert again is chat_session
    assert (again.slot, again.taken_ns, again.starting_ns) == (0, 0, ns(5000))


def test_starting_what_is_there_already_changes_nothing() -> None:
    roster = roster_with_device()
    chat_session = start(roster, 1)

    assert start(roster, 1, 5) is chat_session
    assert chat_session.starting_ns == 0
    assert roster.channel(1).boundary_count == 1


def test_attendance_counts_the_chat_sessions_of_all_devices_of_a_user() -> None:
    roster = roster_with_device()
    first, second = start(roster, 1), start(roster, 2)
    roster.session_started(first, ns(10))
    attendance = roster.channel(1).attendances[roster.user(1)]

    assert (attendance.active_count, attendance.starting_count) == (1, 1)
    roster.session_started(second, ns(20))
    roster.session_ending(first, ns(30))
    assert attendance.attended_until(ns(15)) == 0
    roster.session_ending(second, ns(40))
    assert not attendance.is_present
    assert (attendance.ended_ns, attendance.is_clean) == (ns(40), True)
    assert attendance.attended_until(ns(15)) == ns(40)
    assert attendance.attended_until(ns(5)) is None


def test_devices_are_counted_by_state() -> None:
    roster = roster_with_device()
    device = roster.device(1)
    found = []
    for state in (
        DeviceState.STARTING,
        DeviceState.ONLINE,
        DeviceState.ENDING,
        DeviceState.OFFLINE,
    ):
        roster.set_device(device, state, 1)
        found.append((roster.connected_count, roster.online_count, len(roster.user(1).online)))

    assert found == [(1, 0, 0), (1, 1, 1), (1, 0, 0), (0, 0, 0)]


def test_a_chat_session_of_an_unknown_user_has_no_attendance() -> None:
    roster = Roster(LedgerSettings())
    chat_session = roster.session_starting(1, roster.device(9), roster.channel(1), 0)
    roster.session_started(chat_session, 1)
    roster.session_ending(chat_session, 2)

    assert chat_session.attendance is None
    assert chat_session.state is ChatSessionState.ENDING
