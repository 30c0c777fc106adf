"""When messages become notifications: readers look into a newsroom, leave it, and are notified.

    locust -f locustfiles/notifications.py --headless --users 10 --spawn-rate 5 --run-time 30s

Notifications begin with the end of a user's last chat session in the channel. The summary says how
soon that was ("activation"), and whether a message was lost in between.
"""

from locust import between, constant, task

from loadtest.users import ChatUser, Notification


class Editor(ChatUser):
    """Publishes something every second."""

    fixed_count = 1
    wait_time = constant(1)

    @task
    def publish(self) -> None:
        """Write into the newsroom without being in it: the SDK needs no chat session for that."""
        newsroom = self.device.create_channel("PUBLIC", self.unique_name("newsroom"))
        self.device.send_message(newsroom, "something has happened")


class Reader(ChatUser):
    """Reads for a while, does something else, and goes offline now and then."""

    wait_time = between(4, 8)
    unread = 0

    @task(3)
    def read(self) -> None:
        """Be in the newsroom, so that nothing there is a notification."""
        newsroom = self.device.create_channel("PUBLIC", self.unique_name("newsroom"))
        chat = self.device.start_chat_session(newsroom)
        self.unread = 0
        self.wait()
        chat.end()  # from now on, what is published comes as a notification

    @task(1)
    def go_offline(self) -> None:
        """Get nothing at all for a while."""
        self.device.end_session()
        self.wait()
        self.device.start_session()

    def on_notification_received(self, notification: Notification) -> None:
        """Count what has not been read."""
        self.unread += 1
