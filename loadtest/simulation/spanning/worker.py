"""Channels that span workers, in the life of a run: what happens again and again, and at its end.

The devices of a worker are seen by the ledgers of several, so that no worker can end alone. One
rule: every step of the end waits until the others have taken theirs, each wait with a limit; who is
lost is not waited for. All but ``send_with`` belongs to the engine's thread.
"""

from collections.abc import Callable

from loadtest.engine import Mailbox
from loadtest.metrics import Ledger
from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.observations import Observer
from loadtest.recording import Recorder
from loadtest.simulation.spanning.director import SpanningDirector
from loadtest.spanning import DrainStage, Exchange
from loadtest.spanning.batch import Fact

__all__ = ["Spanning"]


class Spanning:
    """This worker and the others.

    Args:
        worker: Number of this worker.
        workers: How many there are.
        ledger: What is told and settled.
        observer: The way to tell it.
        mailbox: The way to the hub, where batches are sent.
        on_error: Is called in the hub if something is missing.
    """

    def __init__(
        self,
        worker: int,
        workers: int,
        ledger: Ledger | Recorder,
        observer: Observer,
        mailbox: Mailbox,
        on_error: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._mailbox = mailbox
        self._on_error = on_error
        self._send: Callable[[int, bytes], None] | None = None
        self._director: SpanningDirector | None = None
        self._now_ns = 0
        self._settled_ns = 0
        self.exchange = Exchange(
            worker,
            workers,
            observer,
            on_fact=self._take_fact,
            on_problem=lambda text: mailbox.put(on_error, text),
        )

    def send_with(self, send: Callable[[int, bytes], None]) -> None:
        """Take the way to the other workers: number of the worker, and what it is sent."""
        self._send = send

    def serve(self, director: SpanningDirector) -> None:
        """Hand facts about cells to the worker's director from now on."""
        self._director = director

    # --- again and again -----------------------------------------------------------------------

    def turn(self, now_ns: int) -> None:
        """Tell the others, and have the ledger judge what nothing can come before any more."""
        self._now_ns = now_ns
        for worker, content in self.exchange.tick(now_ns):
            if self._send is not None:
                self._mailbox.put(self._send, worker, content)
        until_ns = self.exchange.advance(now_ns)
        if until_ns > self._settled_ns:
            self._settled_ns = until_ns
            self._ledger.settle(until_ns)

    def take(self, content: bytes, now_ns: int) -> None:
        """Take a batch of another worker."""
        self._now_ns = now_ns
        self.exchange.take(content)

    def set_offset(self, offset: SteadyOffset) -> None:
        """Take what is known of this worker's clock now."""
        self.exchange.set_offset(offset)

    def lose(self, worker: int, now_ns: int) -> None:
        """Go on without a worker that is lost."""
        is_needed = not self.exchange.is_done(worker)
        self.exchange.lose(worker)
        if self._director is not None:
            self._director.lose(worker, now_ns)
        if is_needed:
            text = f"worker {worker + 1} is gone: what its devices saw later is not in the figures"
            self._mailbox.put(self._on_error, text)

    def _take_fact(self, fact: Fact) -> None:
        if self._director is not None:
            self._director.take_fact(fact, self._now_ns)

    # --- the end -------------------------------------------------------------------------------

    def step(self, stage: DrainStage) -> None:
        """Tell the others how far this worker is."""
        self.exchange.stage = stage

    def end_ns(self, now_ns: int) -> int:
        """Return up to when the ledger has been told everything, after a last turn."""
        self.turn(now_ns)
        return now_ns if self.exchange.has_everything else max(self._settled_ns, 1)
