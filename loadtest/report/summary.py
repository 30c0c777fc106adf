"""The summary of a run: one dict that every rendering is made from.

The figures and their keys are declared in ``metrics.catalogue``, and ``docs/summary.md`` is made
from the same declarations. Here it is decided from which counts each block comes. Nothing is
measured here, and the verdict comes from its own rules. The ledger is checked to add up, and a run
in which it does not supports no verdict.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from msgspec import structs

from loadtest.metrics import Totals
from loadtest.metrics.catalogue.declaration import Better, Block
from loadtest.metrics.catalogue.deliveries import (
    BY_DEVICE_CLASS,
    COMPLETION,
    CROSS_WORKER,
    LATENCY,
    LEDGER,
    SERVICE_LATENCY,
    STALENESS,
)
from loadtest.metrics.catalogue.machine import GENERATOR
from loadtest.metrics.catalogue.notified import ACTIVATION, NOTIFICATIONS, PUSH, RECOVERY
from loadtest.metrics.catalogue.values import block_values, latency_values, ratio_value
from loadtest.metrics.catalogue.work import ACTIONS, LOAD, SESSIONS
from loadtest.metrics.clocks.state import ClockState
from loadtest.metrics.figures.figures import (
    SIZE_CLASSES,
    ActionFigures,
    EventFigures,
    Figures,
    NotificationFigures,
    PushFigures,
    SlowFigures,
)
from loadtest.metrics.verdict.thresholds import Threshold
from loadtest.metrics.verdict.verdict import Soundness, judge
from loadtest.observations import Action, ChatEvent

__all__ = ["END_TOLERANCE_S", "SCHEMA", "RunFacts", "build_summary", "contradictions"]

SCHEMA = "chatkitty-loadtest/1"

_NOT_WANTED = (Action.RELAY, Action.GET_CHANNEL, Action.RECONNECT)
"""What devices do by themselves: no user plans it, and it says nothing of what was offered."""
END_TOLERANCE_S = 1.0
"""A run that sends this much shorter than planned has kept its plan."""
_SESSION_STARTS = (Action.USER_SESSION_START, Action.CHAT_SESSION_START)
_NOTIFICATION = str(ChatEvent.NOTIFICATION_CREATED)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run besides its figures."""

    run_id: str
    host: str
    dialect: int
    is_embedded: bool
    """Whether the target was this package's own reference server."""
    profile: Mapping[str, Any]
    """As resolved."""
    seed: int
    duration_s: float
    versions: Mapping[str, str]
    lag_p99_limit_ms: float
    loop_lag_p99_limit_ms: float = float("inf")
    dropped_ratio_limit: float = 1.0
    thresholds: tuple[Threshold, ...] = ()
    workers: int = 1
    workers_lost: int = 0
    """Without a final report, or with one that came before anybody asked for it."""
    workers_early: int = 0
    """The latter: they ended in order, but before they were told to."""
    planned_s: float | None = None
    """How long sending was to go on; None: until somebody stops it."""
    sending_s: float | None = None
    """How long it did; None: it is not known."""
    clock_uncertainty_ms: float | None = None
    """How far instants of two workers may be off against each other."""
    clocks: tuple[tuple[int, ClockState], ...] = ()
    """With the number of the worker."""
    is_stopped: bool = False
    """Whether a person stopped the run."""
    errors: tuple[str, ...] = ()
    """What failed in the load generator itself."""
    unwritten: tuple[str, ...] = ()
    """Which files of the results could not be written, and why."""
    is_open_workload: bool = True
    """Whether a schedule decided what was due; a closed one has no generator lag."""
    deviations: tuple[str, ...] = ()
    """What the devices did otherwise than the published SDK, by the user's wish."""
    connection: tuple[str, ...] = ()
    """What was set about the way to the server: names, and no value that may be secret."""
    has_implied_thresholds: bool = False
    """Whether nobody chose the thresholds: those on what never happened are left out then."""
    selftest: Mapping[str, Any] | None = field(default=None)
    push_sink: Mapping[str, Any] | None = None
    """What the push sink says of itself: ``url``, ``received``, ``unreadable``; None: no sink."""


