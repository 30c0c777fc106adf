"""The times of each phase of a run: the same figures as at the top, of what was due in it."""

from dataclasses import replace

from loadtest.metrics.catalogue.declaration import Block, Kind, latency, level
from loadtest.metrics.catalogue.deliveries import COMPLETION, LATENCY, SERVICE_LATENCY
from loadtest.metrics.catalogue.work import ACTIONS

__all__ = ["ACTION_TIMES", "PHASE", "PHASE_BLOCKS"]

_PREFIX = "phases.<phase>"

PHASE = Block(
    _PREFIX,
    (
        level("from_s", "s", "when the phase began, in seconds since the start of the run"),
        level("to_s", "s", "when it ended"),
        latency(
            "notification_latency",
            "from due of the message to arrival of its notification",
        ),
    ),
)
ACTION_TIMES = replace(
    ACTIONS,
    figures=tuple(each for each in ACTIONS.figures if each.kind is Kind.LATENCY),
    short=(),
)

PHASE_BLOCKS = (
    PHASE,
    *(
        replace(block, path=f"{_PREFIX}.{block.path}", short=(), short_of={})
        for block in (LATENCY, SERVICE_LATENCY, COMPLETION, ACTION_TIMES)
    ),
)
