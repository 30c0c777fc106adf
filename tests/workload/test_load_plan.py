from dataclasses import replace

import pytest

from loadtest.errors import UsageError
from loadtest.workload import (
    ActionKind,
    LoadPlan,
    Presence,
    Response,
    Writing,
    plan_cell,
    plan_load,
)
from loadtest.workload.arrivals import Curve
from loadtest.workload.distributions import Exponential, Fixed
from tests.support.workloads import (
    COMINGS_AND_GOINGS,
    actions_of,
    behaviour,
    cell,
    count_of,
    group,
    population,
    stays,
)

ROOM = cell(group(size=10), users=10)


def test_everybody_present_gets_every_message() -> None:
    load = plan_load([ROOM], behaviour(stays=stays(settle_s=0.05)), seed=1)

    assert (load.cells, load.users, load.devices, load.channels) == (1, 10, 10, 1)
    assert (load.memberships, load.largest_channel) == (10, 10)
    assert load.chat_sessions == pytest.approx(10)
    assert load.messages_per_s == pytest.approx(10)
    assert load.deliveries_per_s == pytest.approx(100)
    assert load.notifications_per_s == pytest.approx(0)
    assert load.bytes_in_per_s > 100 * 2_000


def test_reads_grow_with_the_square_of_a_channel() -> None:
    """Nine receipts per message: each at ten devices, and at its author's and its reader's."""
    reading = behaviour(reading=Response(1.0, Fixed(1)))
    idle = behaviour()
    load, without = (plan_load([ROOM], each, seed=1) for each in (reading, idle))

    assert load.reads_per_s == pytest.approx(90)
    assert load.events_per_s - without.events_per_s == pytest.approx(10 * 9 * (10 + 2))


def test_second_devices_multiply_deliveries_and_never_the_receipts() -> None:
    twice = cell(group(size=10), users=10, device_weights=((2, 1.0),))
    load = plan_load([twice], behaviour(reading=Response(1.0, Fixed(1))), seed=1)
    without = plan_load([twice], behaviour(), seed=1)

    assert load.deliveries_per_s == pytest.approx(200)
    assert load.reads_per_s == pytest.approx(180)
    assert load.events_per_s - without.events_per_s == pytest.approx(10 * 9 * (20 + 4))


def test_members_without_a_chat_session_get_notifications() -> None:
    """Nine others, each there for half of the time; the author is there for certain."""
    half = stays(stay_s=Exponential(20), away_s=Exponential(20), active_share_at_start=0.5)
    load = plan_load([ROOM], behaviour(stays=half, horizon_s=2_000.0), seed=1)

    assert load.deliveries_per_s == pytest.approx(10 * (1 + 9 / 2), rel=0.03)
    assert load.notifications_per_s == pytest.approx(10 * 9 / 2, rel=0.04)


def test_offline_users_are_counted_and_get_nothing() -> None:
    mostly_offline = cell(group(size=10), users=10, device_weights=((0, 8.0), (1, 2.0)))
    load = plan_load([mostly_offline], behaviour(), seed=1)

    assert (load.users, load.offline_users, load.devices) == (10, 8, 2)
    assert load.deliveries_per_s == pytest.approx(20)


def test_the_plan_agrees_with_the_schedule() -> None:
    writing = Writing(Fixed(20), Fixed(3), Fixed(0.4), 0.0, Fixed(2))
    lively = behaviour(
        writing=writing, stays=COMINGS_AND_GOINGS, channel_update_rate_per_s=2.0, horizon_s=60.0
    )
    load = plan_load([ROOM], lively, seed=1)
    runs = [actions_of(ROOM, lively, seconds=60, seed=seed) for seed in range(10)]

    def per_s(kind: ActionKind) -> float:
        return sum(count_of(actions, kind) for actions in runs) / 600

    assert per_s(ActionKind.MESSAGE) == pytest.approx(load.messages_per_s, rel=0.06)
    assert per_s(ActionKind.UPDATE_CHANNEL) == pytest.approx(load.channel_updates_per_s, rel=0.25)
    assert per_s(ActionKind.ENTER) == pytest.approx(load.chat_session_starts_per_s, rel=0.1)
    assert per_s(ActionKind.GO_OFFLINE) == pytest.approx(load.offline_per_s, rel=0.2)
    assert per_s(ActionKind.KEYSTROKES) == pytest.approx(load.keystrokes_per_s, rel=0.2)


