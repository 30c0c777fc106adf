"""A run with Locust's ``--otel``, against a stub of a collector that decodes what it gets."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from tests.support.runs import SMALL, Run, run_loadtest


class Collector:
    """Takes OTLP over HTTP, and keeps the newest value of each metric."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path == "/v1/metrics":
                    collector.take(ExportMetricsServiceRequest.FromString(body))
                answer = ExportMetricsServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def take(self, request: ExportMetricsServiceRequest) -> None:
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    kind = metric.sum if metric.HasField("sum") else metric.gauge
                    for point in kind.data_points:
                        labels = {each.key: each.value.string_value for each in point.attributes}
                        name = ":".join([metric.name, *labels.values()])
                        self.values[name] = point.as_int or point.as_double

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def test_the_collector_gets_what_the_summary_says(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")
    run: Run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "5s", "--otel")
    try:
        finished = run.finish()
    finally:
        run.kill()
    message = finished.summary["ledger"]["channel.message.created"]
    latency = finished.summary["latency"]["channel.message.created"]

    assert collector.values["loadtest.deliveries"] == message["delivered"] > 0
    assert collector.values["loadtest.deliveries.expected"] == message["expected"]
    p99_s = collector.values["loadtest.delivery.latency:channel.message.created:0.99"]
    assert p99_s > 0
    assert latency["count"] > 0
