"""The bus between a leader and its workers: where it is, and the token that opens it.

Locust's bus knows no password: whoever reaches its port is a worker. So a run has a token. Forked
workers have it from their parent; workers on other hosts are given it in the environment or in a
file. Each side shows that it knows the token by a keyed hash of what the other side has drawn, so
that the token itself is never sent.
"""

import hashlib
import hmac
import os
import secrets
import socket
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from loadtest.errors import UsageError

__all__ = ["TOKEN_VARIABLE", "nonce", "proof", "settle_bus", "token_of"]

TOKEN_VARIABLE = "LOADTEST_TOKEN"
"""Holds the token of runs with ``--master`` and ``--worker``."""

_LOOPBACK = "127.0.0.1"
_LOCUSTS_PORT = 5557
_LOCUSTS_BIND_HOST = "*"
_TOKEN_BYTES = 32

# Of this process and of those that it forks.
_forked_token = b""
_port = 0


def settle_bus(options: Namespace) -> None:
    """Give a run whose workers are forked a port of its own on the loopback address, and a token.

    Locust would listen on port 5557 of all interfaces, so that two runs of one host would take each
    other's workers. A port that a person named stays.
    """
    global _forked_token
    if not options.processes or options.worker or options.master:
        return
    _forked_token = _forked_token or secrets.token_bytes(_TOKEN_BYTES)
    if options.master_bind_host == _LOCUSTS_BIND_HOST:
        options.master_bind_host = _LOOPBACK
    if options.master_bind_port == options.master_port == _LOCUSTS_PORT:
        options.master_bind_port = options.master_port = _reserved_port()


def _reserved_port() -> int:
    """Return a port that the kernel gives to nobody else while this process is there."""
    global _port
    if not _port:
        reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Bound and not listening: who sets the same option, as the bus does, can listen on it.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind((_LOOPBACK, 0))
        _port = reservation.getsockname()[1]
        reservation.detach()  # open until the process ends
    return _port


def token_of(options: Namespace, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the token of runs of this process; empty: there is none.

    Raises:
        UsageError: The file with it cannot be read.
    """
    path = getattr(options, "token_file", "")
    if path:
        try:
            token = Path(path).read_bytes().strip()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"--token-file {path}: cannot be read: {reason}") from error
        if not token:
            raise UsageError(f"--token-file {path}: it is empty; it must hold the token of the run")
        return token
    return environment.get(TOKEN_VARIABLE, "").strip().encode() or _forked_token


def nonce() -> str:
    """Return what the other side has to hash together with the token."""
    return secrets.token_hex(16)


def proof(token: bytes, side: str, drawn: str, worker: str) -> str:
    """Return what shows that ``side`` knows the token.

    Args:
        token: The token.
        side: ``leader`` or ``worker``, so that nobody can send back what was sent to it.
        drawn: What the other side has drawn.
        worker: Locust's id of the worker.
    """
    return hmac.new(token, f"{side}\n{drawn}\n{worker}".encode(), hashlib.sha256).hexdigest()
