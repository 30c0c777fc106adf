"""Several workers in scripted time, with clocks of their own, one server, and a bus between them.

The parts are those of a real run, as in ``virtual_world``; a worker's clock is ahead of the
world's, and what it knows of that is off by what a test says.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.device import Device, Fleet, LinkOwner
from loadtest.device.fleet import Link
from loadtest.device.state import State
from loadtest.engine import Mailbox
from loadtest.metrics import Ledger, Totals, merge
from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.profile import Profile
from loadtest.run.run_plan import RunPlan
from loadtest.run.worker.runtime import device_settings, ledger_settings
from loadtest.server.chat.chat import TICK_NS, Chat, Times, build_chat
from loadtest.server.requests.gateway import Gateway
from loadtest.server.settings import ServerSettings
from loadtest.simulation.director import Placement
from loadtest.simulation.spanning.director import SpanningDirector
from loadtest.simulation.spanning.worker import Spanning
from loadtest.spanning import DrainStage
from tests.support.virtual_world import Network, World

__all__ = ["HostClock", "SpanningRun"]

_RUN = "00c0ffee"
_BUS_NS = NS_PER_MS // 2
_TURN_NS = 100 * NS_PER_MS


@dataclass(frozen=True)
class HostClock:
    """A worker's clock."""

    ahead_ns: int = 0
    error_ns: int = 0
    """What is taken for ``ahead_ns`` is so much more."""
    uncertainty_ns: int = 0


class _ThereOwner:
    """Tells a device what happens by its own worker's clock."""

    def __init__(self, owner: LinkOwner, ahead_ns: int) -> None:
        self._owner = owner
        self._ahead_ns = ahead_ns

    def link_opened(self, link: Link, now_ns: int) -> None:
        self._owner.link_opened(link, now_ns + self._ahead_ns)

    def receive(self, data: bytes, now_ns: int) -> None:
        self._owner.receive(data, now_ns + self._ahead_ns)

    def link_closed(self, reason: str, now_ns: int) -> None:
        self._owner.link_closed(reason, now_ns + self._ahead_ns)


class _ThereWork:
    """Work with deadlines by a worker's clock."""

    def __init__(self, work: Any, ahead_ns: int) -> None:
        self._work = work
        self._ahead_ns = ahead_ns

    def next_due_ns(self) -> int | None:
        due_ns: int | None = self._work.next_due_ns()
        return None if due_ns is None else due_ns - self._ahead_ns

    def run(self, now_ns: int) -> None:
        self._work.run(now_ns + self._ahead_ns)


class _Mailbox:
    """Makes calls at once: here is only one thread."""

    def put(self, function: Callable[..., object], *arguments: Any) -> None:
        function(*arguments)


class Worker:
    """One worker of the run."""

    def __init__(self, run: "SpanningRun", number: int, clock: HostClock) -> None:
        profile, workers = run.profile, len(run.clocks)
        self.number = number
        self.clock = clock
        self._world = run.world
        self.is_running = True
        self.errors: list[str] = []
        plan = RunPlan(
            _RUN, "", profile.resolved(), "", profile.run.seed, worker=number, workers=workers
        )
        settings = ledger_settings(profile, workers)
        self.ledger = Ledger(settings, worker=number, started_ns=self.now_ns())
        mailbox = cast(Mailbox, _Mailbox())
        self.spanning = Spanning(
            plan.worker, plan.workers, self.ledger, self.ledger, mailbox, self.errors.append
        )
        self.spanning.send_with(partial(run.carry, number))
        offset = -(clock.ahead_ns + clock.error_ns)
        self.spanning.set_offset(SteadyOffset(0, offset, 0.0, clock.uncertainty_ns))
        fleet = Fleet(
            device_settings(profile, "ws://chat.test/rtm/websocket?api-key=key"),
            self.spanning.exchange.observer,
            run=_RUN,
            worker=number,
            random_bits=random.Random(1).getrandbits,
            open_link=lambda owner: run.network.open_link(_ThereOwner(owner, clock.ahead_ns)),
        )
        placement = Placement(_RUN, profile.run.seed, number, workers, spans=True)
        self.director = SpanningDirector(fleet, profile, placement, self.spanning.exchange)
        self.spanning.serve(self.director)
        self.clocked = [_ThereWork(work, clock.ahead_ns) for work in (fleet.timers, self.director)]
        run.world.every(_TURN_NS, self._turn)
        run.world.every(NS_PER_S, self._roll)

    def now_ns(self) -> int:
        return self._world.now_ns + self.clock.ahead_ns

    def _turn(self, _now_ns: int) -> None:
        if self.is_running:
            self.spanning.turn(self.now_ns())

    def _roll(self, _now_ns: int) -> None:
        if self.is_running:
            self.ledger.roll(self.now_ns())

    def take(self, content: bytes) -> None:
        if self.is_running:
            self.spanning.take(content, self.now_ns())

    @property
    def waits_for_nothing(self) -> bool:
        exchange = self.spanning.exchange
        return exchange.knows_all_causes and self.ledger.open_count == 0

    @property
    def has_ended(self) -> bool:
        states = {device.state for device in self.director.devices()}
        return states <= {State.ENDED, State.IDLE}


