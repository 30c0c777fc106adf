"""Makes a profile of what an export of production events shows.

Every key of the profile says where it comes from, and what the export cannot support is
left at its default, with the reason. The profile is a text, because its comments are half of it.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from loadtest.errors import UsageError
from loadtest.profile.observed import Durations, Observed
from loadtest.profile.toml_text import value_text
from loadtest.workload.distributions import setting_from_distribution
from loadtest.workload.fitting import SAMPLES_MIN, Fit, fit_counts, fit_durations

__all__ = ["FittedProfile", "fit_profile"]

_CUT_MAX = 0.2
"""Above this share of durations without an end, those that have one are too short on average."""
_KS_POOR = 0.1
_DIGITS = 4
_LINE_LENGTH = 100
_RUN_S = 300.0
_NOT_IN_AN_EXPORT = (
    "typing, replies, reads, reactions, edits, channel updates: left at their defaults: an export"
    " has none of them; set their rates yourself"
)
_RAMP_DEVICES_PER_S = 50


@dataclass(frozen=True, slots=True)
class FittedProfile:
    """A profile as text, and how well it stands to the data."""

    toml: str
    report: tuple[str, ...]
    """Lines for a person: each fit against its data, and what was left out."""


@dataclass(slots=True)
class _Draft:
    """The profile under way."""

    sections: dict[str, list[str]] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)

    def put(self, section: str, key: str, value: object, reason: str) -> None:
        """Write one key."""
        line = f"{key} = {value_text(value)}"
        beside = f"{line:<44}# {reason}"
        # A comment is read beside its key or above it.
        text = beside if len(beside) <= _LINE_LENGTH and len(line) < 44 else f"# {reason}\n{line}"
        self.sections.setdefault(section, []).append(text)

    def put_fit(self, section: str, key: str, fit: Fit | None, what: str) -> None:
        """Write a key whose value was fitted, or say why it was not."""
        if fit is None:
            self.leave_out(f"{section}.{key}", f"fewer than {SAMPLES_MIN} {what}")
            return
        setting = _rounded(setting_from_distribution(fit.distribution))
        self.put(section, key, setting, f"of {fit.samples:,} {what}; {_quality(fit)}")
        self.report += _shown(f"{section}.{key}", fit)

    def leave_out(self, key: str, reason: str) -> None:
        """Say that a key is left at its default."""
        self.report.append(f"{key}: left at its default: {reason}")

    def text(self, description: str, source: str) -> str:
        """Return the profile."""
        blocks = [
            f"# Fitted to {source}; see docs/fit.md.\ndescription = {value_text(description)}"
        ]
        for title, lines in self.sections.items():
            head = "[[channels]]" if title.startswith("channels.") else f"[{title}]"
            blocks.append("\n".join((head, *lines)))
        return "\n\n".join(blocks) + "\n"


def fit_profile(seen: Observed, source: str) -> FittedProfile:
    """Return the profile that an export supports.

    Args:
        seen: What the export holds.
        source: The export's name, for comments.

    Raises:
        UsageError: It holds too little for any profile: no time, no users, no channels.
    """
    _check(seen, source)
    draft = _Draft()
    _put_run(draft, seen)
    _put_population(draft, seen)
    for kind in sorted(set(seen.types.values())):
        _put_channels(draft, seen, kind)
    _put_workload(draft, seen)
    _put_chat_sessions(draft, seen)
    draft.report.append(_NOT_IN_AN_EXPORT)
    description = f"fitted to {len(seen.users)} users in {seen.span_s:.0f} s of events"
    return FittedProfile(draft.text(description, source), tuple(draft.report))


def _check(seen: Observed, source: str) -> None:
    connected = sum(1 for devices in seen.devices.values() if devices)
    problems = []
    if seen.span_s <= 0:
        problems.append(f"{source}: its events are all at one instant; a rate needs time")
    if connected < 2:
        problems.append(f"{source}: {connected} of its users have a device; there must be 2")
    if not any(len(members) > 1 for members in seen.members.values()):
        problems.append(f"{source}: no channel has two members; add the member events")
    if problems:
        raise UsageError(*problems)


# --- the sections -----------------------------------------------------------------------------


def _put_run(draft: _Draft, seen: Observed) -> None:
    devices = sum(map(len, seen.devices.values()))
    ramp_s = max(5.0, float(math.ceil(devices / _RAMP_DEVICES_PER_S)))
    draft.put("run", "duration_s", _RUN_S + ramp_s, "five minutes after the ramp; not fitted")
    draft.put("run", "ramp_s", ramp_s, f"{_RAMP_DEVICES_PER_S} devices per second; not fitted")


def _put_population(draft: _Draft, seen: Observed) -> None:
    per_user = Counter(len(seen.devices.get(user, ())) for user in seen.users)
    channels = seen.channels_of_user
    alone = sum(1 for user in seen.users if not channels[user])
    draft.put("population", "users", len(seen.users), "who appears in the export")
    weights = {str(count): per_user[count] for count in sorted(per_user)}
    draft.put("population", "devices_per_user", weights, "users by their number of devices")
    draft.put(
        "population",
        "background_ratio",
        round(alone / len(seen.users), _DIGITS),
        "users without a channel",
    )
    most = max(channels.values())
    draft.put("population", "channels_per_user_max", max(10, most), "the most that anyone has")
    written = [count for count in seen.written.values() if count]
    draft.put_fit("population", "activity", fit_counts(written), "users who wrote")


def _put_channels(draft: _Draft, seen: Observed, kind: str) -> None:
    names = [name for name, found in seen.types.items() if found == kind]
    sizes = [size for name in names if (size := len(seen.members[name])) > 1]
    section = f"channels.{kind.lower()}"
    if not sizes:
        draft.leave_out(section, "none has two members")
        return
    draft.put(section, "group", kind.lower(), "one group for each type")
    draft.put(section, "type", kind, "as in the export")
    draft.put(section, "count", len(sizes), "channels with two members or more")
    fit = fit_counts(sizes)
    if fit is None or fit.ks_distance > _KS_POOR or fit.beyond_ratio > 0:
        # A table draws nothing that was not there: with sizes, the largest decide.
        _put_table(draft, section, sizes)
    else:
        draft.put_fit(section, "size", fit, "channels")
    share = sum(seen.messages[name] for name in names)
    draft.put(section, "message_weight", share, "messages that were sent there")


def _put_table(draft: _Draft, section: str, sizes: Sequence[int]) -> None:
    counts = Counter(sizes)
    values = sorted(counts)
    table = {"kind": "table", "values": values, "weights": [counts[value] for value in values]}
    setting = values[0] if len(values) == 1 else table
    draft.put(section, "size", setting, f"as they are, of {len(sizes):,} channels")
    draft.report.append(f"{section}.size: a table of the {len(values)} sizes that there are")


def _put_workload(draft: _Draft, seen: Observed) -> None:
    sent = seen.messages.total()
    draft.put(
        "workload",
        "message_rate_per_s",
        _digits(sent / seen.span_s),
        f"{sent:,} messages in {seen.span_s:,.0f} s",
    )
    draft.put_fit("workload", "message_length", fit_counts(seen.lengths), "messages with a length")
    if seen.times_offline:
        rate = _digits(seen.times_offline / seen.span_s)
        reason = f"{seen.times_offline:,} times in {seen.span_s:,.0f} s"
        draft.put("workload", "offline_rate_per_s", rate, reason)
        _put_durations(draft, ("workload", "offline_s"), seen.offline, "times offline")


def _put_chat_sessions(draft: _Draft, seen: Observed) -> None:
    channels = seen.channels_of_user
    visits = sum(len(devices) * channels[user] for user, devices in seen.devices.items())
    share = min(1.0, seen.open_s / (visits * seen.span_s)) if visits else 1.0
    draft.put(
        "chat_sessions",
        "active_share_at_start",
        round(share, _DIGITS),
        "how many of the devices' channels are open on average",
    )
    _put_durations(draft, ("chat_sessions", "stay_s"), seen.stays, "chat sessions")
    _put_durations(draft, ("chat_sessions", "away_s"), seen.absences, "absences")


def _put_durations(draft: _Draft, place: tuple[str, str], durations: Durations, what: str) -> None:
    """Write a key that is a duration, unless too many of them have no end."""
    count = len(durations.whole_s) + durations.cut
    cut_ratio = durations.cut / count if count else 0.0
    if cut_ratio > _CUT_MAX and len(durations.whole_s) >= SAMPLES_MIN:
        draft.leave_out(
            ".".join(place),
            f"{cut_ratio:.0%} of {count:,} {what} have no end in the export, more than"
            f" {_CUT_MAX:.0%}; those that have are the short ones; export a longer time",
        )
        return
    draft.put_fit(*place, fit_durations(durations.whole_s), what)
    if durations.cut and len(durations.whole_s) >= SAMPLES_MIN:
        draft.report.append(f"  {durations.cut:,} more have no end in the export: not used")


# --- how it is shown --------------------------------------------------------------------------


def _quality(fit: Fit) -> str:
    text = f"KS distance {fit.ks_distance:.3f}"
    if fit.beyond_ratio >= 0.001:
        text += f", {fit.beyond_ratio:.1%} of the draws above the largest seen"
    return text


def _shown(key: str, fit: Fit) -> Iterator[str]:
    """Yield a fit against its data."""
    poor = " - poor: look at the quantiles" if fit.ks_distance > _KS_POOR else ""
    kind = value_text(_rounded(setting_from_distribution(fit.distribution)))
    yield f"{key}: {kind}"
    yield f"  {fit.samples:,} values, {_quality(fit)}{poor}"
    yield _row("quantile", (f"p{100 * share:g}" for share, _, _ in fit.quantiles))
    yield _row("data", (f"{data:,.4g}" for _, data, _ in fit.quantiles))
    yield _row("fit", (f"{fitted:,.4g}" for _, _, fitted in fit.quantiles))


def _row(name: str, cells: Iterable[str]) -> str:
    return f"  {name:<9}" + "".join(f"{cell:>11}" for cell in cells)


def _digits(value: float) -> float:
    """Return a value with as many digits as a fit has."""
    return float(f"{value:.{_DIGITS}g}")


def _rounded(setting: object) -> object:
    """Return the setting of a distribution with as many digits as a fit has."""
    change: Callable[[object], object] = _rounded
    if isinstance(setting, float):
        return _digits(setting)
    if isinstance(setting, dict):
        return {name: change(value) for name, value in setting.items()}
    return setting
