"""The distribution behind a percentile of the summary, for what is known of its uncertainty."""

from collections.abc import Callable, Mapping

from loadtest.metrics import Histogram
from loadtest.metrics.catalogue.deliveries import COMPLETION, LATENCY, SERVICE_LATENCY
from loadtest.metrics.catalogue.lookup import Figure
from loadtest.metrics.catalogue.notified import ACTIVATION, NOTIFICATIONS, PUSH, RECOVERY
from loadtest.metrics.catalogue.work import ACTIONS, SESSIONS
from loadtest.metrics.figures.figures import (
    ActionFigures,
    CompletionFigures,
    Figures,
    TimingFigures,
)
from loadtest.metrics.verdict.intervals import Distribution
from loadtest.report.blocks import NOTIFICATION, steady_times

__all__ = ["distribution_of"]


def distribution_of(figure: Figure, figures: Figures) -> Distribution | None:
    """Return what a percentile is of; None for other figures, and where no counts are at hand."""
    find = _SOURCES.get(figure.block.path)
    if figure.percentile is None or find is None:
        return None
    source = find(figures, figure.values)
    found = getattr(source, figure.declaration.field_name, None)
    if not isinstance(found, Histogram):
        return None
    never = getattr(source, "never", {})
    return Distribution(found, int(never.get(figure.declaration.field_name, 0)))


def _event(figures: Figures, values: tuple[str, ...]) -> TimingFigures:
    times, event = steady_times(figures), values[-1]
    if event == NOTIFICATION:
        return times.notifications
    return times.events.get(event, TimingFigures())


def _completion(figures: Figures, values: tuple[str, ...]) -> CompletionFigures:
    times, size = steady_times(figures), values[-1]
    if size == "all":
        return times.all_completion()
    return times.completion.get(size, CompletionFigures())


def _steady_action(figures: Figures, values: tuple[str, ...]) -> TimingFigures:
    return steady_times(figures).actions.get(values[-1], TimingFigures())


_SOURCES: Mapping[str, Callable[[Figures, tuple[str, ...]], object]] = {
    LATENCY.path: _event,
    SERVICE_LATENCY.path: _event,
    COMPLETION.path: _completion,
    ACTIONS.path: _steady_action,
    SESSIONS.path: lambda figures, values: figures.actions.get(values[-1], ActionFigures()),
    NOTIFICATIONS.path: lambda figures, _: steady_times(figures).notifications,
    ACTIVATION.path: lambda figures, _: figures.all_notifications().activation,
    PUSH.path: lambda figures, _: figures.push,
    RECOVERY.path: lambda figures, _: figures.recovery,
}
