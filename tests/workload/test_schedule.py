from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, pairwise
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clock import NS_PER_S
from loadtest.workload import (
    ActionKind,
    Behaviour,
    CellSchedule,
    ChannelType,
    PlannedAction,
    Writing,
    plan_cell,
)
from loadtest.workload.arrivals import Bursts, Even
from loadtest.workload.distributions import Exponential, Fixed, LogNormal, Uniform
from loadtest.workload.population import CellPlan
from loadtest.workload.randomness import RandomStream
from loadtest.workload.typing import TYPING_MAX_S
from tests.support.examples import examples
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

CHATTY = Writing(LogNormal(30, 0.8), Uniform(0, 4), Exponential(0.8), 0.5, Exponential(3))
LIVELY = behaviour(
    writing=CHATTY, stays=COMINGS_AND_GOINGS, channel_update_rate_per_s=2.0, horizon_s=60.0
)
ROOMS = cell(
    group("pair", type_=ChannelType.DIRECT, count=12, size=2),
    group("room", count=4, size=6),
    users=12,
    device_weights=((0, 1.0), (1, 6.0), (2, 5.0)),
)


@examples(share=0.5)
@given(st.integers(0, 10**6))
def test_any_schedule_can_be_carried_out(seed: int) -> None:
    """The promises of the module: in order, inside stays, never offline, within the limit."""
    settle_ns = round(COMINGS_AND_GOINGS.settle_s * NS_PER_S)
    for actions in actions_of(ROOMS, LIVELY, seconds=60, seed=seed).values():
        inside: dict[tuple[int, int], int] = {}
        acted: dict[tuple[int, int], int] = {}
        assert all(earlier.due_ns <= later.due_ns for earlier, later in pairwise(actions))
        for action in actions:
            place = (action.device, action.channel)
            if action.kind is ActionKind.ENTER:
                inside[place] = action.due_ns
                assert sum(device == action.device for device, _ in inside) <= 10
            elif action.kind is ActionKind.LEAVE:
                inside.pop(place)
                assert acted.get(place, 0) <= action.due_ns - settle_ns
            elif action.kind is ActionKind.GO_OFFLINE:
                inside = {each: at for each, at in inside.items() if each[0] != action.device}
            elif action.kind is not ActionKind.GO_ONLINE:
                assert action.due_ns - inside[place] >= settle_ns
                acted[place] = action.due_ns


def test_what_a_user_does_depends_on_nobody_else() -> None:
    """The same cell in a population of twice the size, on whatever worker it lives."""
    small = population(group(count=4, size=4), users=20, cells=2)
    large = replace(small, users=40, cells=4, groups=(group(count=8, size=4),))
    plan, same = (plan_cell(base, 1, seed=3, run="r") for base in (small, large))
    doubled = replace(LIVELY, message_rate_per_s=20.0, channel_update_rate_per_s=4.0)

    assert plan.channels != same.channels
    assert [c.members for c in plan.channels] == [c.members for c in same.channels]
    assert actions_of(plan, LIVELY, seconds=30) == actions_of(same, doubled, seconds=30)


def test_the_seed_decides() -> None:
    assert actions_of(ROOMS, LIVELY, seconds=20, seed=1) == actions_of(
        ROOMS, LIVELY, seconds=20, seed=1
    )
    assert actions_of(ROOMS, LIVELY, seconds=20, seed=1) != actions_of(
        ROOMS, LIVELY, seconds=20, seed=2
    )


@pytest.mark.parametrize(
    ("plan", "parameters"),
    [
        pytest.param(ROOMS, behaviour(), id="all present"),
        pytest.param(ROOMS, LIVELY, id="comings and goings"),
        pytest.param(ROOMS, behaviour(arrivals=Even(), stays=COMINGS_AND_GOINGS), id="even"),
        pytest.param(ROOMS, behaviour(arrivals=Bursts(4, 4.0)), id="bursts"),
    ],
)
def test_the_message_rate_is_the_one_asked_for(plan: CellPlan, parameters: Behaviour) -> None:
    """Whatever share of the time users are there; over several seeds, to a few per cent."""
    wanted = replace(parameters, horizon_s=60.0)
    sent = sum(
        count_of(actions_of(plan, wanted, seconds=60, seed=seed), ActionKind.MESSAGE)
        for seed in range(8)
    )

    assert sent / (8 * 60) == pytest.approx(10.0, rel=0.06)


