"""The open schedule of one cell: every action of every user, and when it is due.

The schedule is fixed before the run and never looks at a server. It keeps three promises by
construction: a message, its typing and its edit lie inside a stay of the device that makes them;
nothing is planned for a user that is offline; no device holds more chat sessions than it may. So an
action that cannot be offered is a fault of the server or of the generator, and counts as one.

Actions come lazily, in order, without an end, and so does their planning: it goes no further ahead
than a few seconds, however long a user is away. A user's actions depend on the seed, the cell and
the member, and on nothing else. Not here: clocks, sockets, and reactions to what arrives (reads).
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtest.clock import NS_PER_S
from loadtest.workload.arrivals import Arrivals, Poisson
from loadtest.workload.behaviour import NO_CHANNEL, ActionKind, Behaviour, PlannedAction
from loadtest.workload.population import CellPlan
from loadtest.workload.randomness import RandomStream, cumulative_weights
from loadtest.workload.shares import ready_ratio
from loadtest.workload.stays import NEVER_NS, StayTimeline, Window
from loadtest.workload.typing import TYPING_MAX_S, typed_before, typing_ahead_s
from loadtest.workload.visits import CellVisits

__all__ = ["CellSchedule"]

# So little is planned at once that the engine does not notice it.
_PAUSE_NS = 5 * NS_PER_S
# Once in decades is never; a rate near the smallest float would overflow.
_RATE_MIN_PER_S = 1e-9


class _Stream:
    """Arrivals of one kind for one user, each in a channel that is drawn by its rate."""

    __slots__ = ("_channels", "_cumulative", "_offsets", "_rng", "next_ns")

    def __init__(
        self, shape: Arrivals, rates_per_s: Sequence[tuple[int, float]], rng: RandomStream
    ) -> None:
        self._rng = rng
        self._channels = [channel for channel, _ in rates_per_s]
        self._cumulative = cumulative_weights([rate for _, rate in rates_per_s])
        whole = self._cumulative[-1] if self._cumulative else 0.0
        self._offsets = shape.scaled(whole).offsets_ns(rng) if whole > _RATE_MIN_PER_S else iter(())
        self.next_ns = next(self._offsets, NEVER_NS)

    def take(self) -> int:
        """Return the channel of the arrival that is next, and go on to the one after it."""
        self.next_ns = next(self._offsets, NEVER_NS)
        return self._channels[self._rng.weighted_index(self._cumulative)]


@dataclass(frozen=True, slots=True)
class _UserStreams:
    """What the planner of one user draws from."""

    timeline: StayTimeline
    messages: _Stream
    updates: _Stream
    texts: RandomStream


class _UserPlanner:
    """Puts messages and updates of one user into the windows of the user's timeline."""

    __slots__ = ("_behaviour", "_pending", "_streams", "_visits_of_channel")

    def __init__(self, behaviour: Behaviour, streams: _UserStreams) -> None:
        self._behaviour = behaviour
        self._streams = streams
        self._pending: list[PlannedAction] = []
        self._visits_of_channel: dict[int, list[int]] = {}
        for number, visit in enumerate(streams.timeline.visits):
            self._visits_of_channel.setdefault(visit.channel, []).append(number)

    def steps(self) -> Iterator[PlannedAction]:
        """Yield the actions in order, and a pause where there is none for a while.

        Typing is planned when its message is, so the planning runs ahead: an action is handed out
        once nothing planned later can be due before it.
        """
        known_ns = 0
        ahead_ns = round(typing_ahead_s(self._behaviour.writing) * NS_PER_S)
        timeline, messages = self._streams.timeline, self._streams.messages
        updates, pending = self._streams.updates, self._pending
        while True:
            at_ns = min(timeline.next_ns, messages.next_ns, updates.next_ns)
            while pending and pending[0].due_ns < at_ns - ahead_ns:
                known_ns = pending[0].due_ns
                yield heapq.heappop(pending)
            if at_ns >= NEVER_NS:
                return
            if at_ns - ahead_ns - known_ns >= _PAUSE_NS:
                # Behind all that was handed out, and before all that will be.
                known_ns = at_ns - ahead_ns
                yield PlannedAction(known_ns, ActionKind.PAUSE, 0, NO_CHANNEL, 0)
            if timeline.next_ns == at_ns:
                for action in timeline.advance():
                    heapq.heappush(pending, action)
            elif messages.next_ns == at_ns:
                self._plan_message(at_ns, messages.take())
            else:
                self._plan_update(at_ns, updates.take())

    def _author(self, at_ns: int, channel: int) -> tuple[int, Window] | None:
        """Return a device that can act in the channel now, and its window."""
        timeline = self._streams.timeline
        ready = [
            (timeline.visits[number].device, window)
            for number in self._visits_of_channel[channel]
            if (window := timeline.ready_window(number, at_ns)) is not None
        ]
        if len(ready) > 1:
            return ready[self._streams.texts.below(len(ready))]
        return ready[0] if ready else None

    def _plan_message(self, at_ns: int, channel: int) -> None:
        author = self._author(at_ns, channel)
        if author is None:
            return
        device, window = author
        writing, rng = self._behaviour.writing, self._streams.texts
        length = max(1, round(writing.length.sample(rng)))
        kind = ActionKind.MESSAGE
        if writing.reply_probability and rng.uniform() < writing.reply_probability:
            kind = ActionKind.REPLY
        heapq.heappush(self._pending, PlannedAction(at_ns, kind, device, channel, length))
        self._plan_typing(
            PlannedAction(at_ns, ActionKind.KEYSTROKES, device, channel, length), window
        )
        if rng.uniform() < writing.edit_probability:
            due_ns = at_ns + round(writing.edit_delay_s.sample(rng) * NS_PER_S)
            if due_ns <= window.end_ns - round(self._behaviour.stays.settle_s * NS_PER_S):
                heapq.heappush(
                    self._pending, PlannedAction(due_ns, ActionKind.EDIT, device, channel, length)
                )

    def _plan_typing(self, last: PlannedAction, window: Window) -> None:
        """Plan the typing before a message, as far back as it fits into the window."""
        settle_ns = round(self._behaviour.stays.settle_s * NS_PER_S)
        begin_ns = max(window.start_ns + settle_ns, last.due_ns - round(TYPING_MAX_S * NS_PER_S))
        writing = self._behaviour.writing
        for before_ns, characters in typed_before(writing, last.argument, self._streams.texts):
            due_ns = last.due_ns - before_ns
            if due_ns < begin_ns:
                return
            heapq.heappush(self._pending, last._replace(due_ns=due_ns, argument=characters))

    def _plan_update(self, at_ns: int, channel: int) -> None:
        author = self._author(at_ns, channel)
        if author is not None:
            heapq.heappush(
                self._pending,
                PlannedAction(at_ns, ActionKind.UPDATE_CHANNEL, author[0], channel, 0),
            )


