"""One run on one worker: engine, devices, ledger, and the way to the end of it.

It is made when Locust's test starts, because only then a worker knows its options and its index,
and finished when the test stops: sending ends, what is in flight is waited for, the sessions are
ended, and the ledger is closed. Greenlets call its methods; everything they touch of the devices
happens in the engine's thread.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gevent.event

from loadtest.chat.dialect import DIALECTS
from loadtest.clock import NS_PER_MS, NS_PER_S, Clock, monotonic_ns, unseeded_random
from loadtest.device import Device, DeviceSettings, Fleet
from loadtest.device.state import State
from loadtest.engine import Engine, EngineSettings, EngineStoppedError, Mailbox, Periodic
from loadtest.engine.network import NetworkSettings
from loadtest.engine.target import target_from_url
from loadtest.garbage import collect_rarely, keep_what_is_there, let_go
from loadtest.limits import raise_open_files_limit
from loadtest.metrics import Interval, Ledger, LedgerSettings
from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.observations import Observer, Phase
from loadtest.profile import Profile
from loadtest.recording import Journal, Recorder
from loadtest.run.run_plan import RunPlan
from loadtest.run.worker.health import HealthMonitor
from loadtest.simulation.director import Director, Placement
from loadtest.simulation.scripted_fleet import ScriptedFleet
from loadtest.simulation.settling import Settling
from loadtest.simulation.spanning.director import SpanningDirector
from loadtest.simulation.spanning.worker import Spanning
from loadtest.simulation.teardown import rounds
from loadtest.simulation.user_numbers import UserNumbers
from loadtest.spanning import DrainStage
from loadtest.workload import Existing

__all__ = ["Report", "WorkerRuntime"]

_SETTLE_PERIOD_NS = 100 * NS_PER_MS
# So often that even at 50,000 observations a second a write takes a third of a millisecond.
_RECORD_PERIOD_NS = 20 * NS_PER_MS
_POLL_S = 0.05
_ENDED_AT_ONCE = 50
_ROUND_POLL_S = 0.005
# What a slow server may cost all rounds together; after that nobody waits for a round any more.
_ROUNDS_S = 3.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker tells once a second, and once more at its end."""

    interval: Interval
    snapshot: dict[str, Any]
    is_final: bool = False


