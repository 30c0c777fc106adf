"""Cases in which users come and go, are refused, or lose the worker that they are on.

Where sessions start and end some deliveries cannot be judged. A count is then the injected one
within those, and they must be few.
"""

from loadtest.observations import Action, ChatEvent
from loadtest.selftest.case import Case
from loadtest.selftest.checks import Check, between, exact
from loadtest.selftest.counts import count_checks, happened
from loadtest.selftest.trial import Evidence, Trial

__all__ = ["MOVING_CASES"]

_MESSAGE = ChatEvent.MESSAGE_CREATED
_LEAST_JUDGED = 0.9
_MS_PER_S = 1000
_SHORT_STAYS = (
    'chat_sessions.stay_s={ kind = "uniform", low = 2, high = 4 }',
    "chat_sessions.away_s=2",
)
# So little that a message is never as long on its way as a stay lasts.
_FEW_MESSAGES = (
    "workload.message_rate_per_s=20",
    "workload.keystroke_bursts=0",
    "workload.read_probability=0",
)


def _message_checks(evidence: Evidence) -> list[Check]:
    """Compare what became of messages, give or take what was not judged."""
    ledger = evidence.ledger(_MESSAGE)
    unseen = ledger["boundary"] - ledger["boundary_seen"]
    dropped = evidence.channel_faults("drop", _MESSAGE)
    return [
        exact("the ledger adds up", True, evidence.summary["adds_up"]),
        between(
            "messages lost",
            ledger["lost"],
            lowest=dropped - unseen,
            highest=dropped,
            injected=dropped,
        ),
        exact("messages duplicate", 0, ledger["duplicate"]),
        exact("messages unexpected", 0, ledger["unexpected"]),
        between(
            "judged share of messages",
            ledger["judged_share"],
            # On a busy machine chat sessions are starting and ending for longer.
            lowest=_LEAST_JUDGED - min(evidence.noise_ms("p95") / _MS_PER_S, _LEAST_JUDGED / 2),
            highest=1,
            injected=None,
        ),
    ]


def _short_stays(evidence: Evidence, _clean: Evidence) -> list[Check]:
    notifications = evidence.summary["notifications"]
    unlost = evidence.channel_faults("drop", _MESSAGE) - evidence.ledger(_MESSAGE)["lost"]
    return [
        *happened(evidence, ("drop",)),
        *_message_checks(evidence),
        exact("messages after their end", 0, evidence.ledger(_MESSAGE)["after_end"]),
        exact("notifications missed", 0, notifications["missed"]),
        exact("notifications spurious", 0, notifications["spurious"]),
        # What was dropped while a last chat session ended came as neither.
        between(
            "hand-off gaps",
            notifications["handoff_gap"],
            lowest=0,
            highest=max(unlost, 0),
            injected=None,
        ),
    ]


def _after_end(evidence: Evidence, _clean: Evidence) -> list[Check]:
    ledger = evidence.ledger(_MESSAGE)
    late = evidence.channel_faults("after_end", _MESSAGE)
    return [
        *happened(evidence, ("after_end",)),
        *_message_checks(evidence),
        between(
            "messages after their end",
            ledger["after_end"],
            # What was on its way to the server, or written before a later frame was answered, may
            # have been in time; how much of that there was is no figure.
            lowest=1,
            highest=late,
            injected=late,
        ),
    ]


def _unknown_ids(evidence: Evidence, _clean: Evidence) -> list[Check]:
    return [*happened(evidence, ("drop",)), *count_checks(evidence)]


def _refused(evidence: Evidence, _clean: Evidence) -> list[Check]:
    figures = evidence.summary["actions"][Action.MESSAGE]
    refused = evidence.faults("rate_limit", Action.MESSAGE)
    return [
        *happened(evidence, ("rate_limit",)),
        exact("messages refused", refused, figures["errors"]),
        exact("messages lost", 0, evidence.ledger(_MESSAGE)["lost"]),
        exact("a run of which half is refused passes", False, evidence.verdict == "PASS"),
    ]


def _ended_worker(evidence: Evidence, _clean: Evidence) -> list[Check]:
    generator = evidence.summary["generator"]
    return [
        exact("a run that lost a worker passes", False, evidence.verdict == "PASS"),
        exact("workers", 2, generator["workers"]),
        exact("something was dropped", True, generator["dropped_arrivals"] > 0),
        exact("messages lost", 0, evidence.ledger(_MESSAGE)["lost"]),
    ]


MOVING_CASES: tuple[Case, ...] = (
    Case(
        "short-stays",
        "what a chat session was owed is judged although it has ended",
        Trial(overrides=(*_SHORT_STAYS, *_FEW_MESSAGES), faults=(f"drop.{_MESSAGE}=0.05",)),
        _short_stays,
    ),
    Case(
        "after-end",
        "what comes to a chat session that has ended is counted as such",
        Trial(overrides=_SHORT_STAYS, faults=("unsubscribe_lag_ms=300",)),
        _after_end,
        is_quick=False,
    ),
    Case(
        "unknown-ids",
        "a notification is right although its message arrived nowhere",
        Trial(faults=(f"drop.{_MESSAGE}=0.5",)),
        _unknown_ids,
        is_quick=False,
    ),
    Case(
        "refused",
        "what the server refuses is offered in vain, and such a run cannot pass",
        Trial(
            overrides=("workload.keystroke_bursts=0", 'thresholds=["actions.failed_ratio < 0.01"]'),
            live_faults=("rate_limit=0.5",),
        ),
        _refused,
        is_quick=False,
    ),
    Case(
        "ended-worker",
        "a worker that ends before it was told to takes the PASS with it",
        Trial(overrides=("population.cells=2",), processes=2, ended_worker_s=3.0),
        _ended_worker,
    ),
)
