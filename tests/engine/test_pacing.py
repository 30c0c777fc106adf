"""A slow reader gets everything, in order, a portion at a time, and its socket waits for it."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from loadtest.device import Link
from loadtest.engine.pacing import PacedOwner
from tests.support.stompx_peer import FakeLink


class FakeTransport:
    """A transport whose reading a test can look at."""

    def __init__(self) -> None:
        self.is_reading = True
        self.is_gone = False

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def is_closing(self) -> bool:
        return self.is_gone


class Slow:
    """A paced owner on scripted time; it is itself the owner behind it."""

    def __init__(self, bytes_per_s: float) -> None:
        self.now_ns = 0
        self.got: list[tuple[bytes, int]] = []
        self.told: list[str] = []
        self.waiting: list[Callable[[], None]] = []
        self.transport = FakeTransport()
        self.paced = PacedOwner(
            self, self.transport, bytes_per_s, later=self._later, clock=lambda: self.now_ns
        )

    def _later(self, delay_s: float, function: Callable[[], None]) -> None:
        assert delay_s == 0.1
        self.waiting.append(function)

    def link_opened(self, _link: Link, _now_ns: int) -> None:
        self.told.append("opened")

    def receive(self, data: bytes, now_ns: int) -> None:
        self.got.append((data, now_ns))

    def link_closed(self, reason: str, _now_ns: int) -> None:
        self.told.append(reason)

    def tick(self) -> None:
        """Let a tenth of a second go by."""
        self.now_ns += 100_000_000
        due, self.waiting = self.waiting, []
        for function in due:
            function()


def test_what_is_read_is_handed_on_in_portions_at_their_own_instants() -> None:
    slow = Slow(bytes_per_s=40)
    slow.paced.receive(b"abcdefghij", 0)
    assert slow.got == []
    for _ in range(4):
        slow.tick()
    tenth_ns = 100_000_000
    assert slow.got == [(b"abcd", tenth_ns), (b"efgh", 2 * tenth_ns), (b"ij", 3 * tenth_ns)]


def test_the_socket_is_not_read_while_anything_waits() -> None:
    slow = Slow(bytes_per_s=40)
    slow.paced.receive(b"abcdef", 0)
    assert not slow.transport.is_reading
    slow.tick()
    assert not slow.transport.is_reading
    slow.tick()
    assert slow.transport.is_reading
    assert slow.waiting == []


def test_nothing_is_handed_on_after_the_connection_is_gone() -> None:
    slow = Slow(bytes_per_s=40)
    slow.paced.receive(b"abcdef", 0)
    slow.transport.is_gone = True
    slow.tick()
    assert slow.got == []

    slow.paced.link_closed("reset", 1)
    slow.tick()
    assert slow.got == []
    assert slow.told == ["reset"]


def test_the_rate_is_at_least_a_byte_per_portion() -> None:
    slow = Slow(bytes_per_s=0.001)
    slow.paced.receive(b"ab", 0)
    slow.tick()
    assert slow.got[0][0] == b"a"


def test_an_opened_link_is_handed_on() -> None:
    slow = Slow(bytes_per_s=1)
    slow.paced.link_opened(FakeLink(), 1)
    assert slow.told == ["opened"]


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=30), st.none())), st.integers(1, 500))
def test_every_byte_arrives_once_and_in_order(reads: list[bytes | None], bytes_per_s: int) -> None:
    slow = Slow(bytes_per_s)
    for data in reads:
        if data is None:
            slow.tick()
        else:
            slow.paced.receive(data, slow.now_ns)
    while slow.waiting:
        slow.tick()

    assert b"".join(data for data, _ in slow.got) == b"".join(filter(None, reads))
    assert all(len(data) <= max(1, round(bytes_per_s / 10)) for data, _ in slow.got)
    assert slow.transport.is_reading
