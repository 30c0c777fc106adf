"""From the limit of a node to the nodes of a population, and what they cost.

Every figure is an assumption that a person can change; ``assumptions`` says where it comes from.
The same arithmetic stands in ``templates/sizing.js``, so that a report can be changed live; a test
runs both on the same inputs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from loadtest.capacity.study import Study
from loadtest.errors import UsageError

__all__ = [
    "HOURS_PER_MONTH",
    "NodeCapacity",
    "Size",
    "Sizing",
    "check_sizing",
    "node_capacity",
    "populations",
    "sized",
]

HOURS_PER_MONTH = 730
"""365 days of 24 hours, divided by 12."""

_FARTHEST_FAN_OUT = 2.0
_ROUNDING = 1e-9
_FACTORS = (0.1, 0.25, 0.5, 1, 2, 4, 10)


@dataclass(frozen=True, slots=True)
class NodeCapacity:
    """What one node carries, as a study found it."""

    devices: float
    deliveries_per_s: float
    deliveries_per_message: float
    devices_source: str
    deliveries_source: str


@dataclass(frozen=True, slots=True)
class Sizing:
    """Everything that the size of a deployment follows from."""

    users: float
    online_ratio: float
    devices_per_user: float
    messages_per_user_hour: float
    deliveries_per_message: float
    peak_factor: float
    headroom: float
    survive: float
    node_cost_per_h: float
    devices_per_node: float
    deliveries_per_node: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a deployment."""

    users: float
    online_users: float
    devices: float
    """At the peak."""
    messages_per_s: float
    deliveries_per_s: float
    nodes_by_devices: int
    nodes_by_deliveries: int
    decided_by: str
    """``devices`` or ``deliveries``: the axis that needs more nodes."""
    nodes: int
    """With those that may be lost."""
    cost_per_month: float
    cost_per_1000_users: float
    """Per month."""
    load_ratio: float
    """Load of a node at the peak on the axis that decides, of what it carries, while all run."""

    def to_dict(self) -> dict[str, float | int | str]:
        """Return the figures by name."""
        return asdict(self)


def sized(sizing: Sizing) -> Size:
    """Return the nodes of a population, and what they cost; see ``check_sizing`` first."""
    online = sizing.users * sizing.online_ratio
    devices = online * sizing.devices_per_user
    messages = online * sizing.messages_per_user_hour / 3600 * sizing.peak_factor
    deliveries = messages * sizing.deliveries_per_message
    usable = 1 - sizing.headroom
    by_devices = _nodes(devices, sizing.devices_per_node * usable)
    by_deliveries = _nodes(deliveries, sizing.deliveries_per_node * usable)
    nodes = max(by_devices, by_deliveries) + round(sizing.survive)
    loads = {
        "deliveries": deliveries / sizing.deliveries_per_node,
        "devices": devices / sizing.devices_per_node,
    }
    decided_by = "devices" if loads["devices"] > loads["deliveries"] else "deliveries"
    cost = nodes * sizing.node_cost_per_h * HOURS_PER_MONTH
    return Size(
        users=sizing.users,
        online_users=online,
        devices=devices,
        messages_per_s=messages,
        deliveries_per_s=deliveries,
        nodes_by_devices=by_devices,
        nodes_by_deliveries=by_deliveries,
        decided_by=decided_by,
        nodes=nodes,
        cost_per_month=cost,
        cost_per_1000_users=cost / (sizing.users / 1000),
        load_ratio=loads[decided_by] / nodes,
    )


def populations(sizing: Sizing, users: Sequence[float] = ()) -> tuple[Size, ...]:
    """Return the sizes for several numbers of users; by default from a tenth to ten times."""
    chosen = users or tuple(sizing.users * factor for factor in _FACTORS)
    return tuple(sized(replace(sizing, users=count)) for count in chosen)


def _nodes(load: float, per_node: float) -> int:
    # The last bit of a product must not cost a node.
    return max(1, math.ceil(load / per_node - _ROUNDING))


