"""The scripted Locust user: tasks written by a person, in the words of the SDK.

    class Visitor(ChatUser):
        @task
        def say_hello(self):
            channel = self.device.create_channel("PUBLIC", self.unique_name("lobby"))
            chat = self.device.start_chat_session(channel)
            self.device.send_message(channel, "hello")
            chat.end()

        def on_message_received(self, message):
            self.device.read_message(message)

The same ledger judges what scripted and profile-driven users cause. What a device can do is in
``loadtest.users.scripted.device``.
"""

import logging
import traceback
from typing import ClassVar

import gevent
from gevent.pool import Group
from locust import User

from loadtest.clock import NS_PER_S
from loadtest.errors import ActionFailedError
from loadtest.run.worker.active_run import runtime_of, runtime_or_exit
from loadtest.users.scripted.device import ChatDevice
from loadtest.users.scripted.handlers import (
    HANDLERS,
    NOTIFICATION_HANDLER,
    Handler,
    check_handlers,
)

__all__ = ["ChatUser"]

_logger = logging.getLogger("loadtest")
# What handlers of this process have raised and is in its log.
_shown_kinds: set[str] = set()


class ChatUser(User):
    """A Locust user with one device; write tasks on ``self.device``.

    Methods named as the SDK's handlers (``on_message_received`` and the rest, and
    ``on_notification_received``) are registered for every chat session of the device. A handler
    that is not there is not registered; without ``on_message_read`` a device also saves the relay
    that the SDK makes for each read receipt.
    """

    abstract = True
    username_prefix: ClassVar[str] = "guest"

    def start(self, group: Group) -> gevent.Greenlet:
        """Start the greenlet of this user, if a run goes on."""
        runtime_or_exit(self.environment)
        greenlet: gevent.Greenlet = super().start(group)
        return greenlet

    def on_start(self) -> None:
        """Start the user session of ``self.device``, however often it takes."""
        self.runtime = runtime_of(self.environment)
        self.devices: list[ChatDevice] = []
        self.device = self.new_device(self.username())
        pause_s = self.runtime.fleet.settings.reconnect_delay_ns / NS_PER_S
        while not self.device.is_active:
            try:
                self.device.start_session()
            except ActionFailedError:
                # It is in the statistics, with its reason. An app goes on trying, too.
                gevent.sleep(pause_s)

    def on_stop(self) -> None:
        """End the user sessions of all devices."""
        for device in self.devices:
            device.end_session()

    def username(self) -> str:
        """Return the name of the chat user; override it for users that exist already."""
        return (
            f"lt-{self.runtime.plan.run}-{self.username_prefix}{self.runtime.scripted.next_name()}"
        )

    def unique_name(self, name: str) -> str:
        """Return a name for a channel of this run and this worker alone.

        The ledger of a worker knows the members that it has made itself. In a channel that workers
        or runs share, it would take the others' messages for unexpected ones.
        """
        return f"lt-{self.runtime.plan.run}-{name}-{self.runtime.plan.worker}"

    def new_device(self, username: str, **handlers: Handler) -> ChatDevice:
        """Return a further device, of this or another user; start its session yourself.

        It has the handlers of this class, but for those that are given by name.

        Raises:
            UsageError: A handler has a name that the SDK does not know.
        """
        names = {*HANDLERS, NOTIFICATION_HANDLER}
        check_handlers("new_device", handlers, names)
        own = {name: getattr(self, name) for name in names if hasattr(self, name)}
        device = ChatDevice(self.runtime, username, own | handlers, self._handler_failed)
        self.devices.append(device)
        return device

    def _handler_failed(self, error: Exception) -> None:
        """Tell Locust what a handler raised, which counts it as what a task raised.

        Its traceback is shown once per kind: a handler that fails fails for every message.
        """
        kind = f"{type(error).__name__}: {error}"
        if kind not in _shown_kinds:
            _shown_kinds.add(kind)
            _logger.error("%s\n%s", kind, "".join(traceback.format_exception(error)))
        self.environment.events.user_error.fire(
            user_instance=self, exception=error, tb=error.__traceback__
        )
