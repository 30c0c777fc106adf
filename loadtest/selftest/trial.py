"""One run of the instrument against one server with one fault, each in a process of its own.

The server is told its fault at its start, or, where the fault is about time, once messages flow, so
that the start of the run is not in it. What is left is the evidence: the run's summary, its
timeline, and the server's counters.
"""

import csv
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

import loadtest
from loadtest.errors import LoadtestError
from loadtest.observations import ChatEvent
from loadtest.selftest.children import started

__all__ = ["Evidence", "Trial", "TrialFailedError", "run_trial"]

_PROFILES = Path(__file__).parent
_LOCUSTFILES = _PROFILES.parent / "users" / "probes"
_PREFIX = "listening on "
_POLL_S = 0.05
_HTTP_TIMEOUT_S = 30
_RUN_TIMEOUT_S = 180
_SERVER_TIMEOUT_S = 10
_LOG_LINES_SHOWN = 12


class TrialFailedError(LoadtestError):
    """A server or a run of the self-test did not come to its end."""

    def __init__(self, what: str, log: str) -> None:
        super().__init__(what, log)
        self.what = what
        self.log = log

    def __str__(self) -> str:
        shown = "\n".join(self.log.splitlines()[-_LOG_LINES_SHOWN:])
        return f"self-test: {self.what}; its last lines:\n{shown}"


@dataclass(frozen=True, slots=True)
class Trial:
    """What to run, and which faults to inject while it runs."""

    profile: str = "steady.toml"
    """Beside this module."""
    overrides: tuple[str, ...] = ()
    """Changes to the profile."""
    faults: tuple[str, ...] = ()
    """As ``loadtest serve --fault`` takes them; in force from the start."""
    live_faults: tuple[str, ...] = ()
    """In force from the first message on."""
    locustfile: str | None = None
    """Scripted users instead of those of the profile; in ``loadtest/users``."""
    users: int = 0
    """How many scripted users."""
    duration_s: float = 8.0
    has_push_sink: bool = False
    """Whether the server calls a push sink that the run has."""
    processes: int = 1
    """Worker processes of the run."""
    ended_worker_s: float = 0.0
    """So long after the first message one worker is told to end, by SIGTERM; 0: none is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a trial left behind."""

    summary: Mapping[str, Any]
    stats: Mapping[str, Any]
    rows: tuple[Mapping[str, str], ...]
    """The run's timeline."""

    @property
    def verdict(self) -> str:
        """The run's own."""
        verdict: str = self.summary["verdict"]
        return verdict

    def noise_ms(self, figure: str) -> float:
        """Return how late the generator itself was, by its own account; ``figure`` as ``p99``."""
        generator = self.summary["generator"]
        names = ("lag", "loop_lag") if figure == "max" else ("lag",)
        lags = (generator[name][f"{figure}_ms"] for name in names)
        return max((lag for lag in lags if lag is not None), default=0.0)

    def ledger(self, event: ChatEvent) -> Mapping[str, int]:
        """Return the counts of one event type."""
        counts: Mapping[str, int] = self.summary["ledger"][event]
        return counts

    def latency_ms(self, figure: str, event: ChatEvent = ChatEvent.MESSAGE_CREATED) -> float:
        """Return a figure of the delivery latency, such as ``p99``."""
        value = self.summary["latency"][event][f"{figure}_ms"]
        return float("nan") if value is None else float(value)

    def faults(self, kind: str, subject: str | None = None) -> int:
        """Return how often the server did something wrong; of one event type or action, or all."""
        counts = self.stats["faults"][kind]
        if not isinstance(counts, Mapping):
            return int(counts)
        return counts.get(subject, 0) if subject is not None else sum(counts.values())

    def channel_faults(self, kind: str, event: ChatEvent) -> int:
        """Return how often that happened to copies on channel topics, which devices judge."""
        count: int = self.stats["faults_on_channel_topics"].get(kind, {}).get(event, 0)
        return count


