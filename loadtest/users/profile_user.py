"""The profile-driven Locust user: one chat user of the profile, with all its devices.

It needs no task and no greenlet that runs: the open schedule decides what its devices do, and the
engine does it. Locust spawns, counts and stops it as any other user.
"""

import gevent
from gevent.pool import Group
from locust import User

from loadtest.run.worker.active_run import runtime_or_exit

__all__ = ["ProfileUser"]


def follow_the_profile(user: "ProfileUser") -> None:
    """Do nothing: the greenlet of a profile-driven user is counted by Locust and never run."""


class ProfileUser(User):
    """One user of the profile. Locust's user count is the number of chat users."""

    abstract = True
    is_profile_driven = True
    """The open schedule decides what this user does; the leader of a run asks for it."""
    # Locust refuses users without a task; this one never comes to it.
    tasks = [follow_the_profile]  # noqa: RUF012 - Locust declares it as a variable of instances

    def start(self, group: Group) -> gevent.Greenlet:
        """Start the devices of the next user of the profile.

        Locust keeps a greenlet per user to count it. This one is never started, so that it has no
        stack: 20 000 of them take a few MB.
        """
        self._runtime = runtime_or_exit(self.environment)
        self._group = group
        self._greenlet = gevent.Greenlet(follow_the_profile, self)
        group.add(self._greenlet)
        self._number = self._runtime.user_numbers.take()
        self._runtime.add_user(self._number)
        return self._greenlet

    def stop(self, force: bool = False) -> bool:
        """End the user sessions of the devices."""
        self._runtime.remove_user(self._number)
        self._runtime.user_numbers.give_back(self._number)
        self._group.killone(self._greenlet)
        return True
