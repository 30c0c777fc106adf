from pathlib import Path

import loadtest.selftest
from tests.support.runs import run_locustfile

_PROFILE = Path(loadtest.selftest.__file__).parent / "steady.toml"
_LOCUSTFILE = Path("..") / "loadtest" / "users" / "probes" / "closed.py"


def test_each_user_sends_its_next_message_after_the_last_one_came(tmp_path: Path) -> None:
    options = ["--headless", "--users", "3", "--spawn-rate", "3", "--run-time", "3s"]
    run = run_locustfile(str(_LOCUSTFILE), tmp_path, "--profile", str(_PROFILE), *options)
    finished = run.finish()
    summary = finished.summary

    assert summary["workload"] == "closed"
    # With 20 ms between two messages no user sends more than 50 a second.
    assert 0 < summary["load"]["actions"]["message"] <= 3 * 50 * 3
    assert summary["ledger"]["channel.message.created"]["lost"] == 0
    assert summary["generator"]["lag"]["max_ms"] in (None, 0)
