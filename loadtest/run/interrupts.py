"""What Ctrl-C means: the first one ends a run in order, the second one at once.

Python's own answer, a ``KeyboardInterrupt`` in whatever greenlet runs at that instant, may kill the
very one that takes the last reports. Where no run goes on, and when nothing is left to try, the
main greenlet gets it, and no other.
"""

import signal
from collections.abc import Callable, Sequence
from types import FrameType

import gevent
from gevent.hub import Hub

__all__ = ["Interrupts", "interrupt_without_trace"]


def interrupt_without_trace() -> None:
    """Let no interrupt be printed that comes while the hub waits: it is a wish, and no error.

    It reaches the main greenlet all the same, which ends the process.
    """
    if KeyboardInterrupt not in Hub.NOT_ERROR:
        Hub.NOT_ERROR = (*Hub.NOT_ERROR, KeyboardInterrupt)


class Interrupts:
    """Answers interrupts of this process.

    Args:
        steps: What to do at the first, the second and so on, each in a greenlet of its own.
        is_running: Whether there is anything to end in order.
    """

    def __init__(
        self, steps: Sequence[Callable[[], object]], *, is_running: Callable[[], bool]
    ) -> None:
        self._steps = steps
        self._is_running = is_running
        self._count = 0

    def install(self) -> None:
        """Answer interrupts from now on."""
        signal.signal(signal.SIGINT, self.interrupted)

    def interrupted(self, _number: int, _frame: FrameType | None) -> None:
        """Take one interrupt; whatever follows from it happens in a greenlet of its own.

        This runs between any two instructions of any greenlet, and must not disturb it.
        """
        if self._is_running() and self._count < len(self._steps):
            step = self._steps[self._count]
            self._count += 1
        else:
            step = _interrupt_main
        gevent.spawn(step)


def _interrupt_main() -> None:
    gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())
