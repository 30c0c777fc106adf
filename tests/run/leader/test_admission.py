"""Only workers that have shown the token of the run are told anything."""

from typing import Any

import gevent
import pytest

from loadtest.run.bus import proof
from loadtest.run.leader import admission as admission_module
from loadtest.run.leader.admission import Admission
from loadtest.run.messages import MessageKind
from loadtest.run.worker.admission import Introduction
from tests.support.locust_process import FakeMaster, message

TOKEN = b"hush"


class World:
    """A leader, and one worker on the same bus."""

    def __init__(self, leaders: bytes = TOKEN, workers: bytes = TOKEN) -> None:
        self.complaints: list[str] = []
        self.master = FakeMaster("w1")
        self.worker = FakeMaster()
        master: Any = self.master
        worker: Any = self.worker
        worker.client_id = "w1"
        self.admission = Admission(master, leaders, self.complaints.append)
        self.admission.listen()
        self.introduction = Introduction(worker, workers)
        self.introduction.begin()
        gevent.idle()

    def exchange(self) -> None:
        """Carry messages until nobody has anything to say."""
        while self.master.sent or self.worker.sent:
            for sender, receiver in ((self.worker, self.master), (self.master, self.worker)):
                said, sender.sent[:] = list(sender.sent), []
                for kind, data, _ in said:
                    receiver.listeners[kind](msg=message(data, "w1"))

    @property
    def ready(self) -> list[str]:
        return [node.id for node in self.master.clients.ready]


def test_a_worker_is_ready_once_it_has_shown_the_token() -> None:
    world = World()
    assert world.ready == []
    world.exchange()

    assert world.ready == ["w1"]
    assert world.introduction.is_leader_known
    assert world.complaints == []


def test_the_token_itself_is_never_sent() -> None:
    world = World()
    sent = []
    for _ in range(4):
        sent += [*world.master.sent, *world.worker.sent]
        world.exchange()

    assert sent
    assert TOKEN.decode() not in repr(sent)


def test_a_worker_with_another_token_takes_no_part(caplog: pytest.LogCaptureFixture) -> None:
    world = World(workers=b"another")
    world.exchange()

    assert world.ready == []
    assert not world.introduction.is_leader_known
    assert "the leader does not know the token of this worker" in caplog.text


def test_a_wrong_proof_admits_nobody() -> None:
    world = World()
    shown = {"proof": proof(b"guessed", "worker", "x", "w1")}
    world.master.listeners[MessageKind.PROOF](msg=message(shown, "w1"))

    assert world.ready == []
    assert world.complaints == ["worker w1 has shown a wrong token: it takes no part"]


def test_a_worker_that_shows_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_module, "_PATIENCE_S", 0)
    world = World(workers=b"")
    while not world.complaints:
        gevent.sleep(0.001)

    assert "worker w1 has not shown the token of the run" in world.complaints[0]


def test_without_a_token_whoever_comes_is_ready() -> None:
    world = World(leaders=b"", workers=b"")

    assert world.ready == ["w1"]
    assert world.introduction.is_leader_known
    assert not world.admission.is_guarded
    assert world.worker.sent == []


def test_a_worker_with_a_token_does_not_load_for_a_leader_without_one() -> None:
    world = World(leaders=b"")
    world.exchange()

    assert not world.introduction.is_leader_known
