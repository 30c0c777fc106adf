"""Users of a closed workload, evenly timed: each sends the next message after the last one came.

The self-test stalls the server under them, to show what such a workload cannot see.
"""

from locust import constant, task

from loadtest.users import ChatUser

__all__ = ["Talker"]


class Talker(ChatUser):
    """Talks in one channel with all others, without ever leaving it."""

    wait_time = constant(0.02)

    def on_start(self) -> None:
        """Enter the channel."""
        super().on_start()
        name = f"closed-{self.runtime.plan.run}"
        self.channel = self.device.create_channel("PUBLIC", name)
        self.device.start_chat_session(self.channel)

    @task
    def talk(self) -> None:
        """Send one message, and wait until it is back."""
        self.device.send_message(self.channel, "one after the other")
