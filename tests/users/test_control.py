"""Which control a process gets."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from locust import events
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from loadtest.users import control
from tests.support.locust_process import environment, parsed


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("runner_class", "name"),
    [
        (LocalRunner, "LocalControl"),
        (MasterRunner, "MasterControl"),
        (WorkerRunner, "WorkerControl"),
    ],
)
def test_a_process_is_controlled_by_what_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner_class: type[Any], name: str
) -> None:
    made: list[str] = []

    class Control:
        def __init__(self, *_: object) -> None:
            made.append("made")

        def listen(self) -> None:
            made.append("listens")

    monkeypatch.setattr(control, name, Control)
    nothing = {"__init__": lambda _self: None, "__del__": lambda _self: None}
    stub = type("Stub", (runner_class,), nothing)
    control._control(environment(parsed(tmp_path)), stub())

    assert made == ["made", "listens"]


def test_importing_users_registers_options_and_control_with_locust(tmp_path: Path) -> None:
    assert control._control in events.init._handlers
    assert parsed(tmp_path, "--devices", "3").devices == 3, "Locust's parser knows our options"
