"""What one user does, as parameters: how long chat sessions last, how much is written, what else.

Rates are those of the whole base population; each channel has a share of them and each member a
share of its channel's (see ``population``). The module holds parameters only: ``stays`` makes chat
sessions of them, ``schedule`` puts actions into those.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from loadtest.clock import NS_PER_S
from loadtest.workload.arrivals import Arrivals
from loadtest.workload.distributions import Distribution, Fixed
from loadtest.workload.randomness import RandomStream

__all__ = [
    "NO_CHANNEL",
    "ActionKind",
    "Behaviour",
    "PlannedAction",
    "Presence",
    "Response",
    "Stays",
    "Writing",
]

NO_CHANNEL = -1
"""``channel`` of an action that concerns the whole device."""


class ActionKind(IntEnum):
    """What a device is to do; the order is that of actions due at the same instant."""

    PAUSE = 0
    """Do nothing, and ask then for what comes next: nobody plans a whole day of absence at once."""
    LEAVE = 1
    """End the chat session in the channel."""
    GO_OFFLINE = 2
    """End the user session; the device's chat sessions end with it, without a LEAVE."""
    GO_ONLINE = 3
    """Start the user session again."""
    ENTER = 4
    """Start a chat session in the channel."""
    KEYSTROKES = 5
    """Type; ``argument`` is how many characters of the message are there by now."""
    MESSAGE = 6
    """Send a message of ``argument`` characters."""
    EDIT = 7
    """Change the user's own latest message in the channel; ``argument`` as for MESSAGE."""
    UPDATE_CHANNEL = 8
    """Change a property of the channel."""
    REPLY = 9
    """As MESSAGE, as a reply to the latest message that the user received in the channel."""


class PlannedAction(NamedTuple):
    """One action of one device of a user; compares by when it is due."""

    due_ns: int
    """Offset from the start of the cell's workload."""
    kind: ActionKind
    device: int
    """Number of the device among the user's."""
    channel: int
    """Index of the channel in the cell, or ``NO_CHANNEL``."""
    argument: int


@dataclass(frozen=True, slots=True)
class Presence:
    """How a user goes offline, with all devices, and comes back."""

    online_s: Distribution
    offline_s: Distribution


@dataclass(frozen=True, slots=True)
class Stays:
    """How a device enters and leaves its channels: a chat session is one stay."""

    stay_s: Distribution
    away_s: Distribution
    active_share_at_start: float = 1.0
    """How many of the chat sessions begin with the workload."""
    enter_within_s: float = 0.0
    """The first chat sessions begin evenly within this time."""
    settle_s: float = 1.0
    """Time that a session needs to start and an action to complete.

    Nothing is planned so soon after the start of a chat or user session, nor so shortly before the
    end of a chat session: what fails in between is the server's or the generator's fault.
    """
    presence: Presence | None = None
    """None: a user that is connected stays connected."""
    sessions_per_device_max: int = 10


@dataclass(frozen=True, slots=True)
class Response:
    """What users do about a message that reaches them: perhaps, and after a while.

    It is asked once for each delivered message.
    """

    probability: float
    delay_s: Distribution

    def delay_ns(self, rng: RandomStream) -> int | None:
        """Return how long after the arrival of a message it is done; None: it is not."""
        if rng.uniform() >= self.probability:
            return None
        return max(0, round(self.delay_s.sample(rng) * NS_PER_S))


@dataclass(frozen=True, slots=True)
class Writing:
    """How a message comes about."""

    length: Distribution
    """Characters of a message."""
    keystroke_bursts: Distribution
    """Bursts of typing before a message: what one ``keystrokes`` frame stands for."""
    keystroke_pause_s: Distribution
    """From one burst to the next, and from the last one to the message."""
    edit_probability: float
    edit_delay_s: Distribution
    """From a message to its edit."""
    key_gap_s: Distribution | None = None
    """From one key to the next, if each is typed for itself; None: in bursts, as above."""
    reply_probability: float = 0.0
    """How many of the messages are replies."""


_NEVER = Response(0.0, Fixed(0))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """All parameters of what users do."""

    message_rate_per_s: float
    """Messages of the whole base population; 0: none."""
    arrivals: Arrivals
    """Shape of the arrivals, of rate 1 per second; scaled to each user's rate."""
    writing: Writing
    channel_update_rate_per_s: float
    """Channel updates of the whole base population."""
    stays: Stays
    reading: Response
    horizon_s: float
    """Time over which the rates hold on average: the length of the workload."""
    reacting: Response = _NEVER