def build_summary(totals: Totals, run: RunFacts) -> dict[str, Any]:
    """Return the summary of a run."""
    figures = totals.figures
    problems = contradictions(totals)
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "run_id": run.run_id,
        "verdict": None,
        "reasons": [],
        "target": {
            "host": run.host,
            "dialect": run.dialect,
            "embedded": run.is_embedded,
            "connection": list(run.connection),
        },
        "profile": dict(run.profile),
        "workload": "open" if run.is_open_workload else "closed",
        "deviations": list(run.deviations),
        "seed": run.seed,
        "duration_s": round(run.duration_s, 3),
        "planned_s": _seconds(run.planned_s),
        "sending_s": _seconds(run.sending_s),
        "versions": dict(run.versions),
        "load": _load(totals),
        "ledger": _ledger(figures),
        "adds_up": not problems,
        "latency": _latency(figures),
        "service_latency": _service_latency(figures),
        "cross_worker": _cross_worker(figures),
        "staleness": _by_event(STALENESS, figures),
        "completion": _completion(figures),
        "actions": {
            name: _work(ACTIONS, action)
            for name, action in sorted(figures.actions.items())
            if name not in _SESSION_STARTS
        },
        "sessions": {
            str(name): _work(SESSIONS, figures.actions.get(name, ActionFigures()))
            for name in _SESSION_STARTS
        },
        "notifications": _notifications(figures),
        "by_device_class": _by_device_class(figures),
        "recovery": block_values(RECOVERY, figures.recovery),
        "push": _push(figures.push, run.push_sink) if run.push_sink is not None else None,
        "generator": _generator(figures, run),
        "unexpected": _unexpected(figures),
        "other_events": dict(sorted(figures.counted.items())),
        "selftest": dict(run.selftest) if run.selftest is not None else None,
    }
    results = [threshold.evaluate(summary) for threshold in run.thresholds]
    if run.has_implied_thresholds:
        results = [result for result in results if result.samples != 0]
    summary["thresholds"] = [result.to_dict() for result in results]
    verdict, reasons = judge(_soundness(summary, run, problems), results)
    summary["verdict"] = verdict.value
    summary["reasons"] = [reason.to_dict() for reason in reasons]
    return summary


def contradictions(totals: Totals) -> tuple[str, ...]:
    """Return the paths of the figures that do not add up; none in a sound run.

    Delivered and lost must be all that was expected, every delivery must have been timed, and
    nothing may be open once the run is over.
    """
    figures = totals.figures
    wrong = [
        f"ledger.{name}"
        for name, event in figures.events.items()
        if event.delivered + event.lost != event.expected
        or event.latency.count + figures.crossed_count(name) != event.delivered
        or not 0 <= event.late <= event.delivered
        or min(event.lost, event.boundary, event.duplicate) < 0
    ]
    notifications = figures.all_notifications()
    if (
        notifications.delivered + notifications.missed != notifications.expected
        or notifications.latency.count + figures.crossed_count(_NOTIFICATION)
        != notifications.delivered
        or min(notifications.missed, notifications.boundary) < 0
    ):
        wrong.append("notifications")
    push = figures.push
    if push.delivered + push.missed != push.expected or push.latency.count != push.delivered:
        wrong.append("push")
    if totals.open_count:
        wrong.append("ledger.open")
    return tuple(wrong)


def _soundness(summary: Mapping[str, Any], run: RunFacts, problems: tuple[str, ...]) -> Soundness:
    return Soundness(
        lag_p99_ms=summary["generator"]["lag"]["p99_ms"],
        lag_p99_limit_ms=run.lag_p99_limit_ms,
        loop_lag_p99_ms=summary["generator"]["loop_lag"]["p99_ms"],
        loop_lag_p99_limit_ms=run.loop_lag_p99_limit_ms,
        dropped_ratio=summary["generator"]["dropped_ratio"],
        dropped_ratio_limit=run.dropped_ratio_limit,
        workers=run.workers,
        workers_lost=run.workers_lost - run.workers_early,
        workers_early=run.workers_early,
        missing_s=_missing_s(run),
        contradictions=problems,
        # Of no weight where every figure comes from one clock.
        clock_uncertainty_ms=run.clock_uncertainty_ms if summary["cross_worker"] else None,
        is_measured=summary["load"]["chat_sessions_started"] > 0,
        is_stopped=run.is_stopped,
        errors=run.errors,
        unwritten=len(run.unwritten),
    )


def _missing_s(run: RunFacts) -> float:
    """Return how much shorter than planned the run has sent; 0 if it kept its plan."""
    if run.planned_s is None or run.sending_s is None:
        return 0.0
    missing_s = run.planned_s - run.sending_s
    return round(missing_s, 3) if missing_s > END_TOLERANCE_S else 0.0


def _seconds(value_s: float | None) -> float | None:
    return None if value_s is None else round(value_s, 3)


def _load(totals: Totals) -> dict[str, Any]:
    load = totals.figures.load
    causes = {
        "message": load.messages,
        "keystrokes": load.keystrokes,
        "read": load.reads,
        "edit": load.edits,
        "update_channel": load.channel_updates,
    }
    completed = {name: action.completed for name, action in totals.figures.actions.items()}
    peaks = {
        "devices_peak": totals.devices_peak,
        "chat_sessions_peak": totals.chat_sessions_peak,
    }
    return block_values(LOAD, structs.asdict(load) | peaks) | {
        "connections_lost_by_reason": dict(sorted(load.connections_lost.items())),
        "actions": dict(sorted((completed | causes).items())),
    }


def _ledger(figures: Figures) -> dict[str, Any]:
    return _by_event(LEDGER, figures) | {_NOTIFICATION: _notification_entry(figures)}


def _by_event(block: Block, figures: Figures) -> dict[str, Any]:
    """Return a block for each event type that has one."""
    has_only = {event for each in block.figures for event in each.only}
    is_of_all = any(not each.only for each in block.figures)
    return {
        str(event): block_values(block, figures.events.get(event, EventFigures()), event)
        for event in ChatEvent
        if is_of_all or event in has_only
    }


