"""Row: this product, as its users run it, behind one command line.

The benchmark knows nothing of the engine. It starts a command that obeys the lines of every client
(``ready``, ``go``, SIGTERM and a report) and, as our instrument measures messages that it sent
itself, one more: at ``feed`` its devices begin to send, and deliveries come back at the plan's
rate, or as fast as its window lets. The full measurement runs meanwhile: the row is there for that.
"""

import importlib.util
import shlex
import sys

from loadtest.device.readers import VARIABLE, is_built
from tests.benchmarks.client import Command
from tests.benchmarks.errors import UnavailableError
from tests.benchmarks.plan import Plan

__all__ = ["DRIVER", "command"]

DRIVER = "tests.benchmarks.ours_client"
"""The module that runs our engine for the benchmark."""


def command(plan: Plan, template: str | None, reader: str = "compiled") -> Command:
    """Return the command that runs our engine with ``plan``.

    Args:
        plan: What to run.
        reader: Which reader its devices have.
        template: A command line with ``{port}``, ``{devices}``, ``{channel_size}`` and ``{rate}``
            in it; None for the driver of the benchmarks.

    Raises:
        UnavailableError: The engine or its driver cannot be imported, or the reader was not built.
    """
    if reader == "compiled" and not is_built():
        raise UnavailableError("the compiled reader was not built: there is no C compiler")
    environment = {VARIABLE: reader}
    if template is not None:
        filled = template.format(
            port=plan.port,
            devices=plan.devices,
            channel_size=plan.channel_size,
            rate=plan.open_rate_per_s,
        )
        return Command(shlex.split(filled), environment)
    for module in ("loadtest.engine", DRIVER):
        _require(module)
    words = [sys.executable, "-m", DRIVER, "--port", str(plan.port)]
    words += ["--devices", str(plan.devices), "--channel-size", str(plan.channel_size)]
    words += ["--rate", f"{plan.rate_per_s:g}", "--window", str(plan.window)]
    return Command(words, environment)


def _require(module: str) -> None:
    try:
        found = importlib.util.find_spec(module)
    except ImportError as error:
        raise UnavailableError(f"{module} cannot be imported: {error}") from error
    if found is None:
        raise UnavailableError(f"{module} cannot be imported: there is no such module; give --ours")
