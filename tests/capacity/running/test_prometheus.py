"""Figures of a Prometheus, against a stub that answers as one does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from loadtest.capacity.running.prometheus import Prometheus, PrometheusError, parsed_queries
from loadtest.errors import UsageError

ANSWERS: dict[str, Any] = {
    "one": [{"metric": {}, "values": [[100, "1"], [105, "3"]]}],
    "two": [
        {"metric": {"instance": "a"}, "values": [[100, "1"], [105, "1"]]},
        {"metric": {"instance": "b"}, "values": [[100, "2"], [105, "4"]]},
    ],
    "none": [],
}


class Stub(BaseHTTPRequestHandler):
    """Answers ``query_range`` from a table; an unknown query as Prometheus does."""

    def do_GET(self) -> None:
        asked = {name: each[0] for name, each in parse_qs(urlsplit(self.path).query).items()}
        known = ANSWERS.get(asked["query"])
        is_right = urlsplit(self.path).path == "/api/v1/query_range" and asked["start"] == "100"
        self.send_response(200 if is_right and known is not None else 400)
        self.end_headers()
        body = {"status": "success", "data": {"result": known}}
        self.wfile.write(json.dumps(body if known is not None else "parse error").encode())

    def log_message(self, *arguments: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("query", "mean"),
    [
        pytest.param("one", 2.0, id="the mean over the hold"),
        pytest.param("two", 4.0, id="instances add up"),
        pytest.param("none", None, id="no data is no zero"),
    ],
)
def test_a_query_gives_its_mean(url: str, query: str, mean: float | None) -> None:
    assert Prometheus(url, (("it", query),)).means(100, 110) == {"it": mean}


def test_a_query_that_is_refused_is_said(url: str) -> None:
    with pytest.raises(PrometheusError, match=r"answered 400: .*parse error"):
        Prometheus(url, (("it", "sum("),)).means(100, 110)


def test_a_prometheus_that_is_not_there_is_said() -> None:
    with pytest.raises(PrometheusError, match="no answer that can be used"):
        Prometheus("http://127.0.0.1:1", (("it", "one"),)).means(100, 110)


def test_queries_have_names() -> None:
    assert parsed_queries(["cpu=rate(x{a='b'}[1m])"]) == (("cpu", "rate(x{a='b'}[1m])"),)
    with pytest.raises(UsageError, match="must be NAME=QUERY"):
        parsed_queries(["up"])
