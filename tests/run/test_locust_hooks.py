"""Which role a process gets."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from locust import events
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from loadtest.run import locust_hooks
from tests.support.locust_process import environment, parsed


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("runner_class", "name"),
    [
        (LocalRunner, "LocalLeader"),
        (MasterRunner, "MasterLeader"),
        (WorkerRunner, "RunWorker"),
    ],
)
def test_a_process_takes_the_role_of_its_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner_class: type[Any], name: str
) -> None:
    made: list[str] = []

    class Role:
        def __init__(self, *_: object) -> None:
            made.append("made")

        def listen(self) -> None:
            made.append("listens")

    monkeypatch.setattr(locust_hooks, name, Role)
    nothing = {"__init__": lambda _self: None, "__del__": lambda _self: None}
    stub = type("Stub", (runner_class,), nothing)
    locust_hooks._control(environment(parsed(tmp_path)), stub())

    assert made == ["made", "listens"]


def test_importing_users_registers_options_and_control_with_locust(tmp_path: Path) -> None:
    assert locust_hooks._control in events.init._handlers
    requests = logging.getLogger("websockets.client")
    assert not requests.isEnabledFor(logging.DEBUG), "they hold the API key"
    assert parsed(tmp_path, "--devices", "3").devices == 3, "Locust's parser knows our options"
