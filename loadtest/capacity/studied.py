"""A study from what was asked and what its trials showed; made anew after each trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from loadtest.capacity.answer import answered, replayed
from loadtest.capacity.assumptions import Assumption, assumptions, sizing_of
from loadtest.capacity.search import Search, SearchSettings, StoppedBy
from loadtest.capacity.sizing import node_capacity, sized
from loadtest.capacity.study import (
    UNITS,
    Axis,
    Headroom,
    Range,
    Settings,
    Study,
    TrialRecord,
    UslRecord,
)
from loadtest.capacity.usl import Spread, Usl, fit_usl, usl_refusal

__all__ = ["StudyFacts", "law_of", "search_of", "search_settings", "studied", "with_size"]

_SEED = 1
_QUESTIONS: dict[Axis, str] = {
    "message_rate": "How many messages per second does this deployment carry?",
    "devices": "How many devices does this deployment carry?",
    "deliveries": "How many deliveries per second does this deployment carry?",
}


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What is known of a study before its first trial."""

    study_id: str
    axis: Axis
    settings: Settings
    devices: int
    devices_per_unit: float
    messages_per_unit: float
    deliveries_per_unit: float
    connected_users: int
    largest_channel: int
    started: str
    host: str
    is_embedded: bool
    environment: dict[str, Any]
    profile: dict[str, Any]
    command: list[str]
    lag_limit_ms: float

    @classmethod
    def of(cls, study: Study) -> "StudyFacts":
        """Return the facts of a study that was begun earlier."""
        names = set(cls.__dataclass_fields__) - {"lag_limit_ms"}
        limit = study.profile["generator"]["lag_p99_limit_ms"]
        return cls(**{name: getattr(study, name) for name in names}, lag_limit_ms=limit)


def search_settings(settings: Settings) -> SearchSettings:
    """Return the settings of the search alone."""
    return SearchSettings(
        first=settings.first,
        lowest=settings.lowest,
        highest=settings.highest,
        precision=settings.precision,
        level=settings.level,
    )


def search_of(facts: StudyFacts, trials: Sequence[TrialRecord]) -> Search:
    """Return the search with the trials so far."""
    return replayed(search_settings(facts.settings), trials)


def studied(
    facts: StudyFacts, trials: Sequence[TrialRecord], by: StoppedBy | None, elapsed_s: float
) -> Study:
    """Return the study with the trials so far; ``by`` is None while it goes on."""
    search = search_of(facts, trials)
    answer = answered(search, trials, facts.axis, by)
    usl, refused = law_of(trials)
    study = Study(
        study_id=facts.study_id,
        axis=facts.axis,
        unit=UNITS[facts.axis],
        question=_QUESTIONS[facts.axis],
        answer=answer.sentence,
        advice=answer.advice,
        limit=answer.limit,
        bracket=answer.bracket,
        is_at_least=answer.is_at_least,
        first_broken=answer.first_broken,
        headroom=_headroom(trials, answer.bracket.highest_passed, facts.lag_limit_ms),
        stopped_by=by.value if by is not None else None,
        settings=facts.settings,
        trials=list(trials),
        usl=_record(usl) if usl is not None else None,
        usl_refused=refused,
        devices=facts.devices,
        devices_per_unit=facts.devices_per_unit,
        messages_per_unit=facts.messages_per_unit,
        deliveries_per_unit=facts.deliveries_per_unit,
        connected_users=facts.connected_users,
        largest_channel=facts.largest_channel,
        started=facts.started,
        elapsed_s=elapsed_s,
        host=facts.host,
        is_embedded=facts.is_embedded,
        environment=facts.environment,
        profile=facts.profile,
        command=facts.command,
        sizing=None,
    )
    return _with_size(study)


def law_of(trials: Sequence[TrialRecord]) -> tuple[Usl | None, str]:
    """Return the scalability law of the valid trials, or why there is none."""
    points = [
        (each.load, each.deliveries_per_s)
        for each in trials
        if each.outcome != "invalid" and each.deliveries_per_s is not None
    ]
    refusal = usl_refusal(points)
    return (None, refusal) if refusal else (fit_usl(points, Random(_SEED)), "")


def _record(usl: Usl) -> UslRecord:
    return UslRecord(
        sigma=usl.sigma.value,
        kappa=usl.kappa.value,
        scale=usl.scale.value,
        r2=usl.r2,
        sigma_interval=_range(usl.sigma),
        kappa_interval=_range(usl.kappa),
        lambda_interval=_range(usl.scale),
        level=usl.level,
        highest_load=usl.highest_load,
        diagnosis=usl.diagnosis,
    )


def _range(spread: Spread) -> Range:
    return Range(low=spread.low, high=spread.high)


def _headroom(
    trials: Sequence[TrialRecord], load: float | None, lag_limit_ms: float
) -> Headroom | None:
    there = [each for each in trials if each.load == load and each.outcome == "pass"]
    if not there:
        return None
    lags = [each.generator_lag_p99_ms for each in there if each.generator_lag_p99_ms is not None]
    used = [each.cpu for each in there if each.cpu is not None]
    return Headroom(
        load=there[0].load,
        lag_p99_ms=max(lags, default=None),
        lag_limit_ms=lag_limit_ms,
        cpu=max(used, default=None),
    )


def _with_size(study: Study) -> Study:
    """Return the study with the size of an example, by the default of every figure."""
    if study.limit is None:
        return study
    return with_size(study, assumptions(study, node_capacity({"this study": study}), {}))


def with_size(study: Study, found: tuple[Assumption, ...]) -> Study:
    """Return the study with a size in it, and what that rests on."""
    sizing = {
        "assumptions": {
            each.input.name: {"value": each.value, "source": each.source} for each in found
        },
        "size": sized(sizing_of(found)).to_dict(),
    }
    return msgspec.structs.replace(study, sizing=sizing)
