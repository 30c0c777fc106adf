"""What a size rests on: each figure with its default, and where that comes from.

The order is the order in which they are printed and stand in the report.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtest.capacity.sizing import NodeCapacity, Sizing
from loadtest.capacity.study import Study
from loadtest.profile import Profile

__all__ = ["INPUTS", "Assumption", "Given", "Input", "assumptions", "population_of", "sizing_of"]

Given = Mapping[str, tuple[float, str]]
"""Values by the names of inputs, each with its source."""


@dataclass(frozen=True, slots=True)
class Input:
    """One figure that a person may change."""

    name: str
    """As a field of ``Sizing``."""
    option: str
    label: str
    unit: str
    default: float | None
    """None: the study gives it."""
    reason: str
    """Where the default comes from."""
    is_ratio: bool = False


INPUTS = (
    Input("users", "--users", "users", "", 10_000, "an example; name your own"),
    Input(
        "online_ratio",
        "--online",
        "online at the busiest hour",
        "of the users",
        0.1,
        "a guess: one user in ten; count yours",
        is_ratio=True,
    ),
    Input(
        "devices_per_user",
        "--devices-per-user",
        "devices of a user who is online",
        "",
        None,
        "as in the study's profile",
    ),
    Input(
        "messages_per_user_hour",
        "--messages-per-user-hour",
        "messages of a user who is online",
        "per hour",
        None,
        "as in the study's profile, before the axis changed it",
    ),
    Input(
        "deliveries_per_message",
        "--deliveries-per-message",
        "devices that a message reaches",
        "",
        None,
        "as planned in the study, from its channel sizes",
    ),
    Input(
        "peak_factor",
        "--peak-factor",
        "busiest minute against the busiest hour",
        "times",
        1.5,
        "a guess; divide the two in your own logs",
    ),
    Input(
        "headroom",
        "--headroom",
        "of each node kept free",
        "",
        0.3,
        "a guess: room for releases, noisy neighbours and growth until the next order",
        is_ratio=True,
    ),
    Input(
        "survive",
        "--survive",
        "nodes that may be lost at the peak",
        "",
        1,
        "one machine fails, or is being replaced",
    ),
    Input(
        "node_cost_per_h",
        "--node-cost",
        "cost of a node",
        "per hour",
        0.19,
        "US dollars, about the list price of a general-purpose cloud machine of 4 cores;"
        " any currency will do",
    ),
    Input(
        "devices_per_node",
        "--devices-per-node",
        "devices that a node carries",
        "",
        None,
        "from the study",
    ),
    Input(
        "deliveries_per_node",
        "--deliveries-per-node",
        "deliveries that a node carries",
        "per second",
        None,
        "from the study",
    ),
)


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure and where it comes from."""

    input: Input
    value: float
    source: str


def assumptions(study: Study, node: NodeCapacity, given: Given) -> tuple[Assumption, ...]:
    """Return every figure: what was given, else what the study says, else the default."""
    known = {**_of_study(study, node), **given}
    found = []
    for each in INPUTS:
        value, source = known.get(each.name, (each.default, each.reason))
        assert value is not None  # the study has all that have no default
        found.append(Assumption(each, value, source))
    return tuple(found)


def sizing_of(found: tuple[Assumption, ...]) -> Sizing:
    """Return the figures alone."""
    return Sizing(**{each.input.name: each.value for each in found})


def population_of(profile: Profile) -> Given:
    """Return what a profile says of a population, such as one that ``profiles fit`` made.

    Raises:
        UsageError: The profile cannot be planned.
    """
    plan, source = profile.planned_load(), f"as in the profile {profile.name}"
    connected = plan.users - plan.offline_users
    found = {
        "users": float(plan.users),
        "online_ratio": connected / plan.users,
        "devices_per_user": plan.devices / connected,
        "messages_per_user_hour": 3600 * plan.messages_per_s / connected,
    }
    if plan.messages_per_s:
        found["deliveries_per_message"] = plan.deliveries_per_s / plan.messages_per_s
    return {name: (value, source) for name, value in found.items()}


def _of_study(study: Study, node: NodeCapacity) -> Given:
    users = max(1, study.connected_users)
    rate = float(study.profile["workload"]["message_rate_per_s"])
    return {
        "devices_per_user": (study.devices / users, "as in the study's profile"),
        "messages_per_user_hour": (3600 * rate / users, "as in the study's profile"),
        "deliveries_per_message": (node.deliveries_per_message, "as planned in the study"),
        "devices_per_node": (node.devices, node.devices_source),
        "deliveries_per_node": (node.deliveries_per_s, node.deliveries_source),
    }
