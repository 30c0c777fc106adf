"""Figures for OpenTelemetry: merged, and only while there is a run."""

from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from loadtest.metrics import Collection
from loadtest.run.leader.otel import export_figures
from loadtest.web.live import LiveRun
from tests.support.scenes import Scene, ns


class Leader:
    """A leader of runs in name only."""

    results: Any = None


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> InMemoryMetricReader:
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    return reader


def exported(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, Any], float]]]:
    data: Any = reader.get_metrics_data()
    if data is None:
        return {}
    return {
        metric.name: [(dict(point.attributes), point.value) for point in metric.data.data_points]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_the_figures_of_a_run_are_exported(reader: InMemoryMetricReader) -> None:
    leader = Leader()
    export_figures(leader)
    assert exported(reader) == {}, "without a run there is nothing to say"
    scene, collection = Scene(), Collection()
    scene.room(2)
    scene.send(1)
    scene.see(1, 1_020, 1, 2)
    scene.ledger.roll(ns(2_000))
    collection.take(scene.ledger.snapshot())
    live = LiveRun(0, lambda: 0)
    live.take(collection, 0)
    leader.results = SimpleNamespace(live=live)

    found = exported(reader)
    assert found["loadtest.messages.sent"] == [({}, 1)]
    assert found["loadtest.deliveries"] == [({}, 2)]
    assert found["loadtest.deliveries.lost"] == [({}, 0)]
    assert found["loadtest.devices"] == [({}, 2)]
    latency = found["loadtest.delivery.latency"]
    assert latency[0][0] == {"event": "channel.message.created", "quantile": "0.5"}
    assert [value for _, value in latency] == [pytest.approx(0.02, rel=0.01)] * 4
