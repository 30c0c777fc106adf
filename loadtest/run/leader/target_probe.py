"""Whether a named server is there and lets a device in, asked once before users are started.

One device starts a user session as all others will, and ends it. So a typing error in an address, a
wrong API key or the wrong dialect ends a run in a second with one line, and not in a minute with a
thousand failed devices.
"""

import dataclasses
import socket
import ssl
from pathlib import Path

from loadtest.clock import NS_PER_S, Clock, monotonic_ns, unseeded_random
from loadtest.device import Device, DeviceSettings, Fleet, LinkOwner
from loadtest.device.state import State
from loadtest.engine.sockets import Target, reason_of, target_from_url, tls_context
from loadtest.errors import TargetError
from loadtest.metrics import Ledger, LedgerSettings
from loadtest.profile import Profile
from loadtest.run.worker.runtime import device_settings
from loadtest.workload import ExistingUser

__all__ = ["check_server"]

_TIMEOUT_S = 10
_READ_BYTES = 1 << 16
_SOCKET_REMEDY = "is the chat server running, and is --host right?"
_CERTIFICATE_REMEDY = "name the file of its CA with --ca-file"
_SESSION_REMEDY = "check --host, and target.api_key and target.dialect of the profile"
_GUEST = ExistingUser("loadtest-probe")


class _SocketLink:
    """The way out of the probing device."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.is_open = True

    def write(self, data: bytes) -> None:
        """Send at once."""
        self._connection.sendall(data)

    def close(self) -> None:
        """Take note that the device is done."""
        self.is_open = False

    abort = close

    def read_slowly(self, bytes_per_s: float) -> None:
        """Read as fast as ever: this is one device for a second."""


def check_server(
    url: str,
    profile: Profile,
    ca_file: Path | None,
    user: ExistingUser | None = None,
    *,
    clock: Clock = monotonic_ns,
) -> None:
    """Start one user session on the server and end it again.

    Args:
        url: Address of the server.
        profile: Says how the devices of the run behave.
        ca_file: Certificates to trust besides the system's, for ``wss``.
        user: Whose user session it is; None: a guest's.
        clock: For tests.

    Raises:
        TargetError: There is no server, its certificate is not trusted, or it does not let the
            device in.
        UsageError: ``url`` is no address, or ``ca_file`` cannot be read.
    """
    target = target_from_url(url)
    context = tls_context(ca_file) if target.is_secure else None
    settings = device_settings(profile, target.uri(profile.target.api_key))
    try:
        with _connect(target, context) as connection:
            reason = _start_and_end(connection, settings, user or _GUEST, clock)
    except socket.gaierror as error:
        raise TargetError(str(target), f"name not found: {target.host}; check --host") from error
    except TimeoutError as error:
        raise TargetError(
            str(target), f"no answer within {_TIMEOUT_S} s; {_SOCKET_REMEDY}"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise TargetError(str(target), f"{reason_of(error)}; {_CERTIFICATE_REMEDY}") from error
    except OSError as error:
        raise TargetError(str(target), f"{reason_of(error)}; {_SOCKET_REMEDY}") from error
    if reason:
        # It may quote what the server sent.
        reason = "".join(each if each.isprintable() else repr(each)[1:-1] for each in reason)
        raise TargetError(str(target), f"{reason}; {_SESSION_REMEDY}")


def _connect(target: Target, context: ssl.SSLContext | None) -> socket.socket:
    connection = socket.create_connection((target.host, target.port), _TIMEOUT_S)
    if context is None:
        return connection
    return context.wrap_socket(connection, server_hostname=target.host)


def _start_and_end(
    connection: socket.socket, settings: DeviceSettings, user: ExistingUser, clock: Clock
) -> str:
    """Return why the user session could not be started; empty: it could."""
    outcomes: list[str] = []
    owners: list[LinkOwner] = []
    fleet = Fleet(
        dataclasses.replace(settings, reconnect=False),
        Ledger(LedgerSettings()),  # nobody reads it
        run="00000000",
        worker=0,
        random_bits=unseeded_random().getrandbits,
        open_link=owners.append,
    )
    device = Device(1, user.name, fleet, auth_params=user.auth_params or None)
    device.start_up.started = lambda reason, _at_ns: outcomes.append(reason)
    device.start(due_ns=clock(), now_ns=clock())
    link = _SocketLink(connection)
    owners[0].link_opened(link, clock())
    deadline_ns = clock() + _TIMEOUT_S * NS_PER_S
    while link.is_open and device.state is not State.ENDED:
        connection.settimeout(max(deadline_ns - clock(), 1) / NS_PER_S)
        data = connection.recv(_READ_BYTES)
        if data:
            owners[0].receive(data, clock())
        else:
            owners[0].link_closed("connection closed by the server", clock())
            break
        if outcomes and not outcomes[0]:
            device.end(clock())
    return outcomes[0] if outcomes else ""
