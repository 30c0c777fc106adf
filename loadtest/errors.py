"""Every error this package raises on purpose.

    LoadtestError
    ├── ProtocolError             a rule of WebSocket, STOMP or StompX was broken
    │   ├── LocalProtocolError    … by us: a defect in this package or in the code that calls it
    │   └── RemoteProtocolError   … by the peer: what it sent cannot be used
    ├── UsageError                bad arguments, bad profile, target refused: nothing was sent
    ├── TargetError               the server could not be reached or refused us
    └── ActionFailedError         one action of a device ended without its completion

Texts are lower case and end without a full stop: the place, the value that was found, the rule it
breaks, and what to do about it.
"""

__all__ = [
    "ActionFailedError",
    "LoadtestError",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
    "TargetError",
    "UsageError",
]


class LoadtestError(Exception):
    """Base of all errors of this package."""


class ProtocolError(LoadtestError):
    """A rule of the wire was broken."""


class LocalProtocolError(ProtocolError):
    """We broke a rule of the wire: a defect on our side."""


class RemoteProtocolError(ProtocolError):
    """The peer broke a rule of the wire."""


class UsageError(LoadtestError):
    """What the user asked for cannot be done; nothing was sent.

    ``problems`` holds every problem that was found, one line each, so that a person mends them all
    at once.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class TargetError(LoadtestError):
    """The chat server could not be reached, or refused us."""

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(target, reason)
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.target}: {self.reason}"


class ActionFailedError(LoadtestError):
    """An action of a device ended without its completion."""

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(action, reason)
        self.action = action
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.action}: {self.reason}"
