"""The verb ``sink``: a receiver of the push webhook alone, in this process.

It prints one line with the URL to be called once it listens, and nothing else. What it got is at
``/stats`` and ``/pushes``.
"""

import argparse

from loadtest.sink import sink_forever

__all__ = ["add_arguments", "run"]

_EXIT_OK = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("--bind", default="127.0.0.1", help="address (default %(default)s)")
    parser.add_argument("--port", type=int, default=8085, help="0 picks one (default %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Take pushes until a signal; return the exit code.

    Raises:
        UsageError: The address cannot be used.
    """
    sink_forever(
        options.bind,
        options.port,
        announce=lambda url: print(f"listening on {url}", flush=True),
    )
    return _EXIT_OK
