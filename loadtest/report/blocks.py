"""The blocks of a summary, each from the counts that it is about.

The keys of a block are those of its declarations in ``metrics.catalogue``; here it is decided which
counts they come from. Latencies that stand at the top of a summary are those of the steady phase: a
teardown of all devices at once is no latency of the deployment. Counts are those of the whole run.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from loadtest.metrics import Histogram, Totals
from loadtest.metrics.catalogue.declaration import Block
from loadtest.metrics.catalogue.deliveries import (
    BY_DEVICE_CLASS,
    COMPLETION,
    CROSS_WORKER,
    LATENCY,
    LEDGER,
    SERVICE_LATENCY,
)
from loadtest.metrics.catalogue.notified import ACTIVATION, ENTRY, HANDOFF, NOTIFICATIONS, PUSH
from loadtest.metrics.catalogue.phases import ACTION_TIMES, PHASE
from loadtest.metrics.catalogue.values import block_values, latency_values
from loadtest.metrics.catalogue.work import ACTIONS, LOAD, SESSIONS, WORK
from loadtest.metrics.figures.figures import (
    SIZE_CLASSES,
    ActionFigures,
    EventFigures,
    Figures,
    NotificationFigures,
    PhaseFigures,
    PushFigures,
    SlowFigures,
    TimingFigures,
)
from loadtest.metrics.ledger.refusals import is_refusal
from loadtest.observations import Action, ChatEvent, Phase

__all__ = [
    "NOTIFICATION",
    "actions_block",
    "by_event",
    "completion_block",
    "cross_worker_block",
    "device_class_block",
    "latency_block",
    "ledger_block",
    "load_block",
    "notifications_block",
    "phases_block",
    "push_block",
    "sessions_block",
    "steady_times",
    "work_block",
]

NOTIFICATION = str(ChatEvent.NOTIFICATION_CREATED)

_SESSION_STARTS = (Action.USER_SESSION_START, Action.CHAT_SESSION_START)
_NOT_WANTED = (Action.RELAY, Action.GET_CHANNEL, Action.RECONNECT)
"""What devices do by themselves: no user plans it, and it says nothing of what was offered."""
_WHOLE = "whole"


def steady_times(figures: Figures) -> PhaseFigures:
    """Return the times of the steady phase; of the whole run, if its phases are not known."""
    if not figures.phases:
        return _whole_times(figures)
    return figures.phases.get(Phase.STEADY) or PhaseFigures()


def _whole_times(figures: Figures) -> PhaseFigures:
    notified = figures.all_notifications()
    phases = figures.phases.values()
    begun = [phase.from_s_low for phase in phases if phase.from_s_low is not None]
    return PhaseFigures(
        from_s_low=min(begun, default=None),
        to_s_peak=max((phase.to_s_peak for phase in phases), default=0.0),
        events={
            name: TimingFigures(latency=event.latency, service=event.service)
            for name, event in figures.events.items()
        },
        completion=figures.completion,
        notifications=TimingFigures(latency=notified.latency, service=notified.service),
        actions={
            name: TimingFigures(latency=action.latency, completion=action.completion)
            for name, action in figures.actions.items()
        },
    )


def load_block(totals: Totals) -> dict[str, Any]:
    """Return what load was put on the server."""
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


def ledger_block(figures: Figures) -> dict[str, Any]:
    """Return what should have arrived and what did, by event type."""
    entries = by_event(LEDGER, figures.events, EventFigures())
    return entries | {NOTIFICATION: _notification_entry(figures)}


def by_event(block: Block, events: Mapping[str, object], nothing: object) -> dict[str, Any]:
    """Return a block for each event type that has one; ``nothing`` is of one that never was."""
    has_only = {event for each in block.figures for event in each.only}
    is_of_all = any(not each.only for each in block.figures)
    return {
        str(event): block_values(block, events.get(event, nothing), event)
        for event in ChatEvent
        if is_of_all or event in has_only
    }


def _notification_entry(figures: Figures) -> dict[str, Any]:
    """Return the ledger's entry of notifications: missed is lost, spurious is unexpected."""
    total = figures.all_notifications()
    event = figures.events.get(NOTIFICATION, EventFigures())
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
    return block_values(LEDGER, entry, NOTIFICATION)


def latency_block(times: PhaseFigures, *, is_service: bool = False) -> dict[str, Any]:
    """Return delivery latency, or service latency, of each event type."""
    block = SERVICE_LATENCY if is_service else LATENCY
    notified = times.notifications.service if is_service else times.notifications.latency
    return by_event(block, times.events, TimingFigures()) | {NOTIFICATION: latency_values(notified)}


def cross_worker_block(figures: Figures) -> dict[str, Any]:
    """Return the latencies of what was caused on one worker and arrived on another."""
    return {
        name: block_values(CROSS_WORKER, crossed, name)
        for name, crossed in sorted(figures.cross_worker.items())
    }


