"""Collections of garbage look at what is new only, and what is in a cycle still goes."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from loadtest.garbage import collect_rarely, keep_what_is_there, let_go


@pytest.fixture(autouse=True)
def _usual_collections() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Cycle:
    """Something that only a collection can free."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_there_is_looked_at_no_more() -> None:
    before = gc.get_freeze_count()
    collect_rarely()

    assert gc.get_freeze_count() > before + 1000
    kept = [Cycle() for _ in range(10)]
    frozen = gc.get_freeze_count()
    keep_what_is_there()
    assert gc.get_freeze_count() >= frozen + len(kept)


def test_new_cycles_are_still_collected() -> None:
    collect_rarely()
    cycle = weakref.ref(Cycle())
    assert gc.isenabled()
    young = [[] for _ in range(2 * gc.get_threshold()[0])]  # type: ignore[var-annotated]

    assert young
    assert cycle() is None


def test_what_a_run_has_kept_is_looked_at_again_after_it() -> None:
    collect_rarely()
    cycle = weakref.ref(kept := Cycle())
    keep_what_is_there()
    del kept
    gc.collect()
    assert cycle() is not None, "what stays is not looked at"
    let_go()
    gc.collect()

    assert cycle() is None
