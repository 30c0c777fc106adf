"""What a report says of a study apart from its trials: workload, method, limits of validity."""

from loadtest.capacity.answer import broken_text, load_text
from loadtest.capacity.size_tables import LIMITS_OF_SIZING
from loadtest.capacity.study import Range, Study
from loadtest.report.facts import Fact
from loadtest.report.figures import MISSING, count_text, plain_text, span_text
from loadtest.report.tables import Tone

__all__ = [
    "answer_word",
    "environment_facts",
    "law_facts",
    "limit_facts",
    "method_facts",
    "tiles",
    "tone",
    "validity",
    "workload_facts",
]

_ENDED = {
    "precision": "the interval is as narrow as asked",
    "budget": "the time was up",
    "generator": "the load generator was the limit",
    "range": "the end of the range of loads was reached",
    "person": "a person stopped it",
    None: "it goes on",
}


def answer_word(study: Study) -> str:
    """Return the answer in a word or two."""
    if study.limit is None:
        return "No limit found"
    shown = load_text(study.limit.estimate, study.axis)
    return f"At least {shown}" if study.is_at_least else shown


def tone(study: Study) -> Tone:
    """Return how far the answer is one."""
    if study.limit is None:
        return Tone.BAD
    return Tone.WARN if study.is_at_least or study.stopped_by != "precision" else Tone.GOOD


def tiles(study: Study) -> tuple[Fact, ...]:
    """Return the few figures that a reader looks for first."""
    limit, bracket = study.limit, study.bracket
    interval = MISSING
    deliveries = None
    if limit is not None:
        low = _load(limit.low)
        interval = (
            f"{low} or more" if limit.high is None else f"{low}\N{EN DASH}{_load(limit.high)}"
        )
        deliveries = study.deliveries_per_unit * limit.estimate
    devices = study.devices
    if limit is not None and study.devices_per_unit:
        devices = round(study.devices_per_unit * limit.estimate)
    headroom = study.headroom
    return (
        Fact("limit", interval, f"{study.unit}, {study.settings.level:.0%} interval"),
        Fact("highest passed", _load(bracket.highest_passed), "in every trial there"),
        Fact("lowest failed", _load(bracket.lowest_failed), study.unit),
        Fact("deliveries/s", count_text(deliveries), "planned at the limit"),
        Fact("devices", count_text(devices), "at the limit"),
        Fact(
            "generator lag p99",
            span_text(headroom.lag_p99_ms if headroom else None),
            f"of {headroom.lag_limit_ms:g} ms allowed, at the highest that passed"
            if headroom
            else "not measured",
        ),
    )


def _load(load: float | None) -> str:
    return MISSING if load is None else f"{load:,.0f}" if load >= 100 else f"{load:.3g}"


def limit_facts(study: Study) -> tuple[Fact, ...]:
    """Return the limit, what broke, and what was left of the generator."""
    facts = [Fact("answer", study.answer)]
    if study.first_broken is not None:
        facts.append(
            Fact("broke first", broken_text(study.first_broken), "at the lowest failed load")
        )
    facts.append(Fact("the search ended because", _ENDED[study.stopped_by]))
    if study.headroom is not None:
        left = study.headroom
        used = MISSING if left.cpu is None else f"{left.cpu:.2f} cores"
        facts.append(
            Fact(
                "load generator",
                f"lag p99 {span_text(left.lag_p99_ms)} of at most {left.lag_limit_ms:g} ms,"
                f" busiest process {used}",
                f"at {load_text(left.load, study.axis)}, the highest load that passed",
            )
        )
    return tuple(facts)


def workload_facts(study: Study) -> tuple[Fact, ...]:
    """Return what the load consisted of."""
    profile, fan_out = study.profile, study.deliveries_per_unit / (study.messages_per_unit or 1)
    return (
        Fact("profile", str(profile.get("name", MISSING)), str(profile.get("description", ""))),
        Fact("raised", study.unit, "everything else stays as in the profile"),
        Fact("devices", count_text(study.devices), f"of {study.connected_users:,} users"),
        Fact("a message reaches", f"{fan_out:.3g} devices", "planned, on average"),
        Fact("largest channel", f"{study.largest_channel:,} members"),
        Fact("must hold", "; ".join(study.settings.thresholds)),
    )


def environment_facts(study: Study) -> tuple[Fact, ...]:
    """Return where it was measured."""
    target = study.host or "embedded reference server"
    if study.is_embedded:
        target = "embedded reference server, on the generator's own machine, new for each trial"
    return (
        Fact("server", target),
        *(
            Fact(name.replace("_", " "), plain_text(value) or "none")
            for name, value in study.environment.items()
        ),
        Fact("started", study.started),
        Fact("took", f"{study.elapsed_s / 60:.1f} min, {len(study.trials)} trials"),
    )


def method_facts(study: Study) -> tuple[Fact, ...]:
    """Return how it was measured."""
    asked = study.settings
    return (
        Fact(
            "trial",
            f"a run of its own at one load: users start, {asked.settle_s:g} s to settle, at least"
            f" {asked.hold_s:g} s held",
            "It passes if every threshold held and the run is valid. An invalid one decides"
            " nothing. It has settled if at the beginning of the hold 98 % of its chat sessions"
            " are there.",
        ),
        Fact(
            "search",
            f"from {load_text(asked.first, study.axis)}, doubled until a load failed",
            "Then each load is the median of a probability over limit and width, which every"
            " outcome changes.",
        ),
        Fact(
            "interval",
            f"{asked.level:.0%}, wanted ±{asked.precision:.0%}",
            "So often the limit is inside, if it moves by up to 8 % from trial to trial.",
        ),
    )


def law_facts(study: Study) -> tuple[Fact, ...]:
    """Return the scalability law, or why there is none."""
    usl = study.usl
    if usl is None:
        return (Fact("scalability law", f"not fitted: {study.usl_refused}"),)
    return (
        Fact("diagnosis", f"{usl.diagnosis[0].upper()}{usl.diagnosis[1:]}."),
        Fact(
            "contention, sigma", _spread(usl.sigma, usl.sigma_interval), "share of work that waits"
        ),
        Fact("coherency, kappa", _spread(usl.kappa, usl.kappa_interval), "cost of each pair"),
        Fact("lambda", _spread(usl.scale, usl.lambda_interval), "deliveries/s per unit of load"),
        Fact("R²", f"{usl.r2:.3f}", "share of the variation that the curve explains"),
        Fact(
            "reaches to",
            load_text(2 * usl.highest_load, study.axis),
            "twice the highest load; beyond it the law says nothing",
        ),
    )


def _spread(value: float, interval: Range) -> str:
    return f"{value:.3g} ({interval.low:.3g} to {interval.high:.3g})"


def validity(study: Study) -> tuple[str, ...]:
    """Return what the answer does not say."""
    said = [
        "It holds for this workload: another mix of channel sizes, reads and typing has another"
        " limit.",
        f"A load was held for {study.settings.hold_s:g} s. What fills up over hours, such as memory"
        " or disks, does not show.",
    ]
    if study.is_embedded:
        said.append(
            "The server was the embedded reference server, which shares the machine with the"
            " generator. It is not a model of any deployment's capacity."
        )
    if study.is_at_least:
        said.append("The limit was not reached: the deployment carries more than is said here.")
    if study.axis != "devices":
        said.append(
            f"The number of devices was not raised: more than {study.devices:,} were not tried."
        )
    invalid = sum(each.outcome == "invalid" for each in study.trials)
    if invalid:
        said.append(f"{invalid} of {len(study.trials)} trials were invalid and decide nothing.")
    return (*said, *LIMITS_OF_SIZING)
