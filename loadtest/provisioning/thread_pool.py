"""Work on many things at once, a limited number at a time; the first error ends all of it."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

__all__ = ["work_through"]

T = TypeVar("T")


def work_through(
    items: Iterable[T], work: Callable[[T], None], *, workers: int, stop: threading.Event
) -> None:
    """Call ``work`` with each item, in up to ``workers`` threads.

    Once ``stop`` is set nothing new is begun; what is under way is waited for.

    Raises:
        Exception: The first one that ``work`` raised; ``stop`` is set then.
    """
    source = iter(items)
    lock = threading.Lock()

    def work_on() -> None:
        while not stop.is_set():
            with lock:
                batch = [item for _, item in zip(range(1), source, strict=False)]
            if not batch:
                return
            work(batch[0])

    # It waits at its end for what was begun, also after an interrupt: that must be written down.
    with ThreadPoolExecutor(workers) as pool:
        try:
            for ended in as_completed([pool.submit(work_on) for _ in range(workers)]):
                ended.result()
        except BaseException:
            stop.set()
            raise
