"""What a profile is for and what load it plans, in a few lines for a person."""

from loadtest.profile.model import Profile
from loadtest.workload.load_plan import LoadPlan

__all__ = ["describe", "load_lines"]


def describe(profile: Profile) -> str:
    """Return name, purpose and planned load of a profile.

    Raises:
        UsageError: The profile cannot be planned: its channels do not fit.
    """
    lines = [f"{profile.name}: {profile.description}"]
    lines += [f"  {line}" for line in load_lines(profile.planned_load())]
    lines.append(f"  {profile.run.duration_s:g} s, dialect {profile.target.dialect}")
    lines += [f"  deviates from the SDK: {deviation}" for deviation in profile.deviations]
    return "\n".join(lines)


def load_lines(plan: LoadPlan) -> list[str]:
    """Return the planned load, a line for who there is, for what they do, and for the bytes."""
    who = [
        f"{plan.devices:,} devices of {plan.users - plan.offline_users:,} users",
        f"{plan.channels:,} channels (up to {plan.largest_channel:,} members)",
        f"{plan.chat_sessions:,.0f} chat sessions at once",
    ]
    does = [
        f"{_rate(plan.messages_per_s)} messages/s",
        f"{_rate(plan.deliveries_per_s)} deliveries/s",
        f"{_rate(plan.notifications_per_s)} notifications/s",
        f"{_rate(plan.reads_per_s)} reads/s",
    ]
    costs = [
        f"{_rate(plan.events_per_s)} events/s",
        f"{_rate(plan.bytes_in_per_s / 1e6)} MB/s to the devices",
        f"{_rate(plan.bytes_out_per_s / 1e6)} MB/s from them",
    ]
    if plan.peak_factor > 1:
        costs.append(f"{_rate(plan.peak_factor)} times as much at the peak")
    return [", ".join(part) for part in (who, does, costs)]


def _rate(value: float) -> str:
    """Return a number with as many digits as an estimate deserves."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"
