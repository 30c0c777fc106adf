"""A steady stream of messages, and members who come and go: what the end of a chat session costs.

The author's messages are the probe. A visitor's last chat session ends again and again; one member
has two devices and always keeps a chat session on the other, so that ending one ends nothing.
"""

import gevent
from locust import constant, task

from loadtest.users import ChatUser

__all__ = ["Author", "TwoDevices", "Visitor"]

_STAY_S = 0.6
_AWAY_S = 0.8


class _Member(ChatUser):
    """Belongs to the one channel of the run."""

    abstract = True

    def on_start(self) -> None:
        """Become a member of the channel."""
        super().on_start()
        name = f"hand-off-{self.runtime.plan.run}"
        self.channel = self.device.create_channel("PUBLIC", name)


class Author(_Member):
    """Stays, and sends a message every 50 ms."""

    fixed_count = 1
    wait_time = constant(0.05)

    def on_start(self) -> None:
        """Enter the channel."""
        super().on_start()
        self.device.start_chat_session(self.channel)

    @task
    def send(self) -> None:
        """Send one message."""
        self.device.send_message(self.channel, "probe")


class Visitor(_Member):
    """Comes and goes with its only device."""

    wait_time = constant(_AWAY_S)

    @task
    def visit(self) -> None:
        """Be in the channel for a moment."""
        chat = self.device.start_chat_session(self.channel)
        gevent.sleep(_STAY_S)
        chat.end()


class TwoDevices(_Member):
    """Comes and goes with one device, and stays with the other."""

    fixed_count = 1
    wait_time = constant(_AWAY_S)

    def on_start(self) -> None:
        """Enter the channel with the device that stays."""
        super().on_start()
        self.other = self.new_device(self.device.username)
        self.other.start_session()
        self.other.start_chat_session(self.channel)

    @task
    def visit(self) -> None:
        """Be in the channel with both for a moment."""
        chat = self.device.start_chat_session(self.channel)
        gevent.sleep(_STAY_S)
        chat.end()

    def on_stop(self) -> None:
        """End both user sessions."""
        self.other.end_session()
        super().on_stop()
