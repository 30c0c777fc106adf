"""Rules that concern several keys of a profile.

Each rule returns its problems as ``place is value; rule``, all of which are reported together. Keys
by themselves are checked before, by their types.
"""

import math
from collections.abc import Callable, Iterator
from itertools import chain

from loadtest.errors import UsageError
from loadtest.metrics.verdict.grammar import parse_all
from loadtest.profile.sections import ProfileSections
from loadtest.workload.population import DIRECT_MEMBERS_MAX

__all__ = ["broken_rules"]


def broken_rules(profile: ProfileSections) -> list[str]:
    """Return everything that does not fit together in a profile."""
    return list(chain.from_iterable(rule(profile) for rule in _RULES))


def _cells(profile: ProfileSections) -> Iterator[str]:
    population = profile.population
    if population.users % population.cells:
        yield (
            f"population.users is {population.users}; it must be a multiple of population.cells"
            f" ({population.cells})"
        )
    elif population.users // population.cells < 2:
        yield (
            f"population.cells is {population.cells}; a cell must have 2 users at least, of"
            f" {population.users} in all"
        )


def _users_who_chat(profile: ProfileSections) -> int:
    """Return how many users of a cell may belong to channels."""
    per_cell = profile.population.users // profile.population.cells
    return per_cell - round(profile.population.background_ratio * per_cell)


def _groups(profile: ProfileSections) -> Iterator[str]:
    names = [channel.group for channel in profile.channels]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"channels.{name} is there {names.count(name)} times; each group needs its own name"
    if profile.channels and not any(channel.message_weight for channel in profile.channels):
        yield "channels have no message_weight above 0; one of them must"


def _channel_sizes(profile: ProfileSections) -> Iterator[str]:
    users = _users_who_chat(profile)
    for channel in profile.channels:
        place, size = f"channels.{channel.group}.size", channel.size
        if channel.type == "DIRECT" and size.highest > DIRECT_MEMBERS_MAX:
            yield (
                f"{place} is up to {size.highest:g}; a direct channel has at most"
                f" {DIRECT_MEMBERS_MAX} members"
            )
        if size.lowest > users:
            yield (
                f"{place} is {size.lowest:g} at least; a cell has only {users} users that may be"
                " in a channel (population.users / population.cells)"
            )


def _seats(profile: ProfileSections) -> Iterator[str]:
    users, cells = _users_who_chat(profile), profile.population.cells
    limit = profile.population.channels_per_user_max
    seats = sum(
        math.ceil(channel.count / cells) * min(users, channel.size.expectation())
        for channel in profile.channels
    )
    # Only what cannot be on average: the exact answer comes with the plan of each cell.
    if seats > users * limit:
        yield (
            f"population.channels_per_user_max is {limit}; the channels of a cell have {seats:.0f}"
            f" members together, but its {users} users have room for {users * limit}"
        )


def _direct_sets(profile: ProfileSections) -> Iterator[str]:
    users, cells = _users_who_chat(profile), profile.population.cells
    for channel in profile.channels:
        if channel.type != "DIRECT" or channel.size.lowest != channel.size.highest:
            continue
        sets = math.comb(users, round(channel.size.lowest))
        in_one_cell = math.ceil(channel.count / cells)
        if in_one_cell > sets > 0:
            yield (
                f"channels.{channel.group}.count is {channel.count}, {in_one_cell} in one cell;"
                f" there is one direct channel per set of users, and only {sets} sets in a cell"
            )


def _deadlines(profile: ProfileSections) -> Iterator[str]:
    run = profile.run
    if run.ramp_s >= run.duration_s:
        yield (
            f"run.ramp_s is {run.ramp_s:g}; it must be below run.duration_s ({run.duration_s:g}"
            " seconds), of which it is a part"
        )
    if run.drain_s < run.delivery_deadline_s:
        yield (
            f"run.drain_s is {run.drain_s:g}; it must be at least run.delivery_deadline_s"
            f" ({run.delivery_deadline_s:g} seconds), or the last messages cannot be judged"
        )


