"""A whole run in scripted time: director, devices, ledger and reference server, without a socket.

The parts are those of a real run; only the loop, the sockets and Locust are left out. The network
takes the same fifth of a millisecond each way, so two runs of a profile are alike to the last byte
and every count can be compared exactly. ``users`` imports Locust, which patches its process, so a
test asks for the run of another one: ``virtual_run``.
"""

import datetime
import heapq
import itertools
import json
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["virtual_run"]

_TIMEOUT_S = 100
_TOP = Path(__file__).parents[2]


def virtual_run(name_or_path: str, *overrides: str, devices: int = 0) -> dict[str, Any]:
    """Run a profile in a process of its own and return what was counted on both sides.

    ``devices`` scales it. The keys: ``figures`` (the ledger's), ``server`` and ``server_at_end``
    (the server's statistics before and after the sessions were ended, one after the other),
    ``bytes_in`` and ``bytes_out`` (of all devices while the workload went on), ``workload_s``,
    ``connects_ns`` (when the server took CONNECT, since the last user was started),
    ``contradictions``, ``devices`` and ``states`` (of all devices at the end).
    """
    order = {"profile": name_or_path, "overrides": overrides, "devices": devices}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.virtual_run", json.dumps(order)],
        cwd=_TOP,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Run what was ordered; in the process of its own."""
    from websockets.frames import Frame, Opcode
    from websockets.http11 import Request
    from websockets.server import ServerProtocol
    from websockets.typing import Subprotocol

    from loadtest.clock import NS_PER_MS, NS_PER_S
    from loadtest.device import Device, Fleet, LinkOwner
    from loadtest.device.state import State
    from loadtest.metrics import Ledger, merge
    from loadtest.profile import load_profile
    from loadtest.report.summary import contradictions
    from loadtest.server.chat import TICK_NS, Times, build_chat
    from loadtest.server.gateway import Gateway
    from loadtest.server.settings import ServerSettings
    from loadtest.users.director import Director, Placement
    from loadtest.users.runtime import device_settings, ledger_settings

    one_way_ns = NS_PER_MS // 5
    start = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)

    class World:
        """Time, and what happens in it."""

        def __init__(self) -> None:
            self.now_ns = 1_000 * NS_PER_S
            self.bytes_in = self.bytes_out = 0
            self.connects_ns: list[int] = []
            self._tie = itertools.count().__next__
            self._queue: list[tuple[int, int, Callable[[], None]]] = []
            self.clocked: list[Any] = []

        def at(self, at_ns: int, function: Callable[[], None]) -> None:
            heapq.heappush(self._queue, (at_ns, self._tie(), function))

        def soon(self, function: Callable[[], None]) -> None:
            self.at(self.now_ns + one_way_ns, function)

        def every(self, period_ns: int, function: Callable[[int], object]) -> None:
            def again() -> None:
                function(self.now_ns)
                self.at(self.now_ns + period_ns, again)

            self.at(self.now_ns + period_ns, again)

        def run_until(self, end_ns: int, is_over: Callable[[], bool] = lambda: False) -> None:
            while not is_over():
                due = [work.next_due_ns() for work in self.clocked]
                next_ns = min(
                    self._queue[0][0], *[each for each in due if each is not None], end_ns + 1
                )
                if next_ns > end_ns:
                    break
                self.now_ns = max(self.now_ns, next_ns)
                while self._queue[0][0] <= self.now_ns:
                    heapq.heappop(self._queue)[2]()
                for work in self.clocked:
                    work.run(self.now_ns)
            self.now_ns = max(self.now_ns, end_ns) if not is_over() else self.now_ns

        def utc_now(self) -> datetime.datetime:
            return start + datetime.timedelta(microseconds=self.now_ns // 1_000)

    world = World()
    times = Times(lambda: world.now_ns, world.utc_now, lambda _seconds: None)
    chat = build_chat(ServerSettings(), times)
    gateway = Gateway(chat)

    class Line:
        """A connection: link of a device on one side, socket of the server on the other."""

        def __init__(self, owner: LinkOwner) -> None:
            self.owner: LinkOwner | None = owner
            self.is_open = True
            self.peer = ServerProtocol(subprotocols=[Subprotocol("v12.stomp")])
            self.connection = gateway.opened(self, "key")

        # The device's side.
        def write(self, data: bytes) -> None:
            world.bytes_out += len(data)
            world.soon(lambda: self._arrive(data))

        def close(self) -> None:
            world.soon(self._lose)

        def abort(self) -> None:
            self.owner = None
            world.soon(self._lose)

        def read_slowly(self, bytes_per_s: float) -> None:
            """Nothing: everybody reads at once here."""

        # The server's side.
        def send(self, data: bytes) -> bool:
            if self.is_open:
                if data.startswith(b"CONNECTED"):
                    world.connects_ns.append(world.now_ns)
                self.peer.send_text(data)
                self._deliver()
            return self.is_open

        def _arrive(self, data: bytes) -> None:
            if not self.is_open:
                return
            self.peer.receive_data(data)
            for event in self.peer.events_received():
                if isinstance(event, Request):
                    self.peer.send_response(self.peer.accept(event))
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    gateway.receive(self.connection, bytes(event.data))
                elif isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                    world.soon(self._lose)
            self._deliver()

        def _deliver(self) -> None:
            data = b"".join(self.peer.data_to_send())
            if data:
                world.soon(lambda: self._receive(data))

        def _receive(self, data: bytes) -> None:
            if self.owner is not None:
                world.bytes_in += len(data)
                self.owner.receive(data, world.now_ns)

        def _lose(self) -> None:
            if self.is_open:
                self.is_open = False
                gateway.lost(self.connection)
                owner, self.owner = self.owner, None
                if owner is not None:
                    owner.link_closed("connection closed by the server", world.now_ns)

    def open_link(owner: LinkOwner) -> None:
        line = Line(owner)
        world.soon(lambda: owner.link_opened(line, world.now_ns))

    profile = load_profile(order["profile"], order["overrides"])
    if order["devices"]:
        profile = profile.scaled(devices=order["devices"])
    ledger = Ledger(ledger_settings(profile), started_ns=world.now_ns)
    fleet = Fleet(
        device_settings(profile, "ws://chat.test/rtm/websocket?api-key=key"),
        ledger,
        run="00c0ffee",
        worker=0,
        random_bits=random.Random(1).getrandbits,
        open_link=open_link,
    )
    placement = Placement("00c0ffee", profile.run.seed, 0, 1)
    director = Director(
        fleet, profile.population_plan(), profile.behaviour(), placement, profile.disturbances()
    )
    world.clocked += [fleet.timers, director]
    world.every(TICK_NS, chat.timers.advance)
    world.every(100 * NS_PER_MS, ledger.settle)
    world.every(NS_PER_S, ledger.roll)

    begun_ns, users = world.now_ns, profile.users_in_run

    def add(slot: int) -> Callable[[], None]:
        return lambda: director.add_user(slot, world.now_ns)

    ramp_ns = round(profile.run.ramp_s * NS_PER_S)
    for slot in range(users):
        world.at(begun_ns + ramp_ns * slot // users, add(slot))
    world.run_until(begun_ns + ramp_ns)
    director.spawning_completed(world.now_ns)
    spawned_ns = world.now_ns
    bytes_before = world.bytes_in, world.bytes_out
    world.run_until(begun_ns + round(profile.run.duration_s * NS_PER_S))
    bytes_in, bytes_out = world.bytes_in - bytes_before[0], world.bytes_out - bytes_before[1]
    workload_s = (world.now_ns - begun_ns - ramp_ns) / NS_PER_S

    director.stop_sending()
    drain_ns = round(profile.run.drain_s * NS_PER_S)
    world.run_until(world.now_ns + drain_ns, lambda: ledger.open_count == 0)
    is_drained = ledger.open_count == 0
    world.run_until(world.now_ns + NS_PER_S)
    before_end = chat.counters.as_json(world.now_ns, 0.0)
    devices = director.devices()

    def is_off(device: Device) -> bool:
        return device.state in (State.ENDED, State.IDLE)

    for device in devices:
        device.end(world.now_ns)
        world.run_until(world.now_ns + drain_ns, partial(is_off, device))
    world.run_until(world.now_ns + NS_PER_S)
    ledger.finish(world.now_ns, drained=is_drained)
    ledger.roll(world.now_ns)
    totals = merge([ledger.snapshot()])
    figures = totals.figures.to_plain()
    return {
        "figures": figures,
        "contradictions": contradictions(totals),
        "server": before_end,
        "server_at_end": chat.counters.as_json(world.now_ns, 0.0),
        "bytes_in": bytes_in,
        "bytes_out": bytes_out,
        "workload_s": workload_s,
        "connects_ns": [at_ns - spawned_ns for at_ns in world.connects_ns],
        "devices": len(devices),
        "states": sorted({device.state.name for device in devices}),
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
