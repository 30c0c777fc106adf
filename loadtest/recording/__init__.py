"""A run's observations in a file, and the same run judged again from it.

``recorder`` stands before a ledger and writes down every call that the ledger gets; ``replay``
makes the same calls on a fresh one, which gives the same figures. ``journal`` is the file: whole
frames, so that the file of a run that was killed can be read up to the cut. Nothing here judges
anything, and nothing but what a ledger is told is kept: no frames of the wire, no texts.
"""

from loadtest.recording.journal import Journal
from loadtest.recording.recorder import Recorder
from loadtest.recording.replay import Replay, replay

__all__ = ["Journal", "Recorder", "Replay", "replay"]
