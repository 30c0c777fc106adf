"""Director, devices, ledger and reference server in scripted time, without a socket.

The parts are those of a real run; only the loop, the sockets and Locust are left out. The network
takes the same fifth of a millisecond each way, so two runs of a profile are alike to the last byte
and every count can be compared exactly. Run as a module, as ``virtual_run`` does.
"""

import datetime
import heapq
import itertools
import json
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.device import Device, Fleet, LinkOwner
from loadtest.device.state import State
from loadtest.metrics import Ledger, merge
from loadtest.profile import Profile, load_profile
from loadtest.report.summary import contradictions
from loadtest.run.worker.runtime import device_settings, ledger_settings
from loadtest.server.chat.chat import TICK_NS, Chat, Times, build_chat
from loadtest.server.requests.gateway import Gateway
from loadtest.server.settings import ServerSettings
from loadtest.simulation.director import Director, Placement
from loadtest.workload import Existing

__all__ = ["VirtualRun", "World"]

_ONE_WAY_NS = NS_PER_MS // 5
_BEGINNING = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
_RUN = "00c0ffee"


class Clocked(Protocol):
    """Something with work that comes due, such as a director."""

    def next_due_ns(self) -> int | None: ...

    def run(self, now_ns: int) -> None: ...


class World:
    """Time, and what happens in it."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * NS_PER_S
        self.clocked: Sequence[Clocked] = ()
        self._tie = itertools.count().__next__
        self._queue: list[tuple[int, int, Callable[[], None]]] = []

    def at(self, at_ns: int, function: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (at_ns, self._tie(), function))

    def soon(self, function: Callable[[], None]) -> None:
        """Have it called at the other end of the network."""
        self.at(self.now_ns + _ONE_WAY_NS, function)

    def every(self, period_ns: int, function: Callable[[int], object]) -> None:
        def again() -> None:
            function(self.now_ns)
            self.at(self.now_ns + period_ns, again)

        self.at(self.now_ns + period_ns, again)

    def pass_time(self, length_ns: int, is_over: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until something is over, but no longer than that."""
        end_ns = self.now_ns + length_ns
        while not is_over():
            due = [work.next_due_ns() for work in self.clocked]
            next_ns = min(self._queue[0][0], *[each for each in due if each is not None], end_ns)
            self.now_ns = max(self.now_ns, next_ns)
            while self._queue[0][0] <= self.now_ns:
                heapq.heappop(self._queue)[2]()
            for work in self.clocked:
                work.run(self.now_ns)
            if self.now_ns >= end_ns:
                return

    def utc_now(self) -> datetime.datetime:
        return _BEGINNING + datetime.timedelta(microseconds=self.now_ns // 1_000)


class ServerAgenda:
    """What a server does at exact instants: injected delays, cuts and lags."""

    def __init__(self, chat: Chat) -> None:
        self._agenda = chat.agenda

    def next_due_ns(self) -> int | None:
        return self._agenda.next_due_ns

    def run(self, _now_ns: int) -> None:
        self._agenda.run()


class Network:
    """Opens lines between devices and one server, and counts what goes over them."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.world = world
        self.gateway = gateway
        self.bytes_in = self.bytes_out = 0
        self.connects_ns: list[int] = []
        self.slowed: list[float] = []
        """How slowly devices were asked to read, in bytes per second."""

    def open_link(self, owner: LinkOwner) -> None:
        line = Line(self, owner)
        self.world.soon(lambda: owner.link_opened(line, self.world.now_ns))


class Line:
    """A connection: the link of a device at one end, the socket of the server at the other."""

    def __init__(self, network: Network, owner: LinkOwner) -> None:
        self._network = network
        self._world = network.world
        self._owner: LinkOwner | None = owner
        self.is_open = True
        self._websocket = ServerProtocol(subprotocols=[Subprotocol("v12.stomp")])
        self._connection = network.gateway.opened(ServerEnd(self), "key")

    # --- the device's end ----------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self._network.bytes_out += len(data)
        self._world.soon(lambda: self._arrive(data))

    def read_slowly(self, bytes_per_s: float) -> None:
        """Everybody reads at once here; who is asked to be slow is only noted."""
        self._network.slowed.append(bytes_per_s)

    def _receive(self, data: bytes) -> None:
        if self._owner is not None:
            self._network.bytes_in += len(data)
            self._owner.receive(data, self._world.now_ns)

    # --- the server's end ----------------------------------------------------------------------

    def send(self, data: bytes) -> bool:
        if self.is_open:
            if data.startswith(b"CONNECTED"):
                self._network.connects_ns.append(self._world.now_ns)
            self._websocket.send_text(data)
            self._deliver()
        return self.is_open

    def _arrive(self, data: bytes) -> None:
        if not self.is_open:
            return
        self._websocket.receive_data(data)
        for event in self._websocket.events_received():
            if isinstance(event, Request):
                self._websocket.send_response(self._websocket.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._network.gateway.receive(self._connection, bytes(event.data))
            elif isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                self.close()
        self._deliver()

    def _deliver(self) -> None:
        data = b"".join(self._websocket.data_to_send())
        if data:
            self._world.soon(lambda: self._receive(data))

    # --- either ---------------------------------------------------------------------------------

    def close(self) -> None:
        self._world.soon(self._lose)

    def abort(self) -> None:
        self._owner = None
        self._world.soon(self._lose)

    def _lose(self) -> None:
        if self.is_open:
            self.is_open = False
            self._network.gateway.lost(self._connection)
            owner, self._owner = self._owner, None
            if owner is not None:
                owner.link_closed("connection closed by the server", self._world.now_ns)


class ServerEnd:
    """The socket that a server has: the device is told of every end of it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._is_aborted = False

    @property
    def is_open(self) -> bool:
        return self._line.is_open and not self._is_aborted

    def send(self, data: bytes) -> bool:
        return self.is_open and self._line.send(data)

    def close(self) -> None:
        self._line.close()

    def abort(self) -> None:
        self._is_aborted = True
        self._line.close()


class VirtualRun:
    """One run of a profile, from the first user to the last figure."""

    def __init__(
        self,
        profile: Profile,
        existing: Existing | None = None,
        settings: ServerSettings | None = None,
    ) -> None:
        self.profile = profile
        self.world = world = World()
        times = Times(lambda: world.now_ns, world.utc_now, lambda _seconds: None)
        self.chat: Chat = build_chat(settings or ServerSettings(), times)
        self.chat.faults.apply(self.chat.settings.faults)
        self.network = Network(world, Gateway(self.chat))
        self.ledger = Ledger(ledger_settings(profile), started_ns=world.now_ns)
        fleet = Fleet(
            device_settings(profile, "ws://chat.test/rtm/websocket?api-key=key"),
            self.ledger,
            run=_RUN,
            worker=0,
            random_bits=random.Random(1).getrandbits,
            open_link=self.network.open_link,
        )
        self.director = Director(
            fleet,
            profile.population_plan(),
            profile.behaviour(),
            Placement(_RUN, profile.run.seed, 0, 1),
            profile.disturbances(),
            existing,
        )
        world.clocked = (fleet.timers, self.director, ServerAgenda(self.chat))
        world.every(TICK_NS, self.chat.timers.advance)
        world.every(100 * NS_PER_MS, self.ledger.settle)
        world.every(NS_PER_S, self.ledger.roll)

    def run(self) -> dict[str, Any]:
        """Run it, and return what was counted."""
        ramp_ns = round(self.profile.run.ramp_s * NS_PER_S)
        workload_ns = round(self.profile.run.duration_s * NS_PER_S) - ramp_ns
        self._add_users(ramp_ns)
        spawned_ns = self.world.now_ns
        before = self.network.bytes_in, self.network.bytes_out
        self.world.pass_time(workload_ns)
        after = self.network.bytes_in, self.network.bytes_out
        self._drain()
        server = self._statistics()
        self._end_sessions()
        return {
            **self._judge(),
            "server": server,
            "server_at_end": self._statistics(),
            "bytes_in": after[0] - before[0],
            "bytes_out": after[1] - before[1],
            "workload_s": workload_ns / NS_PER_S,
            "connects_ns": [at_ns - spawned_ns for at_ns in self.network.connects_ns],
        }

    def _add_users(self, ramp_ns: int) -> None:
        world, users = self.world, self.profile.users_in_run

        def add(slot: int) -> None:
            self.director.add_user(slot, world.now_ns)

        for slot in range(users):
            world.at(world.now_ns + ramp_ns * slot // users, partial(add, slot))
        world.pass_time(ramp_ns)
        self.director.spawning_completed(world.now_ns)

    def _drain(self) -> None:
        self.director.stop_sending()
        drain_ns = round(self.profile.run.drain_s * NS_PER_S)
        self.world.pass_time(drain_ns, lambda: self.ledger.open_count == 0)
        self.is_drained = self.ledger.open_count == 0
        self.world.pass_time(NS_PER_S)

    def _end_sessions(self) -> None:
        def is_off(device: Device) -> bool:
            return device.state in (State.ENDED, State.IDLE)

        for device in self.director.devices():
            device.end(self.world.now_ns)
            self.world.pass_time(NS_PER_S, partial(is_off, device))
        self.world.pass_time(NS_PER_S)

    def _judge(self) -> dict[str, Any]:
        now_ns, devices = self.world.now_ns, self.director.devices()
        self.ledger.finish(now_ns, drained=self.is_drained)
        self.ledger.roll(now_ns)
        totals = merge([self.ledger.snapshot()])
        return {
            "figures": totals.figures.to_plain(),
            "contradictions": contradictions(totals),
            "devices": len(devices),
            "states": sorted({device.state.name for device in devices}),
        }

    def _statistics(self) -> dict[str, Any]:
        return self.chat.counters.as_json(self.world.now_ns, 0.0)


def _ordered(order: dict[str, Any]) -> Profile:
    profile = load_profile(order["profile"], order["overrides"])
    return profile.scaled(devices=order["devices"]) if order["devices"] else profile


if __name__ == "__main__":
    print(json.dumps(VirtualRun(_ordered(json.loads(sys.argv[1]))).run()))
