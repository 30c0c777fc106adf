"""How rarely a process that carries thousands of connections looks for garbage.

Devices and connections are thousands of objects that stay, and none of what an event makes is in a
cycle: reference counts free it. Python's default looks through all of it again and again.
Short looks at what is new, none at what stays.
"""

import gc

__all__ = ["collect_rarely", "keep_what_is_there", "let_go"]

# New objects that are looked through at once (under a millisecond), and how many such looks come
# before one at all that outlived them. A run's own objects are kept from the latter by a freeze.
_THRESHOLDS = (5_000, 1_000, 1_000)


def collect_rarely() -> None:
    """Collect garbage once, and from now on only among what is new."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def keep_what_is_there() -> None:
    """Let no later collection look at what is there now: all of it stays."""
    gc.freeze()


def let_go() -> None:
    """Let collections look at everything again: what a run has kept may be garbage now.

    Without it a process that makes one run after the other keeps the devices of each.
    """
    gc.unfreeze()