def test_messages_go_to_groups_by_weight_and_come_from_users_by_activity() -> None:
    plan = cell(group("a", size=10, weight=3), group("b", size=10, weight=1), users=10)
    plan = replace(
        plan,
        users=tuple(
            replace(user, activity=4.0 if user.member == 0 else 1.0) for user in plan.users
        ),
    )
    sent = actions_of(plan, behaviour(message_rate_per_s=100.0), seconds=60)
    channels = Counter(
        a.channel for each in sent.values() for a in each if a.kind is ActionKind.MESSAGE
    )
    authors = {
        member: sum(a.kind is ActionKind.MESSAGE for a in each) for member, each in sent.items()
    }

    assert channels[0] / channels.total() == pytest.approx(0.75, abs=0.02)
    assert authors[0] / channels.total() == pytest.approx(4 / 13, abs=0.02)


def test_typing_comes_before_its_message_and_grows() -> None:
    writing = Writing(Fixed(40), Fixed(4), Fixed(0.5), 0.0, Fixed(1))
    one = cell(group(size=2), users=2)
    wanted = behaviour(writing=writing, message_rate_per_s=0.2, arrivals=Even())
    actions = actions_of(one, wanted, seconds=60)[0]
    typed = [action for action in actions if action.kind in (5, 6)]

    number = [n for n, action in enumerate(typed) if action.kind is ActionKind.MESSAGE][1]
    due_ns = typed[number].due_ns
    assert [(due_ns - a.due_ns) / NS_PER_S for a in typed[number - 4 : number]] == [2, 1.5, 1, 0.5]
    assert [a.argument for a in typed[number - 4 : number + 1]] == [10, 20, 30, 40, 40]


def test_typing_that_began_long_ago_is_left_out() -> None:
    writing = Writing(Fixed(40), Fixed(9), Exponential(1e4), 0.0, Fixed(1))
    actions = actions_of(ROOMS, behaviour(writing=writing), seconds=2 * TYPING_MAX_S)

    assert count_of(actions, ActionKind.MESSAGE) > 300
    assert count_of(actions, ActionKind.KEYSTROKES) < 30


def test_an_edit_that_outlasts_the_stay_is_not_planned() -> None:
    writing = Writing(Fixed(40), Fixed(0), Fixed(0), 1.0, Fixed(3))
    leaving = stays(stay_s=Fixed(5), away_s=Fixed(5), settle_s=0.5)
    actions = actions_of(ROOMS, behaviour(writing=writing, stays=leaving), seconds=60)

    assert 0 < count_of(actions, ActionKind.EDIT) < 0.6 * count_of(actions, ActionKind.MESSAGE)


def test_channels_are_updated_by_those_who_created_them() -> None:
    actions = actions_of(ROOMS, behaviour(channel_update_rate_per_s=5.0), seconds=100)
    updates = [
        (m, a) for m, each in actions.items() for a in each if a.kind is ActionKind.UPDATE_CHANNEL
    ]

    assert len(updates) / 100 == pytest.approx(5.0, rel=0.15)
    for member, action in updates:
        channel = ROOMS.channels[action.channel]
        assert channel.members[0] == member
        assert channel.type is not ChannelType.DIRECT


def test_messages_have_a_character_at_least() -> None:
    writing = Writing(Fixed(0), Fixed(1), Fixed(0.5), 0.0, Fixed(1))
    actions = actions_of(ROOMS, behaviour(writing=writing), seconds=10)

    assert {a.argument for each in actions.values() for a in each if a.kind in (5, 6)} == {1}


def test_a_user_without_devices_does_nothing() -> None:
    actions = actions_of(ROOMS, LIVELY, seconds=60)

    for user in ROOMS.users:
        assert bool(actions[user.member]) == (user.device_count > 0)


def test_without_messages_devices_only_come_and_go() -> None:
    quiet = behaviour(message_rate_per_s=0.0, stays=COMINGS_AND_GOINGS)
    kinds = {a.kind for each in actions_of(ROOMS, quiet, seconds=60).values() for a in each}

    assert kinds == {
        ActionKind.ENTER,
        ActionKind.LEAVE,
        ActionKind.GO_OFFLINE,
        ActionKind.GO_ONLINE,
    }


def test_actions_are_made_one_by_one() -> None:
    """An hour of a user must not be planned before the first second of it is asked for."""
    schedule = CellSchedule(ROOMS, LIVELY, seed=1)
    member = next(user.member for user in ROOMS.users if user.device_count)

    assert len(list(islice(schedule.actions(member), 1_000))) == 1_000


DAYS = stays(
    stay_s=Fixed(86_400), away_s=Fixed(86_400), active_share_at_start=0.3, enter_within_s=2.0
)


class _CountingShape(Even):
    """Even arrivals that count how many were drawn, by all users together."""

    drawn: ClassVar[list[int]] = []

    def offsets_ns(self, rng: RandomStream) -> Iterator[int]:
        """Yield the instants of an even schedule, and count them."""
        for offset_ns in super().offsets_ns(rng):
            self.drawn.append(offset_ns)
            yield offset_ns


