from pathlib import Path

from loadtest.server.state.fault_counts import FaultCounts, FaultKind


def test_every_kind_is_there_also_if_it_never_happened() -> None:
    counts = FaultCounts().as_json()

    assert {kind.value: {} for kind in FaultKind}.items() <= counts.items()
    assert counts["stall"] == 0


def test_channel_topics_are_counted_apart_and_in_the_total() -> None:
    counts = FaultCounts(stall=2, stalled_ns=3_500_000)
    counts.note(FaultKind.DROP, "message.read_receipt.created", is_in_channel=True)
    counts.note(FaultKind.DROP, "message.read_receipt.created")

    assert counts.as_json()["drop"] == {"message.read_receipt.created": 2}
    assert counts.as_json()["stalled_ms"] == 3.5
    assert counts.channels_as_json() == {"drop": {"message.read_receipt.created": 1}}


def test_every_kind_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "server.md").read_text()

    assert [kind for kind in FaultCounts().as_json() if f"`{kind}`" not in page] == []
