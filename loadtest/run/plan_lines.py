"""What a run is going to do, in a few lines for a person, before it does it."""

from loadtest.profile.describe import load_lines
from loadtest.profile.supported import unsupported_thresholds
from loadtest.report.absent import absent_from_plan
from loadtest.run.leader.provisioning import provisioning_lines
from loadtest.run.leader.target_consent import is_loopback_url
from loadtest.run.network_options import ambient_proxy_note
from loadtest.run.options import RunOptions

__all__ = ["plan_lines"]


def plan_lines(options: RunOptions) -> list[str]:
    """Return the plan of a run whose users a profile drives.

    Raises:
        UsageError: The profile cannot be planned: its channels do not fit.
    """
    profile, run = options.profile, options.profile.run
    lines = [f"target {options.host or 'embedded server, started for this run'}"]
    network = options.network
    if network.notes():
        lines.append(f"connections: {'; '.join(network.notes())}")
    if options.host and not is_loopback_url(options.host) and (note := ambient_proxy_note(network)):
        lines.append(note)
    lines += provisioning_lines(options)
    lines += options.notes
    plan = options.planned_load()
    lines += load_lines(plan)
    lines.append(f"{run.duration_s:g} s, of which users start in the first {run.ramp_s:g} s")
    deviations = (*profile.deviations, *network.deviations)
    lines += [f"deviates from the SDK: {deviation}" for deviation in deviations]
    lines += [f"not judged: {each}" for each in unsupported_thresholds(profile, plan)]
    lines += [
        f"cannot pass with its description: {each}" for each in absent_from_plan(profile.resolved())
    ]
    return lines
