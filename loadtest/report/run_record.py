"""What a run leaves behind apart from its figures, in a form that can be kept in a file.

Together with the totals it is all that the results are made from, so that a run that is judged
again from its recording gives the same files. Whoever has totals makes results of them
here and nowhere else.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from loadtest.errors import UsageError
from loadtest.metrics import Totals
from loadtest.observations import ChatEvent
from loadtest.report.latency_log import LatencyInterval
from loadtest.report.results import RunResults
from loadtest.report.summary import RunFacts, build_summary

__all__ = ["RunRecord", "run_results"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is known of a run apart from its figures."""

    facts: RunFacts
    started: datetime.datetime
    profile_toml: str
    is_final: bool = True
    """Whether the run was over: if not, its length and what went wrong are not known yet."""

    def to_plain(self) -> dict[str, Any]:
        """Return the record in dicts, lists, texts and numbers."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "RunRecord":
        """Return the record that ``to_plain`` gave away.

        Raises:
            UsageError: another version of this package made it.
        """
        try:
            return msgspec.convert(plain, cls)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"the run's facts cannot be read: {error}; use the version that wrote them"
            ) from error


def run_results(totals: Totals, record: RunRecord) -> RunResults:
    """Return everything that is written of a run."""
    return RunResults(
        summary=build_summary(totals, record.facts),
        timeline=[row.columns() for row in totals.timeline],
        latency=_latency_intervals(totals),
        started=record.started,
        profile_toml=record.profile_toml,
    )


def _latency_intervals(totals: Totals) -> list[LatencyInterval]:
    """Return delivery latencies for the interval log: messages by second, the rest whole."""
    message = str(ChatEvent.MESSAGE_CREATED)
    rows = totals.timeline
    intervals = [LatencyInterval(message, row.t_s - 1, 1, row.latency.counts) for row in rows]
    length_s = float(rows[-1].t_s) if rows else 0.0
    for event, figures in sorted(totals.figures.events.items()):
        if event != message:
            intervals.append(LatencyInterval(event, 0, length_s, figures.latency.counts))
    for event, crossed in sorted(totals.figures.cross_worker.items()):
        tag = f"{event}.cross_worker"
        intervals.append(LatencyInterval(tag, 0, length_s, crossed.latency.counts))
    notified = totals.figures.all_notifications().latency.counts
    name = str(ChatEvent.NOTIFICATION_CREATED)
    intervals.append(LatencyInterval(name, 0, length_s, notified))
    return intervals
