"""Handlers of scripted users: named as in the SDK, called one after the other.

The engine's thread hears the events and puts them in line; the handlers are called in a greenlet of
the device, in the order in which the events came. A handler that is not registered costs nothing.
"""

from collections.abc import Callable, Collection, Mapping

import gevent
import gevent.queue
from locust.exception import StopUser

from loadtest.device import ChatSession, DeviceCore
from loadtest.engine import Mailbox
from loadtest.errors import ActionFailedError, UsageError
from loadtest.observations import HANDLERS as OBSERVED_HANDLERS
from loadtest.observations import ChatEvent
from loadtest.users.scripted.resources import Message, Notification, handler_argument

__all__ = [
    "HANDLERS",
    "NOTIFICATION_HANDLER",
    "Handler",
    "Hearing",
    "check_handlers",
    "handled_events",
]

Handler = Callable[..., object]

_HANDLER_OF_EVENT: Mapping[str, str] = {
    **{event: name for name, event in OBSERVED_HANDLERS.items()},
    "message.reaction.created": "on_message_reaction_added",
}
NOTIFICATION_HANDLER = "on_notification_received"
HANDLERS = frozenset(_HANDLER_OF_EVENT.values())
"""Names of the handlers of a chat session."""


def handled_events(names: Collection[str]) -> frozenset[str]:
    """Return the event types that handlers of these names hear."""
    return frozenset(event for event, name in _HANDLER_OF_EVENT.items() if name in names)


def check_handlers(place: str, names: Collection[str], known: Collection[str]) -> None:
    """Check names of handlers that a person gave at ``place``.

    Raises:
        UsageError: One of them is not among those ``known``.
    """
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(
            f"{place}: {', '.join(unknown)} is no handler; known are {', '.join(sorted(known))}"
        )


class Hearing:
    """Hears the events of one device for its handlers.

    Args:
        handlers: Handlers for every chat session, and ``on_notification_received``.
        mailbox: The way from the engine's thread to the greenlet.
        on_error: Is told what a handler raised.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        mailbox: Mailbox,
        on_error: Callable[[Exception], None],
    ) -> None:
        self.handlers = handlers
        self._mailbox = mailbox
        self._on_error = on_error
        self._of_chat_session: dict[int, Mapping[str, Handler]] = {}
        self._heard: gevent.queue.Queue[tuple[Handler, tuple[object, ...]]] = gevent.queue.Queue()
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Call handlers from now on."""
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._call_handlers)

    def stop(self) -> None:
        """Call no more handlers."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def register(self, ordinal: int, handlers: Mapping[str, Handler]) -> None:
        """Have the events of one chat session handled."""
        self._of_chat_session[ordinal] = handlers

    def forget(self, ordinal: int) -> None:
        """Drop the handlers of a chat session."""
        self._of_chat_session.pop(ordinal, None)

    def _call_handlers(self) -> None:
        while True:
            handler, arguments = self._heard.get()
            try:
                handler(*arguments)
            except ActionFailedError:
                continue  # it is in the statistics already, with its reason
            except StopUser:
                return
            except Exception as error:
                self._on_error(error)

    # --- in the engine's thread ----------------------------------------------------------------

    def _hear(self, handler: Handler, *arguments: object) -> None:
        self._mailbox.put(self._heard.put, (handler, arguments))

    def _handler(self, ordinal: int, event: str) -> Handler | None:
        name = _HANDLER_OF_EVENT.get(event)
        return None if name is None else self._of_chat_session.get(ordinal, {}).get(name)

    def chat_event(
        self, _device: DeviceCore, chat_session: ChatSession, event: str, body: bytes, _now_ns: int
    ) -> None:
        """Hear an event of a chat session."""
        handler = self._handler(chat_session.ordinal, event)
        if handler is not None:
            self._hear(handler, handler_argument(event, body))

    def relayed_event(
        self,
        _device: DeviceCore,
        chat_session: ChatSession,
        event: str,
        body: bytes,
        message: bytes,
        _now_ns: int,
    ) -> None:
        """Hear a reply with its parent, or a read receipt or a reaction with its message."""
        handler = self._handler(chat_session.ordinal, event)
        if handler is None:
            return
        if event == ChatEvent.MESSAGE_CREATED:
            parent = Message.from_body(message)
            self._hear(handler, Message.from_body(body, parent=parent))
        else:
            self._hear(handler, Message.from_body(message), handler_argument(event, body))

    def user_event(self, _device: DeviceCore, event: str, body: bytes, _now_ns: int) -> None:
        """Hear a notification."""
        handler = self.handlers.get(NOTIFICATION_HANDLER)
        if handler is not None and event == ChatEvent.NOTIFICATION_CREATED:
            self._hear(handler, Notification.from_body(body))

    def user_session_changed(self, _device: DeviceCore, _now_ns: int) -> None:
        """Hear that the user session changed: whoever waits is told by the start itself."""
