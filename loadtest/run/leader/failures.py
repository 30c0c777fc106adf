"""Why actions failed and connections were lost, for the log of a run."""

from loadtest.metrics import Totals

__all__ = ["failure_lines"]


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
