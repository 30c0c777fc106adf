"""Channels whose members are on several workers: one ledger sees what all of them saw.

Each cell has a *home*, the worker that keeps its ledger. The others forward what their devices of
the cell see, in batches over Locust's bus; the home puts everything in order of time, by the
clocks' offsets, and makes the same calls on an ordinary ledger. So nothing is judged in another way
than within one worker. Nothing here does I/O or reads a clock.
"""

from loadtest.spanning.batch import DrainStage
from loadtest.spanning.exchange import Exchange

__all__ = ["DrainStage", "Exchange"]
