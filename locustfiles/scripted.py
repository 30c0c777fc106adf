"""Users that a person has written: visitors who chat in one lobby, and read what they get.

    locust -f locustfiles/scripted.py --headless --users 20 --spawn-rate 5 --run-time 30s

Every call waits until the server has confirmed it, and fails with the server's reason if it does
not. The names are those of the vendor's SDK.
"""

import random

from locust import between, task

from loadtest.users import ChatUser, Message, Notification, Resource


class Visitor(ChatUser):
    """Enters the lobby, says a few things, and leaves again."""

    wait_time = between(1, 3)

    @task
    def visit(self) -> None:
        """Be in the lobby for a moment."""
        lobby = self.device.create_channel("PUBLIC", self.unique_name("lobby"))
        chat = self.device.start_chat_session(lobby)

        for text in ("hello", "is anybody here?"):
            self.device.send_keystrokes(lobby, text)
            self.wait()
            self.device.send_message(lobby, text)

        chat.end()

    def on_message_received(self, message: Message) -> None:
        """Read one message in five, if somebody else wrote it."""
        if message.author != self.device.username and random.random() < 0.2:
            self.device.read_message(message)

    def on_participant_entered_chat(self, user: Resource) -> None:
        """Hear who comes in."""
        self.last_seen = user.name

    def on_notification_received(self, notification: Notification) -> None:
        """Hear of messages that came while this user was in no chat."""
        self.last_notified = notification.body
