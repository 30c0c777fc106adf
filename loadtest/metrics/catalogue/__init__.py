"""Every figure of a run, declared once: name, unit, meaning, where it comes from, how it is judged.

``declaration`` says what a declaration is; ``deliveries``, ``notified``, ``work`` and ``machine``
are the declarations; ``values`` makes the blocks of a summary of them; ``lookup`` finds a figure by
its path or by a short name. Thresholds, tables, the pages about the summary and comparisons are
made from these, so that a new figure is declared here and nowhere else.
"""

from loadtest.metrics.catalogue.declaration import (
    LATENCY_KEYS,
    PERCENTILES,
    Better,
    Block,
    Declaration,
    Gravity,
    Kind,
)

__all__ = [
    "LATENCY_KEYS",
    "PERCENTILES",
    "Better",
    "Block",
    "Declaration",
    "Gravity",
    "Kind",
]
