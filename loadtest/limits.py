"""Limits of this process that a load of many connections runs into."""

import resource

__all__ = ["raise_open_files_limit"]


def raise_open_files_limit() -> int:
    """Raise the limit of open files as far as the system lets it, and return it.

    Each connection takes one. Locust itself raises the limit to 10 000 at most.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
