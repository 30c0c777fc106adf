"""Planned work that never ran, because the worker that was to do it was not there any more.

The schedule of a lost worker is gone with it, so that this is an expectation: the rates of the
plan, for the worker's share of the users and the seconds in which it was missing. It is counted as
dropped, as everything that was planned and not offered.
"""

from collections.abc import Mapping

from loadtest.metrics.figures.figures import Figures
from loadtest.observations import Action
from loadtest.workload import LoadPlan

__all__ = ["WORKER_GONE", "add_shortfall", "missing_actions"]

WORKER_GONE = "its worker ended early (expected by the plan)"

_RATES: Mapping[Action, str] = {
    Action.CHAT_SESSION_START: "chat_session_starts_per_s",
    Action.MESSAGE: "messages_per_s",
    Action.KEYSTROKES: "keystrokes_per_s",
    Action.READ: "reads_per_s",
    Action.REACT: "reactions_per_s",
    Action.EDIT: "edits_per_s",
    Action.UPDATE_CHANNEL: "channel_updates_per_s",
}


def missing_actions(load: LoadPlan, worker_seconds: float) -> dict[Action, int]:
    """Return what the plan expects of ``worker_seconds``: seconds times shares of the users."""
    counts = {
        action: round(getattr(load, rate) * worker_seconds) for action, rate in _RATES.items()
    }
    return {action: count for action, count in counts.items() if count > 0}


def add_shortfall(figures: Figures, load: LoadPlan, worker_seconds: float) -> None:
    """Count in ``figures`` what was planned for workers that were missing, as dropped."""
    for action, count in missing_actions(load, worker_seconds).items():
        dropped = figures.action(action).dropped
        dropped[WORKER_GONE] = dropped.get(WORKER_GONE, 0) + count
