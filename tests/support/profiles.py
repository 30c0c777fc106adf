"""Profiles for tests: the least that one must say, and changes to it."""

from collections.abc import Sequence

from loadtest.errors import UsageError
from loadtest.profile import Profile, profile_from_text

__all__ = ["MINIMAL", "problems_in", "profile"]

MINIMAL = """\
description = "for a test"
[population]
users = 20
[[channels]]
group = "room"
count = 2
size = 8
[workload]
message_rate_per_s = 5
"""


def profile(*overrides: str, text: str = MINIMAL) -> Profile:
    """Return the minimal profile with some keys changed."""
    return profile_from_text(text, overrides, source="test.toml", name="test")


def problems_in(*overrides: str, text: str = MINIMAL) -> Sequence[str]:
    """Return what is wrong with a profile; none if nothing is."""
    try:
        profile(*overrides, text=text)
    except UsageError as error:
        return error.problems
    return ()
