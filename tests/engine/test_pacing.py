from collections.abc import Callable

from loadtest.device.fleet import Link
from loadtest.engine.pacing import PacedOwner


class FakeTransport:
    def __init__(self) -> None:
        self.is_paused = False
        self.is_closed = False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def is_closing(self) -> bool:
        return self.is_closed


class FakeOwner:
    def __init__(self) -> None:
        self.received: list[tuple[bytes, int]] = []
        self.closed: list[str] = []

    def link_opened(self, link: Link, now_ns: int) -> None:
        raise AssertionError("a pace is asked for later")

    def receive(self, data: bytes, now_ns: int) -> None:
        self.received.append((data, now_ns))

    def link_closed(self, reason: str, now_ns: int) -> None:
        self.closed.append(reason)


class Scene:
    """An owner that gets 100 bytes per second, and the timers of its pace."""

    def __init__(self) -> None:
        self.owner, self.transport = FakeOwner(), FakeTransport()
        self.now_ns = 0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.paced = PacedOwner(
            self.owner,
            self.transport,
            100,
            later=lambda delay_s, call: self.timers.append((delay_s, call)),
            clock=lambda: self.now_ns,
        )

    def pass_a_slice(self) -> None:
        (delay_s, call), *self.timers = self.timers
        self.now_ns += round(delay_s * 1e9)
        call()


def test_what_is_read_is_handed_on_at_the_pace() -> None:
    scene = Scene()
    scene.paced.receive(b"x" * 25, 0)

    assert scene.transport.is_paused
    assert scene.owner.received == []
    for _ in range(3):
        scene.pass_a_slice()
    assert scene.owner.received == [
        (b"x" * 10, 100_000_000),
        (b"x" * 10, 200_000_000),
        (b"x" * 5, 300_000_000),
    ]
    assert not scene.transport.is_paused
    assert scene.timers == []


def test_what_comes_while_something_waits_stays_in_order() -> None:
    """A transport may still hand over what it had read when it was paused."""
    scene = Scene()
    scene.paced.receive(b"a" * 12, 0)
    scene.paced.receive(b"b" * 3, 0)

    assert len(scene.timers) == 1
    scene.pass_a_slice()
    scene.pass_a_slice()
    assert b"".join(data for data, _ in scene.owner.received) == b"a" * 12 + b"b" * 3


def test_reading_goes_on_once_everything_is_handed_on() -> None:
    scene = Scene()
    scene.paced.receive(b"a", 0)
    scene.pass_a_slice()
    scene.paced.receive(b"b", 0)
    scene.pass_a_slice()

    assert [data for data, _ in scene.owner.received] == [b"a", b"b"]


def test_a_closed_connection_hands_on_nothing_more() -> None:
    scene = Scene()
    scene.paced.receive(b"x" * 30, 0)
    scene.pass_a_slice()
    scene.paced.link_closed("reset", 5)
    scene.pass_a_slice()

    assert len(scene.owner.received) == 1
    assert scene.owner.closed == ["reset"]


def test_an_aborted_connection_hands_on_nothing_more() -> None:
    scene = Scene()
    scene.paced.receive(b"x" * 30, 0)
    scene.transport.is_closed = True
    scene.pass_a_slice()

    assert scene.owner.received == []
    assert scene.timers == []
