"""Thresholds on what cannot happen in a profile.

Such a threshold would end every run INCONCLUSIVE, for want of samples. It is refused before a run
begins, with the key that would make it possible. What a server can do by its own fault, such as an
unexpected event, can happen in every profile.
"""

from collections.abc import Callable, Iterator, Mapping

from loadtest.errors import UsageError
from loadtest.metrics.catalogue.deliveries import BY_DEVICE_CLASS, COMPLETION, CROSS_WORKER
from loadtest.metrics.catalogue.lookup import Figure, all_figures
from loadtest.metrics.catalogue.notified import NOTIFICATIONS_BY_DEVICES, PUSH, RECOVERY
from loadtest.metrics.figures.figures import SIZE_CLASSES, size_class
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.observations import Action, ChatEvent
from loadtest.profile.sections import ProfileSections

__all__ = ["impossible_thresholds", "refuse_impossible"]

_Rule = Callable[[ProfileSections], bool]


def refuse_impossible(profile: ProfileSections) -> None:
    """Refuse a profile whose thresholds are on what cannot happen in it.

    Raises:
        UsageError: some are; all of them at once.
    """
    problems = tuple(impossible_thresholds(profile))
    if problems:
        raise UsageError(*problems)


def impossible_thresholds(profile: ProfileSections) -> Iterator[str]:
    """Return what is wrong with each threshold on what cannot happen in this profile."""
    for threshold in parse_all(profile.thresholds):
        figure = all_figures()[threshold.figure]
        reason = _why_not(profile, figure) if figure.samples else ""
        if reason:
            yield (
                f"threshold {threshold.expression!r} is on what cannot happen in this profile: "
                f"{reason}"
            )


def _why_not(profile: ProfileSections, figure: Figure) -> str:
    """Return why a figure has no samples in this profile; empty: it may have some."""
    for value in figure.values:
        rule = _NEEDS.get(value)
        if rule is not None and not rule[0](profile):
            return rule[1]
    path = figure.block.path
    if path == COMPLETION.path and not _reaches(profile, figure.values[-1]):
        return "no channel has so many members (channels.*.size)"
    needed = _BLOCKS.get(path)
    if needed is None or needed[0](profile):
        return ""
    return needed[1] if "others" not in figure.values else ""


def _reaches(profile: ProfileSections, size: str) -> bool:
    """Return whether a message may have to reach a number of devices of this class."""
    if size == "all":
        return True
    members = max((channel.size.highest for channel in profile.channels), default=0)
    most = SIZE_CLASSES.index(size_class(int(members) * _devices_of_one(profile)))
    return SIZE_CLASSES.index(size) <= most


def _devices_of_one(profile: ProfileSections) -> int:
    """Return the most devices that one user has."""
    return max(devices for devices, _ in profile.population.devices_per_user)


def _has_typing(profile: ProfileSections) -> bool:
    work = profile.workload
    return work.typing == "keys" or work.keystroke_bursts.highest > 0


def _is_cut(profile: ProfileSections) -> bool:
    return profile.connection_cuts.at_s is not None


_TYPING = (_has_typing, "nobody types (workload.keystroke_bursts is 0)")
_MESSAGES = (
    lambda profile: profile.workload.message_rate_per_s > 0,
    "nobody writes (workload.message_rate_per_s is 0)",
)
_READS = (
    lambda profile: profile.workload.read_probability > 0,
    "nobody reads (workload.read_probability is 0)",
)
_CHANGES = (
    lambda profile: profile.workload.channel_update_rate_per_s > 0,
    "no channel is changed (workload.channel_update_rate_per_s is 0)",
)
_CUTS = (_is_cut, "no connection is cut (connection_cuts.at_s is not set)")
_NEEDS: Mapping[str, tuple[_Rule, str]] = {
    ChatEvent.MESSAGE_CREATED: _MESSAGES,
    ChatEvent.KEYSTROKES_CREATED: _TYPING,
    ChatEvent.TYPING_STARTED: _TYPING,
    ChatEvent.TYPING_STOPPED: _TYPING,
    ChatEvent.MESSAGE_READ: _READS,
    ChatEvent.CHANNEL_UPDATED: _CHANGES,
    ChatEvent.MESSAGE_UPDATED: (
        lambda profile: (
            profile.workload.edit_probability > 0 or profile.workload.reaction_probability > 0
        ),
        "no message is changed (workload.edit_probability and reaction_probability are 0)",
    ),
    Action.MESSAGE: _MESSAGES,
    Action.KEYSTROKES: _TYPING,
    Action.READ: _READS,
    Action.UPDATE_CHANNEL: _CHANGES,
    Action.EDIT: (
        lambda profile: profile.workload.edit_probability > 0,
        "nobody edits (workload.edit_probability is 0)",
    ),
    Action.REACT: (
        lambda profile: profile.workload.reaction_probability > 0,
        "nobody reacts (workload.reaction_probability is 0)",
    ),
    Action.REPLY: (
        lambda profile: profile.workload.reply_probability > 0,
        "nobody replies (workload.reply_probability is 0)",
    ),
    Action.RECONNECT: _CUTS,
}
_SLOW = (
    lambda profile: profile.device.slow_share > 0,
    "no device reads slowly (device.slow_share is 0)",
)
_BLOCKS: Mapping[str, tuple[_Rule, str]] = {
    RECOVERY.path: _CUTS,
    PUSH.path: (
        lambda profile: bool(profile.push.sink),
        "nobody takes pushes (push.sink is not set; --push-sink)",
    ),
    CROSS_WORKER.path: (
        lambda profile: profile.run.span_workers,
        "each channel is on one worker (run.span_workers is false)",
    ),
    BY_DEVICE_CLASS.path: _SLOW,
    NOTIFICATIONS_BY_DEVICES.path: (
        lambda profile: _devices_of_one(profile) > 1,
        "nobody has several devices (population.devices_per_user)",
    ),
}
