"""The verb ``cleanup``: removes the users and channels that a run made, as its manifest says.

It may be called again, and for a run that was killed. It removes from the server that the
run was on, and from no other; a server that is not this host has to be named once more.
"""

import argparse
import os
from pathlib import Path

from loadtest.run.interrupts import Interrupts

# Before the client's library: it brings Locust, which patches the sockets that the other imports.
from loadtest.run.leader.provisioning import way_to_api
from loadtest.run.leader.target_consent import check_target, is_loopback_url
from loadtest.run.network_options import add_way_arguments, way_settings

# isort: split
from loadtest.clock import unseeded_random
from loadtest.errors import TargetError, UsageError
from loadtest.provisioning import (
    MANIFEST,
    ApiAccess,
    Credentials,
    Manifest,
    PathStyle,
    PlatformClient,
    ProgressLines,
    Removal,
    credentials_from,
    remove_population,
)

__all__ = ["add_arguments", "run"]

_EXIT_OK = 0
_EXIT_SOME_LEFT = 1
_EXIT_STOPPED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("run", metavar="RUN", help="run id, or path of the folder of a run")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR")
    parser.add_argument(
        "--host",
        help="the chat server that the run was on; needed if that is another machine than this",
    )
    parser.add_argument(
        "--requests-at-once", type=_count, default=8, metavar="N", help="(%(default)s)"
    )
    add_way_arguments(parser.add_argument)
    parser.add_argument("--dry-run", action="store_true", help="print what would be removed")
    parser.add_argument(
        "--i-am-allowed-to-load",
        default="",
        metavar="HOST",
        help="needed for a public host of the vendor: its name, once more",
    )
    parser.epilog = (
        "The credentials of the Platform API are LOADTEST_CLIENT_ID and LOADTEST_CLIENT_SECRET in"
        " the environment. Exit code 1: some items no longer belong to the run and were kept."
    )


def run(options: argparse.Namespace) -> int:
    """Remove what a run made and return the exit code.

    Raises:
        TargetError: The Platform API refuses something; call it again to go on.
        UsageError: There is no such run, or its server is not the one that was named.
    """
    manifest = Manifest.read(_folder(options.run, options.results) / MANIFEST)
    header = manifest.header
    users, channels = (len(manifest.to_remove(kind)) for kind in ("user", "channel"))
    if header.is_embedded:
        print(
            f"{header.run_id}: its embedded server ended with it, and took everything along;"
            " nothing is to be removed"
        )
        return _EXIT_OK
    _check_host(header.host, options)
    print(f"{header.run_id} on {header.host}: {users:,} users and {channels:,} channels to remove")
    if options.dry_run or not users + channels:
        return _EXIT_OK
    access = ApiAccess(
        header.api_url,
        header.token_url,
        PathStyle(header.style),
        **way_to_api(way_settings(options)),
        requests_at_once=options.requests_at_once,
    )
    with PlatformClient(access, _credentials(header.host), random=unseeded_random()) as client:
        return _remove(client, manifest)


def _remove(client: PlatformClient, manifest: Manifest) -> int:
    """Remove everything, or as much as there is time for until a person has enough of it."""
    Interrupts((client.stop.set,), is_running=lambda: True).install()
    removal = Removal()
    try:
        client.sign_in()
        remove_population(client, manifest, ProgressLines(_say), removal)
    except TargetError:
        if not client.stop.is_set():
            raise
    print(_outcome(removal))
    if client.stop.is_set():
        print("stopped; call it again to go on")
        return _EXIT_STOPPED
    return _EXIT_SOME_LEFT if removal.foreign else _EXIT_OK


def _count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"it is {text!r}; it must be a number of 1 or more")
    return count


def _folder(run_or_path: str, results: Path) -> Path:
    """Return the folder of a run.

    Raises:
        UsageError: There is none.
    """
    for path in (Path(run_or_path), results / run_or_path):
        if path.is_dir():
            return path
    raise UsageError(
        f"{run_or_path}: there is no such folder, and no such run in {results}; name the folder of"
        " a run, or its run id with --results DIR"
    )


def _check_host(host: str, options: argparse.Namespace) -> None:
    if options.host is not None and options.host.rstrip("/") != host.rstrip("/"):
        raise UsageError(
            f"--host is {options.host}; the run was on {host}, and what it made is only there"
        )
    if options.host is None and not is_loopback_url(host):
        raise UsageError(f"the run was on {host}; to remove what it made there, give --host {host}")
    check_target(host, allowed_host=options.i_am_allowed_to_load)


def _credentials(host: str) -> Credentials:
    """Return the credentials; a server on this host may be one that takes any."""
    try:
        return credentials_from(os.environ)
    except UsageError:
        if is_loopback_url(host):
            return Credentials("loadtest", "loadtest")
        raise


def _say(line: str) -> None:
    print(line, flush=True)


def _outcome(removal: Removal) -> str:
    parts = [f"{removal.removed:,} removed", f"{removal.gone:,} already gone"]
    if removal.never_made:
        parts.append(f"{removal.never_made:,} never made")
    if removal.foreign:
        parts.append(
            f"{removal.foreign:,} left, as they are not this run's: their names have changed, or"
            " the server was started anew"
        )
    return ", ".join(parts)
