"""Why actions failed and connections were lost, and what code of a locustfile has raised."""

from collections.abc import Iterator

from locust.runners import Runner

from loadtest.metrics import Totals

__all__ = ["failure_lines", "raised_errors"]


def failure_lines(totals: Totals) -> list[str]:
    """Return why actions failed or were not offered, and connections were lost, a line each."""
    lines = []
    for name, action in sorted(totals.figures.actions.items()):
        lines += [f"{name} failed {n} times: {why}" for why, n in sorted(action.errors.items())]
        lines += [
            f"{name} not offered {n} times: {why}" for why, n in sorted(action.dropped.items())
        ]
    lost = totals.figures.load.connections_lost
    return lines + [f"connection lost {n} times: {why}" for why, n in sorted(lost.items())]


def raised_errors(runner: Runner) -> Iterator[tuple[str, str, int]]:
    """Yield what tasks and handlers have raised, on all workers, as Locust has collected it.

    Yields:
        What was raised and where, its traceback, and how often.
    """
    for each in runner.exceptions.values():
        trace = str(each["traceback"]).rstrip()
        last = trace.splitlines()[-1].strip() if trace else ""
        yield f"{each['msg']} (at: {last})" if last else str(each["msg"]), trace, each["count"]
