"""Work on many things at once, a limited number at a time; the first error ends all of it."""

import threading
from collections.abc import Callable, Iterable
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
    errors: list[Exception] = []

    def run() -> None:
        while not stop.is_set():
            with lock:
                batch = [item for _, item in zip(range(1), source, strict=False)]
            if not batch:
                return
            try:
                work(batch[0])
            # The outer edge of a thread: the caller raises it again.
            except Exception as error:
                errors.append(error)
                stop.set()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        stop.set()  # an interrupt: nothing new, but what was begun is to be written down
        for thread in threads:
            thread.join()
        raise
    if errors:
        raise errors[0]
