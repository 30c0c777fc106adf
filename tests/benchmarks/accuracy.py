"""Whether counts are right while devices move and everything goes wrong at once.

``python -m tests.benchmarks.accuracy`` runs `smoke` in scripted time, ten times with another seed,
against a server that drops, doubles, delays and reorders messages and notifications, cuts
connections and refuses actions. Beside each count of the ledger stands the server's own. It ends
with 1 if a count differs by more than what was not judged, or if that is 3 % or more.
"""

import argparse
import sys
from collections.abc import Sequence

from loadtest.observations import ChatEvent
from tests.support.accuracy import ALL_FAULTS, MOVING, Accuracy, measured

__all__ = ["main"]

_HIGHEST_UNJUDGED = 0.03
_HEADINGS = ("seed", "expected", "lost", "duplicate", "out of order", "boundary", "missed", "twice")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the counts of each seed; return 1 if one of them is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.accuracy", description=__doc__
    )
    parser.add_argument("--profile", default="smoke")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--fault", action="append", help=f"instead of {', '.join(ALL_FAULTS)}")
    parser.add_argument("--set", action="append", help=f"instead of {', '.join(MOVING)}")
    options = parser.parse_args(arguments)
    faults = tuple(options.fault) if options.fault else ALL_FAULTS
    overrides = tuple(options.set) if options.set else MOVING
    print(_line(_HEADINGS))
    wrong = 0
    for seed in range(1, options.seeds + 1):
        found = measured(options.profile, *overrides, faults=faults, seed=seed)
        wrong += _show(seed, found)
    print("each count: the ledger's / the server's")
    return 1 if wrong else 0


def _show(seed: int, found: Accuracy) -> bool:
    message = found.figures.event(ChatEvent.MESSAGE_CREATED)
    unjudged = 1 - (message.judged_share or 0.0)
    pairs = {each.figure: f"{each.counted} / {each.injected}" for each in found.compared}
    cells = (
        str(seed),
        str(message.expected),
        pairs["messages lost"],
        pairs["messages duplicate"],
        pairs["messages out of order"],
        f"{unjudged:.2%}",
        pairs["notifications missed or in a gap"],
        pairs["notifications duplicate"],
    )
    print(_line(cells))
    problems = [
        f"{each.figure}: {each.counted}, must be {each.lowest} to {each.highest}"
        for each in found.wrong()
    ]
    problems += [f"does not add up: {path}" for path in found.contradictions]
    if unjudged >= _HIGHEST_UNJUDGED:
        problems.append(f"boundary: {unjudged:.2%}, must be below {_HIGHEST_UNJUDGED:.0%}")
    for problem in problems:
        print(f"  ✗ {problem}")
    return bool(problems)


def _line(cells: Sequence[str]) -> str:
    return "  ".join(f"{cell:>12}" for cell in cells)


if __name__ == "__main__":
    sys.exit(main())
