"""How many replicates find which change: ``python -m tests.benchmarks.noise RESULTS``.

RESULTS holds studies of a server with itself, as ``tests.benchmarks.detection --results`` leaves
them. All their pairs together show the spread; the product's own arithmetic makes the table.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from loadtest.comparison.catalogue import path_named
from loadtest.comparison.comparison import Comparison, compare
from loadtest.comparison.judgement import Settings, power_of
from loadtest.comparison.replicates import Side
from loadtest.comparison.study import PAIRS, read_pairs
from loadtest.comparison.texts import share_of_text

__all__ = ["main", "rows"]

_FIGURES = ("fanout.p50", "fanout.p95", "fanout.p99", "fanout.last.p50", "fanout.last.p99")
_WANTED = 0.1


def compared_with_itself(results: Path) -> Comparison:
    """Return all pairs of servers that were compared with themselves, as one comparison."""
    studies = [read_pairs(path.parent) for path in sorted(results.glob(f"*/{PAIRS}"))]
    studies = [study for study in studies if study.base.label == study.candidate.label]
    base = [run for study in studies for run in study.base.replicates]
    candidate = [run for study in studies for run in study.candidate.replicates]
    gates = tuple(path for name in _FIGURES if (path := path_named(name)) is not None)
    sides = Side("all", tuple(base)), Side("all", tuple(candidate))
    return compare(*sides, Settings(gates=gates), is_paired=True)


def rows(compared: Comparison) -> list[str]:
    """Return the table in Markdown: a row for each figure, alone as a gate."""
    lines = [
        "| figure | spread of a pair | 3 replicates | 5 | 10 | 20 | for 10 % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for gate in compared.gates:
        power = power_of(gate, compared.settings, _WANTED)
        if power is None:
            continue
        found = " | ".join(share_of_text(power.smallest[count]) for count in (3, 5, 10, 20))
        spread, needed = share_of_text(power.spread), power.needed or "more than 1,000"
        lines.append(f"| `{gate.figure.label}` | {spread} | {found} | {needed} |")
    return lines


def main(words: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.noise", description=__doc__)
    parser.add_argument("results", type=Path)
    compared = compared_with_itself(parser.parse_args(words).results)
    if not compared.replicates:
        print("no study of a server with itself is there")
        return 2
    print(f"{compared.replicates} pairs of a server with itself")
    print("\n".join(rows(compared)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
