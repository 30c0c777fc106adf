"""News of a try that was given up is not taken for news of the next one."""

from loadtest.device.attempt import Attempt
from loadtest.device.fleet import Link
from loadtest.device.state import State
from tests.support.stompx_peer import FakeLink


class FakeDevice:
    """Keeps what it is told of its connections."""

    def __init__(self) -> None:
        self.epoch = 1
        self.state = State.OPENING
        self.told: list[str] = []

    def link_opened(self, _link: Link, _now_ns: int) -> None:
        self.told.append("opened")

    def receive(self, data: bytes, _now_ns: int) -> None:
        self.told.append(data.decode())

    def link_closed(self, reason: str, _now_ns: int) -> None:
        self.told.append(reason)


def test_the_newest_try_speaks_to_the_device() -> None:
    device, link = FakeDevice(), FakeLink()
    attempt = Attempt(device)
    attempt.link_opened(link, 1)
    attempt.receive(b"data", 2)
    attempt.link_closed("reset", 3)

    assert device.told == ["opened", "data", "reset"]
    assert not link.is_aborted


def test_an_older_try_is_turned_away() -> None:
    device, link = FakeDevice(), FakeLink()
    attempt = Attempt(device)
    device.epoch += 1
    attempt.link_opened(link, 1)
    attempt.link_closed("timed out after two minutes", 2)

    assert device.told == []
    assert link.is_aborted
