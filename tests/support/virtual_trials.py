"""Trials of a search against the embedded server at a known service rate, in scripted time.

Server, director, devices, ledger, thresholds and verdict are those of a real run; only sockets,
Locust and the wait are left out, so that twenty searches take minutes. The server does so many
actions a second from the moment at which everybody is there; each message is one action, and there
are no others.
"""

import functools
from pathlib import Path

import loadtest.selftest
from loadtest.capacity.judged import TrialPlan, judged
from loadtest.capacity.search import Outcome
from loadtest.capacity.study import TrialRecord
from loadtest.clock import NS_PER_S
from loadtest.metrics import merge
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.profile import Profile, load_profile
from loadtest.report.summary import RunFacts, build_summary
from loadtest.server.faults.plan import FaultPlan
from loadtest.server.state.agenda import Agenda
from tests.support.virtual_world import VirtualRun

__all__ = ["HOLD_S", "virtual_outcome", "virtual_trial"]

HOLD_S = 20
_SETTLE_S = 3
_PROFILE = Path(loadtest.selftest.__file__).parent / "steady.toml"
_ONLY_MESSAGES = (
    "workload.keystroke_bursts=0",
    "workload.read_probability=0",
    "workload.edit_probability=0",
    "thresholds=['delivery.message.lost == 0', 'fanout.p99 < 250ms']",
)


class _ServedAtRate(VirtualRun):
    """A run whose server becomes slow once everybody is there."""

    def trial(self, load: float, actions_per_s: float) -> TrialRecord:
        """Run it, and return the trial that it was."""
        run, world = self.profile.run, self.world
        world.clocked = (*world.clocked, _Due(self.chat.agenda))
        self._add_users(round(run.ramp_s * NS_PER_S))
        world.pass_time(round((_SETTLE_S - run.ramp_s) * NS_PER_S))
        self.chat.faults.apply(FaultPlan(actions_per_s=actions_per_s))
        world.pass_time(HOLD_S * NS_PER_S)
        self._drain()
        self.ledger.finish(world.now_ns, drained=self.is_drained)
        self.ledger.roll(world.now_ns)
        totals = merge([self.ledger.snapshot()])
        summary = build_summary(totals, _facts(self.profile))
        rows = [row.columns() for row in totals.timeline]
        plan = TrialPlan(load, "tried", _SETTLE_S, HOLD_S, is_settling_judged=False)
        return judged(plan, summary, rows, length_s=0.0)


class _Due:
    """What the server has put off, as work of the scripted world."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda

    def next_due_ns(self) -> int | None:
        """Return when the next of it is due."""
        return self._agenda.next_due_ns

    def run(self, now_ns: int) -> None:
        """Do what is due."""
        self._agenda.run()


def virtual_trial(load: float, actions_per_s: float) -> TrialRecord:
    """Return a trial at ``load`` messages a second against a server that does so many."""
    duration = f"run.duration_s={_SETTLE_S + HOLD_S}"
    rate = f"workload.message_rate_per_s={load:.6g}"
    profile = load_profile(str(_PROFILE), [*_ONLY_MESSAGES, duration, rate])
    return _ServedAtRate(profile).trial(load, actions_per_s)


@functools.cache
def virtual_outcome(load: float, actions_per_s: float) -> Outcome:
    """Return the outcome of that trial; the same pair always has the same one."""
    return Outcome(virtual_trial(load, actions_per_s).outcome)


def _facts(profile: Profile) -> RunFacts:
    return RunFacts(
        run_id="trial",
        host="server in scripted time",
        dialect=profile.target.dialect,
        is_embedded=True,
        profile=profile.resolved(),
        seed=profile.run.seed,
        duration_s=profile.run.duration_s,
        versions={},
        lag_p99_limit_ms=profile.generator.lag_p99_limit_ms,
        thresholds=parse_all(profile.thresholds),
    )