def _needs_channels(profile: ProfileSections) -> Iterator[str]:
    workload = profile.workload
    if workload.message_rate_per_s > 0 and not profile.channels:
        yield (
            f"workload.message_rate_per_s is {workload.message_rate_per_s:g}; without a channel it"
            " must be 0"
        )
    if workload.channel_update_rate_per_s > 0 and all(
        channel.type == "DIRECT" for channel in profile.channels
    ):
        yield (
            f"workload.channel_update_rate_per_s is {workload.channel_update_rate_per_s:g}; without"
            " a channel that is not direct it must be 0"
        )


def _presence(profile: ProfileSections) -> Iterator[str]:
    workload = profile.workload
    users, offline_s = profile.population.connected_users, workload.offline_s.expectation()
    if workload.offline_rate_per_s * offline_s >= users:
        yield (
            f"workload.offline_rate_per_s is {workload.offline_rate_per_s:g}; it must be below"
            f" {users / offline_s:g} per second, as {users:g} users stay offline for"
            f" {offline_s:g} seconds each"
        )


def _stays(profile: ProfileSections) -> Iterator[str]:
    chat_sessions = profile.chat_sessions
    longest = chat_sessions.stay_s.highest
    if profile.workload.message_rate_per_s > 0 and longest <= 2 * chat_sessions.settle_s:
        yield (
            f"chat_sessions.stay_s is {longest:g} at most; it must be above twice"
            f" chat_sessions.settle_s ({chat_sessions.settle_s:g} seconds), or nobody can write"
        )


def _cuts(profile: ProfileSections) -> Iterator[str]:
    cuts, run = profile.connection_cuts, profile.run
    if cuts.at_s is None:
        return
    last_s = run.ramp_s + cuts.at_s + (cuts.waves - 1) * cuts.every_s
    if last_s >= run.duration_s:
        yield (
            f"connection_cuts.at_s is {cuts.at_s:g}; with the ramp before it and {cuts.waves} waves"
            f" the last cut would be after {last_s:g} of run.duration_s ({run.duration_s:g})"
            " seconds"
        )


def _provisioning(profile: ProfileSections) -> Iterator[str]:
    section = profile.provisioning
    if section.mode == "file" and not section.file:
        yield 'provisioning.file is ""; in mode file it must name the file of users and channels'
    if section.mode != "file" and section.file:
        yield (
            f'provisioning.mode is "{section.mode}"; provisioning.file ({section.file}) is only'
            ' read in mode "file"'
        )
    if section.mode != "platform" and section.name:
        yield (
            f'provisioning.mode is "{section.mode}"; provisioning.name ({section.name}) is only'
            ' used in mode "platform"'
        )


def _api_connection(profile: ProfileSections) -> Iterator[str]:
    if profile.device.api_connection and profile.target.dialect == 1:
        yield "device.api_connection is true; target.dialect 1 knows none: it must be 2"


def _spanning(profile: ProfileSections) -> Iterator[str]:
    if profile.run.span_workers and profile.provisioning.mode != "guest":
        yield (
            f'provisioning.mode is "{profile.provisioning.mode}"; with run.span_workers it must be'
            ' "guest": only then the workers make their channels together'
        )
    reads = profile.workload.read_probability > 0
    if profile.run.span_workers and reads and "on_message_read" not in profile.device.handlers:
        yield (
            "device.handlers has no on_message_read; with run.span_workers it must, or without"
            " workload.read_probability: a read receipt names its message by a link, which on"
            " another worker only the answer to its relay explains"
        )


def _thresholds(profile: ProfileSections) -> Iterator[str]:
    try:
        parse_all(profile.thresholds)
    except UsageError as error:
        yield from (f"thresholds: {problem}" for problem in error.problems)


_RULES: tuple[Callable[[ProfileSections], Iterator[str]], ...] = (
    _cells,
    _groups,
    _channel_sizes,
    _seats,
    _direct_sets,
    _deadlines,
    _needs_channels,
    _presence,
    _stays,
    _cuts,
    _provisioning,
    _api_connection,
    _spanning,
    _thresholds,
)