class SpanningRun:
    """A run of a profile over several workers."""

    def __init__(self, profile: Profile, clocks: Sequence[HostClock]) -> None:
        self.profile = profile
        self.clocks = clocks
        self.world = world = World()
        times = Times(lambda: world.now_ns, world.utc_now, lambda _seconds: None)
        self.chat: Chat = build_chat(ServerSettings(), times)
        self.network = Network(world, Gateway(self.chat))
        self.workers = [Worker(self, number, clock) for number, clock in enumerate(clocks)]
        world.clocked = [work for worker in self.workers for work in worker.clocked]
        world.every(TICK_NS, self.chat.timers.advance)

    def carry(self, _sender: int, to: int, content: bytes) -> None:
        """Carry a batch over the bus."""
        at_ns = self.world.now_ns + _BUS_NS
        self.world.at(at_ns, lambda: self.workers[to].take(content))

    def pass_time(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
        self.world.pass_time(round(seconds * NS_PER_S), is_over)

    def add_users(self, *numbers: int) -> None:
        """Start users by their number in the run; they are dealt to the workers in turn."""
        for number in numbers:
            slot, worker = divmod(number, len(self.workers))
            self.workers[worker].director.add_user(slot, self.workers[worker].now_ns())

    def complete(self) -> None:
        """Tell all workers that no more users are on their way."""
        for worker in self.workers:
            worker.director.spawning_completed(worker.now_ns())

    def kill(self, number: int) -> None:
        """End a worker at once, as its host's kernel does, and tell the others."""
        gone = self.workers[number]
        gone.is_running = False
        gone.director.stop_sending()
        for device in gone.director.devices():
            device.break_off("killed", gone.now_ns())
        gone.clocked.clear()
        self.world.clocked = [work for worker in self.running for work in worker.clocked]
        for worker in self.running:
            worker.spanning.lose(number, worker.now_ns())

    @property
    def running(self) -> list[Worker]:
        """The workers that were not killed."""
        return [worker for worker in self.workers if worker.is_running]

    def run(self, seconds: float = 20) -> Totals:
        """Run all of it, and return what was counted."""
        self.add_users(*range(self.profile.users_in_run))
        self.complete()
        self.pass_time(seconds)
        return self.finish()

    def finish(self) -> Totals:
        """End the run as workers end it together, and return what was counted."""
        running = self.running
        for worker in running:
            worker.director.stop_sending()
        self.pass_time(1)
        self._step(DrainStage.QUIET, lambda worker: worker.waits_for_nothing)
        for worker in running:
            for device in worker.director.devices():
                device.end(worker.now_ns())
        self._step(DrainStage.SATISFIED, lambda worker: worker.has_ended)
        self._step(DrainStage.DONE, lambda worker: worker.spanning.exchange.has_everything)
        for worker in running:
            end_ns = worker.spanning.end_ns(worker.now_ns())
            worker.ledger.finish(end_ns, drained=worker.spanning.exchange.has_everything)
            worker.ledger.roll(worker.now_ns())
        return merge(worker.ledger.snapshot() for worker in running)

    def _step(self, stage: DrainStage, is_done: Callable[[Worker], bool]) -> None:
        for worker in self.running:
            worker.spanning.step(stage)
        self.pass_time(20, lambda: all(map(is_done, self.running)))

    def devices(self) -> list[Device]:
        """Return the devices of all workers."""
        return [device for worker in self.workers for device in worker.director.devices()]

    def server_counts(self) -> dict[str, int]:
        """Return what the server has delivered on channel topics, by event type."""
        statistics: Any = self.chat.counters.as_json(self.world.now_ns, 0.0)
        counts: dict[str, int] = statistics["deliveries_on_channel_topics"]
        return counts
