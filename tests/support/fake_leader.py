"""A leader of runs in name only, for the desk that answers the screens."""

from argparse import Namespace

from loadtest.errors import TargetError
from loadtest.run.leader.results import RunResults
from loadtest.run.options import RunOptions, run_options

__all__ = ["EMBEDDED", "FakeLeader"]

EMBEDDED = "http://127.0.0.1:4711"


class FakeLeader:
    """A leader of runs in name only."""

    def __init__(self, options: Namespace) -> None:
        self.parsed = options
        self.results: RunResults | None = None
        self.run_time_s: float | None = None
        self.refusal = ""
        self.is_profile_driven = True
        self.state = "ready"
        self.embedded_address = EMBEDDED
        self.checked: list[str] = []

    def options_of(self, options: Namespace) -> RunOptions:
        found = run_options(options)
        users = options.num_users
        if not self.is_profile_driven or not users or users == found.profile.users_in_run:
            return found
        return found.scaled_to_users(users)

    def check_host(self, options: RunOptions, host: str) -> None:
        self.checked.append(host)
        if "nobody" in host:
            raise TargetError(host, "connection refused")
