"""A device that a person's greenlets drive, in the words of the SDK.

Each call waits, in its greenlet, until the action is completed, and raises ``ScriptedActionError``
with the reason if it fails: refused, over a limit, or without its completion by the deadline. A
person decides when to send after seeing what came before, so the workload is closed and an action
is due when it is written.

Once the end of the run has begun, a call does nothing any more: it waits for the end, and then
stops the Locust user whose greenlet it is.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from gevent.event import AsyncResult
from locust.exception import RescheduleTask, StopUser

from loadtest.chat.resources import ChannelLinks, relayed_channel
from loadtest.clock import NS_PER_S
from loadtest.device import ChatSession, Device, DeviceCore, Outcome, actions
from loadtest.device.actions import Timing
from loadtest.device.state import NEXT_STATE, State
from loadtest.engine import EngineStoppedError
from loadtest.errors import ActionFailedError, UsageError
from loadtest.observations import Action
from loadtest.run.worker.runtime import WorkerRuntime
from loadtest.users.scripted.arguments import check_json, check_texts
from loadtest.users.scripted.handlers import (
    HANDLERS,
    Handler,
    Hearing,
    check_handlers,
    handled_events,
)
from loadtest.users.scripted.resources import Channel, Message

__all__ = ["ChatDevice", "ScriptedActionError", "ScriptedChatSession"]

_T = TypeVar("_T")

_SPARE_S = 5
"""How much longer than the engine's own deadline a greenlet waits before it calls it a defect."""


class ScriptedActionError(ActionFailedError, RescheduleTask):
    """An action failed. A task that does not catch it ends, and Locust goes on with the next one.

    The failure is in the statistics already, so Locust need not log it a second time.
    """


class ScriptedChatSession:
    """A chat session of a scripted device; it is active."""

    def __init__(self, device: "ChatDevice", channel: Channel, inner: ChatSession) -> None:
        self.channel = channel
        self._device = device
        self._inner = inner

    @property
    def is_active(self) -> bool:
        """Whether the chat session is still active."""
        return self._inner.is_active

    def end(self) -> None:
        """End the chat session; the SDK awaits nothing for that, nor does this."""
        self._device.run(lambda core, now_ns: core.chat_sessions.end(self._inner, now_ns))
        self._device.forget(self._inner)


