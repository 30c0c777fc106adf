"""What one worker tells another, several times a second.

A batch holds everything since the one before: observations, and facts about cells. Its instants are
those of the master's clock, which every worker knows its own offset from; whoever takes it converts
them to its own. Batches are numbered, so that a lost one is noticed.
"""

from enum import IntEnum
from typing import Any

import msgspec
from msgspec import Struct

__all__ = [
    "Batch",
    "CellSettled",
    "CellStarts",
    "ChannelMade",
    "CreateChannel",
    "DrainStage",
    "Fact",
    "InviteMember",
    "MemberIn",
    "MemberKnown",
    "decode",
    "encode",
]


class DrainStage(IntEnum):
    """How far a worker is with the run; each one includes those before."""

    SENDING = 0
    QUIET = 1
    """Nothing is sent any more, and every action has ended: all causes are known."""
    SATISFIED = 2
    """Its ledger waits for nothing any more: devices may end their sessions."""
    DONE = 3
    """Its devices have ended; this is its last batch."""


class MemberKnown(Struct, array_like=True, frozen=True, tag=1):
    """The server knows a member of a cell."""

    cell: int
    member: int
    user: int
    """The server's id."""


class CreateChannel(Struct, array_like=True, frozen=True, tag=2):
    """A home wants a channel of its cell to be created."""

    cell: int
    channel: int
    """Index in the cell."""
    creator: int
    members: tuple[tuple[int, int], ...]
    """Number in the cell and the server's id of each, the creator among them."""


class ChannelMade(Struct, array_like=True, frozen=True, tag=3):
    """A channel exists, or could not be created."""

    cell: int
    channel: int
    answer: bytes
    """The server's; empty: it could not be created."""
    members: tuple[int, ...]


class InviteMember(Struct, array_like=True, frozen=True, tag=4):
    """A home wants a latecomer to be invited to a channel that exists."""

    cell: int
    channel: int
    host: int
    member: int
    user: int


class MemberIn(Struct, array_like=True, frozen=True, tag=5):
    """A latecomer was invited, and is a member now."""

    cell: int
    channel: int
    member: int


class CellSettled(Struct, array_like=True, frozen=True, tag=6):
    """A worker's devices have read all there is of a cell's channels."""

    cell: int
    worker: int


class CellStarts(Struct, array_like=True, frozen=True, tag=7):
    """The workload of a cell starts at this instant of the master's clock."""

    cell: int
    at_ns: int


Fact = (
    MemberKnown | CreateChannel | ChannelMade | InviteMember | MemberIn | CellSettled | CellStarts
)


class Batch(Struct, array_like=True):
    """What one worker tells another."""

    sender: int
    number: int
    """Of this sender's batches to this receiver, from 1 on."""
    through_ns: int
    """All observations up to this instant have been told now."""
    uncertainty_ns: int
    """How far the instants may be off from the master's."""
    stage: DrainStage
    calls: list[tuple[int, list[Any]]]
    facts: list[Fact]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def encode(batch: Batch) -> bytes:
    """Return a batch as bytes."""
    return _encoder.encode(batch)


def decode(content: bytes) -> Batch:
    """Return the batch that ``encode`` made bytes of.

    Raises:
        msgspec.DecodeError: ``content`` is something else.
    """
    return _decoder.decode(content)