class WorkerRuntime:
    """A run on this worker.

    Args:
        plan: The run, as this worker sees it.
        profile: The plan's profile.
        on_report: Is called in the hub once a second, and with the final report.
        on_error: Is called in the hub with a traceback if our own code fails in the engine.
        journal: Where to record the observations; whoever made it closes it.
        clock: For tests.

    Raises:
        UsageError: The plan names an address or a file that cannot be used here.
    """

    def __init__(
        self,
        plan: RunPlan,
        profile: Profile,
        *,
        on_report: Callable[[Report], None],
        on_error: Callable[[str], None],
        journal: Journal | None = None,
        clock: Clock = monotonic_ns,
    ) -> None:
        raise_open_files_limit()
        self.plan = plan
        self.profile = profile
        self.mailbox = Mailbox()
        self._on_report = on_report
        self._on_error = on_error
        self._clock = clock
        settings = engine_settings(plan)
        network = settings.network
        self.engine = Engine(settings, self.mailbox, on_error=on_error, clock=clock)
        self._spans = profile.run.span_workers and plan.workers > 1
        self._recorder: Recorder | None = None
        self.ledger: Ledger | Recorder
        self.spanning: Spanning | None = None
        self.fleet = Fleet(
            device_settings(profile, settings.target.uri(network.api_key, network.query), network),
            self._observe(journal),
            run=plan.run,
            worker=plan.worker,
            random_bits=unseeded_random().getrandbits,
            open_link=self.engine.open_link,
        )
        self.director = self._direct()
        self.user_numbers = UserNumbers()
        self.scripted = ScriptedFleet(self.fleet, plan.worker, plan.workers, spans=self._spans)
        patience_ns = round(2 * profile.run.action_deadline_s * NS_PER_S)
        self._settling = Settling(self.director, self.scripted, patience_ns)
        self._health = HealthMonitor(self.engine, clock)
        self._clock_offset: SteadyOffset | None = None
        self._is_finishing = False
        self._is_closed = False
        self._is_all_there = False
        self._hurried = gevent.event.Event()
        self._finished = gevent.event.Event()

    def _observe(self, journal: Journal | None) -> Observer:
        """Make the ledger; return what takes the devices' observations on their way there."""
        plan, started_ns = self.plan, self._clock()
        settings = ledger_settings(self.profile, plan.workers if self._spans else 1)
        observer: Observer
        self.ledger = observer = ledger = Ledger(
            settings, worker=plan.worker, started_ns=started_ns
        )
        if journal is not None:
            recorder = Recorder(ledger, journal, run_id=plan.run_id, started_ns=started_ns)
            self.ledger = self._recorder = recorder
            observer = recorder.observer
        self.ledger.begin_phase(Phase.RAMP, started_ns)
        self._observer = observer
        if self._spans:
            self.spanning = Spanning(
                plan.worker, plan.workers, self.ledger, observer, self.mailbox, self._on_error
            )
            observer = self.spanning.exchange.observer
        return observer

    def _direct(self) -> Director:
        plan, profile = self.plan, self.profile
        placement = Placement(
            plan.names or plan.run, plan.seed, plan.worker, plan.workers, spans=self._spans
        )
        if self.spanning is None:
            return Director(
                self.fleet,
                profile.population_plan(),
                profile.behaviour(),
                placement,
                profile.disturbances(),
                Existing.from_plain(plan.existing) if plan.existing is not None else None,
            )
        director = SpanningDirector(self.fleet, profile, placement, self.spanning.exchange)
        self.spanning.serve(director)
        return director

    def now_ns(self) -> int:
        """Return the present instant."""
        return self._clock()

    # --- in the life of a run ------------------------------------------------------------------

    def start(self) -> None:
        """Start the engine and the measuring."""
        now_ns = self._clock()
        self.engine.schedule(
            self.fleet.timers,
            self.director,
            Periodic(_SETTLE_PERIOD_NS, self._settle, now_ns + _SETTLE_PERIOD_NS),
            Periodic(NS_PER_S, self._tell, now_ns + NS_PER_S),
        )
        if self._recorder is not None:
            self.engine.schedule(Periodic(_RECORD_PERIOD_NS, self._recorder.write, now_ns))
        collect_rarely()
        self._health.start()
        self.engine.start()

    def add_user(self, slot: int) -> None:
        """Start the devices of the worker's ``slot``-th user; none any more once the run ends."""
        if self.is_sending:
            self.engine.submit(lambda: self.director.add_user(slot, self._clock()))

    def remove_user(self, slot: int) -> None:
        """End the user sessions of a user who leaves the run; the end of the run does that too."""
        if self.is_sending:
            self.engine.submit(lambda: self.director.remove_user(slot, self._clock()))

    def spawning_completed(self) -> None:
        """Take note that no more users are on their way: the devices are what stays."""
        keep_what_is_there()
        self.engine.submit(lambda: self._spawning_completed(self._clock()))

    def take_pushes(self, pushes: Sequence[tuple[int, int, int, int]]) -> None:
        """Take what the push sink got: user, channel, message and instant of each.

        The instants are of the leading process's clock.
        """
        self.engine.submit(lambda: self._take_pushes(pushes))

    def set_clock_offset(self, offset: SteadyOffset) -> None:
        """Take what is known of this worker's clock."""
        self._clock_offset = offset
        if self.spanning is not None:
            self.engine.submit(self.spanning.set_offset, offset)

    def take_batch(self, content: bytes) -> None:
        """Take what another worker tells about channels that span workers."""
        spanning = self.spanning
        if spanning is not None:
            self.engine.submit(lambda: spanning.take(content, self._clock()))

    def lose_worker(self, number: int) -> None:
        """Go on without another worker."""
        spanning = self.spanning
        if spanning is not None:
            self.engine.submit(lambda: spanning.lose(number, self._clock()))

    # --- the end of a run ----------------------------------------------------------------------

    @property
    def is_sending(self) -> bool:
        """Whether the end of the run has not begun."""
        return not self._is_finishing

    def wait_finished(self) -> None:
        """Wait until the run has ended on this worker."""
        self._finished.wait()

    def hurry(self) -> None:
        """Wait for nothing any more: whatever is still awaited is given up."""
        self._hurried.set()

    def finish(self) -> None:
        """End the run on this worker; the final report is given before this returns.

        Sending stops at once. What was sent is waited for until it has arrived or is lost, at most
        for the profile's drain time; then the user sessions end as the SDK ends them. A second call
        waits for the end of the first.
        """
        if self._is_finishing:
            self.wait_finished()
            return
        self._is_finishing = True
        try:
            self._on_report(self._final_report())
        except EngineStoppedError as error:
            self._on_error(f"{error}: this worker has no final report")
        finally:
            self._health.stop()
            if self.engine.stop():
                self.mailbox.close()
            let_go()
            self._finished.set()

    def _final_report(self) -> Report:
        drain_s = self.profile.run.drain_s
        self.engine.call(self._stop_sending)
        if self.spanning is not None:
            self._wait(self._is_quiet, drain_s)
            self.engine.call(self.spanning.step, DrainStage.QUIET)
        self._wait(self._is_drained, drain_s)
        self._is_all_there = self.engine.call(self._has_all)
        self._wait_for_others(DrainStage.SATISFIED, self._are_others_satisfied)
        self._end_in_rounds()
        self._wait(self._is_ended, drain_s)
        self._wait_for_others(DrainStage.DONE, self._have_others_told_all)
        report: Report = self.engine.call(self._close_ledger)
        return report

    def _wait_for_others(self, stage: DrainStage, is_done: Callable[[], bool]) -> None:
        """Take a step of the end, and wait for the other workers if they are ending at all."""
        if self.spanning is None:
            return
        self.engine.call(self.spanning.step, stage)
        if self.engine.call(self.spanning.exchange.are_all, DrainStage.QUIET):
            self._wait(is_done, self.profile.run.drain_s)

    def _end_in_rounds(self) -> None:
        """End all user sessions; of each cell only a few at a time."""
        waited_until_ns = self._clock() + round(_ROUNDS_S * NS_PER_S)
        for ending in rounds([*self.director.devices_by_cell(), self.scripted.devices]):
            # Each end is seen by many, and the engine must get to reading them.
            for some in batched(ending, _ENDED_AT_ONCE):
                self.engine.call(self._end_sessions, some)
            left_s = (waited_until_ns - self._clock()) / NS_PER_S
            self._wait(functools.partial(_have_ended, ending), left_s, poll_s=_ROUND_POLL_S)

    def _wait(
        self, is_done: Callable[[], bool], timeout_s: float, *, poll_s: float = _POLL_S
    ) -> None:
        deadline_ns = self._clock() + round(timeout_s * NS_PER_S)
        while not self.engine.call(is_done) and self._clock() < deadline_ns:
            if self._hurried.wait(poll_s):
                return

    # --- in the engine's thread ----------------------------------------------------------------

    def _spawning_completed(self, now_ns: int) -> None:
        self.director.spawning_completed(now_ns)
        self._settling.spawning_completed(now_ns)

    def _stop_sending(self) -> None:
        self.director.stop_sending()
        self.ledger.begin_phase(Phase.DRAIN, self._clock())

    def _settle(self, now_ns: int) -> None:
        if self.is_sending and self._settling.is_over_now(now_ns):
            self.ledger.begin_phase(Phase.STEADY, now_ns)
        if self.spanning is not None:
            self.spanning.turn(now_ns)
        else:
            self.ledger.settle(now_ns)

    def _is_drained(self) -> bool:
        return self._has_all() and self._is_quiet()

    def _is_quiet(self) -> bool:
        return all(each.is_quiet for each in self._devices())

    def _has_all(self) -> bool:
        if self.spanning is not None and not self.spanning.exchange.knows_all_causes:
            return False
        return self.ledger.open_count == 0

    def _are_others_satisfied(self) -> bool:
        return self.spanning is None or self.spanning.exchange.are_all(DrainStage.SATISFIED)

    def _have_others_told_all(self) -> bool:
        return self.spanning is None or self.spanning.exchange.has_everything

    def _end_sessions(self, devices: Sequence[Device]) -> None:
        for device in devices:
            device.end(self._clock())

    def _is_ended(self) -> bool:
        return _have_ended(self._devices())

    def _devices(self) -> list[Device]:
        return [*self.director.devices(), *self.scripted.devices]

    def _take_pushes(self, pushes: Sequence[tuple[int, int, int, int]]) -> None:
        if self._is_closed:
            return  # every worker is told of every push, also after its end
        # In order of time, where the causes come from several workers.
        taker = self.spanning.exchange if self.spanning is not None else self._observer
        offset = self._clock_offset
        # A difference that cannot be told from none is none: on one host there is one clock.
        is_ours = offset is None or abs(offset.offset_ns(self._clock())) <= offset.uncertainty_ns
        for user, channel, message, arrived_ns in pushes:
            if offset is not None and not is_ours:
                arrived_ns = offset.from_remote(arrived_ns)
            taker.push_received(user, channel, message, arrived_ns)

    def _tell(self, now_ns: int) -> None:
        if self._is_closed:
            return  # the final report is on its way
        self.ledger.health(self._health.sample(now_ns))
        report = Report(self.ledger.roll(now_ns), self.ledger.snapshot())
        self.mailbox.put(self._on_report, report)

    def _close_ledger(self) -> Report:
        self._is_closed = True
        now_ns = self._clock()
        self.ledger.health(self._health.sample(now_ns))
        end_ns = self.spanning.end_ns(now_ns) if self.spanning is not None else now_ns
        is_complete = self._is_all_there and self._have_others_told_all()
        self.ledger.finish(end_ns, drained=is_complete)
        report = Report(self.ledger.roll(now_ns), self.ledger.snapshot(), is_final=True)
        if self._recorder is not None:
            self._recorder.end()
        return report


