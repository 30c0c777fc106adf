from typing import Any

from loadtest.observations import ChatEvent
from loadtest.report.figures import MISSING
from loadtest.report.tables import (
    Table,
    TableRow,
    Tone,
    actions_table,
    between_workers_table,
    completion_table,
    device_classes_table,
    fan_out_table,
    generator_table,
    handoff_table,
    latency_table,
    ledger_table,
    notification_latency_table,
    phases_table,
    reading_table,
    recovery_table,
    starts_table,
    thresholds_table,
)
from tests.support.summaries import (
    failed_summary,
    figures,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
    with_slow_devices,
)


def texts(table: Table, label: str) -> dict[str, str]:
    row = row_of(table, label)
    return {column.key: cell.text for column, cell in zip(table.columns, row.cells, strict=True)}


def tones(table: Table, label: str) -> dict[str, Tone]:
    row = row_of(table, label)
    return {column.key: cell.tone for column, cell in zip(table.columns, row.cells, strict=True)}


def row_of(table: Table, label: str) -> TableRow:
    return next(row for row in table.rows if row.label == label)


def test_fan_out_has_each_delivery_and_every_step_of_completion() -> None:
    table = fan_out_table(failed_summary())

    assert [row.label for row in table.rows] == [
        "each device",
        "first receiver",
        "half of them",
        "90 %",
        "99 %",
        "last receiver",
        "spread",
    ]
    assert texts(table, "each device")["max_ms"] == "10,412"
    assert texts(table, "last receiver")["p50_ms"] == "3.60"


def test_a_column_can_be_picked() -> None:
    table = fan_out_table(passing_summary()).only("max_ms", "p50_ms")

    assert [column.key for column in table.columns] == ["p50_ms", "max_ms"]
    assert all(len(row.cells) == 2 for row in table.rows)


def test_nothing_measured_is_a_dash_and_never_zero() -> None:
    summary = stopped_summary()
    summary["latency"] = {"e": {"count": 0, "p50_ms": 0, "max_ms": 0}}

    shown = texts(latency_table(summary, "latency"), "e")

    assert shown.pop("count") == "0"
    assert set(shown.values()) == {MISSING}


def test_an_absent_block_is_a_dash_too() -> None:
    shown = texts(fan_out_table({}), "last receiver")

    assert set(shown.values()) == {MISSING}


def test_a_percentile_of_too_few_samples_is_quiet() -> None:
    summary: dict[str, Any] = {"latency": {"e": figures(999, 1.0)}}

    shown = tones(latency_table(summary, "latency"), "e")

    assert shown["p95_ms"] is Tone.PLAIN
    assert shown["p99_ms"] is shown["p999_ms"] is Tone.QUIET
    assert shown["max_ms"] is Tone.PLAIN


def test_completion_counts_messages_and_incomplete_ones_by_size() -> None:
    table = completion_table(failed_summary())

    assert texts(table, "all sizes")["incomplete"] == "19"
    assert tones(table, "all sizes")["incomplete"] is Tone.BAD
    assert texts(table, "3-10 devices")["messages"] == "598"


def test_a_lost_message_is_bad_and_a_lost_typing_event_a_warning() -> None:
    table = ledger_table(failed_summary())

    assert texts(table, "message received")["delivery_ratio"] == "99.93 %"
    assert tones(table, "message received")["lost"] is Tone.BAD
    assert texts(table, "typing started")["lost"] == "240"
    assert tones(table, "typing started")["lost"] is Tone.WARN
    assert tones(table, "message read")["delivery_ratio"] is Tone.GOOD


def test_the_ledger_explains_its_rows_by_the_name_on_the_wire() -> None:
    row = row_of(ledger_table(passing_summary()), "presence changed")

    assert row.meaning == ChatEvent.PRESENCE_CHANGED


def test_actions_and_starts_show_their_errors() -> None:
    assert texts(actions_table(failed_summary()), "message")["errors"] == "4"
    assert tones(actions_table(failed_summary()), "message")["errors"] is Tone.BAD
    assert texts(starts_table(passing_summary()), "chat session start")["errors"] == "0"


def test_delivery_and_service_latency_are_apart() -> None:
    summary = passing_summary()

    assert latency_table(summary, "latency").title == "Delivery latency"
    shown = texts(latency_table(summary, "service_latency"), "message received")
    assert shown["p50_ms"] == "1.71"


def test_notification_times_include_the_activation() -> None:
    table = notification_latency_table(passing_summary())

    steps = ("at least", "at most", "resolution")
    shown = [texts(table, f"activation, {step}")["p50_ms"] for step in steps]
    assert shown == ["18.0", "41.0", "24.0"]