def run_trial(trial: Trial) -> Evidence:
    """Run one trial to its end.

    Raises:
        TrialFailedError: The server or the run failed.
    """
    sink = f"127.0.0.1:{_free_port()}" if trial.has_push_sink else ""
    with (
        tempfile.TemporaryDirectory(prefix="loadtest-selftest-") as folder,
        _server(trial.faults, sink) as url,
    ):
        log = Path(folder) / "run.out"
        with log.open("w+b") as output:
            _run(trial, _command(trial, url, Path(folder), sink), url, output, Path(folder))
        found = sorted(Path(folder).glob("*/summary.json"))
        if not found:
            raise TrialFailedError("a run left no summary", log.read_text(errors="replace"))
        with found[0].with_name("timeline.csv").open(encoding="utf-8", newline="") as lines:
            rows = tuple(csv.DictReader(lines))
        return Evidence(orjson.loads(found[0].read_bytes()), _get(f"{url}/stats"), rows)


def _free_port() -> int:
    """Return a port that nobody listens at: the server must know it before the run is there."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def _server(faults: tuple[str, ...], sink: str) -> Iterator[str]:
    """Run an embedded server while the context is open; yields its address."""
    options = [option for fault in faults for option in ("--fault", fault)]
    if sink:
        options += ["--push-url", f"http://{sink}/"]
    command = [sys.executable, "-m", "loadtest.cli.serve", "--port", "0", "--exit-with-parent"]
    with subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line.startswith(_PREFIX):
            raise TrialFailedError("the server did not start; see its message above", line)
        try:
            yield line.removeprefix(_PREFIX)
        finally:
            process.terminate()
            process.stdin.close()
            process.wait(_SERVER_TIMEOUT_S)


def _run(trial: Trial, command: list[str], url: str, output: IO[bytes], home: Path) -> None:
    surroundings: dict[str, Any] = {"env": _environment(home), "cwd": home}
    with (
        subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, **surroundings
        ) as process,
        started(process),
    ):
        try:
            if trial.live_faults:
                _wait_for_messages(url, process)
                pairs = [fault.partition("=")[::2] for fault in trial.live_faults]
                _get(f"{url}/faults/set?{urllib.parse.urlencode(pairs)}")
            if trial.ended_worker_s:
                _wait_for_messages(url, process)
                threading.Event().wait(trial.ended_worker_s)
                os.kill(_workers_of(process.pid)[-1], signal.SIGTERM)
            process.wait(_RUN_TIMEOUT_S)
        finally:
            if process.poll() is None:
                process.kill()


def _environment(home: Path) -> dict[str, str]:
    """Return the environment of a run that nobody's settings of Locust reach.

    Locust reads variables that begin with its name, and files in the home and working folders;
    the working folder is where the package would be found that is not installed.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LOCUST_")}
    package = str(Path(loadtest.__file__).parent.parent)
    path = os.pathsep.join(filter(None, (package, kept.get("PYTHONPATH", ""))))
    return kept | {"HOME": str(home), "PYTHONPATH": path}


def _command(trial: Trial, url: str, results: Path, sink: str) -> list[str]:
    overrides = [option for override in trial.overrides for option in ("--set", override)]
    common = ["--host", url, "--results", str(results), *overrides]
    common += ["--push-sink", sink] if sink else []
    profile = str(_PROFILES / trial.profile)
    duration = f"{trial.duration_s:g}s"
    if trial.locustfile is None:
        verb = ["-m", "loadtest", "run", profile, "--duration", duration]
        verb += ["--processes", str(trial.processes)] if trial.processes > 1 else []
    else:
        users = ["--users", str(trial.users), "--spawn-rate", str(trial.users)]
        verb = ["-m", "locust", "-f", str(_LOCUSTFILES / trial.locustfile), "--profile", profile]
        # Locust takes whole seconds only.
        duration = f"{trial.duration_s:.0f}s"
        verb += ["--headless", "--only-summary", "--run-time", duration, *users]
    return [sys.executable, *verb, *common]


def _workers_of(pid: int) -> list[int]:
    """Return the processes that a process has made, the newest last."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            # The name stands in brackets and may hold anything.
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(path.parent.name))
    return sorted(found)


def _wait_for_messages(url: str, process: "subprocess.Popen[bytes]") -> None:
    pause = threading.Event()
    while not _get(f"{url}/stats")["published"].get(ChatEvent.MESSAGE_CREATED):
        if process.poll() is not None:
            return
        pause.wait(_POLL_S)


def _get(url: str) -> dict[str, Any]:
    # The address is that of our own child on the loopback address.
    with urllib.request.urlopen(url, timeout=_HTTP_TIMEOUT_S) as answer:
        content: dict[str, Any] = orjson.loads(answer.read())
    return content
