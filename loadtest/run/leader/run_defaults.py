"""What the profile says of a run where nobody else does: how many users, how fast, how long."""

from argparse import Namespace

from loadtest.profile import Profile

__all__ = ["fill_in_defaults"]


def fill_in_defaults(parsed: Namespace, profile: Profile, *, is_driven: bool) -> float | None:
    """Fill in what the command line leaves open; return how long the run lasts.

    That is counted from when the run has begun: Locust's own timer begins before the target is
    asked and users are made. None: until somebody stops it, or for as long as Locust knows.
    """
    if is_driven:
        _fill_in_size(parsed, profile)
    if parsed.headless and parsed.run_time:
        run_time_s, parsed.run_time = float(parsed.run_time), None
        return run_time_s
    return profile.run.duration_s if is_driven and not parsed.run_time else None


def _fill_in_size(parsed: Namespace, profile: Profile) -> None:
    if parsed.num_users is None or parsed.headless:
        parsed.num_users = profile.users_in_run
    if parsed.spawn_rate is None:
        parsed.spawn_rate = profile.users_per_s
    if parsed.run_time is None and parsed.headless:
        parsed.run_time = profile.run.duration_s
