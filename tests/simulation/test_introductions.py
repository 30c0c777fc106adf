"""Members that are never connected, in a whole run: they exist on the server, and get nothing."""

from pathlib import Path

import pytest

from tests.support.virtual_run import virtual_run

PAIR = """\
description = "one is connected, the other is not"
[run]
duration_s = 12
ramp_s = 1
[population]
users = 2
devices_per_user = { 0 = 1, 1 = 1 }
[[channels]]
group = "pair"
type = "DIRECT"
count = 1
size = 2
[workload]
message_rate_per_s = 2
"""


@pytest.mark.parametrize("kind", ["DIRECT", "PRIVATE"])
def test_a_channel_with_one_who_is_never_connected_is_created(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pair.toml"
    path.write_text(PAIR, encoding="utf-8")

    run = virtual_run(str(path), f"channels.pair.type={kind}")
    figures, server = run["figures"], run["server"]

    assert figures["actions"]["create_channel"]["completed"] == 1
    assert figures["load"]["messages"] > 5
    messages = figures["events"]["channel.message.created"]
    assert messages["delivered"] == messages["expected"] == figures["load"]["messages"]
    assert server["user_sessions"] == {"open": 1, "started": 2, "ended": 1}
    assert server["notifications_created"] == 0
    assert run["contradictions"] == []


def test_who_is_in_no_channel_need_not_be_known(tmp_path: Path) -> None:
    path = tmp_path / "quiet.toml"
    text = PAIR.replace("users = 2", "users = 4").replace("0 = 1, 1 = 1", "0 = 1, 1 = 3")
    path.write_text(text.replace("DIRECT", "PRIVATE"), encoding="utf-8")

    run = virtual_run(str(path), "population.background_ratio=0.5", "run.seed=3")

    assert run["server"]["user_sessions"]["started"] in (3, 4)
    assert run["server"]["user_sessions"]["open"] == 3
