"""What a declaration of a figure says.

A ``Block`` is one object of ``summary.json``, at a path such as ``ledger.<event>``; a name in angle
brackets stands for each value of a ``DIMENSIONS`` entry. A ``Declaration`` is one key of a block: a
number, or a distribution of times, which itself has the keys of ``LATENCY_KEYS``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from loadtest.metrics.figures.figures import SIZE_CLASSES
from loadtest.observations import Action, ChatEvent, Phase

__all__ = [
    "DIMENSIONS",
    "LATENCY_KEYS",
    "LATENCY_MEANINGS",
    "PERCENTILES",
    "Better",
    "Block",
    "Declaration",
    "Gravity",
    "Kind",
    "amount",
    "count",
    "latency",
    "level",
    "ratio",
]


class Kind(StrEnum):
    """What sort of number a figure is."""

    COUNT = "count"
    """How often something happened; counts of workers and of seconds add up."""
    RATIO = "ratio"
    """A share, from 0 to 1."""
    LATENCY = "latency"
    """A distribution of times, in milliseconds."""
    LEVEL = "level"
    """What was highest, or what was set: it does not add up."""


class Better(StrEnum):
    """Which values of a figure are better."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"
    """It says how much was done, or says something about the load generator's surroundings."""


class Gravity(StrEnum):
    """What a count above 0 means."""

    NOTHING = "nothing"
    REMARK = "remark"
    """It should be looked at."""
    FAULT = "fault"
    """The server did something wrong."""


PERCENTILES: Mapping[str, float] = {
    "p50_ms": 50,
    "p90_ms": 90,
    "p95_ms": 95,
    "p99_ms": 99,
    "p999_ms": 99.9,
}
LATENCY_KEYS = ("count", "min_ms", "mean_ms", *PERCENTILES, "max_ms")
LATENCY_MEANINGS: Mapping[str, str] = {
    "count": "how many samples the other figures rest on",
    "min_ms": "the fastest sample",
    "mean_ms": "sum of the samples over their count",
    "p50_ms": "half of the samples were at most this",
    "p90_ms": "90 of 100 were at most this",
    "p95_ms": "95 of 100 were at most this",
    "p99_ms": "99 of 100 were at most this",
    "p999_ms": "999 of 1,000 were at most this",
    "max_ms": "the slowest sample",
}

DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    "<event>": {
        ChatEvent.MESSAGE_CREATED: "message",
        ChatEvent.KEYSTROKES_CREATED: "keystrokes",
        ChatEvent.TYPING_STARTED: "typing_started",
        ChatEvent.TYPING_STOPPED: "typing_stopped",
        ChatEvent.PARTICIPANT_ENTERED: "participant_entered",
        ChatEvent.PARTICIPANT_LEFT: "participant_left",
        ChatEvent.PRESENCE_CHANGED: "presence",
        ChatEvent.MESSAGE_UPDATED: "message_updated",
        ChatEvent.CHANNEL_UPDATED: "channel_updated",
        ChatEvent.MESSAGE_READ: "read",
        ChatEvent.NOTIFICATION_CREATED: "notification",
    },
    "<action>": {action: action for action in Action},
    "<start>": {
        Action.USER_SESSION_START: "session",
        Action.CHAT_SESSION_START: "chat_session",
    },
    "<size class>": {size: size for size in ("all", *SIZE_CLASSES)},
    "<device class>": {"slow": "slow", "others": "others"},
    "<phase>": {phase: phase for phase in (*Phase, "whole")},
    "<part>": {"all": "work", "actions": "actions", "starts": "starts"},
    "<class>": {"single_device": "single_device", "several_devices": "several_devices"},
}
"""The values of each name in angle brackets, with the word that short names use."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One figure of a block."""

    name: str
    """Its key; empty for a distribution whose keys stand in the block itself."""
    unit: str
    """What is counted, or the unit of measure."""
    meaning: str
    """What it says, in one plain sentence without a full stop."""
    kind: Kind
    better: Better = Better.NEITHER
    gravity: Gravity = Gravity.NOTHING
    source: str = ""
    """The field of the counts that it comes from, with a dot before a field of a field; empty: the
    field of the same name."""
    samples: tuple[str, ...] = ()
    """Keys of the same block whose sum says how many values the figure rests on."""
    part: str = ""
    """Of a ratio: the key that is divided."""
    whole: tuple[str, ...] = ()
    """Of a ratio: the keys whose sum divides it."""
    title: str = ""
    """Heading of its column; empty: the name in words."""
    short: str | None = None
    """What short names call it; None: its key; empty: nothing, the block's name alone means it."""
    is_shown_if_any: bool = False
    """Whether a table leaves its column out where nothing was counted."""
    only: frozenset[str] = frozenset()
    """The values of the block's name in brackets that have this figure; empty: all."""

    @property
    def heading(self) -> str:
        """How tables name the figure."""
        return self.title or self.name.replace("_", " ")

    @property
    def field_name(self) -> str:
        """The field of the counts that it comes from."""
        return self.source or self.name

    @property
    def word(self) -> str:
        """What short names call it."""
        return self.name if self.short is None else self.short


