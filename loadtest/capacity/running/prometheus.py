"""Figures of the server's own monitoring, asked of a Prometheus for the time of a hold."""

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import orjson

from loadtest.errors import UsageError

__all__ = ["Prometheus", "PrometheusError", "parsed_queries"]

_TIMEOUT_S = 10
_STEP_S = 5


class PrometheusError(UsageError):
    """A Prometheus did not answer a query, or not with numbers."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus server, and what to ask it after each trial."""

    url: str
    queries: tuple[tuple[str, str], ...]
    """Pairs of a name and a query."""

    def means(self, from_s: float, to_s: float) -> dict[str, float | None]:
        """Return the mean of each query between two instants of the epoch; None: no data.

        Raises:
            PrometheusError: It cannot be asked, or refuses a query.
        """
        return {name: self._mean(query, from_s, to_s) for name, query in self.queries}

    def _mean(self, query: str, from_s: float, to_s: float) -> float | None:
        asked = {"query": query, "start": from_s, "end": to_s, "step": _STEP_S}
        address = f"{self.url.rstrip('/')}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
        answer = self._answer(address)
        series = (answer.get("data") or {}).get("result") or []
        # Several series are several instances: their values of one instant add up.
        sums: dict[float, float] = {}
        for each in series:
            for instant, value in each.get("values", ()):
                sums[instant] = sums.get(instant, 0.0) + float(value)
        return sum(sums.values()) / len(sums) if sums else None

    def _answer(self, address: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as response:
                answer: dict[str, Any] = orjson.loads(response.read())
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            raise PrometheusError(f"{self.url}: answered {error.code}: {said}") from error
        except (OSError, ValueError) as error:
            raise PrometheusError(f"{self.url}: no answer that can be used: {error}") from error
        return answer


def parsed_queries(texts: list[str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of a name and a query from texts such as ``cpu=sum(rate(…))``.

    Raises:
        UsageError: One has no name or no query.
    """
    pairs = [text.partition("=") for text in texts]
    for text, (name, _, query) in zip(texts, pairs, strict=True):
        if not (name.strip() and query.strip()):
            raise UsageError(
                f"--server-query is {text!r}; it must be NAME=QUERY, such as"
                " 'cpu=sum(rate(process_cpu_seconds_total[30s]))'"
            )
    return tuple((name.strip(), query.strip()) for name, _, query in pairs)
