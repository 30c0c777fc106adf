"""A push sink in a thread of its own."""

import json
import socket
import threading
from urllib.request import Request, urlopen

from loadtest.errors import UsageError
from loadtest.sink.service import Arrival, SinkService


class Running:
    """A service in a thread, and what it has told."""

    def __init__(self, port: int = 0) -> None:
        self.batches: list[list[Arrival]] = []
        self.outcome: str | UsageError = ""
        self._is_started = threading.Event()
        self._has_some = threading.Event()
        self.service = SinkService(self._take, self._started)
        self._thread = threading.Thread(target=self.service.run, args=("127.0.0.1", port))
        self._thread.start()
        assert self._is_started.wait(30)

    def _started(self, outcome: str | UsageError) -> None:
        self.outcome = outcome
        self._is_started.set()

    def _take(self, pushes: list[Arrival]) -> None:
        self.batches.append(pushes)
        self._has_some.set()

    def post(self, user: int, message: int) -> None:
        """Call the sink as a deployment does."""
        body = {"user": {"id": user}, "channelId": 4, "messageId": message}
        with urlopen(Request(str(self.outcome), json.dumps(body).encode()), timeout=30) as answer:
            assert answer.status == 200

    def wait_for_some(self) -> None:
        assert self._has_some.wait(30)

    def stop(self) -> None:
        self.service.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()


def test_what_comes_is_handed_over_with_its_ids_and_instant() -> None:
    running = Running()
    running.post(7, 99)
    running.wait_for_some()
    running.stop()

    [[(user, channel, message, arrived_ns)]] = running.batches
    assert (user, channel, message) == (7, 4, 99)
    assert arrived_ns > 0
    assert running.service.log.received_count == 1


def test_what_is_left_is_handed_over_at_the_end() -> None:
    running = Running()
    for message in range(5):
        running.post(7, message)
    running.stop()

    assert [push[2] for batch in running.batches for push in batch] == [0, 1, 2, 3, 4]


def test_an_address_in_use_is_said_and_ends_the_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = Running(taken.getsockname()[1])
        running.stop()

    assert isinstance(running.outcome, UsageError)
    assert "cannot listen on 127.0.0.1" in str(running.outcome)
