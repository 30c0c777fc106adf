"""What goes along when a run is made shorter than its profile says.

Whoever asks for twenty seconds of a profile of two minutes wants the same in short: the ramp, the
instants at which connections are cut and the shape of the arrivals shrink with it. Keys that are
given explicitly stay as they were given. So does the time for which people stay and are away.
"""

from collections.abc import Collection, Mapping
from typing import Any

from loadtest.profile.sections import RunSection
from loadtest.profile.workload_sections import ChatSessionSection

__all__ = ["shorten"]

# So much of a run is left to what comes after the ramp.
_RAMP_RATIO_MAX = 0.3
_DIGITS = 3


def shorten(data: dict[str, Any], base: Mapping[str, Any], given: Collection[str]) -> list[str]:
    """Shorten what depends on the length of the run, if that is shorter than in ``base``.

    Args:
        data: The keys of a profile, the overrides among them; it is changed.
        base: The same without the overrides.
        given: The keys that the overrides name, which stay.

    Returns:
        The keys that were changed. Nothing is changed where a value is of no use: whoever validates
        the profile says so.
    """
    before_s, length_s = _length_s(base), _length_s(data)
    if before_s is None or length_s is None or not 0 < length_s < before_s:
        return []
    ramp_before_s = _number(base, "run", "ramp_s", _default(RunSection, "ramp_s"))
    ramp_s = _number(data, "run", "ramp_s", _default(RunSection, "ramp_s"))
    if ramp_before_s is None or ramp_s is None:
        return []
    changed = []
    if "run.ramp_s" not in given and ramp_s > _RAMP_RATIO_MAX * length_s:
        ramp_s = _put(data, "run", "ramp_s", _RAMP_RATIO_MAX * length_s)
        changed.append("run.ramp_s")
    factor = length_s / before_s
    after_ramp = max(length_s - ramp_s, 0) / max(before_s - ramp_before_s, 1e-9)
    for section, key, by in (
        ("connection_cuts", "at_s", after_ramp),
        ("connection_cuts", "every_s", after_ramp),
        ("chat_sessions", "enter_within_s", factor),
    ):
        default = _default(ChatSessionSection, key) if section == "chat_sessions" else None
        value = _number(data, section, key, default)
        if value and f"{section}.{key}" not in given:
            _put(data, section, key, value * min(by, 1.0))
            changed.append(f"{section}.{key}")
    if "workload.arrivals" not in given and _shorten_curve(data, factor):
        changed.append("workload.arrivals")
    return changed


def _shorten_curve(data: dict[str, Any], factor: float) -> bool:
    """Let a curve of arrivals take ``factor`` times as long; return whether there is one."""
    workload = data.get("workload")
    arrivals = workload.get("arrivals") if isinstance(workload, dict) else None
    if not isinstance(arrivals, dict) or not isinstance(arrivals.get("points"), list):
        return False
    try:
        points = [[round(at_s * factor, _DIGITS), rate] for at_s, rate in arrivals["points"]]
        shortened = {**arrivals, "points": points}
        if "period_s" in arrivals:
            shortened["period_s"] = round(arrivals["period_s"] * factor, _DIGITS)
    except (TypeError, ValueError):
        return False
    data["workload"] = {**data["workload"], "arrivals": shortened}
    return True


def _length_s(data: Mapping[str, Any]) -> float | None:
    return _number(data, "run", "duration_s", _default(RunSection, "duration_s"))


def _default(section: type[RunSection] | type[ChatSessionSection], key: str) -> float:
    return float(section.model_fields[key].default)


def _number(data: Mapping[str, Any], section: str, key: str, default: float | None) -> float | None:
    """Return a number of the profile, its default if it is not there, None if it is no number."""
    table = data.get(section, {})
    value = table.get(key, default) if isinstance(table, dict) else default
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


def _put(data: dict[str, Any], section: str, key: str, value: float) -> float:
    data.setdefault(section, {})[key] = rounded = round(value, _DIGITS)
    return rounded