class ChatDevice:
    """One device, driven by a person's greenlets.

    Args:
        runtime: The run it belongs to.
        username: The user on whose behalf it connects.
        handlers: Handlers for every chat session of the device, and ``on_notification_received``.
        on_handler_error: Is told what a handler raised, in the greenlet that calls handlers.
    """

    def __init__(
        self,
        runtime: WorkerRuntime,
        username: str,
        handlers: dict[str, Handler],
        on_handler_error: Callable[[Exception], None],
    ) -> None:
        self.username = username
        self._runtime = runtime
        self._core = Device(runtime.scripted.next_device(), username, runtime.fleet)
        self._hearing = Hearing(handlers, runtime.mailbox, on_handler_error)
        self._core.listener = self._hearing
        runtime.engine.submit(runtime.scripted.devices.append, self._core)

    # --- user session --------------------------------------------------------------------------

    def start_session(self) -> None:
        """Start the user session; one that is active already stays so.

        A device whose start has failed goes on trying, as the SDK does; a further call waits for
        the outcome of the next try.

        Raises:
            ScriptedActionError: It did not become active.
        """
        self._hearing.start()

        def start(done: Callable[[str], None], now_ns: int) -> None:
            core = self._core
            if core.is_active:
                done("")
            elif core.state in (State.ENDING, State.CLOSING):
                done(f"the user session before it has not ended: {core.state.value}")
            else:
                core.start_up.started = lambda reason, _at_ns: done(reason)
                if (core.state, "start") in NEXT_STATE:
                    core.start(due_ns=now_ns, now_ns=now_ns)

        reason = self._wait(Action.USER_SESSION_START, start)
        if reason:
            raise ScriptedActionError(Action.USER_SESSION_START, reason)
        self.run(self._runtime.scripted.user_known)

    def end_session(self) -> None:
        """End the user session, with all its chat sessions."""
        self._runtime.engine.submit(lambda: self._core.end(self._runtime.now_ns()))
        self._hearing.stop()

    @property
    def is_active(self) -> bool:
        """Whether the user session is active."""
        return self._core.is_active

    # --- a bad network -------------------------------------------------------------------------

    def cut_connection(self) -> None:
        """Break the connection, as a network does; the device comes back by itself after 5 s.

        Until then actions fail at once, and others' messages are lost in the gap.
        """
        self.run(lambda core, now_ns: self._core.break_off("cut by the user", now_ns))

    def read_slowly(self, bytes_per_s: float) -> None:
        """Read no more than so much per second, as long as this connection lasts.

        Raises:
            UsageError: That is nothing at all, or less.
        """
        if not bytes_per_s > 0:
            raise UsageError(f"read_slowly: {bytes_per_s} bytes per second; it must be above 0")

        def slow_down(core: DeviceCore, now_ns: int) -> None:
            if core.connection is not None:
                core.connection.read_slowly(bytes_per_s)
                core.fleet.observer.device_slowed(core.number, now_ns)

        self.run(slow_down)

    # --- channels ------------------------------------------------------------------------------

    def create_channel(
        self, channel_type: str, name: str = "", *, members: tuple[str, ...] = ()
    ) -> Channel:
        """Create a channel, or enter the one of that name that exists, and return it.

        Raises:
            UsageError: A name cannot be sent, as for every text of an action.
        """
        check_texts("create_channel", type=channel_type, name=name)
        for member in members:
            check_texts("create_channel", member=member)
        body: dict[str, object] = {"type": channel_type}
        if name:
            body["name"] = body["displayName"] = name
        body["members"] = [{"username": member} for member in members]
        outcome = self._act(
            Action.CREATE_CHANNEL,
            lambda core, timing: actions.create_channel(core, body, timing),
        )
        return self._learn(outcome, members)

    def get_channel(self, channel: int) -> Channel:
        """Read a channel that is known by its id."""
        outcome = self._act(
            Action.GET_CHANNEL, lambda core, timing: actions.get_channel(core, channel, timing)
        )
        return self._learn(outcome)

    def join_channel(self, channel: Channel) -> Channel:
        """Become a member of a public channel."""
        outcome = self._act(
            Action.JOIN_CHANNEL,
            lambda core, timing: actions.join_channel(core, channel.links, timing),
        )
        return self._learn(outcome)

    def invite_user(self, channel: Channel, username: str) -> None:
        """Make a user a member of a channel; the user must have been connected once."""
        check_texts("invite_user", username=username)
        self._act(
            Action.INVITE_USER,
            lambda core, timing: actions.invite_user(core, channel.links, username, timing),
        )
        self.run(
            lambda _core, now_ns: self._runtime.scripted.member_named(channel.id, username, now_ns)
        )

    def update_channel(self, channel: Channel, **changes: object) -> Channel:
        """Change a channel, such as ``display_name="…"`` or ``properties={…}``."""
        names = {"display_name": "displayName"}
        body = {names.get(name, name): value for name, value in changes.items()}
        check_json("update_channel", body)
        outcome = self._act(
            Action.UPDATE_CHANNEL,
            lambda core, timing: actions.update_channel(core, channel.links, body, timing),
        )
        return self._learn(outcome)

    def _learn(self, outcome: Outcome, members: tuple[str, ...] = ()) -> Channel:
        resource, raw = relayed_channel(outcome.body)

        def learn(core: DeviceCore, now_ns: int) -> ChannelLinks:
            fleet = core.fleet
            fleet.observer.member_joined(resource.id, core.user, now_ns)
            for name in members:
                self._runtime.scripted.member_named(resource.id, name, now_ns)
            return fleet.learn_channel(resource, raw)

        return Channel(self.run(learn))

    # --- chat sessions -------------------------------------------------------------------------

    def start_chat_session(self, channel: Channel, **handlers: Handler) -> ScriptedChatSession:
        """Start a chat session, with handlers named as in the SDK; return it once it is active.

        Raises:
            ScriptedActionError: It was refused, is over the device's limit, or did not become
                active.
            UsageError: A handler has a name that the SDK does not know.
        """
        check_handlers("start_chat_session", handlers, HANDLERS)
        registered = {**self._hearing.handlers, **handlers}
        begun: list[ChatSession] = []

        def start(done: Callable[[str], None], now_ns: int) -> None:
            chat_session = self._core.chat_sessions.start(
                channel.links,
                due_ns=now_ns,
                now_ns=now_ns,
                started=lambda reason, _at_ns: done(reason),
                handled=handled_events(registered),
            )
            if chat_session is not None:
                self._hearing.register(chat_session.ordinal, registered)
                begun.append(chat_session)

        reason = self._wait(Action.CHAT_SESSION_START, start)
        if reason:
            for chat_session in begun:
                self._hearing.forget(chat_session.ordinal)
            raise ScriptedActionError(Action.CHAT_SESSION_START, reason)
        return ScriptedChatSession(self, channel, begun[0])

    def forget(self, chat_session: ChatSession) -> None:
        """Drop the handlers of a chat session that has ended."""
        self._hearing.forget(chat_session.ordinal)

    # --- messages ------------------------------------------------------------------------------

    def send_message(self, channel: Channel, text: str) -> Message:
        """Send a text message and return it as the server gave it back."""
        check_texts("send_message", text=text)
        outcome = self._act(
            Action.MESSAGE,
            lambda core, timing: actions.send_message(core, channel.links, text, timing),
        )
        return Message.from_body(outcome.body)

    def reply_to_message(self, message: Message, text: str) -> Message:
        """Send a text message as a reply and return it."""
        check_texts("reply_to_message", text=text)
        outcome = self._act(
            Action.REPLY,
            lambda core, timing: actions.reply_to_message(core, message.links, text, timing),
        )
        return Message.from_body(outcome.body)

    def send_keystrokes(self, channel: Channel, keys: str) -> None:
        """Type ``keys``; the SDK's debounce decides what is sent, so nothing is awaited."""
        check_texts("send_keystrokes", keys=keys)

        def send(core: DeviceCore, now_ns: int) -> None:
            actions.send_keystrokes(core, channel.links, keys, Timing(now_ns, now_ns))

        self.run(send)

    def read_message(self, message: Message) -> None:
        """Tell the server that the user has read a message."""
        self._act(
            Action.READ,
            lambda core, timing: actions.read_message(core, message.links, timing),
        )

    def edit_message(self, message: Message, text: str) -> Message:
        """Change the text of a message and return it."""
        check_texts("edit_message", text=text)
        outcome = self._act(
            Action.EDIT,
            lambda core, timing: actions.edit_message(core, message.links, text, timing),
        )
        return Message.from_body(outcome.body)

    def react_to_message(self, message: Message, emoji: str) -> None:
        """React to a message with an emoji."""
        check_texts("react_to_message", emoji=emoji)
        self._act(
            Action.REACT,
            lambda core, timing: actions.react_to_message(core, message.links, emoji, timing),
        )

    # --- across to the engine ------------------------------------------------------------------

    def run(self, function: Callable[[DeviceCore, int], _T]) -> _T:
        """Call ``function(device, now)`` in the engine's thread and return what it returns."""
        runtime = self._runtime
        self._check_going_on()
        try:
            result: _T = runtime.engine.call(lambda: function(self._core, runtime.now_ns()))
        except EngineStoppedError as error:
            raise StopUser from error
        return result

    def _check_going_on(self) -> None:
        if not self._runtime.is_sending:
            # What is on its way must still find its chat session, so nothing is ended before.
            self._runtime.wait_finished()
            raise StopUser

    def _wait(self, action: Action, start: Callable[[Callable[[Any], None], int], None]) -> Any:  # noqa: ANN401 - what `done` is told
        """Call ``start(done, now)`` in the engine's thread; return what ``done`` is told."""
        self._check_going_on()
        result: AsyncResult[Any] = AsyncResult()
        runtime = self._runtime

        def begin() -> None:
            try:
                start(lambda told: runtime.mailbox.put(result.set, told), runtime.now_ns())
            except Exception as error:
                # The caller is told at once, and not by a deadline that it knows nothing of.
                runtime.mailbox.put(result.set_exception, error)

        runtime.engine.submit(begin)
        settings = runtime.fleet.settings
        longest_ns = max(settings.action_deadline_ns, settings.connect_timeout_ns)
        result.wait(longest_ns / NS_PER_S + _SPARE_S)
        if not result.ready():
            self._check_going_on()
            raise ScriptedActionError(action, "the engine has not told how it ended")
        return result.get()

    def _act(self, action: Action, write: Callable[[DeviceCore, Timing], None]) -> Outcome:
        def start(done: Callable[[Any], None], now_ns: int) -> None:
            write(self._core, Timing(now_ns, now_ns, lambda outcome, _at_ns: done(outcome)))

        outcome: Outcome = self._wait(action, start)
        if not outcome.is_ok:
            raise ScriptedActionError(action, outcome.reason)
        return outcome
