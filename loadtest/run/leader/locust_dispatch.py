"""Which worker carries which users of a profile: whole cells, so that channels stay on one worker.

Locust deals users to workers one by one, which would leave most workers with a cell that is never
complete. Here the users are dealt cell by cell, and as Locust's own dispatcher does everything else
(spawn rate, ramping down), each worker fills its cells one after the other. Where channels span
workers the users are dealt one by one after all, but in the order of the workers' numbers.

A worker that is lost takes its users with it: moving them would start cells anew in the middle of a
run that is no longer valid anyway. One that joins during a run carries users from the next run on.
"""

from collections.abc import Iterator, Sequence

from locust import User
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode

__all__ = ["CellDispatcher"]


class CellDispatcher(UsersDispatcher):
    """Deals users to workers cell by cell.

    Args:
        worker_nodes: The workers that take part, in the order in which cells are dealt.
        user_classes: Locust's user classes.
        users_per_cell: How many users of the run make up a cell.
    """

    def __init__(
        self,
        worker_nodes: Sequence[WorkerNode],
        user_classes: Sequence[type[User]],
        users_per_cell: int,
    ) -> None:
        self._lost: set[str] = set()
        super().__init__(list(worker_nodes), list(user_classes))
        # Locust declares the one kind of iterator that it makes itself.
        self._worker_node_generator = self._by_cells(users_per_cell)  # type: ignore[assignment]

    def __next__(self) -> dict[str, dict[str, int]]:
        """Return how many users each worker is to have now; lost ones are told nothing."""
        users: dict[str, dict[str, int]] = super().__next__()
        return {worker: counts for worker, counts in users.items() if worker not in self._lost}

    def add_worker(self, worker_node: WorkerNode) -> None:
        """Take note of a worker that came during the run, or came back."""
        self._lost.discard(worker_node.id)

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """Take note that a worker is lost."""
        self._lost.add(worker_node.id)

    def _sort_workers(self) -> None:
        """Keep the order that was given, which the workers' numbers follow."""

    def _by_cells(self, users_per_cell: int) -> Iterator[WorkerNode]:
        """Yield the worker of the next user, which follows from how many there are."""
        while True:
            cell = self._current_user_count // users_per_cell
            yield self._worker_nodes[cell % len(self._worker_nodes)]
