"""How a run shows itself on the terminal: as ``loadtest run`` does, or as Locust does.

``loadtest`` sets this before it hands over to Locust; ``locust -f …`` leaves Locust's own output as
it is and prints our summary after it. Forked workers inherit it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from loadtest.report import Ending

__all__ = ["Presentation", "presentation", "quiet_locust"]

_logger = logging.getLogger("loadtest")


@dataclass(slots=True)
class Presentation:
    """What is shown while a run goes on, and what was done before Locust took over."""

    hides_locust: bool = False
    """Whether Locust's own tables and log are kept from the terminal."""
    shows_progress: bool = False
    """Whether our progress is shown."""
    ignores_ambient: bool = False
    """Whether Locust's variables and configuration files are left aside."""
    keeps_output_free: bool = False
    """Whether standard output belongs to somebody else, such as Locust's ``--json``."""
    is_judged: bool = False
    """Whether a run has come to a verdict, so that the exit code is that of the verdict."""
    complain: Callable[[str], None] = _logger.error
    """Tells a person what went wrong, a line at a time."""
    ending: Ending = Ending.SHORT
    """How much is printed at the end of a run."""
    checked_host: str = ""
    """The target that was found to answer already."""


presentation = Presentation()


def quiet_locust() -> None:
    """Keep Locust's tables and remarks from the terminal, which shows our progress.

    The tables would tear it apart, and end it with figures of two digits. What Locust remarks is in
    the run's log; its errors are still shown.
    """
    logging.getLogger("locust.stats_logger").setLevel(logging.CRITICAL)
    for name in ("", "locust"):
        logger = logging.getLogger(name)
        logger.setLevel(min(logger.level, logging.INFO))
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.setLevel(logging.ERROR)
