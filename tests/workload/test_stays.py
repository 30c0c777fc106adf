from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clock import NS_PER_S
from loadtest.workload import ActionKind, PlannedAction, Presence, RandomStream, Stays
from loadtest.workload.distributions import Fixed
from loadtest.workload.stays import NEVER_NS, StayTimeline, Window
from loadtest.workload.visits import Visit
from tests.support.workloads import COMINGS_AND_GOINGS, stays

VISITS = [Visit(0, 0), Visit(0, 1), Visit(1, 0)]
REGULAR = stays(stay_s=Fixed(10), away_s=Fixed(5))


def timeline(parameters: Stays, visits: list[Visit], seed: int = 1) -> StayTimeline:
    return StayTimeline(parameters, 2, visits, RandomStream(seed))


def changes_before(line: StayTimeline, seconds: float) -> list[PlannedAction]:
    actions = []
    while line.next_ns < seconds * NS_PER_S:
        actions += line.advance()
    return actions


def in_seconds(actions: list[PlannedAction]) -> list[tuple[float, ActionKind]]:
    return [(action.due_ns / NS_PER_S, action.kind) for action in actions]


def test_stays_and_absences_alternate() -> None:
    actions = changes_before(timeline(REGULAR, [Visit(0, 0)]), 31)

    assert in_seconds(actions) == [
        (0, ActionKind.ENTER),
        (10, ActionKind.LEAVE),
        (15, ActionKind.ENTER),
        (25, ActionKind.LEAVE),
        (30, ActionKind.ENTER),
    ]


def test_who_does_not_start_at_once_is_absent_first() -> None:
    actions = changes_before(timeline(replace(REGULAR, active_share_at_start=0.0), VISITS), 8)

    assert in_seconds(actions) == [(5, ActionKind.ENTER)] * 3


def test_first_chat_sessions_are_spread() -> None:
    parameters = replace(REGULAR, enter_within_s=4.0)
    firsts = [timeline(parameters, [Visit(0, 0)], seed).next_ns for seed in range(500)]

    assert 0 <= min(firsts) < 0.2 * NS_PER_S
    assert 3.8 * NS_PER_S < max(firsts) < 4 * NS_PER_S


def test_a_stay_that_is_cut_goes_on_after_the_return() -> None:
    parameters = replace(REGULAR, presence=Presence(Fixed(6), Fixed(2)), settle_s=0.5)
    actions = changes_before(timeline(parameters, [Visit(0, 0)]), 10.1)

    assert in_seconds(actions) == [
        (0, ActionKind.ENTER),
        (6, ActionKind.GO_OFFLINE),
        (6, ActionKind.GO_OFFLINE),
        (8, ActionKind.GO_ONLINE),
        (8, ActionKind.GO_ONLINE),
        (8.5, ActionKind.ENTER),
        (10, ActionKind.LEAVE),
    ]


def test_what_is_left_of_a_stay_must_be_worth_a_chat_session() -> None:
    parameters = replace(REGULAR, presence=Presence(Fixed(7), Fixed(2.2)), settle_s=1.0)
    actions = changes_before(timeline(parameters, [Visit(0, 0)]), 14)

    assert ActionKind.ENTER not in [action.kind for action in actions[1:]]


def test_no_stay_is_shorter_than_settling() -> None:
    parameters = stays(stay_s=Fixed(0), away_s=Fixed(0), settle_s=2.0)
    actions = changes_before(timeline(parameters, [Visit(0, 0)]), 5)

    assert in_seconds(actions) == [
        (0, ActionKind.ENTER),
        (2, ActionKind.LEAVE),
        (2, ActionKind.ENTER),
        (4, ActionKind.LEAVE),
        (4, ActionKind.ENTER),
    ]


def test_a_window_is_ready_between_settling_and_leaving() -> None:
    line = timeline(replace(REGULAR, settle_s=1.0), [Visit(0, 0)])
    line.advance()

    assert line.window(0) == Window(0, 10 * NS_PER_S)
    assert line.ready_window(0, NS_PER_S - 1) is None
    assert line.ready_window(0, NS_PER_S) == Window(0, 10 * NS_PER_S)
    assert line.ready_window(0, 9 * NS_PER_S) is not None
    assert line.ready_window(0, 9 * NS_PER_S + 1) is None
    assert changes_before(line, 11)
    assert line.window(0) is None


def test_a_user_without_channels_and_flaps_never_changes() -> None:
    assert timeline(REGULAR, []).next_ns == NEVER_NS


def test_a_user_without_devices_never_goes_offline() -> None:
    parameters = replace(REGULAR, presence=Presence(Fixed(1), Fixed(1)))

    assert StayTimeline(parameters, 0, [], RandomStream()).next_ns == NEVER_NS


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0.05, 3))
def test_any_timeline_can_be_carried_out(seed: int, at_start: float, settle_s: float) -> None:
    """Enter only where absent, leave only where present, neither while offline or settling."""
    parameters = replace(COMINGS_AND_GOINGS, active_share_at_start=at_start, settle_s=settle_s)
    inside: dict[tuple[int, int], int] = {}
    online_since = [0, 0]
    for action in changes_before(timeline(parameters, VISITS, seed), 120):
        place = (action.device, action.channel)
        if action.kind is ActionKind.ENTER:
            assert place not in inside
            came_back_ns = online_since[action.device]
            assert came_back_ns == 0 or action.due_ns - came_back_ns >= settle_s * NS_PER_S - 1
            inside[place] = action.due_ns
        elif action.kind is ActionKind.LEAVE:
            assert action.due_ns - inside.pop(place) >= settle_s * NS_PER_S - 1
        elif action.kind is ActionKind.GO_OFFLINE:
            online_since[action.device] = NEVER_NS
            inside = {each: at for each, at in inside.items() if each[0] != action.device}
        else:
            assert online_since[action.device] == NEVER_NS
            online_since[action.device] = action.due_ns


def test_presence_is_of_all_devices_at_once() -> None:
    parameters = replace(REGULAR, presence=Presence(Fixed(4), Fixed(3)))
    kinds = (ActionKind.GO_OFFLINE, ActionKind.GO_ONLINE)
    flips = [a for a in changes_before(timeline(parameters, VISITS), 20) if a.kind in kinds]

    assert [(a.due_ns // NS_PER_S, a.device) for a in flips] == [
        (at_s, device) for at_s in (4, 7, 11, 14, 18) for device in (0, 1)
    ]
    assert all(pytest.approx(-1) == a.channel for a in flips)
