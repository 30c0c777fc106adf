"""Carries out the open schedule of a profile: starts devices, and does what is due when it is due.

The schedule was fixed before the run and never waits for the server: an action is offered at its
instant or, if its device is not ready for it, counted as dropped with the reason. What users do
about messages that arrive is in ``responses``.

Everything here runs in the engine's thread; ``Director`` is one of the engine's scheduled works.
"""

import functools
import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loadtest.chat.correlation import PROPERTY
from loadtest.chat.resources import ChannelLinks, relayed_message
from loadtest.device import ChatSession, Device, DeviceCore, Fleet, Outcome, actions
from loadtest.device.actions import Timing
from loadtest.device.numbers import device_in_run
from loadtest.observations import Action, ChatEvent
from loadtest.simulation.cells import Cell, CellChannel, SimulatedUser
from loadtest.simulation.existing_cells import ExistingCell
from loadtest.simulation.message_texts import keys_typed, text_of_length
from loadtest.simulation.responses import Responses, responses_of
from loadtest.workload import (
    ActionKind,
    Behaviour,
    CellPlan,
    CellPlanner,
    CellSchedule,
    CutPlan,
    Disturbances,
    Existing,
    PlannedAction,
    Population,
)

__all__ = ["Director", "Placement", "chat_sessions_left_open"]

_DROPPED_AS = {
    ActionKind.ENTER: Action.CHAT_SESSION_START,
    ActionKind.KEYSTROKES: Action.KEYSTROKES,
    ActionKind.MESSAGE: Action.MESSAGE,
    ActionKind.REPLY: Action.REPLY,
    ActionKind.EDIT: Action.EDIT,
    ActionKind.UPDATE_CHANNEL: Action.UPDATE_CHANNEL,
    ActionKind.GO_ONLINE: Action.USER_SESSION_START,
}

_CUT = "cut by the profile"


@dataclass(frozen=True, slots=True)
class Placement:
    """Which part of the population lives on this worker."""

    names: str
    """Stands in the names of users and channels."""
    seed: int
    worker: int
    workers: int
    spans: bool = False
    """Whether users are dealt one by one, so that cells span workers."""

    def cell_of(self, slot: int, users_per_cell: int) -> tuple[int, int]:
        """Return cell and member of this worker's ``slot``-th user.

        Cells, or users if cells span workers, are dealt to the workers in turn, so that a cell is
        the same whatever the number of workers.
        """
        if self.spans:
            return divmod(slot * self.workers + self.worker, users_per_cell)
        ordinal, member = divmod(slot, users_per_cell)
        return ordinal * self.workers + self.worker, member


