"""Stand-ins for what Locust gives to the control of a process."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from locust import User
from locust.argument_parser import get_parser
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_INIT, STATE_STOPPED, WorkerNode, WorkerNodes

from loadtest.users.profile_user import ProfileUser

__all__ = ["FakeMaster", "FakeRunner", "Guest", "environment", "message", "parsed"]


class Guest(ProfileUser):
    """Any profile-driven user."""


def parsed(results: Path, *arguments: str) -> Namespace:
    """Return what Locust's parser makes of a command line without a web UI."""
    options: Namespace = get_parser().parse_args(
        ["--headless", "--results", str(results), *arguments]
    )
    return options


def environment(options: Namespace, user_class: type[User] = Guest) -> Environment:
    """Return an environment with events of its own."""
    return Environment(
        events=Events(),  # type: ignore[no-untyped-call]
        user_classes=[user_class],
        parsed_options=options,
        host=options.host,
    )


def message(data: object, node: str = "") -> Any:
    """Return a message as Locust hands it to a listener."""
    return SimpleNamespace(data=data, node_id=node)


class FakeRunner:
    """A runner of one process: keeps what it was told."""

    def __init__(self) -> None:
        self.state = STATE_INIT
        self.exceptions: dict[str, object] = {}
        self.calls: list[str] = []
        self.on_stop: Callable[[], object] = lambda: None

    def start(self, user_count: int, spawn_rate: float) -> None:
        """Take note of a start."""
        self.calls.append(f"start {user_count}")

    def stop(self) -> None:
        """Stop as Locust's runners do: with the event first."""
        self.calls.append("stop")
        self.on_stop()
        self.state = STATE_STOPPED

    def quit(self) -> None:
        """Stop, and end."""
        self.stop()
        self.calls.append("quit")


class FakeMaster(FakeRunner):
    """A master with workers that exist in name only."""

    def __init__(self, *workers: str) -> None:
        super().__init__()
        self.environment = Environment(events=Events())  # type: ignore[no-untyped-call]
        self.clients = WorkerNodes()
        for worker in workers:
            self.clients[worker] = WorkerNode(worker)
        self.listeners: dict[str, Callable[..., None]] = {}
        self.sent: list[tuple[str, Any, str | None]] = []
        self.on_send: Callable[[str], object] = lambda kind: None
        self._users_dispatcher: object = "of the last run"

    def register_message(
        self, kind: str, listener: Callable[..., None], *, concurrent: bool = False
    ) -> None:
        """Keep a listener."""
        self.listeners[str(kind)] = listener

    def send_message(self, kind: str, data: Any = None, client_id: str | None = None) -> None:
        """Keep a message, and let the test answer it."""
        self.sent.append((str(kind), data, client_id))
        self.on_send(str(kind))
