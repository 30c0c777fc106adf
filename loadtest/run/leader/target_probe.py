"""Whether a named server is there and lets a device in, asked once before users are started.

One device starts a user session as all others will, in an engine as theirs: by the same addresses,
proxy and TLS. So a typing error in an address, a wrong API key or the wrong dialect ends a run in a
second with one line, and not in a minute with a thousand failed devices.
"""

import dataclasses
import re
from collections.abc import Callable

import gevent
from gevent.event import AsyncResult

from loadtest.clock import NS_PER_S, unseeded_random
from loadtest.device import Device, Fleet
from loadtest.device.state import State
from loadtest.engine import Engine, EngineSettings, Mailbox, NetworkSettings
from loadtest.engine.network import check_source_addresses
from loadtest.engine.target import target_from_url
from loadtest.errors import TargetError
from loadtest.metrics import Ledger, LedgerSettings
from loadtest.profile import Profile
from loadtest.run.worker.runtime import device_settings
from loadtest.workload import ExistingUser

__all__ = ["check_server"]

_TIMEOUT_S = 10.0
_POLL_S = 0.01
_TRIES = 3
_PAUSE_S = 1.0
_GUEST = ExistingUser("loadtest-probe")
# The first whose pattern is found in a reason tells what to do about it.
_REMEDIES = (
    (r"^name not found|looking up the host name", "check the host name in --host"),
    (r"^proxy |^.* has no address of the family", ""),
    (r"proxy's answer", "is --proxy an HTTP proxy, and may it connect to the chat server?"),
    (r"another host name", "--host must name a host that the certificate is for"),
    (
        r"^certificate not trusted",
        "name the file of its CA with --ca-file, or do not check it with --skip-verification",
    ),
    (
        r"^TLS: |TLS handshake",
        "does the server speak TLS at this port (else http://), and does it ask for a certificate"
        " of ours (--client-certificate)?",
    ),
    (
        r"TCP connection|^[Cc]onnection |^No route|^Network is",
        "is the chat server running, is --host right, and does no firewall stand between?",
    ),
    (
        r"upgrade to a WebSocket|refused the WebSocket|WebSocket handshake",
        "is a chat server there? check address and path of --host, and what it asks for at the"
        " upgrade (--header, --cookie, --query)",
    ),
    (
        r"CONNECTED|current user|grant|RECEIPTs|no link|protocol error",
        "does it speak StompX in the dialect of the profile (target.dialect)?",
    ),
)
_SESSION_REMEDY = "check target.api_key and target.dialect of the profile"
_AUTH_PARAMS = re.compile(r"auth\w*.?param", re.IGNORECASE)
# A server under load refuses for a moment; anything else stays as it is.
_PASSING = re.compile(r"HTTP (?:429|5\d\d)|closed by the server|reset by|^\w+Error: ")
_FOR_GOOD = re.compile(r"AccessDenied|Unauthorized|Authentication")


def check_server(
    url: str,
    profile: Profile,
    network: NetworkSettings,
    user: ExistingUser | None = None,
    *,
    say: Callable[[str], object] = lambda _text: None,
) -> None:
    """Start one user session on the server and end it again.

    Args:
        url: Address of the server.
        profile: Says how the devices of the run behave.
        network: The way to the server.
        user: Whose user session it is; None: a guest's.
        say: Is told that a try was refused and is made again.

    Raises:
        TargetError: There is no server, its certificate is not trusted, or it does not let the
            device in.
        UsageError: ``url`` is no address, or a file or an address of ours cannot be used.
    """
    target = target_from_url(url)
    check_source_addresses(network.source_addresses, target)
    settings = EngineSettings(target, network=network)
    for tries_left in reversed(range(_TRIES)):
        reason = _start_and_end(settings, profile, user or _GUEST)
        if not reason:
            return
        if not tries_left or not _PASSING.search(reason) or _FOR_GOOD.search(reason):
            break
        say(f"{target}: {reason}; trying again")
        gevent.sleep(_PAUSE_S)
    # It may quote what the server sent.
    reason = "".join(each if each.isprintable() else repr(each)[1:-1] for each in reason)
    remedy = _remedy(reason, user or _GUEST)
    raise TargetError(str(target), f"{reason}; {remedy}" if remedy else reason)


def _remedy(reason: str, user: ExistingUser) -> str:
    is_denied = _FOR_GOOD.search(reason) is not None
    if is_denied and _AUTH_PARAMS.search(reason):
        if user.auth_params:
            return f"check the auth_params of {user.name!r} in the file of provisioning.file"
        return (
            "a guest has none: name users with their auth_params in a file"
            ' (provisioning.mode = "file")'
        )
    if is_denied:
        params = f", and the auth_params of {user.name!r}" if user.auth_params else ""
        return f"check target.api_key of the profile{params}"
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, reason):
            return remedy
    return _SESSION_REMEDY


def _start_and_end(settings: EngineSettings, profile: Profile, user: ExistingUser) -> str:
    """Return why the user session could not be started; empty: it could."""
    target, network = settings.target, settings.network
    mailbox = Mailbox()
    outcome: AsyncResult[str] = AsyncResult()
    engine = Engine(settings, mailbox, on_error=outcome.set)
    behaviour = dataclasses.replace(
        device_settings(profile, target.uri(network.api_key, network.query), network),
        reconnect=False,
        connect_timeout_ns=round(_TIMEOUT_S * NS_PER_S),
    )
    fleet = Fleet(
        behaviour,
        Ledger(LedgerSettings()),  # nobody reads it
        run="00000000",
        worker=0,
        random_bits=unseeded_random().getrandbits,
        open_link=engine.open_link,
    )
    device = Device(1, user.name, fleet, auth_params=user.auth_params or None)
    device.start_up.started = lambda reason, _at_ns: mailbox.put(outcome.set, reason)
    engine.schedule(fleet.timers)
    engine.start()
    try:
        now_ns = engine.clock()
        engine.submit(lambda: device.start(due_ns=now_ns, now_ns=engine.clock()))
        reason: str = outcome.get()
        if not reason:
            _end(engine, device)
        return reason
    finally:
        engine.stop()
        mailbox.close()


def _end(engine: Engine, device: Device) -> None:
    """End the user session as the SDK does, so that the server has nothing left of it."""
    engine.call(lambda: device.end(engine.clock()))
    deadline_ns = engine.clock() + round(_TIMEOUT_S * NS_PER_S)
    while engine.call(lambda: device.state is not State.ENDED) and engine.clock() < deadline_ns:
        gevent.sleep(_POLL_S)