def test_a_curve_is_planned_by_its_mean_and_says_its_peak() -> None:
    curve = Curve(((0.0, 0.0), (50.0, 2.0), (100.0, 0.0)))
    load = plan_load([ROOM], behaviour(arrivals=curve), seed=1)

    assert load.messages_per_s == pytest.approx(10)
    assert load.peak_factor == pytest.approx(2)


def test_reactions_reach_everybody_who_is_there() -> None:
    """One in ten of nine others reacts to each message."""
    reacting = behaviour(reacting=Response(0.1, Fixed(1)), stays=stays(settle_s=0.05))
    load = plan_load([ROOM], reacting, seed=1)
    without = plan_load([ROOM], behaviour(stays=stays(settle_s=0.05)), seed=1)

    assert load.reactions_per_s == pytest.approx(10 * 9 * 0.1)
    assert load.events_per_s - without.events_per_s == pytest.approx(9 * 10)


def test_a_reply_costs_each_receiver_a_look_at_its_parent() -> None:
    def planned(reply_probability: float) -> LoadPlan:
        writing = replace(behaviour().writing, reply_probability=reply_probability)
        return plan_load([ROOM], behaviour(writing=writing), seed=1)

    half, none = planned(0.5), planned(0.0)

    assert half.events_per_s == none.events_per_s
    assert half.bytes_in_per_s - none.bytes_in_per_s == pytest.approx(0.5 * 10 * 10 * 2_064)
    assert half.bytes_out_per_s - none.bytes_out_per_s == pytest.approx(0.5 * 10 * 10 * 118)


def test_typing_reaches_chat_sessions_and_channel_lists() -> None:
    """Five bursts: the keystrokes, and typing that starts and stops, each once more in the list."""
    writing = Writing(Fixed(20), Fixed(5), Fixed(0.4), 0.0, Fixed(2))
    load = plan_load([ROOM], behaviour(writing=writing), seed=1)
    without = plan_load([ROOM], behaviour(), seed=1)

    assert load.keystrokes_per_s == pytest.approx(50)
    assert load.events_per_s - without.events_per_s == pytest.approx(10 * 10 * (5 + 2 + 2))


def test_contacts_hear_of_presence_once_however_many_channels_they_share() -> None:
    flapping = stays(presence=Presence(Exponential(95), Exponential(5)))
    quiet = behaviour(message_rate_per_s=0.0, stays=flapping)
    one = plan_load([cell(group(size=10), users=10)], quiet, seed=1)
    three = plan_load([cell(group(size=10, count=3), users=10)], quiet, seed=1)

    # 0.1 per second go offline and come back; what is left of the rest are chat sessions.
    contacts = 2 * 0.1 * 9 * 0.95
    assert three.events_per_s - contacts == pytest.approx(
        3 * (one.events_per_s - contacts), rel=0.01
    )


def test_presence_reaches_the_chat_sessions_of_the_channel() -> None:
    flapping = stays(presence=Presence(Exponential(95), Exponential(5)))
    load = plan_load([ROOM], behaviour(message_rate_per_s=0.0, stays=flapping), seed=1)

    assert load.offline_per_s == pytest.approx(0.1)
    assert load.events_per_s > 2 * 0.1 * load.chat_sessions


def test_cells_add_up() -> None:
    base = population(group(count=6, size=5), users=30, cells=3)
    cells = [plan_cell(base, index, seed=1, run="r") for index in range(6)]
    whole = plan_load(cells, behaviour(), seed=1)
    parts = plan_load(cells[:2], behaviour(), seed=1).plus(
        plan_load(cells[2:], behaviour(), seed=1)
    )

    assert whole.cells == parts.cells == 6
    assert whole.messages_per_s == pytest.approx(2 * 10)
    assert whole.bytes_in_per_s == pytest.approx(parts.bytes_in_per_s)
    assert LoadPlan().plus(whole) == whole


def test_a_load_that_nobody_could_make_is_refused() -> None:
    hurried = stays(stay_s=Fixed(1), away_s=Fixed(9))

    with pytest.raises(UsageError, match="nobody can write"):
        plan_load([ROOM], replace(behaviour(), stays=hurried), seed=1)