class Director:
    """Drives all profile-driven users of one worker.

    Args:
        fleet: The devices' common part.
        population: Who exists.
        behaviour: What they do.
        placement: Which of them live here.
        disturbances: What goes wrong on purpose; None: nothing.
        existing: Users and channels that are there already; None: none.
    """

    def __init__(
        self,
        fleet: Fleet,
        population: Population,
        behaviour: Behaviour,
        placement: Placement,
        disturbances: Disturbances | None = None,
        existing: Existing | None = None,
    ) -> None:
        self._fleet = fleet
        self._population = population
        self._behaviour = behaviour
        self._placement = placement
        self._disturbances = disturbances or Disturbances()
        self._existing = existing
        self._planner = CellPlanner(
            population, seed=placement.seed, run=placement.names, existing=existing
        )
        self._cells: dict[int, Cell] = {}
        self._schedules: dict[int, CellSchedule] = {}
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._tie = itertools.count().__next__
        self._next_serial = itertools.count(1).__next__
        self._is_sending = True

    # --- users come and go ---------------------------------------------------------------------

    def add_user(self, slot: int, now_ns: int) -> None:
        """Start the devices of this worker's ``slot``-th user."""
        index, member = self._placement.cell_of(slot, self._population.users_per_cell)
        cell = self._cell(index)
        if member >= len(cell.plan.users):
            return  # of what exists, nobody is left
        plan = cell.plan.users[member]
        devices = [self._new_device(index, plan.name) for _ in range(plan.device_count)]
        user = cell.users[member] = SimulatedUser(plan, devices)
        listener = self.listener_of(cell, member)
        for device in devices:
            device.listener = listener
            device.start(due_ns=now_ns, now_ns=now_ns)
        if not devices:
            cell.introduce(member, self._new_device(index, plan.name), now_ns)
        if cell.started_ns:
            self._begin(cell, user, now_ns)

    def remove_user(self, slot: int, now_ns: int) -> None:
        """End the user sessions of a user, who leaves the run."""
        index, member = self._placement.cell_of(slot, self._population.users_per_cell)
        user = self._cells[index].users.pop(member, None)
        if user is not None:
            user.actions = None
            for device in user.devices:
                device.end(now_ns)

    def spawning_completed(self, now_ns: int) -> None:
        """Take note that no more users are on their way.

        Who is not connected when an action's deadline has passed is not waited for either.
        """
        for cell in self._cells.values():
            cell.expect_no_more(now_ns)
        patience_ns = self._fleet.settings.action_deadline_ns
        self.at(now_ns + patience_ns, self._wait_no_longer)
        cuts = self._disturbances.cuts
        if cuts is not None:
            for wave in range(cuts.waves):
                due_ns = now_ns + cuts.due_ns(wave)
                self.at(due_ns, functools.partial(self._cut, cuts, wave))

    def _wait_no_longer(self, now_ns: int) -> None:
        for cell in self._cells.values():
            cell.wait_no_longer(now_ns)

    def _cut(self, cuts: CutPlan, wave: int, now_ns: int) -> None:
        """Break the connections of one wave; the devices then do what the SDK does."""
        seed = self._placement.seed
        for index, cell in self._cells.items():
            for member, user in cell.users.items():
                for number, device in enumerate(user.devices):
                    if cuts.wave_of(seed, index, member, number) == wave:
                        device.break_off(_CUT, now_ns)

    def slow_down(self, cell: Cell, user: SimulatedUser, device: DeviceCore, now_ns: int) -> None:
        """Let a device read slowly from now on, if it is one that does."""
        slow = self._disturbances.slow_readers
        if slow is None or device.connection is None:
            return
        number = [each.number for each in user.devices].index(device.number)
        if slow.includes(self._placement.seed, cell.plan.index, user.plan.member, number):
            device.connection.read_slowly(slow.bytes_per_s)
            self._fleet.observer.device_slowed(device.number, now_ns)

    def stop_sending(self) -> None:
        """Offer nothing more; what is under way goes on."""
        self._is_sending = False
        self._due.clear()

    @property
    def has_started(self) -> bool:
        """Whether every cell has begun with its workload."""
        return all(cell.started_ns for cell in self._cells.values())

    def devices(self) -> list[Device]:
        """Return all devices of this worker."""
        return [device for group in self.devices_by_cell() for device in group]

    def devices_by_cell(self) -> list[list[Device]]:
        """Return the devices of this worker's cells; two cells share no channel."""
        found = []
        for cell in self._cells.values():
            devices = [device for user in cell.users.values() for device in user.devices]
            devices += [introduction.device for introduction in cell.introductions.values()]
            found.append(devices)
        return found

    def _new_device(self, cell: int, username: str) -> Device:
        existing = self._existing
        known = existing.users_by_name.get(username) if existing is not None else None
        auth_params = known.auth_params if known is not None else ""
        number = self._device_number(cell)
        return Device(number, username, self._fleet, auth_params=auth_params or None)

    def _device_number(self, _cell: int) -> int:
        place = self._placement
        return device_in_run(self._next_serial(), worker=place.worker, workers=place.workers)

    def _new_cell(self, plan: CellPlan) -> Cell:
        if self._existing is None:
            return Cell(plan, self._fleet, self._start_cell)
        return ExistingCell(plan, self._fleet, self._start_cell, self._existing)

    def _cell(self, index: int) -> Cell:
        cell = self._cells.get(index)
        if cell is None:
            plan = self._planner.plan(index)
            cell = self._cells[index] = self._new_cell(plan)
            seed = self._placement.seed
            self._schedules[index] = CellSchedule(plan, self._behaviour, seed=seed)
        return cell

    def _start_cell(self, cell: Cell, now_ns: int) -> None:
        for user in cell.users.values():
            self._begin(cell, user, now_ns)

    # --- the schedule --------------------------------------------------------------------------

    def next_due_ns(self) -> int | None:
        """Return the instant of the next action."""
        return self._due[0][0] if self._due else None

    def run(self, now_ns: int) -> None:
        """Do what is due."""
        due = self._due
        while due and due[0][0] <= now_ns:
            heapq.heappop(due)[2](now_ns)

    def at(self, due_ns: int, function: Callable[[int], None]) -> None:
        """Have ``function`` called with the instant, once ``due_ns`` has come."""
        if self._is_sending:
            heapq.heappush(self._due, (due_ns, self._tie(), function))

    def _begin(self, cell: Cell, user: SimulatedUser, now_ns: int) -> None:
        """Begin with the actions of a user, of whom earlier ones were missed if it came late."""
        schedule = self._schedules[cell.plan.index]
        user.actions = schedule.steps(user.plan.member)
        missed_ns = now_ns - cell.started_ns
        if missed_ns:
            missed = schedule.actions_before(user.plan.member, missed_ns)
            user.missed = chat_sessions_left_open(missed)
            for device in user.devices:
                self.enter_missed(cell, user, device, now_ns)
        self._go_on(cell, user, missed_ns)

    def enter_missed(
        self, cell: Cell, user: SimulatedUser, device: DeviceCore, now_ns: int
    ) -> None:
        """Let a latecomer's device enter the chats in which it would be by now, once it may."""
        if not user.missed or not device.is_active:
            return
        number = next(n for n, each in enumerate(user.devices) if each is device)
        entering, user.missed = _split(user.missed, number)
        for channel in entering:
            planned = PlannedAction(now_ns, ActionKind.ENTER, number, channel, 0)
            self._offer(cell, user, planned, Timing(now_ns, now_ns))

    def _go_on(self, cell: Cell, user: SimulatedUser, from_ns: int = 0) -> None:
        """Put the user's next action into the queue; skip what lies before ``from_ns``."""
        if user.actions is None:
            return
        for planned in user.actions:
            if planned.due_ns >= from_ns:
                due_ns = cell.started_ns + planned.due_ns
                self.at(due_ns, functools.partial(self._do, cell, user, planned))
                return

    def _do(self, cell: Cell, user: SimulatedUser, planned: PlannedAction, now_ns: int) -> None:
        if user.actions is None:
            return
        if planned.kind is ActionKind.PAUSE:
            self._go_on(cell, user)
            return
        device = user.devices[planned.device]
        due_ns = cell.started_ns + planned.due_ns
        if planned.kind is ActionKind.GO_OFFLINE:
            device.end(now_ns)
        elif planned.kind is ActionKind.GO_ONLINE:
            self._go_online(device, due_ns, now_ns)
        else:
            self._offer(cell, user, planned, Timing(due_ns, now_ns))
        self._go_on(cell, user)

    def _offer(
        self, cell: Cell, user: SimulatedUser, planned: PlannedAction, timing: Timing
    ) -> None:
        """Do one action of a chat session, or count it as dropped."""
        reason = self._do_in_channel(cell, user, planned, timing)
        if reason and planned.kind in _DROPPED_AS:
            device = user.devices[planned.device]
            self._fleet.observer.action_dropped(
                _DROPPED_AS[planned.kind], device.number, timing.due_ns, reason
            )

    def _go_online(self, device: Device, due_ns: int, now_ns: int) -> None:
        if device.may_start:
            device.start(due_ns=due_ns, now_ns=now_ns)
        else:
            self._fleet.observer.action_dropped(
                Action.USER_SESSION_START,
                device.number,
                due_ns,
                f"the user session is {device.state.value}",
            )

    def _do_in_channel(
        self, cell: Cell, user: SimulatedUser, planned: PlannedAction, timing: Timing
    ) -> str:
        """Do one action of a chat session; return why it could not be offered, or nothing."""
        device = user.devices[planned.device]
        links = cell.links_of(planned.channel)
        if links is None:
            return _not_there(cell.channels[planned.channel])
        open_session = device.chat_sessions.in_channel(links.id)
        if planned.kind is ActionKind.LEAVE and open_session is not None:
            # Without a connection as well: a reconnect must not bring it back.
            device.chat_sessions.end(open_session, timing.now_ns)
            return ""
        if not device.is_active:
            return f"user session: {device.state.value}"
        if planned.kind is ActionKind.ENTER:
            if open_session is not None:
                return "the chat session before it has not ended"
            device.chat_sessions.start(links, due_ns=timing.due_ns, now_ns=timing.now_ns)
            return ""
        if open_session is None:
            return "no chat session in the channel"
        if not open_session.is_active:
            return f"chat session: {open_session.state.value}"
        return self._act(user, device, open_session, planned, timing)

    def _act(
        self,
        user: SimulatedUser,
        device: Device,
        chat_session: ChatSession,
        planned: PlannedAction,
        timing: Timing,
    ) -> str:
        links = chat_session.links
        if planned.kind is ActionKind.KEYSTROKES:
            actions.send_keystrokes(device, links, keys_typed(planned.argument), timing)
        elif planned.kind in (ActionKind.MESSAGE, ActionKind.REPLY):
            done = self._remember_own(user, planned.channel)
            timing = Timing(timing.due_ns, timing.now_ns, done)
            self._send(user, device, links, planned, timing)
        elif planned.kind is ActionKind.UPDATE_CHANNEL:
            actions.update_channel(device, links, {"properties": {PROPERTY: timing.due_ns}}, timing)
        elif planned.kind is ActionKind.EDIT:
            message = user.latest.get(planned.channel)
            if message is None:
                return "its message has not come back"
            actions.edit_message(device, message, text_of_length(planned.argument), timing)
        return ""

    def _send(
        self,
        user: SimulatedUser,
        device: Device,
        links: ChannelLinks,
        planned: PlannedAction,
        timing: Timing,
    ) -> None:
        """Send a message; as a reply if it is to be one, and something has come to reply to."""
        text = text_of_length(planned.argument)
        received = user.received.get(links.id) if planned.kind is ActionKind.REPLY else None
        if received is None:
            actions.send_message(device, links, text, timing)
        else:
            actions.reply_to_message(device, relayed_message(received), text, timing)

    def _remember_own(
        self, user: SimulatedUser, channel: int
    ) -> Callable[[Outcome, int], None] | None:
        if self._behaviour.writing.edit_probability <= 0:
            return None

        def sent(outcome: Outcome, _now_ns: int) -> None:
            if outcome.is_ok:
                user.latest[channel] = relayed_message(outcome.body)

        return sent

    # --- what users do about messages ----------------------------------------------------------

    def listener_of(self, cell: Cell, member: int) -> "_UserListener":
        """Return what hears the devices of one user."""
        key = (self._placement.seed, cell.plan.index, member)
        responses = responses_of(self._behaviour, key, self.at)
        keeps_messages = self._behaviour.writing.reply_probability > 0
        return _UserListener(self, cell, member, responses, keeps_messages=keeps_messages)


