"""Which thresholds a run is too short for, told before it begins.

The number of samples is estimated from the planned load: rates over the run, of which the steady
phase counts. Only what the plan knows a rate of is estimated; of the rest nothing is said.
"""

from collections.abc import Callable, Iterator, Mapping
from math import ceil

from loadtest.metrics.catalogue.deliveries import COMPLETION, LATENCY, SERVICE_LATENCY
from loadtest.metrics.catalogue.lookup import Figure, all_figures
from loadtest.metrics.catalogue.notified import NOTIFICATIONS
from loadtest.metrics.catalogue.work import ACTIONS
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.observations import Action, ChatEvent
from loadtest.profile.sections import ProfileSections
from loadtest.workload.load_plan import LoadPlan

__all__ = ["unsupported_thresholds"]

_MARGIN = 1.1
"""A length that is advised has this much more than the samples that are needed."""


def unsupported_thresholds(profile: ProfileSections, plan: LoadPlan) -> Iterator[str]:
    """Return what is to be known of each threshold that the planned run has too few samples for."""
    run = profile.run
    steady_s = run.duration_s - run.ramp_s
    for threshold in parse_all(profile.thresholds):
        rate_per_s = _rate_per_s(all_figures()[threshold.figure], plan)
        needed = samples_needed(threshold.figure)
        if rate_per_s is None or rate_per_s * steady_s >= needed:
            continue
        said = (
            f"{threshold.expression}: needs {needed:,} samples, and so short a run has about "
            f"{rate_per_s * steady_s:,.0f}"
        )
        if rate_per_s > 0:
            needs_s = run.ramp_s + ceil(_MARGIN * needed / rate_per_s)
            said += f"; at this rate it needs about {needs_s:,.0f} s"
        yield said


def _rate_per_s(figure: Figure, plan: LoadPlan) -> float | None:
    """Return how many samples of a figure the plan has per second; None: it does not say."""
    rate = _RATES.get((figure.block.path, *figure.values))
    return rate(plan) if rate is not None else None


def _deliveries(plan: LoadPlan) -> float:
    return plan.deliveries_per_s


def _messages(plan: LoadPlan) -> float:
    return plan.messages_per_s


def _notifications(plan: LoadPlan) -> float:
    return plan.notifications_per_s


_RATES: Mapping[tuple[str, ...], Callable[[LoadPlan], float]] = {
    (LATENCY.path, ChatEvent.MESSAGE_CREATED): _deliveries,
    (SERVICE_LATENCY.path, ChatEvent.MESSAGE_CREATED): _deliveries,
    (LATENCY.path, ChatEvent.NOTIFICATION_CREATED): _notifications,
    (NOTIFICATIONS.path,): _notifications,
    (COMPLETION.path, "all"): _messages,
    (ACTIONS.path, Action.MESSAGE): _messages,
    (ACTIONS.path, Action.READ): lambda plan: plan.reads_per_s,
    (ACTIONS.path, Action.EDIT): lambda plan: plan.edits_per_s,
    (ACTIONS.path, Action.KEYSTROKES): lambda plan: plan.keystrokes_per_s,
    (ACTIONS.path, Action.REACT): lambda plan: plan.reactions_per_s,
}