@dataclass(frozen=True, slots=True)
class Block:
    """One object of the summary."""

    path: str
    figures: tuple[Declaration, ...]
    short: tuple[str, ...] = ()
    """Other paths by which thresholds may name it."""
    short_of: Mapping[str, str] = field(default_factory=dict)
    """By a value of its name in brackets, one more such path."""
    title: str = ""
    """What it is about, in words."""
    judged_by: str = ""
    """Path of the share of what happened that was judged; empty: all of it was."""
    crosses_workers: bool = False
    """Whether its times may compare the clocks of two workers."""

    @property
    def brackets(self) -> tuple[str, ...]:
        """The names in brackets that its path has."""
        return tuple(re.findall("<[^>]+>", self.path))

    def figure(self, name: str) -> Declaration:
        """Return the figure with this key.

        Raises:
            KeyError: the block has none.
        """
        for each in self.figures:
            if each.name == name:
                return each
        raise KeyError(name)

    def keys(self, kind: Kind) -> tuple[str, ...]:
        """Return the keys of all figures of one kind."""
        return tuple(each.name for each in self.figures if each.kind is kind)


def amount(
    name: str, unit: str, meaning: str, *, of: tuple[str, ...] = (), source: str = ""
) -> Declaration:
    """Declare a count that says how much was done; ``of`` are the keys it is a part of."""
    return Declaration(name, unit, meaning, Kind.COUNT, source=source, samples=of)


def count(
    name: str,
    unit: str,
    meaning: str,
    gravity: Gravity = Gravity.NOTHING,
    *,
    of: tuple[str, ...] = (),
    source: str = "",
    title: str = "",
    short: str | None = None,
    is_shown_if_any: bool = False,
) -> Declaration:
    """Declare a count of which fewer are better; ``of`` are the keys it is a part of."""
    return Declaration(
        name,
        unit,
        meaning,
        Kind.COUNT,
        Better.LOWER,
        gravity,
        source=source,
        samples=of,
        title=title,
        short=short,
        is_shown_if_any=is_shown_if_any,
    )


def ratio(
    name: str,
    part: str,
    whole: tuple[str, ...],
    meaning: str,
    better: Better = Better.HIGHER,
    *,
    title: str = "",
    short: str | None = None,
) -> Declaration:
    """Declare a share of two counts of the same block."""
    return Declaration(
        name,
        "ratio",
        meaning,
        Kind.RATIO,
        better,
        samples=whole,
        part=part,
        whole=whole,
        title=title,
        short=short,
    )


def latency(
    name: str, meaning: str, *, source: str = "", title: str = "", short: str | None = None
) -> Declaration:
    """Declare a distribution of times."""
    return Declaration(
        name,
        "figures",
        meaning,
        Kind.LATENCY,
        Better.LOWER,
        source=source,
        title=title,
        short=short,
    )


def level(
    name: str, unit: str, meaning: str, better: Better = Better.NEITHER, *, source: str = ""
) -> Declaration:
    """Declare a highest value, or a setting."""
    return Declaration(name, unit, meaning, Kind.LEVEL, better, source=source)
