import json
from dataclasses import replace
from typing import Any

import pytest

from loadtest.metrics import Histogram, Totals, Verdict, merge
from loadtest.metrics.catalogue.declaration import LATENCY_KEYS
from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.metrics.figures.figures import SIZE_CLASSES, CompletionFigures, TimingFigures
from loadtest.metrics.figures.timeline import TimelineRow
from loadtest.metrics.verdict.abort import Abort
from loadtest.metrics.verdict.grammar import parse, parse_all
from loadtest.observations import Action, ChatEvent, Phase
from loadtest.report.summary import RunFacts, build_summary, contradictions
from tests.support.scenes import Scene, ns
from tests.support.summaries import passing_summary

MESSAGE = str(ChatEvent.MESSAGE_CREATED)
FACTS = RunFacts(
    run_id="20261122T191500Z-smoke-3f9a",
    host="http://127.0.0.1:8080",
    dialect=2,
    is_embedded=True,
    profile={"name": "smoke"},
    seed=7,
    duration_s=20.01234,
    versions={"chatkitty-loadtest": "0.1.0"},
    lag_p99_limit_ms=20.0,
    push_sink={"url": "http://127.0.0.1:8085/", "received": 5, "unreadable": 2},
)
NESTED = (
    *("completion", "actions", "profile", "versions", "selftest", "other_events", "unexpected"),
    *("push", "notifications.by_devices", "load.connections_lost_by_reason"),
)


def scene() -> Scene:
    """Return a run of one message that reached two of three, and one of two absentees."""
    made = Scene()
    made.room(5, present=[1, 2, 3])
    made.settle(50_000)
    made.send(1, at_ms=50_001, due_ms=50_000)
    made.see(1, 50_003, 1)
    made.see(1, 50_005.5, 2)
    made.notify(1, 50_007, 4)
    made.ledger.action_completed(Action.MESSAGE, 1, ns(50_000), ns(50_001), ns(50_002), ns(50_003))
    made.ledger.action_failed(Action.READ, 1, ns(1), ns(2), "AccessDeniedError: no")
    made.ledger.action_dropped(Action.EDIT, 1, ns(1), "offline")
    return made


def keys(part: Any, path: str = "") -> set[str]:
    """Return the paths of a summary, as far as they are fixed."""
    if not isinstance(part, dict) or path in NESTED:
        return {path}
    return {found for name in part for found in keys(part[name], f"{path}.{name}".strip("."))}


def test_every_name_of_the_definition_is_there() -> None:
    summary = build_summary(scene().totals(), FACTS)

    listed_if_any = ("load.actions.", "phases.")
    wanted = {key for key in keys(passing_summary()) if not key.startswith(listed_if_any)}
    assert wanted - keys(summary) == set()
    assert set(summary["completion"]["all"]) == set(passing_summary()["completion"]["all"])
    action = passing_summary()["actions"]["message"]
    assert set(action) <= set(summary["actions"]["message"])


@pytest.mark.parametrize(
    ("readers", "said"),
    [
        ((), None),
        (("compiled",), "compiled"),
        (("compiled", "python"), "compiled and python"),
    ],
)
def test_the_reader_of_the_devices_is_named(readers: tuple[str, ...], said: str | None) -> None:
    summary = build_summary(scene().totals(), replace(FACTS, readers=readers))
    assert summary["engine"] == {"reader": said}


def test_every_figure_that_a_threshold_can_name_is_there() -> None:
    """Actions, size classes and classes of users that never occurred are not listed.

    What crosses workers is listed where something did.
    """
    summary = build_summary(scene().totals(), FACTS)
    missing = {
        figure
        for figure in all_figures()
        if not _is_in(summary, figure)
        and not figure.startswith(("actions.", *(f"completion.{size}." for size in SIZE_CLASSES)))
        and not figure.endswith((".coalesced", ".refused", ".in_flight"))
        and not figure.startswith(
            ("staleness.", "cross_worker.", "notifications.by_devices.", "phases.")
        )
    }

    assert missing == set()


def _is_in(part: Any, figure: str) -> bool:
    if not isinstance(part, dict):
        return False
    if figure in part:
        return True
    return any(
        _is_in(below, figure[len(name) + 1 :])
        for name, below in part.items()
        if figure.startswith(f"{name}.")
    )


def test_pushes_of_other_programs_are_told_apart() -> None:
    totals = scene().totals()
    totals.figures.push.taken = 3
    push = build_summary(totals, FACTS)["push"]

    assert (push["received"], push["unassigned"], push["unreadable"]) == (5, 2, 2)
    assert push["latency"] == {"count": 0, **dict.fromkeys(LATENCY_KEYS[1:])}


