"""The verb ``serve``: the embedded reference server alone, in this process.

It prints one line with its address once it listens, and nothing else; whoever starts it as a child
process reads that line. Everything it counts is at ``/stats``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from loadtest.errors import UsageError
from loadtest.server import FaultPlan, PresenceFanout, ServerSettings, serve_forever

__all__ = ["add_arguments", "main", "run"]

_EXIT_OK = 0
_EXIT_USAGE = 2

# Defaults are those of the settings, so that they stand in one place.
_DEFAULTS = {name: field.default for name, field in ServerSettings.__dataclass_fields__.items()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    _add_access_arguments(parser)
    _add_behaviour_arguments(parser)
    _add_fault_arguments(parser)
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="exit when standard input is closed, as it is when the parent process ends",
    )


def _add_access_arguments(parser: argparse.ArgumentParser) -> None:
    network = parser.add_argument_group("address")
    network.add_argument("--bind", default=_DEFAULTS["bind"], help="address (default %(default)s)")
    network.add_argument(
        "--port", type=int, default=_DEFAULTS["port"], help="0 picks one (default %(default)s)"
    )
    network.add_argument("--path-prefix", default="", help="stands before /rtm/websocket")
    network.add_argument("--certificate", type=Path, help="PEM file; serves wss and https")
    network.add_argument("--private-key", type=Path, help="PEM file")
    access = parser.add_argument_group("who may connect")
    access.add_argument("--api-key", help="the only accepted key (default: any)")
    access.add_argument(
        "--auth-params", metavar="JSON", help="what every user must send (default: anything)"
    )
    access.add_argument(
        "--client-id", help="the only id that gets a token of the Platform API (default: any)"
    )
    access.add_argument("--client-secret", help="the secret of --client-id")


def _add_behaviour_arguments(parser: argparse.ArgumentParser) -> None:
    behaviour = parser.add_argument_group("behaviour")
    behaviour.add_argument(
        "--session-limit",
        type=int,
        default=_DEFAULTS["session_limit"],
        help="chat sessions of one connection, 0 for no limit (default %(default)s)",
    )
    behaviour.add_argument(
        "--typing-timeout",
        type=float,
        metavar="SECONDS",
        default=_DEFAULTS["typing_timeout_s"],
        help="typing ends after this pause (default %(default)s)",
    )
    behaviour.add_argument(
        "--heart-beat",
        type=int,
        metavar="MS",
        default=_DEFAULTS["heart_beat_ms"],
        help="period of heart-beats, 0 for none (default %(default)s)",
    )
    behaviour.add_argument(
        "--presence",
        type=PresenceFanout,
        choices=list(PresenceFanout),
        default=_DEFAULTS["presence_fanout"],
        help="who hears that a user comes or goes (default %(default)s)",
    )
    behaviour.add_argument(
        "--history",
        type=int,
        metavar="MESSAGES",
        default=_DEFAULTS["history_limit"],
        help="kept in each channel (default %(default)s)",
    )
    behaviour.add_argument(
        "--send-buffer",
        type=int,
        metavar="BYTES",
        default=_DEFAULTS["send_buffer_limit_bytes"],
        help="what may wait for a slow reader (default %(default)s)",
    )
    behaviour.add_argument(
        "--push-url",
        metavar="URL",
        help="webhook to call for each member who is not connected when a message comes",
    )


def _add_fault_arguments(parser: argparse.ArgumentParser) -> None:
    faults = parser.add_argument_group("faults", "all of them can be changed live at /faults")
    keys = "; ".join(f"{key} ({meaning})" for key, meaning in FaultPlan.meanings().items())
    faults.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KEY=NUMBER",
        help=f"inject a fault, such as drop.channel.message.created=0.01; repeatable; keys: {keys}",
    )
    faults.add_argument(
        "--fault-seed",
        type=int,
        metavar="N",
        default=1,
        help="the same seed injects the same faults (default %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until a signal; return the exit code.

    Raises:
        UsageError: An option or the address cannot be used.
    """
    serve_forever(
        _settings(options),
        announce=lambda url: print(f"listening on {url}", flush=True),
        parent_pipe=sys.stdin.fileno() if options.exit_with_parent else None,
    )
    return _EXIT_OK


def main() -> int:
    """Parse the command line of ``python -m loadtest.cli.serve`` and run."""
    parser = argparse.ArgumentParser(prog="loadtest serve", description="embedded chat server")
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except UsageError as error:
        for problem in error.problems:
            print(f"loadtest serve: {problem}", file=sys.stderr)
        return _EXIT_USAGE


def _settings(options: argparse.Namespace) -> ServerSettings:
    return ServerSettings(
        bind=options.bind,
        port=options.port,
        path_prefix=options.path_prefix,
        certificate=options.certificate,
        private_key=options.private_key,
        api_key=options.api_key,
        auth_params=_auth_params(options.auth_params),
        client_id=options.client_id,
        client_secret=options.client_secret,
        session_limit=options.session_limit,
        typing_timeout_s=options.typing_timeout,
        heart_beat_ms=options.heart_beat,
        presence_fanout=options.presence,
        history_limit=options.history,
        send_buffer_limit_bytes=options.send_buffer,
        push_url=options.push_url,
        faults=_fault_plan(options.fault),
        fault_seed=options.fault_seed,
    )


def _fault_plan(settings: Sequence[str]) -> FaultPlan:
    pairs = [setting.partition("=")[::2] for setting in settings]
    return FaultPlan().changed(pairs)


def _auth_params(text: str | None) -> dict[str, object] | None:
    if text is None:
        return None
    try:
        params = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"--auth-params: {text!r} is not JSON: {error}") from error
    if not isinstance(params, dict):
        raise UsageError(f"--auth-params: {text!r} must be a JSON object")
    return params


if __name__ == "__main__":
    sys.exit(main())
