"""A batch comes out as it went in."""

import msgspec
import pytest

from loadtest.spanning.batch import (
    Batch,
    CellSettled,
    CellStarts,
    ChannelMade,
    CreateChannel,
    DrainStage,
    Fact,
    InviteMember,
    MemberIn,
    MemberKnown,
    decode,
    encode,
)

FACTS: list[Fact] = [
    MemberKnown(1, 2, 10_003),
    CreateChannel(1, 0, 2, ((2, 10_003), (3, 10_004))),
    ChannelMade(1, 0, b'{"resource":{}}', (2, 3)),
    InviteMember(1, 0, 2, 4, 10_005),
    MemberIn(1, 0, 4),
    CellSettled(1, 1),
    CellStarts(1, 2**62),
]


def test_a_batch_comes_out_as_it_went_in() -> None:
    calls = [(3, [2**63, -5, "reason"]), (4, [])]
    batch = Batch(1, 7, 2**62, 400_000, DrainStage.QUIET, calls, FACTS)

    assert decode(encode(batch)) == batch
    assert decode(encode(batch)).stage is DrainStage.QUIET


def test_what_is_no_batch_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b"\xc1")
