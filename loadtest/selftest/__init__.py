"""The instrument measured with known faults: is the printed figure the injected one?

A case starts the embedded server with a fault, runs this very package against it as anybody would,
each in a process of its own, and compares what the run's summary says with what the server's own
counters say was done, or with what arithmetic says of a delay. ``cases`` is the list of them.
Nothing here looks into the instrument; it reads ``summary.json``, like everybody else.
"""

from loadtest.selftest.cases import CASES, Case
from loadtest.selftest.checks import Check
from loadtest.selftest.outcome import CaseResult, Outcome, latest_outcome, write_outcome
from loadtest.selftest.trial import Evidence, Trial, TrialFailedError

__all__ = [
    "CASES",
    "Case",
    "CaseResult",
    "Check",
    "Evidence",
    "Outcome",
    "Trial",
    "TrialFailedError",
    "latest_outcome",
    "write_outcome",
]