def test_neither_and_both_are_faults_at_an_end_and_none_at_a_start() -> None:
    table = handoff_table(failed_summary())

    assert texts(table, "a chat session ended") == {
        **{"delivered": "31", "notified": "212", "neither": "2", "both": "0"}
    }
    assert tones(table, "a chat session ended")["neither"] is Tone.BAD
    assert texts(table, "a chat session started")["neither"] == "4"
    assert tones(table, "a chat session started")["neither"] is Tone.PLAIN


def test_a_time_that_never_came_says_never() -> None:
    table = fan_out_table(failed_summary())

    assert texts(table, "last receiver")["max_ms"] == "never"
    assert tones(table, "last receiver")["max_ms"] is Tone.BAD
    assert texts(table, "last receiver")["p99_ms"] == "14.0"


def test_the_judged_share_stands_beside_every_ratio() -> None:
    keys = [column.key for column in ledger_table(passing_summary()).columns]

    assert {"delivery_ratio", "judged_share"} <= set(keys)
    assert texts(ledger_table(passing_summary()), "message received")["judged_share"] == "99.80 %"


def test_the_generator_shows_four_delays_of_its_own() -> None:
    assert len(generator_table(inconclusive_summary()).rows) == 4


def test_a_threshold_held_broke_or_was_not_judged() -> None:
    failed = thresholds_table(failed_summary())
    unjudged = thresholds_table(inconclusive_summary())

    assert [row.cells[0].text for row in failed.rows] == ["yes", "no"]
    assert texts(unjudged, unjudged.rows[0].label) == {
        "held": "not judged",
        "value": MISSING,
        "interval": MISSING,
        "samples": "40",
    }


def test_a_ledger_column_that_is_empty_everywhere_is_left_out() -> None:
    clean, coalesced = ledger_table(passing_summary()), ledger_table(failed_summary())

    assert "coalesced" not in [column.key for column in clean.columns]
    assert texts(coalesced, "typing started")["coalesced"] == "212"


def test_users_with_several_devices_are_a_class_of_their_own() -> None:
    table = device_classes_table(failed_summary())

    assert [row.label for row in table.rows] == ["one device", "several devices"]
    assert tones(table, "several devices")["spurious"] is Tone.BAD
    assert tones(table, "one device")["spurious"] is Tone.PLAIN


def test_dropped_actions_are_a_warning() -> None:
    assert texts(actions_table(failed_summary()), "read")["dropped"] == "5"
    assert tones(actions_table(failed_summary()), "read")["dropped"] is Tone.WARN


def test_the_way_back_has_user_and_chat_sessions_where_any_was_lost() -> None:
    table = recovery_table(failed_summary())

    assert [row.label for row in table.rows] == ["user session", "chat session"]
    assert [column.title for column in table.columns] == ["samples", "p50", "p90", "p99", "max"]
    assert texts(table, "chat session")["count"] == "11"
    assert not recovery_table(passing_summary()).rows


def test_slow_devices_and_the_others_are_classes_of_their_own() -> None:
    table = reading_table(with_slow_devices(3))

    assert texts(table, "slowly, on purpose")["lost"] == "1,200"
    assert tones(table, "slowly, on purpose")["lost"] is Tone.PLAIN, "it is what they were to do"
    assert tones(table, "at once")["lost"] is Tone.BAD
    assert not reading_table(passing_summary()).rows


def test_latency_between_workers_stands_beside_that_within_one() -> None:
    summary = inconclusive_summary()
    table = between_workers_table(summary)

    assert [row.label for row in table.rows] == ["message received", "  within one"]
    across, within = (texts(table, row.label) for row in table.rows)
    assert (across["count"], across["negative_count"]) == ("20,100", "0")
    assert within["count"] == texts(latency_table(summary, "latency"), "message received")["count"]


def test_where_nothing_crosses_workers_nothing_is_shown_of_it() -> None:
    assert between_workers_table(passing_summary()).rows == ()


def test_a_threshold_is_shown_with_its_unit_and_how_well_it_is_known() -> None:
    table = thresholds_table(passing_summary())

    assert texts(table, "latency.channel.message.created.p99_ms < 250") == {
        "held": "yes",
        "value": "7.53 ms",
        "interval": "7.45 ms to 7.61 ms",
        "samples": "41,873",
    }


def test_a_threshold_that_only_warns_is_no_alarm() -> None:
    summary = failed_summary()
    summary["thresholds"][1]["consequence"] = "warn"
    cell = row_of(thresholds_table(summary), "ledger.channel.message.created.lost == 0").cells[0]

    assert (cell.text, cell.tone) == ("no, warns", Tone.WARN)


def test_each_phase_has_its_span_and_its_latency() -> None:
    table = phases_table(passing_summary())

    assert [row.label for row in table.rows] == ["ramp", "steady", "drain", "whole"]
    assert texts(table, "steady")["span"] == "4.2 to 20.0"
    assert texts(table, "drain")["p99_ms"] == "7.53"
