"""What an open page costs the leading process, at 2,000 devices on two workers.

    python -m tests.benchmarks.web_cost

Ledgers of two workers see a steady load; their snapshots are taken as the leading process takes
them. Three times the same seconds: with no screens at all, with the course that is always kept, and
with a page that asks once a second. What counts is processor time per second of run. The engine has
no part in it: it makes the same snapshots whoever looks.
"""

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from loadtest.clock import NS_PER_MS, NS_PER_S, process_cpu_ns
from loadtest.metrics import Collection, Ledger
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.observations import Action
from loadtest.report.summary import RunFacts, build_summary
from loadtest.web.desk import StartForm, WorkerState
from loadtest.web.live import LiveRun
from loadtest.web.screen import Screen

__all__ = ["WebCost", "web_cost"]

WORKERS = 2
CHANNELS = 100
DEVICES_PER_CHANNEL = 10
MESSAGES_PER_S = 200
_FIGURES = (
    "latency.channel.message.created.p99_ms < 250",
    "ledger.channel.message.created.lost == 0",
    "notifications.missed == 0",
)


@dataclass(frozen=True, slots=True)
class WebCost:
    """CPU seconds per second of run, in the leading process."""

    seconds: int
    without: float
    kept: float
    asked: float
    answer_bytes: int
    """Of the last answer, which holds what is new."""

    @property
    def page_ratio(self) -> float:
        """What an open page adds, as a share of one core."""
        return self.asked - self.kept

    def __str__(self) -> str:
        devices = WORKERS * CHANNELS * DEVICES_PER_CHANNEL
        return (
            f"web UI at {devices:,} devices, {MESSAGES_PER_S * WORKERS} messages/s,"
            f" {self.seconds} s:\n"
            f"  taking the workers' snapshots  {self.without * 100:6.2f} % of a core\n"
            f"  keeping the course             {(self.kept - self.without) * 100:6.2f} % more\n"
            f"  one page, once a second        {self.page_ratio * 100:6.2f} % more,"
            f" {self.answer_bytes / 1000:.1f} kB an answer"
        )


class _Worker:
    """A ledger with a thousand devices under a steady load."""

    def __init__(self, number: int) -> None:
        self.ledger = Ledger(worker=number)
        self._rng = random.Random(number)
        self._key = 0
        for channel in range(1, CHANNELS + 1):
            for place in range(DEVICES_PER_CHANNEL):
                device = channel * 100 + place
                self.ledger.user_session_starting(device, 0)
                self.ledger.user_session_started(device, device, 0)
                self.ledger.member_joined(channel, device, 0)
                self.ledger.chat_session_starting(device, device, channel, 0)
                self.ledger.chat_session_started(device, 0)

    def second(self, number: int) -> dict[str, Any]:
        """Let a second pass; return its snapshot."""
        ledger, rng = self.ledger, self._rng
        for _ in range(MESSAGES_PER_S):
            self._key += 1
            channel = rng.randint(1, CHANNELS)
            at_ns = number * NS_PER_S + rng.randrange(NS_PER_S // 2)
            ledger.message_sent(self._key, channel * 100, channel, self._key, at_ns, at_ns)
            for place in range(DEVICES_PER_CHANNEL):
                delay_ns = round(rng.lognormvariate(1.5, 0.6) * NS_PER_MS)
                session = channel * 100 + place
                ledger.message_delivered(session, self._key, self._key, at_ns + delay_ns)
            ledger.action_completed(
                Action.MESSAGE, channel * 100, at_ns, at_ns, at_ns + NS_PER_MS, at_ns + NS_PER_MS
            )
        ledger.roll((number + 1) * NS_PER_S)
        return ledger.snapshot()


class _Run:
    """A run as the screens ask for it, without a process that leads it."""

    def __init__(self) -> None:
        self.collection = Collection()
        self.live: LiveRun | None = None
        self.run_id = "20261126T020053Z-bench-0000"
        self.folder = Path()
        self.is_draining = self.is_finished = False
        self.elapsed_s = 0.0
        self.planned_s: float | None = 600.0
        self.profile: dict[str, Any] = {"name": "bench"}
        self._facts = RunFacts(
            run_id=self.run_id,
            host="",
            dialect=2,
            is_embedded=True,
            profile=self.profile,
            seed=1,
            duration_s=0,
            versions={},
            lag_p99_limit_ms=20,
            thresholds=parse_all(_FIGURES),
            workers=WORKERS,
        )

    def summary(self) -> dict[str, Any]:
        """Return the summary of this instant."""
        return build_summary(self.collection.totals_so_far(), self._facts)

    def report(self) -> str:
        """Return nothing: no page asks for it here."""
        return ""

    def worker_states(self) -> list[WorkerState]:
        """Return what is known of each worker."""
        assert self.live is not None
        return [WorkerState(view, None) for view in self.live.workers(self.collection)]


class _Desk:
    def __init__(self, run: _Run) -> None:
        self.run = run
        self.state = "running"
        self.refusal = ""
        self.results_folder = Path()
        self.planned: dict[str, Any] = {}

    def form(self) -> StartForm:
        return StartForm([], {})

    def plan(self, values: Any) -> Any:
        return values, ()

    accept = plan


def _seconds(count: int) -> Iterator[list[bytes]]:
    """Yield the snapshots of all workers as they come over the wire, second by second."""
    workers = [_Worker(number) for number in range(WORKERS)]
    for second in range(count):
        yield [orjson.dumps(_jsonable(worker.second(second))) for worker in workers]


def _jsonable(snapshot: dict[str, Any]) -> dict[str, Any]:
    return snapshot | {"rows": [[t_s, row.hex()] for t_s, row in snapshot["rows"]]}


def _decoded(content: bytes) -> dict[str, Any]:
    snapshot: dict[str, Any] = orjson.loads(content)
    return snapshot | {"rows": [(t_s, bytes.fromhex(row)) for t_s, row in snapshot["rows"]]}


def web_cost(*, seconds: int) -> WebCost:
    """Measure the cost over a run of so many seconds."""
    told = list(_seconds(seconds))
    without, _ = _measured(told, keeps=False, asks=False)
    kept, _ = _measured(told, keeps=True, asks=False)
    asked, size = _measured(told, keeps=True, asks=True)
    return WebCost(seconds, without, kept, asked, size)


def _measured(told: list[list[bytes]], *, keeps: bool, asks: bool) -> tuple[float, int]:
    run = _Run()
    now_ns = 0
    run.live = LiveRun(0, lambda: now_ns)
    screen = Screen(_Desk(run), lambda: now_ns + process_cpu_ns())
    size = 0
    begun_ns = process_cpu_ns()
    for second, contents in enumerate(told):
        now_ns = second * NS_PER_S
        for worker, content in enumerate(contents):
            run.collection.take(_decoded(content))
            if keeps:
                run.live.take(run.collection, worker)
        if asks:
            answer = screen.answer(run.run_id, max(second - 1.0, 0.0))
            size = len(orjson.dumps(answer, default=str, option=orjson.OPT_NON_STR_KEYS))
    return (process_cpu_ns() - begun_ns) / NS_PER_S / len(told), size


if __name__ == "__main__":
    print(datetime.datetime.now(datetime.UTC).date(), web_cost(seconds=120))
