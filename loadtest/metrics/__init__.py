"""What a run measured, and whether it may be believed.

``ledger`` takes the observations of devices and says what was delivered, lost or wrong; ``figures``
holds the counts, which add up over seconds, workers and runs, and carries them between processes;
``catalogue`` declares every figure that is made of them; ``verdict`` judges a run. Nothing here
does I/O, reads a clock or knows where observations come from.
"""

from loadtest.metrics.figures.health import HealthSample
from loadtest.metrics.figures.histogram import Histogram
from loadtest.metrics.figures.snapshots import Collection, Totals, merge
from loadtest.metrics.figures.timeline import Interval
from loadtest.metrics.ledger.ledger import Ledger
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.verdict.grammar import Threshold
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
