"""One worker's part in channels that span workers: what it tells the others, and what it is told.

It belongs to the engine's thread. ``tick`` is called about ten times a second and returns the
batches to send; ``take`` takes one. Nothing is told or taken before this worker's clock is known;
until then it waits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.observations import Observer
from loadtest.spanning.batch import Batch, DrainStage, Fact, decode, encode
from loadtest.spanning.calls import converted
from loadtest.spanning.forwarder import Forwarder
from loadtest.spanning.merger import Merger

__all__ = ["Exchange"]


@dataclass(slots=True)
class _Peer:
    """Another worker."""

    stage: DrainStage = DrainStage.SENDING
    quiet_ns: int = 0
    """By when it was quiet, in our time."""
    told: int = 0
    """How many batches it was sent."""
    taken: int = 0
    """How many of its batches were taken."""
    uncertainty_ns: int = 0


class Exchange:
    """What a worker has to do with the others.

    Args:
        worker: Number of this worker.
        workers: How many there are.
        observer: That of this worker's ledger.
        on_fact: Is called with each fact that another worker tells, or this one tells itself.
        on_problem: Is called with a text if batches were lost.
    """

    def __init__(
        self,
        worker: int,
        workers: int,
        observer: Observer,
        *,
        on_fact: Callable[[Fact], None],
        on_problem: Callable[[str], None],
    ) -> None:
        self._worker = worker
        self._peers = {n: _Peer() for n in range(workers) if n != worker}
        self._forwarder = Forwarder(workers)
        self._merger = Merger(workers, observer)
        self._on_fact = on_fact
        self._on_problem = on_problem
        self._offset: SteadyOffset | None = None
        self._facts: dict[int, list[Fact]] = {n: [] for n in range(workers)}
        self._early: list[bytes] = []
        self._is_done = False
        self.stage = DrainStage.SENDING
        """How far this worker is."""

    @property
    def observer(self) -> Observer:
        """Takes what the devices of this worker report."""
        return self._forwarder.observer

    @property
    def workers(self) -> int:
        """How many workers there are."""
        return len(self._peers) + 1

    def to_master(self, at_ns: int) -> int:
        """Return an instant of ours by the master's clock, as it is known."""
        return self._offset.to_remote(at_ns) if self._offset is not None else at_ns

    def from_master(self, at_ns: int) -> int:
        """Return an instant of the master's clock by ours, as it is known."""
        return self._offset.from_remote(at_ns) if self._offset is not None else at_ns

    # --- what it is told -----------------------------------------------------------------------

    def set_offset(self, offset: SteadyOffset) -> None:
        """Take what is known of this worker's clock now."""
        self._offset = offset
        self._set_hold()
        early, self._early = self._early, []
        for content in early:
            self.take(content)

    def _set_hold(self) -> None:
        known = [peer.uncertainty_ns for peer in self._peers.values()]
        if self._offset is not None:
            known.append(self._offset.uncertainty_ns)
        self._merger.hold_ns = sum(sorted(known)[-2:])

    def take(self, content: bytes) -> None:
        """Take a batch of another worker."""
        offset = self._offset
        if offset is None:
            self._early.append(content)
            return
        batch = decode(content)
        peer = self._peers[batch.sender]
        if batch.number != peer.taken + 1:
            self._on_problem(
                f"worker {batch.sender + 1}: its batch {batch.number} came after its batch "
                f"{peer.taken}; what lay between them is not in the figures"
            )
        peer.taken = batch.number
        peer.uncertainty_ns = batch.uncertainty_ns
        self._set_hold()
        through_ns = offset.from_remote(batch.through_ns)
        calls = (converted((number, args), offset.from_remote) for number, args in batch.calls)
        self._merger.take(batch.sender, calls, through_ns)
        self._step(batch.sender, batch.stage, through_ns)
        for fact in batch.facts:
            self._on_fact(fact)

    def _step(self, worker: int, stage: DrainStage, through_ns: int) -> None:
        peer = self._peers[worker]
        if peer.stage < DrainStage.QUIET <= stage:
            peer.quiet_ns = through_ns
        peer.stage = max(peer.stage, stage)
        if stage is DrainStage.DONE:
            self._merger.finish(worker)

    def lose(self, worker: int) -> None:
        """Take note that a worker is lost."""
        if worker in self._peers:
            self._merger.lose(worker)
            self._peers[worker].stage = DrainStage.DONE

    # --- what it tells -------------------------------------------------------------------------

    def tell(self, fact: Fact, to: int | None = None) -> None:
        """Tell a worker a fact with the next batch; None: all of them, and this one itself."""
        for worker in self._facts if to is None else (to,):
            self._facts[worker].append(fact)

    def member_joined(self, home: int, channel: int, user: int, at_ns: int) -> None:
        """Tell a home of a member of one of its channels."""
        self._forwarder.member_joined(home, channel, user, at_ns)

    def push_received(self, user: int, channel: int, message: int, arrived_ns: int) -> None:
        """Take a push; every worker is told of every one, and its ledger knows its channels."""
        self._forwarder.push_received(self._worker, user, channel, message, arrived_ns)

    def tick(self, now_ns: int) -> list[tuple[int, bytes]]:
        """Return what is to be sent now, with the worker that it is for."""
        while self._facts[self._worker]:
            self._on_fact(self._facts[self._worker].pop(0))
        if not self._is_done:
            self._merger.take(self._worker, self._forwarder.take(self._worker), now_ns)
        offset = self._offset
        if offset is None or self._is_done:
            return []
        if self.stage is DrainStage.DONE:
            self._is_done = True
            self._merger.finish(self._worker)
        return [(worker, self._batch(worker, offset, now_ns)) for worker in self._peers]

    def _batch(self, worker: int, offset: SteadyOffset, now_ns: int) -> bytes:
        peer = self._peers[worker]
        peer.told += 1
        facts, self._facts[worker] = self._facts[worker], []
        calls = [converted(call, offset.to_remote) for call in self._forwarder.take(worker)]
        return encode(
            Batch(
                sender=self._worker,
                number=peer.told,
                through_ns=offset.to_remote(now_ns),
                uncertainty_ns=offset.uncertainty_ns,
                stage=self.stage,
                calls=[(number, list(arguments)) for number, arguments in calls],
                facts=facts,
            )
        )

    # --- how far it is -------------------------------------------------------------------------

    def advance(self, now_ns: int) -> int:
        """Have the ledger told what nothing can come before any more; return up to when."""
        return self._merger.advance(now_ns)

    def is_done(self, worker: int) -> bool:
        """Return whether another worker has told everything, or is lost."""
        return worker not in self._peers or self._peers[worker].stage is DrainStage.DONE

    def are_all(self, stage: DrainStage) -> bool:
        """Return whether every other worker is so far, or lost."""
        return all(peer.stage >= stage for peer in self._peers.values())

    @property
    def knows_all_causes(self) -> bool:
        """Whether every cause of the run has been told to the ledger."""
        watermark_ns = self._merger.watermark_ns
        quiet_ns = max((peer.quiet_ns for peer in self._peers.values()), default=0)
        return self.are_all(DrainStage.QUIET) and (watermark_ns is None or watermark_ns >= quiet_ns)

    @property
    def has_everything(self) -> bool:
        """Whether all workers have told everything, and the ledger has been told all of it."""
        return self._merger.watermark_ns is None and not self._merger.waiting_count
