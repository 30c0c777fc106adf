"""Faults over HTTP: showing the plan, changing it, and cutting connections, while the server runs.

A request changes everything it says, or nothing and is told why. Only what is in a path
and a query can be read, as the WebSocket library parses no bodies; so changes are GET as well, and
are taken from this host only.
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from loadtest.chat.texts import cleaned
from loadtest.errors import UsageError
from loadtest.server.faults.active_faults import ActiveFaults
from loadtest.server.faults.plan import FaultPlan
from loadtest.wire.hosts import is_loopback

__all__ = ["FAULT_PATHS", "answer_fault_request", "why_refused"]

_SHOW = "/faults"
_SET = "/faults/set"
_CLEAR = "/faults/clear"
_CUT = "/faults/cut"

FAULT_PATHS = frozenset({_SHOW, _SET, _CLEAR, _CUT})
"""The paths that are answered here."""


def answer_fault_request(
    faults: ActiveFaults, path: str, query: str
) -> tuple[HTTPStatus, dict[str, object]]:
    """Do what one of the paths stands for; return the status and the answer, for JSON."""
    try:
        answer = _answer(faults, path, _pairs(query))
    except UsageError as error:
        return HTTPStatus.BAD_REQUEST, {"problems": list(error.problems)}
    return HTTPStatus.OK, answer


def why_refused(client: str, headers: Mapping[str, str]) -> str:
    """Return why a request for one of the paths is refused; empty: it is not.

    A page of another site can make a browser on this host ask for any address; the browser says so.
    A name that somebody else lets point to this host is not this host's.
    """
    if not is_loopback(client):
        return f"it was asked for by {client}; faults are injected from this host only"
    host = headers.get("Host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if not is_loopback(name):
        return f"it was asked for as {cleaned(host)!r}; ask for it as localhost or 127.0.0.1"
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    is_foreign = site not in (None, "same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    )
    return "it was asked for by a page of another site" if is_foreign else ""


def _answer(faults: ActiveFaults, path: str, pairs: list[tuple[str, str]]) -> dict[str, object]:
    if path == _CUT:
        return {"cut": faults.cut(_cut_count(pairs))}
    if path == _SET:
        if not pairs:
            raise UsageError("/faults/set names no fault; such as /faults/set?drop=0.01")
        faults.apply(faults.plan.changed(pairs))
    elif pairs:
        raise UsageError(f"{path} takes no query")
    elif path == _CLEAR:
        faults.apply(FaultPlan())
    return {
        "seed": faults.seed,
        "plan": faults.plan.as_json(),
        "meanings": FaultPlan.meanings(),
    }


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise UsageError(f"the query {query!r} cannot be read: {error}") from error
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise UsageError(*(f"fault {key} is given twice" for key in twice))
    return pairs


def _cut_count(pairs: list[tuple[str, str]]) -> int | None:
    if not pairs:
        return None
    key, text = pairs[0]
    if len(pairs) > 1 or key != "connections" or not text.isascii() or not text.isdigit():
        raise UsageError(
            f"/faults/cut cannot take {key}={text!r}; it takes connections, a whole number, or "
            "nothing for all of them"
        )
    return int(text)
