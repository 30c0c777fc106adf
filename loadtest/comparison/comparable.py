"""Whether runs can be compared at all: what must be the same, and what makes a run unusable.

A comparison of runs that offered another load, or that nobody could believe, says nothing of the
servers. Each reason names the runs, so that a person can decide to go on with ``--force``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadtest.comparison.replicates import Replicate
from loadtest.report.figures import Summary, at, listed, plain_text

__all__ = ["Difference", "differences", "obstacles", "settings_of", "why_unusable"]

_VALID = frozenset({"PASS", "FAIL"})
_OF_A_THRESHOLD = frozenset({"too_few_samples", "too_near", "clock_uncertainty"})
"""Reasons that leave a threshold open, and say nothing against the run."""
_FREE = ("name", "description", "thresholds", "target.host", "target.api_key", "run.seed")
"""Keys of a profile that change neither load nor measurement."""
_NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not the same on both sides."""

    name: str
    base: str
    candidate: str


def why_unusable(summary: Summary) -> str:
    """Return why a run supports no comparison; nothing if it does."""
    verdict = plain_text(at(summary, "verdict"))
    if verdict in _VALID:
        return ""
    reasons = listed(at(summary, "reasons"))
    codes = [plain_text(at(reason, "code")) for reason in reasons]
    if verdict == "INCONCLUSIVE" and codes and set(codes) <= _OF_A_THRESHOLD:
        return ""
    figures = [plain_text(at(reason, "figure")) for reason in reasons]
    said = ", ".join(f"{code} ({figure})" for code, figure in zip(codes, figures, strict=True))
    return f"{verdict}{f': {said}' if said else ''}"


def obstacles(
    base: Sequence[Replicate], candidate: Sequence[Replicate], *, expected: Collection[str] = ()
) -> tuple[str, ...]:
    """Return every reason not to compare these runs; none if they can be.

    Args:
        base: The runs of one side.
        candidate: The runs of the other.
        expected: Keys of the profile that the comparison is about, so that they differ on purpose.
    """
    found = [
        f"{side} run {run.name} is {why}"
        for side, runs in (("base", base), ("candidate", candidate))
        for run in runs
        if (why := why_unusable(run.summary))
    ]
    for label, path in (("schema", ("schema",)), ("dialect", ("target", "dialect"))):
        found += _unlike(label, *(_values(side, path) for side in (base, candidate)))
    found += _unlike("workload", *(_values(side, ("workload",)) for side in (base, candidate)))
    found += _unlike("seeds", *(_values(side, ("seed",)) for side in (base, candidate)))
    found += _profiles(base, candidate, expected)
    return tuple(found)


def differences(
    base: Summary, candidate: Summary, *keys: str, ignored: Collection[str] = ()
) -> tuple[Difference, ...]:
    """Return what differs under these keys of two summaries, a row for each setting."""
    ours, theirs = (
        {name: text for key in keys for name, text in settings_of(at(run, key), f"{key}.").items()}
        for run in (base, candidate)
    )
    return tuple(
        Difference(name, ours.get(name, "not set"), theirs.get(name, "not set"))
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name) != theirs.get(name) and not _is_below(name, ignored)
    )


def settings_of(block: object, prefix: str = "") -> dict[str, str]:
    """Return the leaves of nested settings by their dotted names."""
    if isinstance(block, Mapping):
        items: Iterable[tuple[object, object]] = block.items()
    elif isinstance(block, list) and any(isinstance(each, Mapping) for each in block):
        # Channel groups have names of their own; a place in a list says less.
        items = [(at(each, "group") or place, each) for place, each in enumerate(block)]
    else:
        return {prefix.removesuffix("."): plain_text(block)} if prefix else {}
    found: dict[str, str] = {}
    for key, value in items:
        found |= settings_of(value, f"{prefix}{key}.")
    return found


def _profiles(
    base: Sequence[Replicate], candidate: Sequence[Replicate], expected: Collection[str]
) -> list[str]:
    """Return how a profile differs from that of the first base run, the first such run alone."""
    ignored = [f"profile.{key}" for key in (*_FREE, *expected)]
    first = base[0]
    for run in (*base[1:], *candidate):
        apart = differences(first.summary, run.summary, "profile", ignored=ignored)
        if apart:
            shown = "; ".join(
                f"{each.name.removeprefix('profile.')} {each.base} against {each.candidate}"
                for each in apart[:_NAMES_SHOWN]
            )
            more = len(apart) - _NAMES_SHOWN
            rest = f" and {more} more" if more > 0 else ""
            return [f"the profile of {run.name} is not that of {first.name}: {shown}{rest}"]
    return []


def _is_below(name: str, keys: Iterable[str]) -> bool:
    return any(name == key or name.startswith(f"{key}.") for key in keys)


def _values(side: Sequence[Replicate], path: tuple[str, ...]) -> set[str]:
    return {plain_text(at(run.summary, *path)) for run in side}


def _unlike(label: str, base: set[str], candidate: set[str]) -> list[str]:
    if base == candidate:
        return []
    shown = (", ".join(sorted(side)) for side in (base, candidate))
    return [f"{label} of base and candidate differ: {' against '.join(shown)}"]
