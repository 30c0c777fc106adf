"""Which workers take part: those that have shown the token of the run.

Locust counts every process that says it is ready. Here its list of workers counts those alone that
are admitted, so that a stranger is dealt no users and is told nothing.
"""

import hmac
from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import STATE_INIT, MasterRunner, WorkerNode, WorkerNodes

from loadtest.run.bus import nonce, proof
from loadtest.run.messages import MessageKind

__all__ = ["Admission", "AdmittedWorkers"]

_PATIENCE_S = 5.0


class AdmittedWorkers(WorkerNodes):
    """Locust's list of workers, in which only those are ready that are admitted."""

    def __init__(self, is_admitted: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_admitted = is_admitted

    def get_by_state(self, state: str) -> list[WorkerNode]:
        """Return the workers in a state; of those that are ready, only the admitted ones."""
        nodes: list[WorkerNode] = super().get_by_state(state)
        if state != STATE_INIT:
            return nodes
        return [node for node in nodes if self._is_admitted(node.id)]


class Admission:
    """Asks each worker for the token.

    Args:
        runner: Locust's.
        token: The token; empty: every worker is admitted.
        complain: Tells a person of workers that do not know it.
    """

    def __init__(self, runner: MasterRunner, token: bytes, complain: Callable[[str], None]) -> None:
        self._runner = runner
        self._token = token
        self._complain = complain
        self._drawn: dict[str, str] = {}
        self._admitted: set[str] = set()
        if token:
            known = runner.clients
            runner.clients = AdmittedWorkers(self._admitted.__contains__)
            for worker in known:
                runner.clients[worker] = known[worker]

    @property
    def is_guarded(self) -> bool:
        """Whether workers have to show a token at all."""
        return bool(self._token)

    def listen(self) -> None:
        """Register for what workers say."""
        self._runner.register_message(MessageKind.HELLO, self._greet)
        self._runner.register_message(MessageKind.PROOF, self._check)
        if self._token:
            connected: Any = self._runner.environment.events.worker_connect
            connected.add_listener(self._wait_for)
            for worker in self._runner.clients:
                self._wait_for(worker)

    def _greet(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        """Show a worker that this leader knows the token, and ask for the same."""
        worker = msg.node_id
        drawn = self._drawn.setdefault(worker, nonce())
        shown = proof(self._token, "leader", msg.data["drawn"], worker) if self._token else ""
        challenge = {"drawn": drawn, "proof": shown}
        self._runner.send_message(MessageKind.CHALLENGE, challenge, client_id=worker)

    def _check(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        worker = msg.node_id
        expected = proof(self._token, "worker", self._drawn.get(worker, nonce()), worker)
        if self._token and hmac.compare_digest(msg.data["proof"], expected):
            self._admitted.add(worker)
            self._runner.send_message(MessageKind.WELCOME, client_id=worker)
        else:
            self._complain(f"worker {worker} has shown a wrong token: it takes no part")

    def _wait_for(self, client_id: str, **_: object) -> None:
        gevent.spawn_later(_PATIENCE_S, self._say_who_is_missing, client_id)

    def _say_who_is_missing(self, worker: str) -> None:
        if worker not in self._admitted and worker in self._runner.clients:
            self._complain(
                f"worker {worker} has not shown the token of the run: it takes no part; give it"
                " the same LOADTEST_TOKEN or --token-file"
            )
