"""Requests that the server refuses, as the errors queue and ERROR frames tell of them.

Whoever finds that a request cannot be done raises ``RefusedError``; only the gateway
catches it and answers the device.
"""

from enum import StrEnum

from loadtest.errors import LoadtestError

__all__ = [
    "RefusalKind",
    "RefusedError",
    "access_denied",
    "bad_request",
    "conflict",
    "not_found",
    "rate_limited",
]


class RefusalKind(StrEnum):
    """Kinds of refusals, as the field ``error`` spells them."""

    ACCESS_DENIED = "AccessDeniedError"
    NOT_FOUND = "ResourceNotFoundError"
    BAD_REQUEST = "ClientError"
    CONFLICT = "ConflictError"
    CHAT_SESSION_LIMIT = "ChatSessionLimitExceededError"
    RATE_LIMITED = "RateLimitedError"
    UNAVAILABLE = "ServiceUnavailableError"


class RefusedError(LoadtestError):
    """A request of a device that the server does not do.

    ``cool_off_s`` is for how long the device is asked to leave it; None is not said.
    """

    def __init__(self, kind: RefusalKind, message: str, cool_off_s: float | None = None) -> None:
        super().__init__(kind, message, cool_off_s)
        self.kind = kind
        self.message = message
        self.cool_off_s = cool_off_s

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


def access_denied(message: str) -> RefusedError:
    """Return the refusal for what this user may not do or see."""
    return RefusedError(RefusalKind.ACCESS_DENIED, message)


def not_found(what: str) -> RefusedError:
    """Return the refusal for a resource that does not exist, or no more."""
    return RefusedError(RefusalKind.NOT_FOUND, f"{what} does not exist")


def bad_request(message: str) -> RefusedError:
    """Return the refusal for a request that makes no sense here."""
    return RefusedError(RefusalKind.BAD_REQUEST, message)


def conflict(message: str) -> RefusedError:
    """Return the refusal for what contradicts something that exists."""
    return RefusedError(RefusalKind.CONFLICT, message)


def rate_limited(action: str, cool_off_s: float) -> RefusedError:
    """Return the refusal for one action too many."""
    message = f"too many actions {action!r}; try again in {cool_off_s:g} s"
    return RefusedError(RefusalKind.RATE_LIMITED, message, cool_off_s)
