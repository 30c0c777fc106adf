"""What a run measured, and whether it may be believed.

``ledger`` takes the observations of devices and says what was delivered, lost or wrong; ``figures``
and ``histogram`` hold the results and add up over seconds, workers and runs; ``snapshots`` carry
them between processes; ``thresholds`` and ``verdict`` judge a run. Nothing here does I/O, reads a
clock or knows where observations come from.
"""

from loadtest.metrics.figures.health import HealthSample
from loadtest.metrics.figures.histogram import Histogram
from loadtest.metrics.figures.snapshots import Collection, Totals, merge
from loadtest.metrics.figures.timeline import Interval
from loadtest.metrics.ledger.ledger import Ledger
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.verdict.thresholds import Threshold
from loadtest.metrics.verdict.verdict import ExitCode, Reason, Verdict

__all__ = [
    "Collection",
    "ExitCode",
    "HealthSample",
    "Histogram",
    "Interval",
    "Ledger",
    "LedgerSettings",
    "Reason",
    "Threshold",
    "Totals",
    "Verdict",
    "merge",
]
