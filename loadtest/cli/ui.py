"""The verb ``ui``: the same run with Locust's web UI."""

import argparse
import socket

from loadtest.cli.locust_run import (
    add_run_arguments,
    call_locust,
    checked_options,
    locust_arguments,
    print_plan,
)
from loadtest.errors import UsageError
from loadtest.run.output import guard_output

__all__ = ["add_arguments", "check_port", "run"]

_LOOPBACK = "127.0.0.1"
_PORT_MAX = 65_535


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
    guard_output().check()
    check_port(options.web_host, options.web_port)
    web = ["--web-host", options.web_host, "--web-port", str(options.web_port)]
    return call_locust([*web, *locust_arguments(options)])


def check_port(host: str, port: int) -> None:
    """Check that the UI can listen there: Locust says it with a traceback.

    Raises:
        UsageError: It cannot.
    """
    address = f"--web-host {host} --web-port {port}"
    if port > _PORT_MAX:
        raise UsageError(
            f"{address}: the web UI cannot listen there: a port is {_PORT_MAX} at most"
        )
    try:
        [(family, _, _, _, place), *_] = socket.getaddrinfo(
            None if host == "*" else host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.create_server(place, family=family):
            pass
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{address}: the web UI cannot listen there: {reason.lower()}") from error
