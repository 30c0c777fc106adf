"""A support desk: customers open a chat; agents answer at the desktop, and go on with the phone.

    locust -f locustfiles/support_agent.py --headless --users 12 --spawn-rate 4 --run-time 30s

An agent's two devices are notified only once neither has a chat session in the channel any more.
"""

from gevent.queue import Queue
from locust import between, task

from loadtest.users import ChatUser, Notification

AGENTS: Queue[str] = Queue()


class Agent(ChatUser):
    """Is notified of customers who write, and answers one after the other."""

    fixed_count = 2

    def on_start(self) -> None:
        """Sign in on both devices; the phone rings, the desktop queues customers."""
        self.waiting, self.rings = Queue(), Queue()
        super().on_start()
        self.phone = self.new_device(self.device.username, on_notification_received=self.rings.put)
        self.phone.start_session()
        AGENTS.put(self.device.username)

    def on_notification_received(self, notification: Notification) -> None:
        """Put the customer's channel into the queue."""
        self.waiting.put(notification.channel_id)

    @task
    def answer(self) -> None:
        """Open the next chat, and leave it on one device after the other."""
        channel = self.device.get_channel(self.waiting.get())
        at_desktop = self.device.start_chat_session(channel)
        self.device.send_message(channel, "let me look")
        on_phone = self.phone.start_chat_session(channel)
        at_desktop.end()  # no notifications yet: the phone is still there
        self.phone.send_message(channel, "found it")
        on_phone.end()


class Customer(ChatUser):
    """Asks an agent, and stays for the answer."""

    wait_time = between(3, 6)

    @task
    def ask(self) -> None:
        """Open a chat and write."""
        agent = AGENTS.get()
        AGENTS.put(agent)  # they take turns
        channel = self.device.create_channel("DIRECT", members=(agent,))
        chat = self.device.start_chat_session(channel)
        self.device.send_message(channel, "where is my parcel?")
        self.wait()
        chat.end()