def test_without_a_push_sink_there_is_nothing_to_say_of_pushes() -> None:
    threshold = parse("push.missed == 0")
    facts = replace(FACTS, push_sink=None, thresholds=(threshold,))
    summary = build_summary(scene().totals(), facts)

    assert summary["push"] is None
    assert summary["thresholds"][0]["held"] is None, "what nobody looked for did not hold"


def test_thresholds_that_nobody_chose_say_nothing_of_what_never_happened() -> None:
    expressions = ("ledger.channel.message.created.lost == 1", "actions.edit.p99_ms < 5")
    thresholds = tuple(parse(each) for each in expressions)
    chosen = build_summary(scene().totals(), replace(FACTS, thresholds=thresholds))
    facts = replace(FACTS, thresholds=thresholds, has_implied_thresholds=True)
    implied = build_summary(scene().totals(), facts)

    assert [each["held"] for each in chosen["thresholds"]] == [True, None]
    assert chosen["verdict"] == "INCONCLUSIVE"
    assert [each["held"] for each in implied["thresholds"]] == [True]
    assert implied["verdict"] == "PASS"


def test_the_share_of_the_load_that_was_not_offered_is_of_what_users_planned() -> None:
    made = scene()
    for number in range(7):
        completed = ns(number)
        made.ledger.action_completed(Action.RELAY, 1, completed, completed, 0, completed)
    generator = build_summary(made.totals(), FACTS)["generator"]

    assert (generator["dropped_arrivals"], generator["dropped_ratio"]) == (1, 0.333334)


def test_pushes_that_do_not_add_up_are_a_contradiction() -> None:
    totals = scene().totals()
    totals.figures.push.expected = 1

    assert contradictions(totals) == ("push",)


def test_the_figures_are_those_of_the_run() -> None:
    summary = build_summary(scene().totals(), FACTS)

    entry = summary["ledger"][MESSAGE]
    assert (entry["expected"], entry["delivered"], entry["lost"]) == (3, 2, 1)
    assert entry["delivery_ratio"] == 0.666666
    assert summary["latency"][MESSAGE]["max_ms"] == 5.5
    assert summary["service_latency"][MESSAGE]["max_ms"] == 4.5
    assert summary["completion"]["all"]["incomplete"] == 1
    assert summary["notifications"]["missed"] == 1
    assert summary["ledger"]["user.notification.created"]["lost"] == 1
    assert summary["latency"]["user.notification.created"]["min_ms"] == 7.0
    assert summary["actions"]["message"]["p50_ms"] == 2.0
    assert summary["actions"]["message"]["completion"]["p50_ms"] == 3.0
    assert summary["actions"]["read"]["errors"] == 1
    assert summary["generator"]["dropped_arrivals"] == 1
    assert summary["generator"]["lag"]["max_ms"] == 1.0
    assert summary["load"]["actions"]["message"] == 1
    assert summary["adds_up"] is True


def test_what_was_not_measured_is_null_beside_a_count_of_0() -> None:
    summary = build_summary(Totals(), FACTS)

    assert summary["latency"][MESSAGE] == {
        "count": 0,
        **dict.fromkeys(
            ("min_ms", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "p999_ms", "max_ms")
        ),
    }
    assert summary["generator"]["cpu_ratio_peak"] is None
    assert summary["verdict"] == "INCONCLUSIVE"
    assert [reason["code"] for reason in summary["reasons"]] == ["nothing_measured"]


def test_a_summary_is_json_without_nan() -> None:
    for totals in (scene().totals(), Totals()):
        json.dumps(build_summary(totals, FACTS), allow_nan=False)


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("ledger.channel.message.created.lost == 0", Verdict.FAIL),
        ("ledger.channel.message.created.lost <= 1", Verdict.PASS),
        ("latency.channel.message.created.p99_ms < 250", Verdict.INCONCLUSIVE),
    ],
)
def test_thresholds_decide_the_verdict(expression: str, verdict: Verdict) -> None:
    facts = replace(FACTS, thresholds=(parse(expression),))
    summary = build_summary(scene().totals(), facts)

    assert summary["verdict"] == verdict.value
    assert summary["thresholds"][0]["expression"] == expression


def test_a_run_that_was_stopped_says_so_and_keeps_its_figures() -> None:
    summary = build_summary(scene().totals(), replace(FACTS, is_stopped=True))

    assert summary["verdict"] == "STOPPED"
    assert summary["ledger"][MESSAGE]["expected"] == 3


def test_a_ledger_that_is_still_open_does_not_add_up() -> None:
    running = Scene()
    running.room(2)
    running.send(1)
    running.ledger.roll(ns(2000))
    totals = merge([running.ledger.snapshot()])

    assert "ledger.open" in contradictions(totals)
    summary = build_summary(totals, FACTS)
    assert summary["adds_up"] is False
    assert summary["reasons"][0]["code"] == "does_not_add_up"


