"""What simulated users do and when: arithmetic that knows no server, no socket and no clock.

``population`` says who exists, ``schedule`` what they do and when it is due, ``load_plan`` what
this amounts to. Everything follows from parameters and one seed.
"""

from loadtest.workload.behaviour import (
    NO_CHANNEL,
    ActionKind,
    Behaviour,
    PlannedAction,
    Presence,
    Response,
    Stays,
    Writing,
)
from loadtest.workload.disturbances import CutPlan, Disturbances, SlowReaders
from loadtest.workload.existing import CellPlanner, Existing, ExistingChannel, ExistingUser
from loadtest.workload.load_plan import LoadPlan, plan_load
from loadtest.workload.population import (
    CellPlan,
    ChannelGroup,
    ChannelPlan,
    ChannelType,
    Population,
    UserPlan,
    plan_cell,
)
from loadtest.workload.randomness import RandomStream
from loadtest.workload.schedule import CellSchedule

__all__ = [
    "NO_CHANNEL",
    "ActionKind",
    "Behaviour",
    "CellPlan",
    "CellPlanner",
    "CellSchedule",
    "ChannelGroup",
    "ChannelPlan",
    "ChannelType",
    "CutPlan",
    "Disturbances",
    "Existing",
    "ExistingChannel",
    "ExistingUser",
    "LoadPlan",
    "PlannedAction",
    "Population",
    "Presence",
    "RandomStream",
    "Response",
    "SlowReaders",
    "Stays",
    "UserPlan",
    "Writing",
    "plan_cell",
    "plan_load",
]
