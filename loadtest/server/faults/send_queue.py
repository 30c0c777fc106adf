"""The detour that copies of events take while faults are injected.

A copy is dropped, or waits here for its place in the service queue, for its delay, or for the
sender's next message, and goes to ``Publisher.deliver`` at last. The copies of one
subscription stay in order, whatever their delays are, but for those that are reordered on purpose.
A copy that completes the actor's action is never dropped, doubled or reordered, or the action would
hang; it does wait like all others.
"""

from dataclasses import dataclass
from functools import partial

from loadtest.clock import NS_PER_MS, NS_PER_S, Clock
from loadtest.server.events.connection import Connection, Subscription
from loadtest.server.events.publications import Publication
from loadtest.server.events.publisher import Publisher
from loadtest.server.faults.injector import Fate, FaultInjector
from loadtest.server.state.agenda import Agenda
from loadtest.server.state.fault_counts import FaultCounts, FaultKind

__all__ = ["SendQueue", "ServiceLine"]


class ServiceLine:
    """One counter with a queue, first come first served: each thing takes the same time.

    It needs no queue of its own, as the end of each service is known on arrival.
    """

    __slots__ = ("_each_ns", "_free_ns")

    def __init__(self) -> None:
        self._each_ns = 0
        self._free_ns = 0

    def set_rate(self, per_s: float) -> None:
        """Serve so many per second from now on, 0 for no limit; who waits already is not moved."""
        self._each_ns = round(NS_PER_S / per_s) if per_s else 0

    def done_ns(self, now_ns: int) -> int:
        """Return when the service of what arrives now is done."""
        self._free_ns = max(now_ns, self._free_ns) + self._each_ns
        return self._free_ns


@dataclass(slots=True, eq=False)
class _Copy:
    """One copy on its way."""

    subscription: Subscription
    publication: Publication
    receipt_header: bytes
    fault: FaultKind | None = None
    """What to count once it is sent."""


@dataclass(slots=True)
class _Line:
    """Copies of one subscription that wait."""

    count: int
    last_due_ns: int


_Place = tuple[Subscription, str, Connection]
"""Where one sender's order is kept: a receiving subscription, an event type, the sender."""


class SendQueue:
    """Carries out what the injector decides about copies."""

    def __init__(
        self, publisher: Publisher, agenda: Agenda, counts: FaultCounts, clock: Clock
    ) -> None:
        self._publisher = publisher
        self._agenda = agenda
        self._counts = counts
        self._clock = clock
        self._service = ServiceLine()
        self._injector: FaultInjector | None = None
        self._lines: dict[Subscription, _Line] = {}
        self._held: dict[_Place, _Copy] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no copy waits."""
        return not self._lines and not self._held

    def use(self, injector: FaultInjector | None) -> None:
        """Ask this injector from now on; None ends all faults, and what still waits goes its way.

        What is held back for a successor is let go.
        """
        is_needed = injector is not None and injector.plan.touches_copies
        self._injector = injector if is_needed else None
        self._service.set_rate(0 if injector is None else injector.plan.deliveries_per_s)
        for place in list(self._held):
            self._expire(place, self._held[place])
        self._publisher.detour = self
        self._leave_if_done()

    def take(
        self,
        subscription: Subscription,
        publication: Publication,
        receipt_header: bytes,
        sender: Connection | None,
    ) -> None:
        """Decide about one copy."""
        copy = _Copy(subscription, publication, receipt_header)
        if publication.is_spurious:
            copy.fault = FaultKind.SPURIOUS_NOTIFICATION
            fate = Fate.SEND
        elif receipt_header or self._injector is None:
            fate = Fate.SEND
        else:
            fate = self._injector.fate(publication.type)
        if fate is Fate.DROP:
            if subscription.connection.socket.is_open:
                self._count(FaultKind.DROP, copy)
            return
        if sender is None:
            self._send_as(fate, copy)
            return
        place = (subscription, publication.type, sender)
        if fate is Fate.HOLD and place not in self._held:
            self._hold(place, copy)
            return
        self._send_as(fate, copy)
        held = self._held.pop(place, None) if self._held else None
        if held is not None:
            held.fault = FaultKind.REORDER
            self._send(held)

    def _send_as(self, fate: Fate, copy: _Copy) -> None:
        self._send(copy)
        if fate is Fate.DUPLICATE:
            self._send(
                _Copy(copy.subscription, copy.publication, copy.receipt_header, FaultKind.DUPLICATE)
            )

    # --- waiting for a successor --------------------------------------------------------------

    def _hold(self, place: _Place, copy: _Copy) -> None:
        assert self._injector is not None, "without an injector nothing is held"
        self._render(copy)
        self._held[place] = copy
        limit_ns = round(self._injector.plan.reorder_limit_ms * NS_PER_MS)
        self._agenda.after(limit_ns, partial(self._expire, place, copy))

    def _expire(self, place: _Place, copy: _Copy) -> None:
        if self._held.get(place) is copy:
            del self._held[place]
            copy.fault = FaultKind.REORDER_EXPIRED
            self._send(copy)

    # --- waiting for the time -----------------------------------------------------------------

    def _send(self, copy: _Copy) -> None:
        """Have a copy delivered: now, or behind those of its subscription when it is due."""
        now_ns = self._clock()
        due_ns = self._service.done_ns(now_ns)
        if due_ns > now_ns:
            self._count(FaultKind.QUEUE, copy)
        delay_ns = 0 if self._injector is None else self._injector.delay_ns(copy.publication.type)
        if delay_ns:
            self._count(FaultKind.DELAY, copy)
            due_ns += delay_ns
        line = self._lines.get(copy.subscription)
        if line is None and due_ns <= now_ns:
            self._deliver(copy)
            return
        if line is None:
            line = self._lines[copy.subscription] = _Line(0, due_ns)
        line.count += 1
        line.last_due_ns = max(due_ns, line.last_due_ns)
        self._render(copy)
        self._agenda.at(line.last_due_ns, partial(self._release, line, copy))

    def _release(self, line: _Line, copy: _Copy) -> None:
        line.count -= 1
        if not line.count:
            del self._lines[copy.subscription]
        self._deliver(copy)
        self._leave_if_done()

    def _deliver(self, copy: _Copy) -> None:
        if not copy.subscription.is_current:
            self._count(FaultKind.ABANDONED, copy)
            return
        was_sent = self._publisher.deliver(copy.subscription, copy.publication, copy.receipt_header)
        if was_sent and copy.fault is not None:
            self._count(copy.fault, copy)

    def _render(self, copy: _Copy) -> None:
        # The resource may change while the copy waits, and the event is of now.
        copy.publication.tail(copy.subscription.connection.dialect)

    def _count(self, kind: FaultKind, copy: _Copy) -> None:
        self._counts.note(
            kind, copy.publication.type, is_in_channel=copy.subscription.is_in_channel
        )

    def _leave_if_done(self) -> None:
        """Give the publisher its straight way back once nothing can be overtaken on it."""
        if self._injector is None and self.is_empty:
            self._publisher.detour = None