def _have_ended(devices: Sequence[Device]) -> bool:
    return all(device.state in (State.ENDED, State.IDLE) for device in devices)


def batched(devices: Sequence[Device], size: int) -> Iterator[Sequence[Device]]:
    """Yield the devices in order, at most ``size`` at a time."""
    for start in range(0, len(devices), size):
        yield devices[start : start + size]


def engine_settings(plan: RunPlan) -> EngineSettings:
    """Return where the engine connects to.

    Raises:
        UsageError: The plan names an address that cannot be used here.
    """
    return EngineSettings(
        target_from_url(plan.host),
        network=NetworkSettings.from_plain(plan.network).for_worker(plan.worker),
    )


def ledger_settings(profile: Profile, spanned_workers: int = 1) -> LedgerSettings:
    """Return how the ledger judges a run of ``profile`` over so many workers together."""
    return LedgerSettings(
        delivery_deadline_s=profile.run.delivery_deadline_s,
        race_window_s=profile.metrics.race_window_s,
        server_keeps_order=profile.metrics.server_keeps_order,
        handoff_window_s=profile.metrics.handoff_window_s,
        typing_timeout_s=profile.metrics.typing_timeout_s,
        expects_pushes=bool(profile.push.sink),
        spanned_workers=spanned_workers,
    )


def device_settings(
    profile: Profile, uri: str, network: NetworkSettings | None = None
) -> DeviceSettings:
    """Return how the devices of ``profile`` behave that connect to ``uri``."""
    network = network or NetworkSettings()
    return DeviceSettings(
        uri=uri,
        upgrade_headers=network.headers,
        offers_deflate=network.offers_deflate,
        dialect=DIALECTS[profile.target.dialect],
        acknowledge=profile.device.acknowledge,
        heart_beats=profile.device.heart_beats,
        reconnect=profile.device.reconnect,
        handled=profile.device.handled_events,
        api_connection=profile.device.api_connection,
        connect_timeout_ns=round(profile.target.connect_timeout_s * NS_PER_S),
        action_deadline_ns=round(profile.run.action_deadline_s * NS_PER_S),
        session_limit=profile.device.session_limit,
    )
