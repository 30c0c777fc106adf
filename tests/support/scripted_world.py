"""Scripted users against the reference server in scripted time, without a thread or a socket.

What a person's greenlet hands to the engine happens at once, and time passes until it has come to
its end; so each call returns where the test made it.
"""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gevent

from loadtest.clock import NS_PER_S
from loadtest.device import Fleet
from loadtest.engine import EngineStoppedError
from loadtest.metrics import Ledger
from loadtest.metrics.figures.figures import Figures
from loadtest.run.worker.runtime import device_settings, ledger_settings
from loadtest.server.chat.chat import TICK_NS, Times, build_chat
from loadtest.server.requests.gateway import Gateway
from loadtest.server.settings import ServerSettings
from loadtest.simulation.scripted_fleet import ScriptedFleet
from loadtest.users.scripted.device import ChatDevice
from loadtest.users.scripted.handlers import Handler
from tests.support.profiles import profile
from tests.support.virtual_world import Network, World

__all__ = ["ScriptedWorld"]

_RUN = "00c0ffee"


class ScriptedWorld:
    """A run as scripted devices see it: the part of a runtime that they use."""

    def __init__(self, *overrides: str, server: ServerSettings | None = None) -> None:
        settings = profile(*overrides)
        self.world = world = World()
        chat = build_chat(
            server or ServerSettings(), Times(lambda: world.now_ns, world.utc_now, lambda _s: None)
        )
        self.statistics = chat.counters
        self.ledger = Ledger(ledger_settings(settings), started_ns=world.now_ns)
        self.network = Network(world, Gateway(chat))
        self.fleet = Fleet(
            device_settings(settings, "ws://chat.test/rtm/websocket?api-key=key"),
            self.ledger,
            run=_RUN,
            worker=0,
            random_bits=random.Random(1).getrandbits,
            open_link=self.network.open_link,
        )
        self.scripted = ScriptedFleet(self.fleet, worker=0, workers=1)
        self.plan = SimpleNamespace(run=_RUN, worker=0)
        self.engine = self.mailbox = self
        self.is_sending = True
        self.is_stopped = False
        self.patience_s = 0.5
        """How long a call may take until it is left waiting."""
        self.handler_errors: list[Exception] = []
        world.clocked = (self.fleet.timers,)
        world.every(TICK_NS, chat.timers.advance)

    # --- what a runtime, its engine and its mailbox do ------------------------------------------

    def now_ns(self) -> int:
        return self.world.now_ns

    def submit(self, function: Callable[..., object], *arguments: Any) -> None:
        if not self.is_stopped:
            function(*arguments)
            self.pass_time(self.patience_s)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.is_stopped:
            raise EngineStoppedError("the engine has stopped")
        result = function(*arguments)
        self.pass_time(self.patience_s)
        return result

    def put(self, function: Callable[..., object], *arguments: Any) -> None:
        function(*arguments)

    def wait_finished(self) -> None:
        """The run has ended already."""

    # --- for tests ------------------------------------------------------------------------------

    def device(self, name: str, *, is_started: bool = True, **handlers: Handler) -> ChatDevice:
        """Return a device, with a user session unless it is not to be started."""
        runtime: Any = self
        device = ChatDevice(runtime, name, handlers, self.handler_errors.append)
        if is_started:
            device.start_session()
        return device

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and handlers be called for what happened in it."""
        self.world.pass_time(round(seconds * NS_PER_S))

    def let_handlers_run(self) -> None:
        """Give the greenlets of handlers their turn, also those that call the device."""
        for _ in range(10):
            gevent.sleep(0)

    def figures(self) -> Figures:
        """Return what the ledger has counted."""
        self.ledger.settle(self.world.now_ns)
        self.ledger.roll(self.world.now_ns)
        return Figures.from_plain(self.ledger.snapshot()["figures"])

    def failures(self, action: str) -> dict[str, int]:
        """Return why an action failed, and how often."""
        figures = self.figures().actions.get(action)
        return dict(figures.errors) if figures is not None else {}
