"""What all tests share: their order, the examples of property tests, Locust without its patches.

Importing Locust must not change how the process of the tests works. What needs the patches runs in
child processes, as a run does.
"""

import os
import signal
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

# Not for child processes.
del os.environ["LOCUST_SKIP_MONKEY_PATCH"]

# No deadline for an example: the machine may be busy.
settings.register_profile("work", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=400, deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "work")

# Below ``nohup`` a hang-up is ignored, and children inherit that; some tests hang up.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_TESTS = Path(__file__).parent
# Their tests start whole runs in processes of their own: seconds each, and mostly waiting.
_WHOLE_RUNS = ("integration/", "examples/", "users/probes/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put whole runs between the files of quick tests, for the processes of pytest-xdist.

    A file of quick tests stays together, with its fixtures. A whole run is a unit of its own, so
    that several wait at the same time, with quick tests beside them.
    """
    runs: list[pytest.Item] = []
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        path = item.path.relative_to(_TESTS).as_posix()
        if path.startswith(_WHOLE_RUNS):
            item.add_marker("whole_run")
            runs.append(item)
        else:
            item.add_marker(pytest.mark.xdist_group(path))
            files.setdefault(path, []).append(item)
    # The longest first, or all would wait for it in the end.
    runs.sort(key=_own_timeout_s, reverse=True)
    share = max(1, -(-len(files) // max(len(runs), 1)))
    quick = [*files.values()]
    batches = [[*chain(*quick[start : start + share])] for start in range(0, len(quick), share)]
    alone = [[run] for run in runs]
    pairs = zip_longest(alone, batches, fillvalue=list[pytest.Item]())
    items[:] = [*chain(*chain(*pairs))]


def _own_timeout_s(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker is not None else 0