def completion_block(times: PhaseFigures) -> dict[str, Any]:
    """Return when messages had reached their devices, over all sizes and by size."""
    classes = {"all": block_values(COMPLETION, times.all_completion())}
    for label in SIZE_CLASSES:
        if label in times.completion:
            classes[label] = block_values(COMPLETION, times.completion[label])
    return classes


def actions_block(figures: Figures, times: PhaseFigures) -> dict[str, Any]:
    """Return each action: its times in the steady phase, its counts in the whole run."""
    return {
        name: _work(ACTIONS, action, times.actions.get(name, TimingFigures()))
        for name, action in sorted(figures.actions.items())
        if name not in _SESSION_STARTS
    }


def sessions_block(figures: Figures) -> dict[str, Any]:
    """Return the session starts of the whole run: most of them are in its ramp."""
    starts = {str(name): figures.actions.get(name, ActionFigures()) for name in _SESSION_STARTS}
    return {name: _work(SESSIONS, action, action) for name, action in starts.items()}


def _work(
    block: Block, action: ActionFigures, times: TimingFigures | ActionFigures
) -> dict[str, Any]:
    counts = structs.asdict(action) | {"latency": times.latency, "completion": times.completion}
    return block_values(block, counts) | {
        "errors_by_reason": dict(sorted(action.errors.items())),
        "dropped_by_reason": dict(sorted(action.dropped.items())),
    }


def work_block(figures: Figures) -> dict[str, Any]:
    """Return what users wanted to do, and what became of it."""
    wanted = {name: each for name, each in figures.actions.items() if name not in _NOT_WANTED}
    starts = [each for name, each in wanted.items() if name in _SESSION_STARTS]
    actions = [each for name, each in wanted.items() if name not in _SESSION_STARTS]
    return {
        "all": _outcomes([*starts, *actions]),
        "actions": _outcomes(actions),
        "starts": _outcomes(starts),
    }


def _outcomes(actions: Iterable[ActionFigures]) -> dict[str, Any]:
    completed = failed = refused = dropped = 0
    for action in actions:
        completed += action.completed
        failed += sum(action.errors.values())
        refused += sum(count for reason, count in action.errors.items() if is_refusal(reason))
        dropped += sum(action.dropped.values())
    counts = {
        "planned": completed + failed + dropped,
        "completed": completed,
        "failed": failed,
        "refused": refused,
        "dropped": dropped,
        "not_offered": dropped + refused,
    }
    return block_values(WORK, counts)


def notifications_block(figures: Figures, times: PhaseFigures) -> dict[str, Any]:
    """Return notifications of all users, and of each class of users for the whole run."""
    every = _notified(figures.all_notifications(), times.notifications.latency)
    by_devices = {
        name: _notified(part, part.latency) for name, part in sorted(figures.notifications.items())
    }
    return {**every, "by_devices": by_devices}


def _notified(figures: NotificationFigures, latency: Histogram) -> dict[str, Any]:
    made = block_values(NOTIFICATIONS, figures) | {"latency": latency_values(latency)}
    return made | {
        "handoff": block_values(HANDOFF, figures.handoff),
        "entry": block_values(ENTRY, figures.entry),
        "activation": block_values(ACTIVATION, figures.activation),
    }


def phases_block(figures: Figures) -> dict[str, Any]:
    """Return the times of each phase, and of the whole run."""
    known = {str(name): figures.phases[name] for name in Phase if name in figures.phases}
    return {name: _phase(times) for name, times in {**known, _WHOLE: _whole_times(figures)}.items()}


def _phase(times: PhaseFigures) -> dict[str, Any]:
    counts = {
        "from_s": times.from_s_low,
        "to_s": times.to_s_peak or None,
        "notification_latency": times.notifications.latency,
    }
    return block_values(PHASE, counts) | {
        "latency": _that_occurred(LATENCY, times.events),
        "service_latency": _that_occurred(SERVICE_LATENCY, times.events),
        "completion": completion_block(times),
        "actions": _that_occurred(ACTION_TIMES, times.actions),
    }


def _that_occurred(block: Block, parts: Mapping[str, object]) -> dict[str, Any]:
    return {name: block_values(block, part, name) for name, part in sorted(parts.items())}


def device_class_block(figures: Figures) -> dict[str, Any]:
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


def push_block(figures: PushFigures, sink: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the push sink got and should have got.

    What it has received for channels that no worker knows is of another run, or of other users of
    the same deployment: it is counted and not judged.
    """
    counts = structs.asdict(figures) | {
        **{name: sink[name] for name in ("received", "unreadable")},
        "unassigned": max(sink["received"] - figures.taken, 0),
    }
    return {"url": sink["url"], **block_values(PUSH, counts)}
