"""Planned work of workers that were not there to do it."""

from loadtest.metrics.figures.figures import Figures
from loadtest.observations import Action
from loadtest.run.leader.shortfall import WORKER_GONE, add_shortfall, missing_actions
from loadtest.workload import LoadPlan

LOAD = LoadPlan(messages_per_s=20.0, reads_per_s=5.0, edits_per_s=0.01)


def test_what_is_missing_is_the_rate_times_the_time() -> None:
    assert missing_actions(LOAD, 7.5) == {Action.MESSAGE: 150, Action.READ: 38}


def test_nobody_missed_is_nothing_missing() -> None:
    assert missing_actions(LOAD, 0.0) == {}


def test_it_is_added_to_what_was_dropped_for_other_reasons() -> None:
    figures = Figures()
    figures.action(Action.READ).dropped["no chat session in the channel"] = 2
    add_shortfall(figures, LOAD, 1.0)
    add_shortfall(figures, LOAD, 1.0)

    assert figures.actions["read"].dropped == {"no chat session in the channel": 2, WORKER_GONE: 10}
    assert figures.actions["message"].dropped == {WORKER_GONE: 40}
