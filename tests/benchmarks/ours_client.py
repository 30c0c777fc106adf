"""Our engine as a client of the benchmark, with everything that a run measures.

    python -m tests.benchmarks.ours_client --port P --devices N --channel-size S --rate R --window W

It puts the parts together as a worker of a run does (ledger, its clock work, generator health, a
report each second, Locust's runner beside it) and leaves out what is no part of the hot path:
profile and population. Each device enters one channel; at ``feed`` the first device of each channel
sends, so that ``rate`` deliveries a second come back, or, at rate 0, as many as are taken with
``window`` of them under way.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import gevent.event
import gevent.fileobject
import locust  # first: it patches what the rest must find patched
from locust.env import Environment

from loadtest.clock import NS_PER_MS, NS_PER_S, NS_PER_US, monotonic_ns, unseeded_random
from loadtest.device import Device, DeviceSettings, Fleet
from loadtest.engine import Engine, EngineSettings, Mailbox, Periodic
from loadtest.engine.target import target_from_url
from loadtest.garbage import collect_rarely, keep_what_is_there
from loadtest.limits import raise_open_files_limit
from loadtest.metrics import Ledger, LedgerSettings, merge
from loadtest.observations import ChatEvent
from loadtest.run.worker.health import HealthMonitor
from tests.benchmarks.ours_load import ClosedSending, OpenSending, Sender, enter_channel

__all__ = ["main"]

_RUN = "0000bec4"
_SETTLE_PERIOD_NS = 100 * NS_PER_MS
_US_PER_MS = NS_PER_MS // NS_PER_US


class _Instrument:
    """One worker of a run, without a profile."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._mailbox = Mailbox()
        target = target_from_url(f"http://127.0.0.1:{arguments.port}")
        self._engine = Engine(EngineSettings(target), self._mailbox, on_error=_fail)
        now_ns = monotonic_ns()
        self._ledger = Ledger(LedgerSettings(), worker=0, started_ns=now_ns)
        self._fleet = Fleet(
            DeviceSettings(target.uri("benchmark")),
            self._ledger,
            run=_RUN,
            worker=0,
            random_bits=unseeded_random().getrandbits,
            open_link=self._engine.open_link,
        )
        self._health = HealthMonitor(self._engine)
        self._engine.schedule(
            self._fleet.timers,
            Periodic(_SETTLE_PERIOD_NS, self._ledger.settle, now_ns + _SETTLE_PERIOD_NS),
            Periodic(NS_PER_S, self._tell, now_ns + NS_PER_S),
        )
        self._devices: list[Device] = []
        self._latest: dict[str, Any] = {}
        collect_rarely()
        self._health.start()
        self._engine.start()

    def start_devices(self) -> None:
        """Bring all devices to an active chat session."""
        self._engine.submit(self._start_devices)

    def begin_sending(self) -> None:
        """Begin to send messages."""
        self._engine.submit(self._begin_sending)

    def report(self) -> dict[str, float]:
        """Return what was measured so far."""
        figures = merge([self._engine.call(self._snapshot)]).figures
        messages = figures.event(ChatEvent.MESSAGE_CREATED)
        return {
            "recorded": messages.delivered,
            "expected": messages.expected,
            "lost": messages.lost,
            "unexpected": sum(messages.unexpected.values()),
            "p50_ms": (messages.latency.percentile_us(50) or 0) / _US_PER_MS,
            "p99_ms": (messages.latency.percentile_us(99) or 0) / _US_PER_MS,
            "lag_p99_ms": (figures.health.lag.percentile_us(99) or 0) / _US_PER_MS,
            "loop_lag_max_ms": (figures.health.loop_lag.percentile_us(100) or 0) / _US_PER_MS,
        }

    # --- in the engine's thread ----------------------------------------------------------------

    def _start_devices(self) -> None:
        for index in range(self._arguments.devices):
            device = Device(index + 1, f"device-{index}", self._fleet)
            self._devices.append(device)
            enter_channel(device, 1 + index // self._arguments.channel_size)

    def _begin_sending(self) -> None:
        keep_what_is_there()
        size = self._arguments.channel_size
        senders = [
            Sender(device, self._fleet.channels[1 + index])
            for index, device in enumerate(self._devices[::size])
        ]
        if self._arguments.rate:
            self._engine.schedule(OpenSending(senders, self._arguments.rate / size))
        else:
            ClosedSending(senders, max(1, self._arguments.window // size)).begin()

    def _tell(self, now_ns: int) -> None:
        self._ledger.health(self._health.sample(now_ns))
        self._ledger.roll(now_ns)
        self._mailbox.put(self._keep, self._ledger.snapshot())

    def _snapshot(self) -> dict[str, Any]:
        self._tell(monotonic_ns())
        return self._ledger.snapshot()

    # --- in the hub ----------------------------------------------------------------------------

    def _keep(self, snapshot: dict[str, Any]) -> None:
        self._latest = snapshot


def _fail(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--port", "--devices", "--channel-size", "--window"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _obey(commands: Any, on_feed: Callable[[], None]) -> None:
    for line in commands:
        if line.strip() == b"feed":
            on_feed()


def main() -> None:
    """Run the devices until SIGTERM."""
    arguments = _arguments()
    raise_open_files_limit()
    stopping = gevent.event.Event()
    gevent.signal_handler(signal.SIGTERM, stopping.set)
    environment = Environment(user_classes=[locust.User])
    environment.create_local_runner()
    instrument = _Instrument(arguments)
    commands = gevent.fileobject.FileObject(sys.stdin.fileno(), "rb", closefd=False)
    _say("ready")
    commands.readline()
    instrument.start_devices()
    gevent.spawn(_obey, commands, instrument.begin_sending)
    stopping.wait()
    _say(json.dumps(instrument.report()))
    # The devices are not ended one by one: the measurement is over, and the server is going away.
    os._exit(0)


if __name__ == "__main__":
    main()
