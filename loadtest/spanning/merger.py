"""Puts what several workers saw in order of time, and makes the calls on one ledger.

Nothing is taken before every worker has told what it saw up to then. Clocks that are known to some
tenths of a millisecond can turn two close instants round, so that three rules keep the ledger from
accusing anybody wrongly:

* an effect is taken later than it arrived, by what is unknown of two clocks, and so never before
  its cause;
* so is the confirmation of a session or of its end, and so is what its device does after it:
  nothing is expected of a device too early, or held against it;
* the end of a session is lenient by itself: what it crosses is boundary.

The instants in the calls stay as they are. A worker that is lost takes its devices with it: their
sessions end where its last batch ends.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable
from typing import Any

from loadtest.observations import KEY_WORKER_SHIFT, Observer
from loadtest.recording.calls import ENUMS, OBSERVATIONS, Call
from loadtest.spanning.calls import SHAPES, CallKind, number_of

__all__ = ["Merger"]

_SENT = frozenset({number_of("message_sent"), number_of("keystrokes_sent")})
_KEYED_ARRIVALS = {
    number_of("message_delivered"): "channel.message.created",
    number_of("keystrokes_delivered"): "thread.keystrokes.created",
}
_STARTING = number_of("user_session_starting")
_ENDED = number_of("user_session_ended")
_NEVER = 1 << 63


class _Stream:
    """What one worker has told."""

    __slots__ = ("devices", "effect_ns", "held", "last_key", "latest_ns", "through_ns")

    def __init__(self) -> None:
        self.through_ns = -_NEVER
        self.latest_ns = -_NEVER
        """Of its plain calls and confirmations."""
        self.effect_ns = -_NEVER
        """Of its effects, as they are put in order."""
        self.held: dict[int, int] = {}
        """Until when the calls of a device are held back behind a confirmation."""
        self.devices: set[int] = set()
        """Those with a user session."""
        self.last_key = 0
        """The newest key that it has given out, as far as it has told."""


class Merger:
    """Merges the streams of all workers, in the home's own time.

    Args:
        workers: How many workers there are.
        observer: The ledger's.
    """

    def __init__(self, workers: int, observer: Observer) -> None:
        self._methods = [_method(observer, name) for name in OBSERVATIONS]
        self._observer = observer
        self._streams = [_Stream() for _ in range(workers)]
        self._open = set(range(workers))
        self._lost: set[int] = set()
        self._heap: list[tuple[int, int, Call]] = []
        self._serial = itertools.count().__next__
        self.hold_ns = 0
        """What is unknown of two workers' clocks together."""

    @property
    def waiting_count(self) -> int:
        """How many calls wait for what other workers have to tell."""
        return len(self._heap)

    @property
    def watermark_ns(self) -> int | None:
        """Up to when every worker has told what it saw; None: all of them are done."""
        through = [self._streams[worker].through_ns for worker in self._open]
        return min(through) if through else None

    def take(self, worker: int, calls: Iterable[Call], through_ns: int) -> None:
        """Take what a worker saw since the last time, up to ``through_ns``."""
        if worker in self._lost:
            return
        stream = self._streams[worker]
        for call in calls:
            place_ns = self._place_ns(stream, call)
            heapq.heappush(self._heap, (place_ns, self._serial(), call))
        stream.through_ns = max(stream.through_ns, through_ns)

    def _place_ns(self, stream: _Stream, call: Call) -> int:
        """Return where in time a call is taken; a stream never goes back."""
        number, arguments = call
        shape = SHAPES[number]
        instant_ns = shape.instant_ns(call)
        if shape.kind is CallKind.EFFECT:
            stream.effect_ns = max(stream.effect_ns, instant_ns + self.hold_ns)
            return stream.effect_ns
        stream.latest_ns = place_ns = max(stream.latest_ns, instant_ns)
        if number in _SENT:
            stream.last_key = max(stream.last_key, arguments[0])
        device = shape.device_of(call)
        if device is None:
            return place_ns
        if number == _STARTING:
            stream.devices.add(device)
        elif number == _ENDED:
            stream.devices.discard(device)
        held_ns = stream.held.get(device)
        if held_ns is not None:
            if held_ns > place_ns:
                place_ns = held_ns
            else:
                del stream.held[device]
        if shape.kind is CallKind.CONFIRMATION:
            place_ns += self.hold_ns
            stream.held[device] = place_ns
        return place_ns

    def finish(self, worker: int) -> None:
        """Take note that a worker has told everything."""
        self._open.discard(worker)

    def lose(self, worker: int) -> None:
        """Take note that a worker is lost, and its devices with it."""
        if worker not in self._open:
            return
        stream = self._streams[worker]
        self._open.discard(worker)
        self._lost.add(worker)
        at_ns = max(stream.through_ns, stream.latest_ns, 0)
        for device in sorted(stream.devices):
            for name in ("user_session_ending", "user_session_ended"):
                call = (number_of(name), (device, at_ns))
                heapq.heappush(self._heap, (at_ns, self._serial(), call))

    def advance(self, now_ns: int) -> int:
        """Make the calls that nothing can come before any more; return up to when that is."""
        watermark_ns = self.watermark_ns
        until_ns = now_ns if watermark_ns is None else min(watermark_ns, now_ns)
        heap = self._heap
        while heap and (watermark_ns is None or heap[0][0] <= until_ns):
            self._make(heapq.heappop(heap)[2])
        return until_ns

    def _make(self, call: Call) -> None:
        number, arguments = call
        event = _KEYED_ARRIVALS.get(number) if self._lost else None
        if event is not None and self._is_of_lost(arguments[1]):
            self._observer.event_counted(event, 0, arguments[-1])
            return
        self._methods[number](*arguments)

    def _is_of_lost(self, key: int) -> bool:
        """Return whether a lost worker has sent something without having told so."""
        worker = key >> KEY_WORKER_SHIFT
        return worker in self._lost and key > self._streams[worker].last_key


def _method(observer: Observer, name: str) -> Callable[..., None]:
    method: Callable[..., None] = getattr(observer, name)
    if name not in ENUMS:
        return method
    members = tuple(ENUMS[name])

    def with_member(place: int, *rest: Any) -> None:  # noqa: ANN401 - those of the method
        method(members[place], *rest)

    return with_member
