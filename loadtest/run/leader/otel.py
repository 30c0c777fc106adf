"""Figures of a run for OpenTelemetry, where Locust was started with ``--otel``.

Locust sets the exporters up, from the usual environment variables. The leading process registers
counters, gauges, and gauges of quantiles, merged over all workers. The SDK takes no histogram that
is already aggregated: whole histograms go by ``/chat/prometheus`` to a collector that scrapes.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from loadtest.run.leader.results import RunResults
from loadtest.web.live import LiveRun

__all__ = ["export_figures"]

_QUANTILES = (0.5, 0.9, 0.95, 0.99)
_S_PER_US = 1e-6
_COUNTERS = (
    ("messages", "messages.sent", "{message}", "messages that were written"),
    ("deliveries_expected", "deliveries.expected", "{delivery}", "deliveries that are owed"),
    ("deliveries", "deliveries", "{delivery}", "deliveries of messages that came"),
    ("duplicate", "deliveries.duplicate", "{delivery}", "deliveries that came again"),
    ("out_of_order", "deliveries.out_of_order", "{delivery}", "in another order than sent"),
    ("after_end", "deliveries.after_end", "{delivery}", "after the chat session's end"),
    ("notifications", "notifications", "{notification}", "notifications as they should be"),
    ("notifications_spurious", "notifications.spurious", "{notification}", "owed to nobody"),
)
_SHRINKING = (
    ("lost", "deliveries.lost", "{delivery}", "not there by the deadline, and not since"),
    ("notifications_missed", "notifications.missed", "{notification}", "that did not come"),
)
_GAUGES = (
    ("devices", "devices", "{device}", "devices with a connection"),
    ("chat_sessions", "chat_sessions", "{session}", "active chat sessions"),
)
_TIMINGS = (
    ("last_receiver", "fan_out.last_receiver", "until a message had reached everybody"),
    ("notification", "notification.latency", "arrival of a notification minus due"),
    ("generator_lag", "generator.lag", "how late the load generator sent"),
)
_LATENCY = "latency:"
_Observe = Callable[[LiveRun], Iterable[Any]]


class _Leading(Protocol):
    results: RunResults | None


def export_figures(leader: _Leading) -> None:
    """Register every figure with the meters that Locust has set up."""
    from opentelemetry import metrics  # only whoever asks for it has it

    meter = metrics.get_meter("loadtest")
    seen = metrics.Observation

    def of_live(observe: _Observe) -> list[Callable[[Any], Iterable[Any]]]:
        def callback(_options: object) -> Iterable[Any]:
            live = leader.results.live if leader.results is not None else None
            return list(observe(live)) if live is not None else []

        return [callback]

    def counted(key: str) -> _Observe:
        return lambda live: [seen(live.totals.counts[key])]

    def gauged(key: str) -> _Observe:
        return lambda live: [seen(getattr(row, key)) for row in live.seconds[-1:]]

    def timed(key: str) -> _Observe:
        return lambda live: _quantiles(seen, live, key, {})

    def by_event(live: LiveRun) -> Iterable[Any]:
        for key in live.totals.histograms:
            if key.startswith(_LATENCY):
                yield from _quantiles(seen, live, key, {"event": key.removeprefix(_LATENCY)})

    for key, name, unit, meaning in _COUNTERS:
        meter.create_observable_counter(
            f"loadtest.{name}", of_live(counted(key)), unit=unit, description=meaning
        )
    for make, entries in ((counted, _SHRINKING), (gauged, _GAUGES)):
        for key, name, unit, meaning in entries:
            meter.create_observable_gauge(
                f"loadtest.{name}", of_live(make(key)), unit=unit, description=meaning
            )
    for key, name, meaning in _TIMINGS:
        meter.create_observable_gauge(
            f"loadtest.{name}", of_live(timed(key)), unit="s", description=meaning
        )
    meter.create_observable_gauge(
        "loadtest.delivery.latency", of_live(by_event), unit="s", description="arrival minus due"
    )


def _quantiles(
    seen: Callable[..., Any], live: LiveRun, key: str, labels: dict[str, str]
) -> Iterable[Any]:
    """Yield the quantiles of a histogram over the whole run so far."""
    summed = live.totals.histograms.get(key)
    if summed is None:
        return
    histogram = summed.since_start()
    for quantile in _QUANTILES:
        value_us = histogram.percentile_us(quantile * 100)
        if value_us is not None:
            yield seen(value_us * _S_PER_US, {**labels, "quantile": f"{quantile:g}"})
