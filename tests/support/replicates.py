"""Replicates of a run: a passing summary with a few figures of its own."""

from collections.abc import Sequence
from typing import Any

from tests.support.summaries import figures, passing_summary

__all__ = ["MESSAGE", "replicate", "replicates"]

MESSAGE = "channel.message.created"


def replicate(p50_ms: float = 4.0, *, lost: int = 0, seed: int = 7) -> dict[str, Any]:
    """Return the summary of a run with this latency and these losses of messages."""
    summary = passing_summary()
    summary["seed"] = seed
    entry = summary["ledger"][MESSAGE]
    entry["lost"], entry["delivered"] = lost, entry["expected"] - lost
    summary["latency"][MESSAGE] = figures(entry["delivered"], p50_ms)
    return summary


def replicates(values_ms: Sequence[float], lost: Sequence[int] = ()) -> list[dict[str, Any]]:
    """Return a run for each value."""
    losses = list(lost) or [0] * len(values_ms)
    return [replicate(ms, lost=n) for ms, n in zip(values_ms, losses, strict=True)]
