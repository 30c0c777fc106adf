import datetime
from dataclasses import replace

import msgspec
import pytest

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.metrics import Totals
from loadtest.metrics.figures.histogram import bucket_index
from loadtest.metrics.verdict.grammar import parse
from loadtest.report.run_record import RunRecord, run_results
from loadtest.report.summary import RunFacts
from tests.support.scenes import Scene

_FACTS = RunFacts(
    run_id="20261122T191500Z-smoke-3f9a",
    host="http://127.0.0.1:1",
    dialect=2,
    is_embedded=True,
    profile={"population": {"devices_per_user": {1: 0.8, 2: 0.2}}, "thresholds": []},
    seed=1,
    duration_s=20.125,
    versions={"loadtest": "0.1.0"},
    lag_p99_limit_ms=20.0,
    thresholds=(parse("latency.channel.message.created.p99_ms < 250"),),
    workers=2,
    errors=("it broke",),
    selftest={"version": "0.1.0", "passed": True},
)
_RECORD = RunRecord(
    facts=_FACTS,
    started=datetime.datetime(2026, 11, 22, 19, 15, 0, 125, tzinfo=datetime.UTC),
    profile_toml='description = "x"\n',
)


def _totals() -> Totals:
    scene = Scene()
    scene.room(3, present=(1, 2))
    scene.send(1)
    scene.see(1, 1_020, 1, 2)
    scene.notify(1, 1_030, 3)
    return scene.totals()


def test_a_record_survives_a_file() -> None:
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(_RECORD.to_plain()), strict=False)

    assert RunRecord.from_plain(plain) == _RECORD


def test_a_record_without_optional_facts_survives_as_well() -> None:
    record = replace(
        _RECORD, facts=replace(_FACTS, selftest=None, clock_uncertainty_ms=1.5), is_final=False
    )

    assert RunRecord.from_plain(record.to_plain()) == record


def test_the_same_totals_and_record_give_the_same_results() -> None:
    again = RunRecord.from_plain(_RECORD.to_plain())

    assert run_results(_totals(), again) == run_results(_totals(), _RECORD)


def test_a_record_of_another_version_is_refused() -> None:
    plain = _RECORD.to_plain()
    del plain["facts"]["host"]
    with pytest.raises(UsageError, match=r"facts cannot be read: .*host"):
        RunRecord.from_plain(plain)


def test_messages_are_logged_by_second_and_every_other_event_as_a_whole() -> None:
    totals = _totals()
    results = run_results(totals, _RECORD)
    by_event = {interval.tag: interval for interval in results.latency}
    rows = [interval for interval in results.latency if interval.tag == "channel.message.created"]

    assert len(rows) == len(totals.timeline)
    assert by_event["user.notification.created"].length_s == totals.timeline[-1].t_s
    assert [row["messages"] for row in results.timeline if row["messages"]] == [1]
    assert results.started.timestamp() * NS_PER_S > 0


def test_what_crossed_workers_has_a_tag_of_its_own() -> None:
    totals = _totals()
    totals.figures.crossed("channel.message.created").latency.record_all([4_000])
    [crossed] = [
        interval
        for interval in run_results(totals, _RECORD).latency
        if interval.tag == "channel.message.created.cross_worker"
    ]

    assert crossed.counts == {bucket_index(4_000): 1}
