"""What a case of the self-test is: a trial, and who judges its evidence."""

from collections.abc import Callable
from dataclasses import dataclass

from loadtest.selftest.checks import Check
from loadtest.selftest.trial import Evidence, Trial

__all__ = ["Case", "Judge"]

Judge = Callable[[Evidence, Evidence], list[Check]]
"""Checks a trial's evidence, given that of the clean case."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to prove."""

    name: str
    proves: str
    trial: Trial
    judge: Judge
    is_quick: bool = True
    """Whether the short form has it, too."""
    is_alone: bool = False
    """Whether it needs the machine for itself, because its bounds are a few milliseconds."""
