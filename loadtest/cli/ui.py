"""The verb ``ui``: the same run with Locust's web UI."""

import argparse

from loadtest.cli.locust_run import (
    add_run_arguments,
    call_locust,
    checked_options,
    locust_arguments,
    print_plan,
)

__all__ = ["add_arguments", "run"]

_LOOPBACK = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    # Before those of a run, which take whatever is left of Locust's.
    parser.add_argument("--web-host", default=_LOOPBACK, help="address of the UI (%(default)s)")
    parser.add_argument("--web-port", type=int, default=8089, help="port of the UI (%(default)s)")
    add_run_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Serve the web UI until it is stopped."""
    checked = checked_options(options)
    print_plan(checked)
    if options.dry_run:
        return 0
    web = ["--web-host", options.web_host, "--web-port", str(options.web_port)]
    return call_locust([*web, *locust_arguments(options)])