class _UserListener:
    """Hears the devices of one user for the director."""

    __slots__ = ("_cell", "_director", "_keeps_messages", "_member", "_responses")

    def __init__(
        self,
        director: Director,
        cell: Cell,
        member: int,
        responses: Responses | None,
        *,
        keeps_messages: bool,
    ) -> None:
        self._director = director
        self._cell = cell
        self._member = member
        self._responses = responses
        self._keeps_messages = keeps_messages

    def chat_event(
        self,
        device: DeviceCore,
        chat_session: ChatSession,
        event: str,
        body: bytes,
        now_ns: int,
    ) -> None:
        """Hear a message, which the user may read, react to, or reply to later."""
        if event != ChatEvent.MESSAGE_CREATED:
            return
        if self._responses is not None:
            self._responses.consider(device, body, now_ns)
        if self._keeps_messages and (user := self._cell.users.get(self._member)) is not None:
            user.received[chat_session.links.id] = body

    def relayed_event(
        self,
        device: DeviceCore,
        chat_session: ChatSession,
        event: str,
        body: bytes,
        _message: bytes,
        now_ns: int,
    ) -> None:
        """Hear a reply, which is a message as any other; what is read concerns nobody here."""
        self.chat_event(device, chat_session, event, body, now_ns)

    def user_event(self, _device: DeviceCore, _event: str, _body: bytes, _now_ns: int) -> None:
        """Hear an event of the user's own topics: nothing to do."""

    def user_session_changed(self, device: DeviceCore, now_ns: int) -> None:
        """Hear that the user is connected, so that the channels of the cell can go on."""
        user = self._cell.users.get(self._member)
        if device.is_active and user is not None:
            self._director.slow_down(self._cell, user, device, now_ns)
            self._cell.user_connected(self._member, now_ns)
            self._director.enter_missed(self._cell, user, device, now_ns)


def chat_sessions_left_open(actions: Iterable[PlannedAction]) -> list[tuple[int, int]]:
    """Return where a user would be after ``actions``, as (device, channel), sorted."""
    inside: set[tuple[int, int]] = set()
    for planned in actions:
        place = (planned.device, planned.channel)
        if planned.kind is ActionKind.ENTER:
            inside.add(place)
        elif planned.kind is ActionKind.LEAVE:
            inside.discard(place)
        elif planned.kind is ActionKind.GO_OFFLINE:
            inside = {each for each in inside if each[0] != planned.device}
    return sorted(inside)


def _split(places: list[tuple[int, int]], device: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the channels of one device, and the places of the others."""
    channels = [channel for number, channel in places if number == device]
    return channels, [place for place in places if place[0] != device]


def _not_there(channel: CellChannel) -> str:
    return f"the channel is not there: {channel.state.value}"
