"""Who is where: users, devices, members and chat sessions, as observations change them.

Every change of a chat session's state goes through here, so that a channel's template, its counts
and the attendance of its users always agree. What follows from a change for events and
notifications is the business of the books; nothing is counted here but who is present.
"""

from collections import deque
from typing import TypeVar

from loadtest.metrics.ledger.model import (
    ABSENT,
    BOUNDARY,
    EXPECTED,
    Attendance,
    ChatSessionState,
    DeviceState,
    TrackedChannel,
    TrackedChatSession,
    TrackedDevice,
    TrackedUser,
)
from loadtest.metrics.ledger.settings import LedgerSettings

__all__ = ["Roster", "with_one", "without"]

_T = TypeVar("_T")


class Roster:
    """Everyone the observations have named."""

    def __init__(self, settings: LedgerSettings) -> None:
        self._settings = settings
        self.users: dict[int, TrackedUser] = {}
        self.devices: dict[int, TrackedDevice] = {}
        self.channels: dict[int, TrackedChannel] = {}
        self.chat_sessions: dict[int, TrackedChatSession] = {}
        self.forgotten: dict[int, None] = {}
        """Numbers of chat sessions that ended long ago, the newest last."""
        self.connected_count = 0
        self.online_count = 0
        self.active_count = 0
        """Chat sessions that are active now."""
        self._ending: deque[tuple[int, TrackedChatSession]] = deque()
        self._drained: deque[tuple[int, TrackedChatSession]] = deque()

    def user(self, number: int) -> TrackedUser:
        """Return the user of this id."""
        user = self.users.get(number)
        if user is None:
            user = self.users[number] = TrackedUser(number)
        return user

    def device(self, number: int) -> TrackedDevice:
        """Return the device of this number."""
        device = self.devices.get(number)
        if device is None:
            device = self.devices[number] = TrackedDevice(number)
        return device

    def channel(self, number: int) -> TrackedChannel:
        """Return the channel of this id."""
        channel = self.channels.get(number)
        if channel is None:
            channel = self.channels[number] = TrackedChannel(number)
        return channel

    # --- devices ------------------------------------------------------------------------------

    def set_device(self, device: TrackedDevice, state: DeviceState, at_ns: int) -> None:
        """Change the state of a device's user session."""
        if self._settings.expects_pushes and device.user is not None:
            # The server knew of a start since its first frame.
            device.user.remember_change(device.starting_ns, at_ns)
        self.connected_count += (state is not DeviceState.OFFLINE) - (
            device.state is not DeviceState.OFFLINE
        )
        self.online_count += (state is DeviceState.ONLINE) - (device.state is DeviceState.ONLINE)
        device.state = state
        if device.user is not None:
            if state is DeviceState.ONLINE:
                device.user.online = with_one(device.user.online, device)
            else:
                device.user.online = without(device.user.online, device)

    def slow_down(self, device: TrackedDevice) -> bool:
        """Note that a device is slow from now on; return whether that is news."""
        if device.is_slow:
            return False
        device.is_slow = True
        for chat_session in device.chat_sessions.values():
            chat_session.prompt_channel = None
            chat_session.channel.slow_slots.add(chat_session.slot)
        return True

    # --- chat sessions ------------------------------------------------------------------------

    def session_starting(
        self, number: int, device: TrackedDevice, channel: TrackedChannel, at_ns: int
    ) -> TrackedChatSession:
        """Begin a chat session, or begin it again after its connection was lost."""
        chat_session = self.chat_sessions.get(number)
        if chat_session is None:
            chat_session = TrackedChatSession(number, device, channel, _free_slot(channel), at_ns)
            channel.slots[chat_session.slot] = chat_session
            self.chat_sessions[number] = chat_session
            device.chat_sessions[number] = chat_session
            if device.is_slow:
                channel.slow_slots.add(chat_session.slot)
        elif chat_session.is_present:
            return chat_session
        chat_session.state = ChatSessionState.STARTING
        chat_session.starting_ns = at_ns
        _set_slot(chat_session, BOUNDARY)
        attendance = chat_session.attendance
        if attendance is not None:
            attendance.starting_count += 1
            attendance.chat_sessions = with_one(attendance.chat_sessions, chat_session)
        return chat_session

    def session_started(self, chat_session: TrackedChatSession, at_ns: int) -> None:
        """Make a chat session that is starting active."""
        chat_session.state = ChatSessionState.ACTIVE
        chat_session.active_ns = at_ns
        chat_session.channel.changed_ns = at_ns
        self.active_count += 1
        _set_slot(chat_session, EXPECTED)
        attendance = chat_session.attendance
        if attendance is not None:
            attendance.starting_count -= 1
            attendance.active_count += 1
            if attendance.active_count == 1:
                attendance.since_ns = at_ns

    def session_ending(self, chat_session: TrackedChatSession, at_ns: int) -> None:
        """Begin the end of a chat session."""
        was_present = chat_session.is_present
        self._leave(chat_session, at_ns, is_clean=True)
        chat_session.state = ChatSessionState.ENDING
        if was_present:
            _set_slot(chat_session, BOUNDARY)
        self._ending.append((at_ns + self._settings.race_ns, chat_session))

    def session_ended(self, chat_session: TrackedChatSession, at_ns: int) -> bool:
        """Take note that the server has taken an end; return whether that is news."""
        if chat_session.state is not ChatSessionState.ENDING:
            return False
        chat_session.state = ChatSessionState.ENDED
        chat_session.ended_ns = chat_session.channel.changed_ns = at_ns
        _set_slot(chat_session, ABSENT)
        return True

    def session_lost(self, chat_session: TrackedChatSession, at_ns: int) -> None:
        """Take a chat session out whose connection broke; it may start again."""
        self._leave(chat_session, at_ns, is_clean=False)
        chat_session.state = ChatSessionState.LOST
        _set_slot(chat_session, ABSENT)

    def _leave(self, chat_session: TrackedChatSession, at_ns: int, *, is_clean: bool) -> None:
        was_active = chat_session.state is ChatSessionState.ACTIVE
        chat_session.left_ns = at_ns
        self.active_count -= was_active
        attendance = chat_session.attendance
        if attendance is None or not chat_session.is_present:
            return
        attendance.active_count -= was_active
        attendance.starting_count -= not was_active
        if was_active and not attendance.active_count:
            attendance.remember_span(at_ns)
        if not attendance.is_present:
            attendance.ended_ns = at_ns
            attendance.is_clean = is_clean

    def settle(self, now_ns: int) -> None:
        """Take the race window of an end for over, and forget what ended long enough ago.

        The slot is free once the last record that knows it as ending is closed.
        """
        while self._ending and self._ending[0][0] <= now_ns:
            at_ns, chat_session = self._ending.popleft()
            self.session_ended(chat_session, at_ns)
            self._drained.append((at_ns + self._settings.deadline_ns, chat_session))
        while self._drained and self._drained[0][0] <= now_ns:
            self._forget(self._drained.popleft()[1])

    def _forget(self, chat_session: TrackedChatSession) -> None:
        channel = chat_session.channel
        channel.slots[chat_session.slot] = None
        channel.free_slots.append(chat_session.slot)
        channel.slow_slots.discard(chat_session.slot)
        del self.chat_sessions[chat_session.number]
        self.forgotten[chat_session.number] = None
        if len(self.forgotten) > self._settings.remembered_messages:
            del self.forgotten[next(iter(self.forgotten))]
        chat_session.device.chat_sessions.pop(chat_session.number, None)
        attendance: Attendance | None = chat_session.attendance
        if attendance is not None:
            attendance.chat_sessions = without(attendance.chat_sessions, chat_session)


def with_one(some: tuple[_T, ...], one: _T) -> tuple[_T, ...]:
    """Return ``some`` with ``one`` among them."""
    return some if one in some else (*some, one)


def without(some: tuple[_T, ...], one: _T) -> tuple[_T, ...]:
    """Return ``some`` without ``one``."""
    return tuple(each for each in some if each is not one)


def _free_slot(channel: TrackedChannel) -> int:
    if channel.free_slots:
        return channel.free_slots.pop()
    channel.template.append(ABSENT)
    channel.slots.append(None)
    return len(channel.template) - 1


def _set_slot(chat_session: TrackedChatSession, code: int) -> None:
    channel = chat_session.channel
    was = channel.template[chat_session.slot]
    channel.template[chat_session.slot] = code
    channel.active_count += (code == EXPECTED) - (was == EXPECTED)
    channel.boundary_count += (code == BOUNDARY) - (was == BOUNDARY)
