"""Members that are never connected: each is made known to the server once, before the workload.

A server knows no user that never connected, and leaves such a one out of a new channel. So a device
starts the user's session and ends it again. From then on the user is a member as any other, and
offline.
"""

from collections.abc import Callable

from loadtest.device import ChatSession, Device, DeviceCore
from loadtest.device.state import State

__all__ = ["Introduction"]


class Introduction:
    """One short user session; it listens to its own device.

    Args:
        device: A device of the user, not started.
        on_end: Is called with the instant when the user is known, and offline.
    """

    __slots__ = ("_on_end", "device")

    def __init__(self, device: Device, on_end: Callable[[int], None]) -> None:
        self.device = device
        self._on_end = on_end
        device.listener = self

    def start(self, now_ns: int) -> None:
        """Start the user session."""
        self.device.start(due_ns=now_ns, now_ns=now_ns)

    @property
    def is_over(self) -> bool:
        """Whether the server knows the user, who is offline again."""
        return self.device.state is State.ENDED and bool(self.device.user)

    def user_session_changed(self, device: DeviceCore, now_ns: int) -> None:
        """End the user session once it is there."""
        if device.is_active:
            self.device.end(now_ns)
        elif self.is_over:
            self._on_end(now_ns)

    def chat_event(
        self, device: DeviceCore, chat_session: ChatSession, event: str, body: bytes, now_ns: int
    ) -> None:
        """Hear an event of a chat session, of which there is none."""

    def relayed_event(
        self,
        device: DeviceCore,
        chat_session: ChatSession,
        event: str,
        body: bytes,
        message: bytes,
        now_ns: int,
    ) -> None:
        """Hear an event with a message, of which there is none."""

    def user_event(self, device: DeviceCore, event: str, body: bytes, now_ns: int) -> None:
        """Hear an event of the user's own topics: nothing to do."""