@pytest.mark.parametrize("field", ["delivered", "lost", "expected"])
def test_a_count_that_contradicts_the_others_is_found(field: str) -> None:
    totals = scene().totals()
    event = totals.figures.event(MESSAGE)
    setattr(event, field, getattr(event, field) + 1)

    assert f"ledger.{MESSAGE}" in contradictions(totals)


def test_a_notification_too_many_is_found() -> None:
    totals = scene().totals()
    totals.figures.notification(has_several=False).delivered += 1

    assert contradictions(totals) == ("notifications",)


def test_values_outside_the_range_of_a_histogram_are_named() -> None:
    made = Scene()
    made.room(1)
    made.send(1, at_ms=1000)
    made.see(1, 999, 1)
    summary = build_summary(made.totals(), FACTS)

    block = summary["latency"][MESSAGE]
    assert (block["negative"], block["below_range"], block["min_ms"]) == (1, 1, -1.0)


def test_a_summary_says_what_devices_did_otherwise_than_the_sdk() -> None:
    facts = replace(FACTS, deviations=("no ACK for events",))

    assert build_summary(scene().totals(), facts)["deviations"] == ["no ACK for events"]


def test_a_slow_device_on_another_worker_is_in_its_class_all_the_same() -> None:
    crossed = scene()
    crossed.ledger.device_slowed(2, 0)
    totals = crossed.totals()
    whole = build_summary(totals, FACTS)["by_device_class"]
    message = totals.figures.event(MESSAGE)
    totals.figures.crossed(MESSAGE).latency.merge(message.latency)
    message.latency = Histogram()

    assert build_summary(totals, FACTS)["by_device_class"] == whole


def timed(*latencies_ms: float) -> TimingFigures:
    made = TimingFigures()
    for latency_ms in latencies_ms:
        made.latency.record_ns(round(latency_ms * 1_000_000))
        made.service.record_ns(round(latency_ms * 500_000))
        made.completion.record_ns(round(latency_ms * 2_000_000))
    return made


def phased() -> Totals:
    """Return a run whose teardown was slow."""
    totals = scene().totals()
    totals.figures.phases = {}
    for name, latency_ms in ((Phase.RAMP, 3.0), (Phase.STEADY, 2.0), (Phase.DRAIN, 900.0)):
        part = totals.figures.phase(name)
        part.events[MESSAGE] = timed(latency_ms)
        part.actions["message"] = timed(latency_ms)
        part.notifications = timed(latency_ms)
        part.completed("2").first.record_ns(round(latency_ms * 1_000_000))
    totals.figures.action("message").completed = 3
    return totals


def test_what_stands_first_is_of_the_steady_phase() -> None:
    """A teardown of all devices at once is no latency of the deployment."""
    summary = build_summary(phased(), FACTS)

    assert summary["latency"][MESSAGE]["max_ms"] == 2.0
    assert summary["service_latency"][MESSAGE]["max_ms"] == 1.0
    assert summary["notifications"]["latency"]["max_ms"] == 2.0
    assert summary["actions"]["message"]["max_ms"] == 2.0
    assert summary["actions"]["message"]["completion"]["max_ms"] == 4.0
    assert summary["completion"]["all"]["first"]["max_ms"] == 2.0


def test_counts_are_of_the_whole_run() -> None:
    summary = build_summary(phased(), FACTS)

    assert summary["ledger"][MESSAGE]["delivered"] == 2
    assert summary["actions"]["message"]["completed"] == 3
    assert summary["actions"]["message"]["count"] == 1


def test_each_phase_has_its_own_times() -> None:
    phases = build_summary(phased(), FACTS)["phases"]

    assert list(phases) == ["ramp", "steady", "drain", "whole"]
    assert phases["drain"]["latency"][MESSAGE]["max_ms"] == 900.0
    assert phases["ramp"]["actions"]["message"]["max_ms"] == 3.0
    assert phases["ramp"]["notification_latency"]["max_ms"] == 3.0
    assert phases["whole"]["latency"][MESSAGE]["max_ms"] == 5.5


def test_a_run_that_never_was_steady_has_no_steady_times() -> None:
    totals = phased()
    del totals.figures.phases[Phase.STEADY]
    summary = build_summary(totals, FACTS)

    assert summary["latency"][MESSAGE]["count"] == 0
    assert "steady" not in summary["phases"]


