from pathlib import Path

import loadtest.selftest
from tests.support.runs import run_locustfile

_PROFILE = Path(loadtest.selftest.__file__).parent / "steady.toml"
_LOCUSTFILE = Path("..") / "loadtest" / "users" / "probes" / "hand_off.py"


def test_visitors_come_and_go_under_a_steady_stream(tmp_path: Path) -> None:
    options = ["--headless", "--users", "4", "--spawn-rate", "4", "--run-time", "4s"]
    run = run_locustfile(str(_LOCUSTFILE), tmp_path, "--profile", str(_PROFILE), *options)
    finished = run.finish()
    summary = finished.summary
    activation = summary["notifications"]["activation"]

    # An author, two visitors, and one user with two devices.
    assert (summary["load"]["users"], summary["load"]["devices"]) == (4, 5)
    assert activation["count"] >= 2
    assert activation["gap_messages"] == activation["overlap_messages"] == 0
    assert summary["notifications"]["spurious"] == 0
