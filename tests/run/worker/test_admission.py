"""How a worker introduces itself; the whole exchange is in ``tests/run/leader/test_admission``."""

from typing import Any

import gevent
import pytest

from loadtest.run.messages import MessageKind
from loadtest.run.worker import admission as admission_module
from loadtest.run.worker.admission import Introduction
from tests.support.locust_process import FakeMaster, message


def introduced(monkeypatch: pytest.MonkeyPatch) -> tuple[Introduction, FakeMaster]:
    monkeypatch.setattr(admission_module, "_PERIOD_S", 0.001)
    monkeypatch.setattr(admission_module, "_PATIENCE_S", 0.005)
    bus = FakeMaster()
    runner: Any = bus
    introduction = Introduction(runner, b"hush")
    introduction.begin()
    return introduction, bus


def test_it_repeats_itself_until_it_is_welcome(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, bus = introduced(monkeypatch)
    while "has not welcomed this worker" not in caplog.text:
        gevent.sleep(0.001)
    assert {kind for kind, _, _ in bus.sent} == {MessageKind.HELLO}
    bus.listeners[MessageKind.WELCOME](msg=message(None))
    gevent.sleep(0.01)
    said = len(bus.sent)
    gevent.sleep(0.01)

    assert len(bus.sent) == said


def test_a_leader_that_shows_a_wrong_proof_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    introduction, bus = introduced(monkeypatch)
    answer = runner_answer()
    for _ in range(2):
        bus.client_id = "w1"  # type: ignore[attr-defined]
        bus.listeners[MessageKind.CHALLENGE](msg=message(answer))
    bus.listeners[MessageKind.WELCOME](msg=message(None))

    assert not introduction.is_leader_known
    assert MessageKind.PROOF not in {kind for kind, _, _ in bus.sent}


def runner_answer() -> dict[str, str]:
    return {"drawn": "x", "proof": "made up"}
