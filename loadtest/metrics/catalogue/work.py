"""The figures of what devices did: load, actions, session starts."""

from loadtest.metrics.catalogue.declaration import (
    Block,
    Declaration,
    Gravity,
    amount,
    count,
    latency,
    level,
)

__all__ = ["ACTIONS", "LOAD", "SESSIONS", "WORK_BLOCKS"]

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
        count("errors", unit, failed, Gravity.FAULT, of=("count", "errors")),
        count(
            "dropped",
            unit,
            "planned, but the device was not ready for it",
            Gravity.REMARK,
            of=("count", "errors", "dropped"),
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

WORK_BLOCKS = (LOAD, ACTIONS, SESSIONS)