def test_a_message_with_a_loss_counts_as_never() -> None:
    """Percentiles are over all messages and not over the survivors."""
    totals = scene().totals()
    completion = CompletionFigures(never={"last": 17}, incomplete=17)
    for _ in range(3):
        completion.last.record_ns(4_000_000)
    totals.figures.phase(Phase.STEADY).completion = {"2": completion}
    threshold = parse("completion.all.last.p50_ms < 100000")
    summary = build_summary(totals, replace(FACTS, thresholds=(threshold,)))

    last = summary["completion"]["all"]["last"]
    assert (last["count"], last["never"]) == (20, 17)
    assert (last["min_ms"], last["p50_ms"], last["max_ms"]) == (4.0, "never", "never")
    assert summary["thresholds"][0]["value"] == "never"
    assert summary["thresholds"][0]["held"] is False
    assert summary["verdict"] == "FAIL"


def test_refused_actions_are_load_that_was_not_offered() -> None:
    totals = Totals()
    message = totals.figures.action(Action.MESSAGE)
    message.completed = 2
    message.errors = {"InternalServerError: no": 3, "no STOMP receipt within 10 s": 1}
    totals.figures.action(Action.RELAY).errors = {"gone": 9}
    totals.figures.action(Action.CHAT_SESSION_START).dropped = {"not connected": 4}
    summary = build_summary(totals, replace(FACTS, dropped_ratio_limit=0.5))

    actions, every = summary["work"]["actions"], summary["work"]["all"]
    assert (actions["planned"], actions["failed"], actions["refused"]) == (6, 4, 3)
    assert actions["failed_ratio"] == 0.666667
    assert (every["planned"], every["not_offered"]) == (10, 7)
    assert "work.all.not_offered_ratio" in {each["figure"] for each in summary["reasons"]}


def test_a_loop_that_is_late_before_anything_is_sent_delays_nothing() -> None:
    totals = replace(
        scene().totals(),
        timeline=(
            TimelineRow(t_s=1, loop_lag_us_peak=644_000),
            TimelineRow(t_s=2, loop_lag_us_peak=3_000, messages=4),
            TimelineRow(t_s=3, loop_lag_us_peak=2_000, events=9),
        ),
    )
    summary = build_summary(totals, replace(FACTS, loop_lag_p99_limit_ms=200.0))

    assert summary["generator"]["loop_lag"]["max_ms"] == 3.0
    assert summary["reasons"] == []


def test_a_figure_that_was_judged_in_part_is_warned_of() -> None:
    totals = scene().totals()
    totals.figures.event(MESSAGE).boundary = 1
    thresholds = tuple(
        parse(f"ledger.channel.message.created.{each}")
        for each in ("lost <= 1", "duplicate == 0", "expected > 0")
    )
    summary = build_summary(totals, replace(FACTS, thresholds=thresholds))

    (warning,) = summary["warnings"]
    assert summary["verdict"] == "PASS"
    assert (warning["code"], warning["value"], warning["limit"]) == (
        "little_judged",
        0.75,
        ">= 0.95",
    )
    assert warning["figure"] == "ledger.channel.message.created.judged_share"


def test_a_run_without_what_its_profile_is_about_does_not_pass() -> None:
    points = [[0, 1], [60, 1], [65, 10], [100, 1]]
    profile = {
        "run": {"duration_s": 20.0},
        "workload": {"arrivals": {"kind": "curve", "points": points}},
    }
    summary = build_summary(scene().totals(), replace(FACTS, profile=profile))

    assert summary["verdict"] == "INCONCLUSIVE"
    assert summary["reasons"][0]["code"] == "not_in_run"


def test_the_threshold_that_ended_a_run_is_broken_whatever_came_afterwards() -> None:
    (threshold,) = parse_all(["fanout.max < 9000ms abort"])
    facts = replace(
        FACTS,
        thresholds=(threshold,),
        planned_s=60.0,
        sending_s=12.0,
        aborted=Abort(threshold.expression, 9_500.0, 12.0),
    )
    summary = build_summary(scene().totals(), facts)

    assert summary["verdict"] == "FAIL"
    assert summary["thresholds"][0]["value"] == 9_500.0
    assert [each["code"] for each in summary["reasons"]] == ["threshold"]
    assert summary["aborted"] == {
        **{"expression": "fanout.max < 9000ms abort", "value": 9_500.0, "at_s": 12.0}
    }


def test_a_threshold_that_only_warns_leaves_the_pass() -> None:
    thresholds = tuple(parse_all(["delivery.message.lost == 0 warn", "fanout.max < 1min"]))
    summary = build_summary(scene().totals(), replace(FACTS, thresholds=thresholds))

    assert summary["verdict"] == "PASS"
    assert summary["thresholds"][0]["held"] is False
    assert summary["warnings"][0]["figure"] == "ledger.channel.message.created.lost"
