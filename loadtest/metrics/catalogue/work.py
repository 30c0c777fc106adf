"""The figures of what devices did: load, actions, session starts."""

from loadtest.metrics.catalogue.declaration import (
    Better,
    Block,
    Declaration,
    Gravity,
    amount,
    count,
    latency,
    level,
    ratio,
)

__all__ = ["ACTIONS", "LOAD", "SESSIONS", "WORK", "WORK_BLOCKS"]

LOAD = Block(
    "load",
    (
        amount("users", "users", "chat identities that took part"),
        amount("devices", "devices", "devices that took part"),
        level("devices_peak", "devices", "most connected devices at the end of a second"),
        amount(
            "user_sessions",
            "user sessions",
            "user sessions that were started",
            source="user_sessions_started",
        ),
        amount(
            "user_sessions_ended",
            "user sessions",
            "user sessions that ended by the device's own wish",
        ),
        count(
            "connections_lost",
            "connections",
            "connections that broke against the device's wish",
            Gravity.REMARK,
        ),
        amount("chat_sessions_started", "chat sessions", "chat sessions that became active"),
        amount("chat_sessions_ended", "chat sessions", "chat sessions that ended"),
        level(
            "chat_sessions_peak",
            "chat sessions",
            "most active chat sessions at the end of a second",
        ),
    ),
)


def _work(unit: str, meaning: str, failed: str) -> tuple[Declaration, ...]:
    return (
        latency("", meaning, source="latency"),
        latency("completion", "from due to the completing event or answer"),
        amount("completed", unit, "that ended well, in the whole run"),
        count("errors", unit, failed, Gravity.FAULT, of=("completed", "errors")),
        count(
            "dropped",
            unit,
            "planned, but the device was not ready for it",
            Gravity.REMARK,
            of=("completed", "errors", "dropped"),
        ),
    )


ACTIONS = Block(
    "actions.<action>",
    _work(
        "actions",
        "from due to the STOMP receipt; to the completing event where there is none",
        "ended with an error, or not by their deadline",
    ),
    short=("action.<action>",),
)
SESSIONS = Block(
    "sessions.<start>",
    _work(
        "sessions",
        "`user_session_start`: from CONNECT until every topic of the user is active; "
        "`chat_session_start`: from the first SUBSCRIBE until every topic of the channel is",
        "that did not become active",
    ),
    short=("<start>.start",),
)

_TOTALS = (
    amount("planned", "actions", "what users wanted to do: completed, failed and dropped"),
    amount("completed", "actions", "of those, that ended well"),
    count(
        "failed",
        "actions",
        "ended with an error, or not by their deadline",
        Gravity.FAULT,
        of=("completed", "failed"),
    ),
    count(
        "refused",
        "actions",
        "of the failed ones, those that the server refused by name",
        Gravity.REMARK,
        of=("completed", "failed"),
    ),
    count(
        "dropped",
        "actions",
        "planned, but the device was not ready for them",
        Gravity.REMARK,
        of=("planned",),
    ),
    count(
        "not_offered",
        "actions",
        "dropped or refused: what was planned and did not load the server",
        of=("planned",),
    ),
    ratio(
        "failed_ratio",
        "failed",
        ("completed", "failed"),
        "failed of all that were tried",
        Better.LOWER,
    ),
    ratio(
        "not_offered_ratio",
        "not_offered",
        ("planned",),
        "not offered of all that were planned",
        Better.LOWER,
    ),
)
WORK = Block("work.<part>", _TOTALS, short=("<part>",))

WORK_BLOCKS = (LOAD, ACTIONS, SESSIONS, WORK)
