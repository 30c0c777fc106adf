"""What Prometheus scrapes: valid, in its conventions, and nothing stale."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from loadtest.clock import NS_PER_S
from loadtest.metrics import Collection
from loadtest.web.desk import WorkerState
from loadtest.web.live import LiveRun
from loadtest.web.prometheus import BUCKETS_S, Exposition
from tests.support.scenes import Scene, ns
from tests.support.web_desk import FakeDesk, FakeRun

DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana" / "chatkitty-loadtest.json"
DELAYS_MS = (1, 4, 30, 30, 700)


class Scraped:
    """A run with a few messages, and what a scrape says of it."""

    def __init__(self, folder: Path) -> None:
        self.now_ns = 0
        self.desk = FakeDesk(folder)
        self.run = FakeRun(folder / "20261126T020053Z-smoke-26e8")
        self.desk.run = self.run
        self.exposition = Exposition(self.desk, lambda: self.now_ns)
        scene, collection = Scene(), Collection()
        scene.room(2)
        for key, delay_ms in enumerate(DELAYS_MS, 1):
            scene.send(key)
            scene.see(key, 1_000 + delay_ms, 1, 2)
        scene.lose(2, 1_900)
        scene.ledger.roll(ns(2_000))
        collection.take(scene.ledger.snapshot())
        live = self.run.live = LiveRun(0, lambda: self.now_ns)
        live.take(collection, 0)
        self.run.states = [WorkerState(view, None) for view in live.workers(collection)]

    def samples(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        found: dict[str, list[tuple[dict[str, str], float]]] = {}
        for family in text_string_to_metric_families(self.exposition.text()):
            for sample in family.samples:
                found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
        return found


@pytest.fixture
def scraped(tmp_path: Path) -> Scraped:
    return Scraped(tmp_path)


def test_counts_are_those_of_the_ledger(scraped: Scraped) -> None:
    samples = scraped.samples()

    assert samples["loadtest_messages_sent_total"] == [({}, 5)]
    assert samples["loadtest_deliveries_total"] == [({}, 10)]
    assert samples["loadtest_deliveries_lost"] == [({}, 0)]
    assert samples["loadtest_connections_lost_total"] == [({}, 1)]
    assert samples["loadtest_devices"] == [({}, 1)]
    assert samples["loadtest_worker_devices"] == [({"worker": "1"}, 1)]
    assert samples["loadtest_run_info"] == [({"profile": "smoke"}, 1)]


def test_histograms_are_cumulative_and_lose_nothing(scraped: Scraped) -> None:
    samples = scraped.samples()
    name = "loadtest_delivery_latency_seconds"
    buckets = [(float(labels["le"]), n) for labels, n in samples[f"{name}_bucket"]]

    assert [limit for limit, _ in buckets] == [*BUCKETS_S, float("inf")]
    assert dict(buckets)[0.001] == 2
    assert dict(buckets)[0.005] == 4
    assert dict(buckets)[0.05] == 8
    assert dict(buckets)[1.0] == dict(buckets)[float("inf")] == 10
    assert [n for _, n in buckets] == sorted(n for _, n in buckets)
    assert samples[f"{name}_count"][0][1] == 10
    assert samples[f"{name}_sum"][0][1] == pytest.approx(2 * sum(DELAYS_MS) / 1000)
    assert samples["loadtest_fan_out_last_receiver_seconds_count"] == [({}, 5)]


def test_no_label_names_a_run_a_user_or_a_channel(scraped: Scraped) -> None:
    labels = {
        label for found in scraped.samples().values() for labels, _ in found for label in labels
    }
    assert labels <= {"le", "event", "outcome", "state", "worker", "profile"}


def test_after_a_stop_gauges_go_at_once_and_counts_after_a_minute(scraped: Scraped) -> None:
    scraped.run.is_finished = True
    samples = scraped.samples()
    assert "loadtest_devices" not in samples
    assert "loadtest_worker_cpu_ratio" not in samples
    assert samples["loadtest_deliveries_total"] == [({}, 10)]
    scraped.now_ns = 61 * NS_PER_S
    samples = scraped.samples()

    assert set(samples) == {"loadtest_run_state"}
    assert ({"state": "ended"}, 1.0) in samples["loadtest_run_state"]


def test_without_a_run_only_that_is_said(scraped: Scraped) -> None:
    scraped.desk.run = None
    assert ({"state": "idle"}, 1.0) in scraped.samples()["loadtest_run_state"]


def test_the_dashboard_asks_for_metrics_that_exist(scraped: Scraped) -> None:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    text = json.dumps(dashboard)
    asked = set(re.findall(r"loadtest_[a-z_]+", text))
    known = set(scraped.samples()) | {
        f"loadtest_notification_latency_seconds{end}" for end in ("_bucket", "_count", "_sum")
    }
    known |= {f"loadtest_engine_loop_lag_seconds{end}" for end in ("_bucket", "_count", "_sum")}

    assert asked <= known
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        assert {"title", "type", "gridPos", "targets", "datasource"} <= panel.keys()
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert [target["refId"] for target in panel["targets"]] == sorted(
            {target["refId"] for target in panel["targets"]}
        )