def check_sizing(sizing: Sizing, studied_fan_out: float) -> None:
    """Refuse what no deployment can be sized for, and what goes beyond the study.

    Raises:
        UsageError: All problems at once.
    """
    problems = [
        f"{field.name} is {getattr(sizing, field.name)}; it must be a finite number"
        for field in fields(sizing)
        if not math.isfinite(getattr(sizing, field.name))
    ]
    if not problems:
        problems = [*_wrong(sizing), *_beyond(sizing, studied_fan_out)]
    if problems:
        raise UsageError(*problems)


def _wrong(sizing: Sizing) -> list[str]:
    problems: list[str] = []
    if sizing.users < 1:
        problems.append(f"--users is {sizing.users:g}; it must be 1 or more")
    if not 0 < sizing.online_ratio <= 1:
        problems.append(f"--online is {sizing.online_ratio:.0%}; it must be above 0 and up to 100%")
    if not 0 <= sizing.headroom < 1:
        problems.append(
            f"--headroom is {sizing.headroom:.0%}, which leaves nothing of a node to use; it must"
            " be from 0% to below 100%"
        )
    if sizing.survive < 0 or sizing.survive != round(sizing.survive):
        problems.append(f"--survive is {sizing.survive:g}; it must be a whole number of 0 or more")
    above_zero = {
        "--devices-per-user": sizing.devices_per_user,
        "--deliveries-per-message": sizing.deliveries_per_message,
        "--peak-factor": sizing.peak_factor,
        "--devices-per-node": sizing.devices_per_node,
        "--deliveries-per-node": sizing.deliveries_per_node,
    }
    problems += [
        f"{name} is {value:g}; it must be above 0"
        for name, value in above_zero.items()
        if value <= 0
    ]
    not_below = {
        "--messages-per-user-hour": sizing.messages_per_user_hour,
        "--node-cost": sizing.node_cost_per_h,
    }
    return problems + [
        f"{name} is {value:g}; it must be 0 or more"
        for name, value in not_below.items()
        if value < 0
    ]


def _beyond(sizing: Sizing, studied_fan_out: float) -> list[str]:
    most = _FARTHEST_FAN_OUT * studied_fan_out
    if sizing.deliveries_per_message <= most:
        return []
    return [
        f"--deliveries-per-message is {sizing.deliveries_per_message:g}; the study had"
        f" {studied_fan_out:.3g}, and a limit says nothing about more than {_FARTHEST_FAN_OUT:g}"
        " times that: search the limit of a profile with channels of your sizes"
    ]


def node_capacity(studies: Mapping[str, Study]) -> NodeCapacity:
    """Return what a node carries, by the low ends of the limits of one study or several.

    Each study shows a load on both axes at once. What several show is the higher on each axis.

    Raises:
        UsageError: A study has no limit.
    """
    found: list[NodeCapacity] = []
    for name, study in studies.items():
        if study.limit is None:
            raise UsageError(
                f"{name}: the study has no limit to size with: {study.answer.rstrip('.')}"
            )
        found.append(_capacity_of(name, study, study.limit.low))
    devices = max(found, key=lambda each: each.devices)
    deliveries = max(found, key=lambda each: each.deliveries_per_s)
    return replace(deliveries, devices=devices.devices, devices_source=devices.devices_source)


def _capacity_of(name: str, study: Study, load: float) -> NodeCapacity:
    devices = study.devices_per_unit * load or study.devices
    low = f"{load:,.3g} {study.unit}"
    known = f"at least, by {name}" if study.is_at_least else f"low end of the limit in {name}"
    searched, other = f"{known}: {low}", f"at least: {name} held them at its limit of {low}"
    is_devices = study.axis == "devices"
    return NodeCapacity(
        devices=devices,
        deliveries_per_s=study.deliveries_per_unit * load,
        deliveries_per_message=(
            study.deliveries_per_unit / study.messages_per_unit if study.messages_per_unit else 1.0
        ),
        devices_source=searched if is_devices else other,
        deliveries_source=other if is_devices else searched,
    )
