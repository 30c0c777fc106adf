"""Small populations and behaviours for tests, each with what most tests do not care about."""

from dataclasses import replace
from typing import Any

from loadtest.clock import NS_PER_S
from loadtest.workload import (
    ActionKind,
    Behaviour,
    CellPlan,
    CellSchedule,
    ChannelGroup,
    ChannelType,
    PlannedAction,
    Population,
    Presence,
    Response,
    Stays,
    Writing,
    plan_cell,
)
from loadtest.workload.arrivals import Poisson
from loadtest.workload.distributions import Exponential, Fixed, Uniform

__all__ = [
    "COMINGS_AND_GOINGS",
    "actions_of",
    "behaviour",
    "cell",
    "count_of",
    "group",
    "population",
    "stays",
]

COMINGS_AND_GOINGS = Stays(
    stay_s=Exponential(8),
    away_s=Exponential(4),
    active_share_at_start=0.7,
    enter_within_s=2.0,
    settle_s=0.5,
    presence=Presence(Exponential(30), Exponential(3)),
)
"""Everything that can happen to a stay, often."""


def group(
    name: str = "room",
    *,
    type_: ChannelType = ChannelType.PRIVATE,
    count: int = 1,
    size: float = 4,
    weight: float = 1.0,
) -> ChannelGroup:
    """Return a group of channels of one size."""
    return ChannelGroup(name, type_, count, Fixed(size), weight)


def population(*groups: ChannelGroup, users: int = 10, cells: int = 1, **rest: Any) -> Population:
    """Return a population with one device per user, all alike."""
    base = Population(users, cells, ((1, 1.0),), Fixed(1), groups or (group(),))
    return replace(base, **rest)


def cell(*groups: ChannelGroup, users: int = 10, seed: int = 1, **rest: Any) -> CellPlan:
    """Return the first cell of such a population."""
    return plan_cell(population(*groups, users=users, **rest), 0, seed=seed, run="r1")


def stays(**changes: Any) -> Stays:
    """Return stays without an end, from the start."""
    return replace(Stays(Fixed(1e6), Fixed(1e6)), **changes)


def behaviour(**changes: Any) -> Behaviour:
    """Return ten messages per second without typing, edits, updates or reads."""
    base = Behaviour(
        message_rate_per_s=10.0,
        arrivals=Poisson(),
        writing=Writing(Fixed(20), Fixed(0), Uniform(0.3, 0.9), 0.0, Fixed(2)),
        channel_update_rate_per_s=0.0,
        stays=stays(),
        reading=Response(0.0, Fixed(1)),
        horizon_s=100.0,
    )
    return replace(base, **changes)


def actions_of(
    plan: CellPlan, behaviour: Behaviour, *, seconds: float, seed: int = 1
) -> dict[int, list[PlannedAction]]:
    """Return the actions of every user of a cell, by member."""
    schedule = CellSchedule(plan, behaviour, seed=seed)
    end_ns = round(seconds * NS_PER_S)
    return {user.member: list(schedule.actions_before(user.member, end_ns)) for user in plan.users}


def count_of(actions: dict[int, list[PlannedAction]], kind: ActionKind) -> int:
    """Return how many actions of a kind there are."""
    return sum(action.kind is kind for each in actions.values() for action in each)
