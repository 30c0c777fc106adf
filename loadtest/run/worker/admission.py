"""How a worker shows the token of the run, and sees that its leader knows it as well."""

import hmac
import logging
from typing import Any

import gevent
from locust.runners import WorkerRunner

from loadtest.run.bus import nonce, proof
from loadtest.run.messages import MessageKind

__all__ = ["Introduction"]

_PERIOD_S = 0.5
_PATIENCE_S = 10.0

_logger = logging.getLogger("loadtest")


class Introduction:
    """Says who this worker is until the leader welcomes it.

    Args:
        runner: Locust's.
        token: The token; empty: there is none, and nothing is to be shown.
    """

    def __init__(self, runner: WorkerRunner, token: bytes) -> None:
        self._runner = runner
        self._token = token
        self._drawn = nonce()
        self.is_leader_known = not token
        """Whether the leader has shown that it knows the token."""
        self._is_welcome = False
        self._is_doubt_said = False

    def begin(self) -> None:
        """Register for what the leader says, and begin; call it in a greenlet."""
        self._runner.register_message(MessageKind.CHALLENGE, self._answer)
        self._runner.register_message(MessageKind.WELCOME, self._rest)
        if self._token:
            gevent.spawn(self._repeat)

    def _repeat(self) -> None:
        """Say it again and again: the leader may not listen yet."""
        said = 0
        while not self._is_welcome:
            self._runner.send_message(MessageKind.HELLO, {"drawn": self._drawn})
            gevent.sleep(_PERIOD_S)
            said += 1
            if said * _PERIOD_S == _PATIENCE_S:
                _logger.error("the leader has not welcomed this worker: does it have a token?")

    def _answer(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's message
        name = self._runner.client_id
        expected = proof(self._token, "leader", self._drawn, name)
        if not self._token or not hmac.compare_digest(expected, msg.data["proof"]):
            if not self._is_doubt_said:
                self._is_doubt_said = True
                _logger.error("the leader does not know the token of this worker: it takes no part")
            return
        self.is_leader_known = True
        shown = proof(self._token, "worker", msg.data["drawn"], name)
        self._runner.send_message(MessageKind.PROOF, {"proof": shown})

    def _rest(self, **_: object) -> None:
        self._is_welcome = True