def test_nobody_plans_a_day_of_absence_at_once() -> None:
    """What is tried in vain meanwhile would keep the engine for seconds."""
    away = behaviour(stays=DAYS, arrivals=_CountingShape(1.0), message_rate_per_s=200.0)
    plan = cell(group(size=10), users=10)
    schedule = CellSchedule(plan, away, seed=1)
    _CountingShape.drawn.clear()
    first = [next(schedule.steps(user.member)) for user in plan.users]

    kinds = {step.kind for step in first}
    assert kinds == {ActionKind.PAUSE, ActionKind.ENTER}
    assert max(_CountingShape.drawn) < 60 * NS_PER_S
    assert all(step.due_ns >= 5 * NS_PER_S for step in first if step.kind is ActionKind.PAUSE)


@examples(share=0.5)
@given(
    seed=st.integers(0, 10**6),
    workers=st.integers(1, 4),
    is_long=st.booleans(),
)
def test_the_same_seed_plans_the_same_on_any_number_of_workers(
    *, seed: int, workers: int, is_long: bool
) -> None:
    """Each worker plans its own cells alone, step by step, in the order in which it is asked."""
    cells, users = 4, 12
    does = replace(LIVELY, stays=DAYS) if is_long else LIVELY
    people = population(group("room", count=4, size=3), users=users, cells=cells)
    end_ns = 60 * NS_PER_S

    def planned(index: int) -> dict[int, list[PlannedAction]]:
        plan = plan_cell(people, index, seed=seed, run="r1")
        return actions_of(plan, does, seconds=60, seed=seed)

    def stepwise(worker: int) -> dict[tuple[int, int], list[PlannedAction]]:
        """Return what a worker does that asks all its users in turn."""
        steps: dict[tuple[int, int], Iterator[PlannedAction]] = {}
        for index in range(worker, cells, workers):
            plan = plan_cell(people, index, seed=seed, run="r1")
            schedule = CellSchedule(plan, does, seed=seed)
            steps |= {(index, user.member): schedule.steps(user.member) for user in plan.users}
        done: dict[tuple[int, int], list[PlannedAction]] = {place: [] for place in steps}
        while steps:
            for place in list(steps):
                step = next(steps[place], None)
                if step is None or step.due_ns >= end_ns:
                    del steps[place]
                elif step.kind is not ActionKind.PAUSE:
                    done[place].append(step)
        return done

    expected = {
        (index, member): actions
        for index in range(cells)
        for member, actions in planned(index).items()
    }
    found: dict[tuple[int, int], list[PlannedAction]] = {}
    for worker in range(workers):
        found |= stepwise(worker)
    assert found == expected


@examples(share=0.5)
@given(st.integers(0, 10**6))
def test_steps_are_in_order_with_their_pauses(seed: int) -> None:
    schedule = CellSchedule(ROOMS, replace(LIVELY, stays=DAYS), seed=seed)
    for user in ROOMS.users:
        steps = list(islice(schedule.steps(user.member), 50))
        assert all(earlier.due_ns <= later.due_ns for earlier, later in pairwise(steps))


def test_a_share_of_the_messages_are_replies() -> None:
    """They take the place of messages: how many are sent does not change."""
    answering = replace(CHATTY, reply_probability=0.3)
    actions = actions_of(ROOMS, behaviour(writing=answering, message_rate_per_s=20.0), seconds=60)
    plain = actions_of(ROOMS, behaviour(writing=CHATTY, message_rate_per_s=20.0), seconds=60)
    replies, messages = (count_of(actions, kind) for kind in (ActionKind.REPLY, ActionKind.MESSAGE))

    assert replies / (replies + messages) == pytest.approx(0.3, abs=0.04)
    assert replies + messages == count_of(plain, ActionKind.MESSAGE)


def test_typing_key_by_key_ends_with_the_whole_message() -> None:
    """The last key stands before its message by the time it takes to find the button."""
    keys = replace(CHATTY, length=Fixed(30), key_gap_s=Fixed(0.2), edit_probability=0.0)
    actions = actions_of(ROOMS, behaviour(writing=keys, message_rate_per_s=2.0), seconds=60)
    button_ns, seen = round(0.3 * NS_PER_S), 0

    for planned in actions.values():
        typed = {(a.due_ns, a.device, a.channel): a.argument for a in planned}
        for action in planned:
            if action.kind is ActionKind.MESSAGE and action.due_ns > 5 * NS_PER_S:
                seen += 1
                assert typed[action.due_ns - button_ns, action.device, action.channel] == 30

    assert seen > 50
