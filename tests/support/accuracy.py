"""A ledger's counts beside those of the server that did the wrong, after a run in scripted time.

Devices move: chat sessions and user sessions start and end all the time, connections are cut,
actions are refused. So the ledger leaves a few deliveries unjudged, and its counts may differ from
the server's by those and by no more.
"""

from dataclasses import dataclass
from typing import Any

from loadtest.metrics.figures.figures import Figures
from loadtest.observations import ChatEvent
from loadtest.profile import load_profile
from loadtest.server.settings import ServerSettings
from tests.support.faults import plan
from tests.support.virtual_world import VirtualRun

__all__ = ["ALL_FAULTS", "MOVING", "Accuracy", "Compared", "measured"]

MESSAGE = str(ChatEvent.MESSAGE_CREATED)
NOTIFICATION = str(ChatEvent.NOTIFICATION_CREATED)

ALL_FAULTS = (
    *(f"{kind}.{MESSAGE}=0.02" for kind in ("drop", "duplicate")),
    f"reorder.{MESSAGE}=0.05",
    *(f"{kind}.{NOTIFICATION}=0.03" for kind in ("drop", "duplicate")),
    "reorder_limit_ms=1000",
    f"delay_ms.{MESSAGE}=20",
    "cuts_per_min=20",
    "rate_limit=0.02",
)
"""Of every kind at once, as ``loadtest serve --fault`` takes them."""

MOVING = (
    'chat_sessions.stay_s={ kind = "uniform", low = 6, high = 14 }',
    "chat_sessions.settle_s=1",
    "workload.offline_rate_per_s=0.3",
)
"""Overrides of a profile by which users come and go."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One count of the ledger and what it may be."""

    figure: str
    injected: int
    """By the server's own count."""
    counted: int
    lowest: int
    highest: int

    @property
    def holds(self) -> bool:
        """Whether the count is the injected one, within what is not judged."""
        return self.lowest <= self.counted <= self.highest


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What one run shows."""

    figures: Figures
    compared: tuple[Compared, ...]
    happened: dict[str, int]
    """How often each kind of fault took effect."""
    contradictions: tuple[str, ...]

    def wrong(self) -> list[Compared]:
        """Return the counts that do not hold."""
        return [each for each in self.compared if not each.holds]


def measured(
    profile: str, *overrides: str, faults: tuple[str, ...] = ALL_FAULTS, seed: int = 1
) -> Accuracy:
    """Run a profile in scripted time against a server with faults, and compare."""
    run = VirtualRun(
        load_profile(profile, (f"run.seed={seed}", *overrides)),
        settings=ServerSettings(faults=plan(*faults), fault_seed=seed),
    )
    result = run.run()
    counts = run.chat.counters.faults
    figures = Figures.from_plain(result["figures"])
    everywhere: dict[str, Any] = counts.as_json()
    on_channels: dict[str, Any] = counts.channels_as_json()
    by_type = {kind: each for kind, each in everywhere.items() if isinstance(each, dict)}
    happened = everywhere | {kind: sum(each.values()) for kind, each in by_type.items()}
    channels = {kind: each.get(MESSAGE, 0) for kind, each in on_channels.items()}
    users = {kind: each.get(NOTIFICATION, 0) for kind, each in by_type.items()}
    return Accuracy(
        figures,
        (*_messages(figures, channels), *_notifications(figures, users)),
        happened,
        tuple(result["contradictions"]),
    )


def _messages(figures: Figures, injected: dict[str, int]) -> list[Compared]:
    message = figures.event(MESSAGE)
    unseen = message.boundary - message.boundary_seen
    drop, duplicate = injected.get("drop", 0), injected.get("duplicate", 0)
    reorder, abandoned = injected.get("reorder", 0), injected.get("abandoned", 0)
    late = injected.get("after_end", 0)
    return [
        # A copy that waited until its chat session had ended was not sent: it may have been owed.
        Compared("messages lost", drop, message.lost, drop - unseen, drop + abandoned),
        Compared(
            "messages duplicate",
            duplicate,
            message.duplicate,
            duplicate - message.boundary,
            duplicate,
        ),
        Compared(
            "messages out of order",
            reorder,
            message.out_of_order,
            reorder - message.boundary,
            reorder,
        ),
        Compared("messages unexpected", 0, sum(message.unexpected.values()), 0, 0),
        Compared(
            "messages after their end",
            late,
            message.after_end,
            # What came before the fence may have been written in time.
            late - message.boundary_seen,
            late,
        ),
    ]


def _notifications(figures: Figures, injected: dict[str, int]) -> list[Compared]:
    found = figures.all_notifications()
    drop, duplicate = injected.get("drop", 0), injected.get("duplicate", 0)
    # Hand-off and entry are outcomes of a user: of two devices one may have missed it.
    crossings = found.handoff.total + found.entry.total
    return [
        Compared(
            "notifications missed or in a gap",
            drop,
            found.missed + found.handoff_gap,
            drop - found.boundary - crossings,
            drop,
        ),
        Compared(
            "notifications duplicate",
            duplicate,
            found.duplicate,
            duplicate - found.boundary,
            duplicate,
        ),
        Compared("notifications spurious", 0, found.spurious, 0, 0),
        Compared("hand-off overlaps", 0, found.handoff_overlap, 0, 0),
    ]
