"""The sections of a profile that say what users do: every key with its type, bounds and default.

The other sections, and the rule that defaults have reasons, are in ``sections``.
"""

from typing import Literal

from loadtest.profile.fields import ArrivalShape, Counts, Durations, Section, setting
from loadtest.workload.arrivals import Poisson
from loadtest.workload.distributions import Fixed, LogNormal, Uniform

__all__ = ["ChatSessionSection", "ConnectionCutSection", "WorkloadSection"]


class WorkloadSection(Section):
    """What users do. Rates are those of the base population, all users together."""

    message_rate_per_s: float = setting(
        unit="messages per second", ge=0, description="Messages that users send."
    )
    arrivals: ArrivalShape = setting(
        Poisson(),
        description='When each user\'s messages are due: `"poisson"`, `"even"`,'
        ' `{ kind = "bursts", size = 5 }`, or `{ kind = "curve", points = [[0, 0.5], [60, 2]] }`'
        " (seconds and factor of the rate; `period_s` repeats it).",
        why="Independent people.",
    )
    message_length: Counts = setting(
        LogNormal(30, 0.8),
        unit="characters",
        description="Characters of a message.",
        why="A line of chat: mostly a few words, now and then a paragraph.",
    )
    typing: Literal["bursts", "keys"] = setting(
        "bursts",
        description='How a message is typed: `"bursts"`, as the next two keys say, or `"keys"`, one'
        " by one at human speed, debounced as in the SDK. A server tells of typing that begins and"
        " stops because of either.",
        why="An app that tells of typing now and then. One that passes on every key sends ten"
        " times as much.",
    )
    keystroke_bursts: Counts = setting(
        Fixed(2),
        unit="bursts per message",
        description="Bursts of typing before a message, each one `keystrokes` frame.",
        why="One when the typing begins, one before it ends.",
    )
    keystroke_pause_s: Durations = setting(
        Uniform(0.3, 1.2),
        unit="seconds",
        description="From one burst to the next, and from the last one to the message.",
        why="Above the 150 ms of the SDK, below the 3 s after which typing has stopped.",
    )
    key_gap_s: Durations = setting(
        LogNormal(0.216, 0.45),
        unit="seconds",
        description='From one key to the next, with `typing = "keys"`. The SDK sends what is typed'
        " once there is a gap of 150 ms.",
        why="A mean of 0.24 s, as of 168,000 people in Dhakal and others, Observations on Typing"
        " from 136 Million Keystrokes (CHI 2018). Four of five gaps are above 150 ms.",
    )
    reply_probability: float = setting(
        0.0,
        unit="probability",
        ge=0,
        le=1,
        description="How likely a message is a reply, to the latest message that its author has"
        " received in the channel.",
        why="Off: apps decide whether they offer it.",
    )
    read_probability: float = setting(
        0.0,
        unit="probability",
        ge=0,
        le=1,
        description="How likely a device reads a message that reaches it.",
        why="Off: a read reaches every device in the channel, so reads grow with the square of it.",
    )
    read_delay_s: Durations = setting(
        LogNormal(1.5, 0.7),
        unit="seconds",
        description="From the arrival of a message to its read.",
        why="About what it takes to look at a line.",
    )
    reaction_probability: float = setting(
        0.0,
        unit="probability",
        ge=0,
        le=1,
        description="How likely a device reacts with an emoji to a message that reaches it.",
        why="Off: apps decide whether they offer it, and it grows with the square of a channel.",
    )
    reaction_delay_s: Durations = setting(
        LogNormal(3, 0.7),
        unit="seconds",
        description="From the arrival of a message to the reaction.",
        why="A look at the line, and a choice.",
    )
    edit_probability: float = setting(
        0.0,
        unit="probability",
        ge=0,
        le=1,
        description="How likely a message is edited by its author.",
        why="Off: rare in chat, and apps decide whether they offer it.",
    )
    edit_delay_s: Durations = setting(
        LogNormal(3, 0.5),
        unit="seconds",
        description="From a message to its edit. None is planned that would outlast the author's"
        " chat session.",
        why="A typing error is seen soon after sending.",
    )
    channel_update_rate_per_s: float = setting(
        0.0,
        unit="updates per second",
        ge=0,
        description="Updates of channels that are not direct, each by the user who created it.",
        why="Off: rare, and large on the wire.",
    )
    offline_rate_per_s: float = setting(
        0.0,
        unit="users per second",
        ge=0,
        description="Users that go offline with all their devices and come back.",
        why="Off: a presence change reaches everybody who shares a channel with the user.",
    )
    offline_s: Durations = setting(
        LogNormal(10, 0.5),
        unit="seconds",
        description="How long they stay offline.",
        why="A tunnel, a lift, an app that is closed and opened again.",
    )


class ChatSessionSection(Section):
    """When devices enter and leave the channels of their users."""

    active_share_at_start: float = setting(
        1.0,
        unit="share of chat sessions",
        ge=0,
        le=1,
        description="Chat sessions that begin with the workload; the others begin after an"
        " absence.",
        why="The full load from the start.",
    )
    enter_within_s: float = setting(
        3.0,
        unit="seconds",
        ge=0,
        description="The first chat sessions begin evenly within this time.",
        why="Everybody at once is a test of its own.",
    )
    stay_s: Durations = setting(
        Fixed(86_400),
        unit="seconds",
        description="Length of a chat session. One that outlasts the run never ends.",
        why="A day: nobody leaves, the steadiest case.",
    )
    away_s: Durations = setting(
        Fixed(60),
        unit="seconds",
        description="From the end of a chat session to the next one of that device there. Members"
        " without a chat session get notifications.",
        why="Used only where stays are shorter than the run.",
    )
    settle_s: float = setting(
        1.0,
        unit="seconds",
        ge=0.05,
        description="Nothing is planned so soon after the start of a chat or user session, nor so"
        " shortly before the end of a chat session. No stay is shorter.",
        why="Four round trips to a server that is slow but alive.",
    )


class ConnectionCutSection(Section):
    """Sockets of devices that break all at once, as when a server restarts.

    The devices abort them, and come back as the SDK does.
    """

    at_s: float | None = setting(
        None,
        unit="seconds",
        ge=0,
        description="When connections are cut, counted from when all users were started.",
        why="Never.",
    )
    share: float = setting(
        1.0,
        unit="share of devices",
        gt=0,
        le=1,
        description="How many devices lose their connection.",
        why="All: the whole server, or the way to it.",
    )
    waves: int = setting(
        1,
        unit="waves",
        ge=1,
        description="In how many parts, each device in one of them: the nodes of a server that"
        " restart one after another.",
        why="All at once.",
    )
    every_s: float = setting(
        15.0,
        unit="seconds",
        gt=0,
        description="From one wave to the next.",
        why="Time for the 5 s after which the SDK reconnects, and for a node to settle.",
    )
