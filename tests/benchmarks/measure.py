"""One measurement: one client, one feeding server, one after the other through their phases.

    devices start -> all active -> idle -> warm-up feed -> measured feed -> end

CPU is read where the feeding server says that a phase begins or ends. The start-up's figures begin
when an obedient client says ``ready``: its interpreter and imports are not counted.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.client import Client
from tests.benchmarks.errors import BenchmarkError, SilentError
from tests.benchmarks.feeder import Feeder, FeedPlan, FeedReport
from tests.benchmarks.native import Programs
from tests.benchmarks.plan import Plan
from tests.benchmarks.processes import Usage
from tests.benchmarks.rows import Row

__all__ = ["Measurement", "Settings", "measure"]

_NS_PER_S = 1_000_000_000
_IDLE_SETTLING_S = 1.0
_WARM_UP_S = 1.0
_START_TIMEOUT_S = 120.0
_LOOK_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What all rows of a run share."""

    programs: Programs
    scratch: Path
    channel_size: int
    seconds: float
    rate_per_s: float
    """Deliveries per second; 0: as fast as the window lets."""
    open_rate_per_s: float
    """The same for rows that know no window."""
    window: int
    heart_beat: str
    is_server_busy: bool
    """Whether the feeding server never sleeps during a feed."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run of one row gave."""

    row: str
    devices: int
    round: int
    events: int
    acks: int
    acks_known: int
    cpu_ns: int
    """CPU of the client in the measured feed."""
    duration_ns: int
    start_cpu_ns: int
    """CPU of the client from its first device until all are active."""
    start_duration_ns: int
    idle_bytes: int
    """Growth of its memory from no device to all, idle."""
    feeder_cpu_ns: int
    report: Mapping[str, float]
    """What the client says itself: recorded latencies, percentiles."""

    @property
    def events_per_cpu_s(self) -> float:
        """Delivery events per second of the client's CPU."""
        return self.events * _NS_PER_S / self.cpu_ns

    @property
    def devices_per_cpu_s(self) -> float:
        """Devices brought to an active chat session per second of the client's CPU."""
        return self.devices * _NS_PER_S / self.start_cpu_ns

    @property
    def idle_bytes_per_device(self) -> float:
        """Memory of one idle device."""
        return self.idle_bytes / self.devices

    @property
    def cpu_ratio(self) -> float:
        """The client's CPU in the measured feed, as a share of one core."""
        return self.cpu_ns / self.duration_ns


def measure(row: Row, devices: int, number: int, settings: Settings, folder: Path) -> Measurement:
    """Run ``row`` once with ``devices`` devices.

    Raises:
        UnavailableError: The row cannot be measured here.
        BenchmarkError: Something went wrong; the text says what, and quotes the client.
    """
    with Feeder(
        settings.programs.feeder,
        devices,
        heart_beat=settings.heart_beat,
        is_fanning_out=row.sends_itself,
        is_busy=settings.is_server_busy,
    ) as feeder:
        plan = Plan(
            port=feeder.port,
            devices=devices,
            channel_size=settings.channel_size,
            rate_per_s=settings.rate_per_s,
            open_rate_per_s=settings.rate_per_s or settings.open_rate_per_s,
            window=settings.window,
            folder=folder,
            scratch=settings.scratch,
            limit_program=settings.programs.limit,
        )
        with Client(row.command(plan)) as client:
            return _Run(row, client, feeder, settings).measure(devices, number)


class _Run:
    """The phases of one measurement."""

    def __init__(self, row: Row, client: Client, feeder: Feeder, settings: Settings) -> None:
        self._row = row
        self._client = client
        self._feeder = feeder
        self._settings = settings

    def measure(self, devices: int, number: int) -> Measurement:
        """Go through all phases."""
        before, started_ns = self._begin()
        active = self._wait_until_active(devices)
        start_duration_ns = time.monotonic_ns() - started_ns
        time.sleep(_IDLE_SETTLING_S)
        idle_bytes = self._client.usage().proportional_bytes - before.proportional_bytes
        if self._row.sends_itself:
            self._client.tell("feed")
        self._feed(_WARM_UP_S)
        fed, cpu_ns = self._feed(self._settings.seconds)
        report = self._client.stop()
        self._check(devices, fed, report)
        return Measurement(
            row=self._row.key,
            devices=devices,
            round=number,
            events=fed.events,
            acks=fed.acks,
            acks_known=fed.acks_known,
            cpu_ns=cpu_ns,
            duration_ns=fed.duration_ns,
            start_cpu_ns=active.cpu_ns - before.cpu_ns,
            start_duration_ns=start_duration_ns,
            idle_bytes=idle_bytes,
            feeder_cpu_ns=fed.feeder_cpu_ns,
            report=report,
        )

    def _begin(self) -> tuple[Usage, int]:
        if self._client.is_obedient:
            self._client.wait_until_ready()
            before = self._client.usage()
            self._client.tell("go")
        else:
            # A tool that cannot wait is first seen with its first device.
            self._wait("first")
            before = self._client.usage()
        return before, time.monotonic_ns()

    def _wait_until_active(self, devices: int) -> Usage:
        try:
            self._wait("active")
        except BenchmarkError as error:
            raise BenchmarkError(f"not all of {devices} devices became active: {error}") from error
        return self._client.usage()

    def _wait(self, phase: str) -> None:
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                self._feeder.wait_for(phase, _LOOK_PERIOD_S)
                return
            except SilentError as error:
                # A client that has ended is not waited for.
                self._client.require_running()
                if time.monotonic() > deadline_s:
                    raise BenchmarkError(
                        f"not {phase} after {_START_TIMEOUT_S:g} s; "
                        f"the client wrote: {self._client.said()}"
                    ) from error

    def _feed(self, seconds: float) -> tuple[FeedReport, int]:
        settings = self._settings
        rate_per_s = settings.rate_per_s
        if not self._row.acknowledges:
            rate_per_s = rate_per_s or settings.open_rate_per_s
        plan = FeedPlan(
            seconds=seconds,
            rate_per_s=rate_per_s,
            window=settings.window if self._row.acknowledges else 0,
            is_watching=self._row.sends_itself,
        )
        self._feeder.begin(plan)
        before_ns = self._client.cpu_ns()
        report = self._feeder.finish(plan)
        return report, self._client.cpu_ns() - before_ns

    def _check(self, devices: int, fed: FeedReport, report: Mapping[str, float]) -> None:
        """Refuse a figure that was not earned: the work must have been done."""
        self._client_must(fed.events > 0, "no event reached it")
        self._client_must(
            fed.active_devices == devices, f"{devices - fed.active_devices} devices were lost"
        )
        self._client_must(fed.skipped == 0, f"{fed.skipped} events were too much for its buffers")
        # Messages of a device's own go on when the measured time ends, so some ACKs are to come.
        under_way = max(self._settings.window, self._settings.channel_size)
        tolerated = 2 * under_way if self._row.sends_itself else 0
        if self._row.acknowledges:
            self._client_must(
                fed.acks >= fed.events - tolerated,
                f"it acknowledged {fed.acks} of {fed.events} events",
            )
        recorded = report.get("recorded", fed.events)
        self._client_must(
            recorded >= fed.events, f"it recorded {recorded:g} of {fed.events} events"
        )
        wrong = report.get("lost", 0) + report.get("unexpected", 0)
        self._client_must(wrong == 0, f"its ledger has {wrong:g} events lost or unexpected")

    def _client_must(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            raise BenchmarkError(f"{self._row.key}: {otherwise}; it wrote: {self._client.said()}")
