"""Keystrokes, and the typing that the server derives from them.

A user is typing in a channel from the first keystrokes until a pause, empty keys, a sent
message, or the end of their last chat session there. Devices send keystrokes only.
"""

from functools import partial

from loadtest.clock import Clock
from loadtest.server.events.destinations import channel_topic, user_topic
from loadtest.server.events.publications import Completion, Publication, publication_of_user
from loadtest.server.events.publisher import Publisher
from loadtest.server.state.store import StoredChannel, User
from loadtest.server.state.timers import TimerWheel

__all__ = ["Typing"]


class _Typist:
    """A user who is typing in a channel."""

    __slots__ = ("channel", "deadline_ns", "is_typing", "user")

    def __init__(self, channel: StoredChannel, user: User) -> None:
        self.channel = channel
        self.user = user
        self.deadline_ns = 0
        self.is_typing = True


class Typing:
    """Who is typing where."""

    def __init__(
        self, timeout_ns: int, clock: Clock, timers: TimerWheel, publisher: Publisher
    ) -> None:
        self._timeout_ns = timeout_ns
        self._clock = clock
        self._timers = timers
        self._publisher = publisher
        self._typists: dict[tuple[int, int], _Typist] = {}

    def press(self, channel: StoredChannel, user: User, keys: str, completion: Completion) -> None:
        """Pass on keystrokes, and start or stop typing by them."""
        keystrokes = Publication(
            "thread.keystrokes.created", lambda renderer: renderer.keystrokes(user, channel, keys)
        )
        self._publisher.publish(channel_topic(channel.id, "keystrokes"), keystrokes, completion)
        if not keys:
            self.stop(channel, user)
            return
        typist = self._typists.get((channel.id, user.id))
        deadline_ns = self._clock() + self._timeout_ns
        if typist is None:
            typist = self._typists[channel.id, user.id] = _Typist(channel, user)
            self._timers.schedule(deadline_ns, partial(self._check, typist))
            self._announce("started", typist)
        # The timer stays where it is and finds the later deadline when it fires.
        typist.deadline_ns = deadline_ns

    def stop(self, channel: StoredChannel, user: User) -> None:
        """End the typing of this user in this channel, if there is any."""
        typist = self._typists.pop((channel.id, user.id), None)
        if typist is not None:
            typist.is_typing = False
            self._announce("stopped", typist)

    def _check(self, typist: _Typist) -> None:
        if not typist.is_typing:
            return
        if self._timers.now_ns < typist.deadline_ns:
            self._timers.schedule(typist.deadline_ns, partial(self._check, typist))
        else:
            self.stop(typist.channel, typist.user)

    def _announce(self, change: str, typist: _Typist) -> None:
        """Tell the chat sessions, then every member's channel list."""
        channel = typist.channel
        in_thread = publication_of_user(f"thread.typing.{change}", typist.user)
        self._publisher.publish(channel_topic(channel.id, "typing"), in_thread)
        in_list = publication_of_user(f"participant.typing.{change}", typist.user)
        for member in channel.members.values():
            if member.is_online:
                self._publisher.publish(user_topic(member.id, "participants"), in_list)