class CellSchedule:
    """The plan of what the users of one cell do.

    Args:
        cell: Who exists.
        behaviour: What they do.
        seed: The seed of the run.

    """

    def __init__(self, cell: CellPlan, behaviour: Behaviour, *, seed: int) -> None:
        self._cell = cell
        self._behaviour = behaviour
        self._seed = seed
        self._visits = CellVisits(cell, behaviour.stays.sessions_per_device_max, seed)
        self._author_shares = self._visits.author_shares()

    def actions(self, member: int) -> Iterator[PlannedAction]:
        """Return what a user's devices are to do: in order, lazily, without an end.

        It ends only for a user that never does anything. To find the next action may take long if
        it is far away; see ``steps``.
        """
        return (step for step in self.steps(member) if step.kind is not ActionKind.PAUSE)

    def steps(self, member: int) -> Iterator[PlannedAction]:
        """Return the same with pauses in between, so that each next step takes little time.

        Whoever carries the steps out asks for the next one when the present one is due.

        Raises:
            UsageError: The user has something to send, but stays are too short for it.
        """
        user = self._cell.users[member]
        behaviour = self._behaviour
        timeline = StayTimeline(
            behaviour.stays,
            user.device_count,
            self._visits.of(member),
            self._stream(member, "stays"),
        )
        devices_in = self._visits.device_counts(member)
        streams = _UserStreams(
            timeline,
            _Stream(
                behaviour.arrivals,
                self._arrival_rates(member, devices_in),
                self._stream(member, "messages"),
            ),
            _Stream(
                Poisson(), self._update_rates(member, devices_in), self._stream(member, "updates")
            ),
            self._stream(member, "texts"),
        )
        return _UserPlanner(behaviour, streams).steps()

    def actions_before(self, member: int, end_ns: int) -> Iterator[PlannedAction]:
        """Return a user's actions that are due before an instant of the workload."""
        for step in self.steps(member):
            if step.due_ns >= end_ns:
                return
            if step.kind is not ActionKind.PAUSE:
                yield step

    def _stream(self, member: int, purpose: str) -> RandomStream:
        return RandomStream(self._seed, "cell", self._cell.index, "member", member, purpose)

    def _arrival_rates(self, member: int, devices_in: dict[int, int]) -> list[tuple[int, float]]:
        """Return the rates at which to try, so that the planned rate is left of them."""
        rates = []
        for channel, devices in devices_in.items():
            rate = self._behaviour.message_rate_per_s * self._cell.channels[channel].message_share
            rate *= self._author_shares[channel].get(member, 0.0)
            if rate > 0:
                rates.append((channel, rate / self._ready_ratio(devices)))
        return rates

    def _update_rates(self, member: int, devices_in: dict[int, int]) -> list[tuple[int, float]]:
        """Return the rates of updates: the one who created a channel updates it."""
        rate = self._behaviour.channel_update_rate_per_s
        return [
            (channel, rate * plan.update_share / self._ready_ratio(devices))
            for channel, devices in devices_in.items()
            if (plan := self._cell.channels[channel]).members[0] == member
            and rate * plan.update_share > 0
        ]

    def _ready_ratio(self, devices: int) -> float:
        return ready_ratio(self._behaviour.stays, devices, self._behaviour.horizon_s)
