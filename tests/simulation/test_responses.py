"""What users do about messages, in a whole run in scripted time."""

from typing import Any

import pytest

from tests.support.virtual_run import virtual_run

ROOM = ("run.duration_s=14", "run.ramp_s=1", "chat_sessions.enter_within_s=1")


def room(*overrides: str) -> dict[str, Any]:
    run = virtual_run("read-receipts", *ROOM, *overrides, devices=8)
    assert run["contradictions"] == []
    figures: dict[str, Any] = run["figures"]
    return figures


def test_everybody_but_the_author_reads_what_arrives() -> None:
    figures = room("workload.message_rate_per_s=10", "workload.read_delay_s=0.1")
    messages = figures["load"]["messages"]

    assert messages > 2
    # The last one may come within the delay before the end.
    assert 7 * (messages - 1) <= figures["load"]["reads"] <= 7 * messages
    assert figures["actions"]["read"]["dropped"] == {}


def test_reactions_reach_everybody_in_the_channel() -> None:
    figures = room(
        "workload.message_rate_per_s=10",
        "workload.read_probability=0",
        "workload.reaction_probability=1",
        "workload.reaction_delay_s=0.1",
    )
    reactions = figures["actions"]["react"]["completed"]

    assert reactions >= 7 * (figures["load"]["messages"] - 1) > 0
    assert figures["counted"]["message.reaction.created"] == 8 * reactions
    assert figures["load"]["reads"] == 0


def test_replies_answer_what_was_received_and_count_as_messages() -> None:
    figures = room(
        "workload.message_rate_per_s=25",
        "workload.read_probability=0",
        "workload.reply_probability=1",
    )
    replies = figures["actions"]["reply"]["completed"]
    first = figures["actions"]["message"]["completed"]

    assert first == 1, "only the first message has nothing to answer"
    assert replies + first == figures["load"]["messages"] > 5
    messages = figures["events"]["channel.message.created"]
    assert messages["delivered"] == messages["expected"] == 8 * (replies + first)


@pytest.mark.parametrize("probability", [0.25, 0.5])
def test_a_share_of_what_arrives_is_read(probability: float) -> None:
    figures = room(
        "workload.message_rate_per_s=150",
        f"workload.read_probability={probability}",
        "workload.read_delay_s=0.1",
    )
    chances = 7 * figures["load"]["messages"]

    assert chances > 300
    assert figures["load"]["reads"] / chances == pytest.approx(probability, abs=0.07)


def test_the_same_seed_does_the_same() -> None:
    assert room("workload.message_rate_per_s=10") == room("workload.message_rate_per_s=10")
