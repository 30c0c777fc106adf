"""The director of a worker whose cells have members on other workers as well.

Users are dealt to the workers one by one, so that the members of each channel are spread over all
of them. What each user does, and when, is what it would be on a single worker: the schedule knows
nothing of workers.
"""

from collections.abc import Callable

from loadtest.device import Fleet
from loadtest.metrics.ledger.crossings import device_number
from loadtest.profile import Profile
from loadtest.simulation.cells import Cell
from loadtest.simulation.director import Director, Placement
from loadtest.simulation.spanning.cells import Place, SpanningCell
from loadtest.simulation.spanning.coordinator import CellCoordinator
from loadtest.spanning import Exchange
from loadtest.spanning.batch import (
    CellSettled,
    CellStarts,
    ChannelMade,
    Fact,
    MemberIn,
    MemberKnown,
)
from loadtest.workload import CellPlan

__all__ = ["SpanningDirector"]

_FOR_THE_HOME = (MemberKnown, ChannelMade, MemberIn, CellSettled)


class SpanningDirector(Director):
    """Drives this worker's share of all cells.

    Args:
        fleet: The devices' common part.
        profile: Of the run.
        placement: Which of the users live here.
        exchange: The way to the other workers.
    """

    def __init__(
        self, fleet: Fleet, profile: Profile, placement: Placement, exchange: Exchange
    ) -> None:
        population = profile.population_plan()
        super().__init__(fleet, population, profile.behaviour(), placement, profile.disturbances())
        self._exchange = exchange
        self._homes: dict[int, CellCoordinator] = {}
        self._spanning: dict[int, SpanningCell] = {}

    def take_fact(self, fact: Fact, now_ns: int) -> None:
        """Take a fact about a cell."""
        self._cell(fact.cell)
        home = self._homes.get(fact.cell)
        if home is not None and isinstance(fact, _FOR_THE_HOME):
            home.take(fact, now_ns)
        self._spanning[fact.cell].take(fact, now_ns)

    def lose(self, worker: int, now_ns: int) -> None:
        """Go on without a lost worker's members."""
        for home in self._homes.values():
            home.lose(worker, now_ns)

    def _wait_no_longer(self, now_ns: int) -> None:
        super()._wait_no_longer(now_ns)
        for home in self._homes.values():
            home.wait_no_longer(now_ns)

    def _device_number(self, cell: int) -> int:
        place = self._placement
        return device_number(
            self._next_serial(),
            worker=place.worker,
            home=self._home_of(cell),
            workers=place.workers,
        )

    def _home_of(self, cell: int) -> int:
        return self._worker_of(cell)(0)

    def _worker_of(self, cell: int) -> Callable[[int], int]:
        first = cell * self._population.users_per_cell
        return lambda member: (first + member) % self._placement.workers

    def _new_cell(self, plan: CellPlan) -> Cell:
        place = Place(self._placement.worker, self._home_of(plan.index), self._exchange)
        if place.home == place.worker:
            worker_of = self._worker_of(plan.index)
            self._homes[plan.index] = CellCoordinator(plan, worker_of, self._tell)
        cell = SpanningCell(plan, self._fleet, self._start_cell, place)
        self._spanning[plan.index] = cell
        return cell

    def _tell(self, fact: Fact, to: int | None) -> None:
        if isinstance(fact, CellStarts):
            fact = CellStarts(fact.cell, self._exchange.to_master(fact.at_ns))
        self._exchange.tell(fact, to)