def _notification_entry(figures: Figures) -> dict[str, Any]:
    """Return the ledger's entry of notifications: missed is lost, spurious is unexpected."""
    total = figures.all_notifications()
    event = figures.events.get(_NOTIFICATION, EventFigures())
    entry = EventFigures(
        expected=total.expected,
        delivered=total.delivered,
        lost=total.missed,
        late=total.late,
        duplicate=total.duplicate,
        boundary=total.boundary,
        boundary_seen=total.boundary_seen,
        in_flight=total.in_flight,
        unexpected={**event.unexpected, "spurious": total.spurious},
    )
    return block_values(LEDGER, entry, _NOTIFICATION)


def _latency(figures: Figures) -> dict[str, Any]:
    notified = latency_values(figures.all_notifications().latency)
    return _by_event(LATENCY, figures) | {_NOTIFICATION: notified}


def _service_latency(figures: Figures) -> dict[str, Any]:
    notified = latency_values(figures.all_notifications().service)
    return _by_event(SERVICE_LATENCY, figures) | {_NOTIFICATION: notified}


def _cross_worker(figures: Figures) -> dict[str, Any]:
    return {
        name: block_values(CROSS_WORKER, crossed, name)
        for name, crossed in sorted(figures.cross_worker.items())
    }


def _completion(figures: Figures) -> dict[str, Any]:
    classes = {"all": block_values(COMPLETION, figures.all_completion())}
    for label in SIZE_CLASSES:
        if label in figures.completion:
            classes[label] = block_values(COMPLETION, figures.completion[label])
    return classes


def _work(block: Block, figures: ActionFigures) -> dict[str, Any]:
    """Return what is known of one action, or of one kind of session start."""
    return block_values(block, figures) | {
        "errors_by_reason": dict(sorted(figures.errors.items())),
        "dropped_by_reason": dict(sorted(figures.dropped.items())),
    }


def _notifications(figures: Figures) -> dict[str, Any]:
    by_devices = {
        name: _notification_figures(part) for name, part in sorted(figures.notifications.items())
    }
    return {**_notification_figures(figures.all_notifications()), "by_devices": by_devices}


def _notification_figures(figures: NotificationFigures) -> dict[str, Any]:
    activation = block_values(ACTIVATION, figures.activation)
    return block_values(NOTIFICATIONS, figures) | {"activation": activation}


def _by_device_class(figures: Figures) -> dict[str, Any]:
    """Return the deliveries of messages to slow devices, and to the others: the difference."""
    slow = figures.slow
    every = figures.events.get(ChatEvent.MESSAGE_CREATED, EventFigures())
    latency = every.latency.copy()
    latency.merge(figures.crossed_latency(ChatEvent.MESSAGE_CREATED))
    others = SlowFigures(
        devices=figures.load.devices - slow.devices,
        delivered=every.delivered - slow.delivered,
        lost=every.lost - slow.lost,
        late=every.late - slow.late,
        latency=latency.without(slow.latency),
    )
    classes = {"slow": slow, "others": others}
    return {name: block_values(BY_DEVICE_CLASS, part) for name, part in classes.items()}


def _push(figures: PushFigures, sink: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the push sink got and should have got.

    What it has received for channels that no worker knows is of another run, or of other users of
    the same deployment: it is counted and not judged.
    """
    counts = structs.asdict(figures) | {
        **{name: sink[name] for name in ("received", "unreadable")},
        "unassigned": max(sink["received"] - figures.taken, 0),
    }
    return {"url": sink["url"], **block_values(PUSH, counts)}


def _generator(figures: Figures, run: RunFacts) -> dict[str, Any]:
    health = figures.health
    dropped, planned = _dropped_of_planned(figures)
    counts: dict[str, Any] = structs.asdict(health) | {
        "cpu_ratio_peak": round(health.cpu_ratio_peak, 3),
        "dropped_arrivals": dropped,
        "dropped_ratio": ratio_value(dropped, planned, Better.LOWER),
        "errors": len(run.errors),
        "workers": run.workers,
        "workers_lost": run.workers_lost,
        "workers_early": run.workers_early,
        "clock_uncertainty_ms": run.clock_uncertainty_ms,
    }
    if not health.samples:
        counts |= dict.fromkeys(("cpu_ratio_peak", "unsent_bytes_peak", "open_files_peak"))
    clocks = [{"worker": number + 1, **asdict(clock)} for number, clock in run.clocks]
    return {**block_values(GENERATOR, counts), "clocks": clocks}


def _dropped_of_planned(figures: Figures) -> tuple[int, int]:
    """Return how many actions could not be offered, of how many that users wanted to do."""
    wanted = [action for name, action in figures.actions.items() if name not in _NOT_WANTED]
    dropped = sum(sum(action.dropped.values()) for action in wanted)
    offered = sum(action.completed + sum(action.errors.values()) for action in wanted)
    return dropped, dropped + offered


def _unexpected(figures: Figures) -> dict[str, Any]:
    return {
        name: dict(sorted(event.unexpected.items()))
        for name, event in sorted(figures.events.items())
        if event.unexpected
    }
