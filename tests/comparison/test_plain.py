import json
from pathlib import Path

from loadtest.comparison.catalogue import DEFAULT_GATES
from loadtest.comparison.plain import SCHEMA, plain_comparison
from tests.support.comparisons import undecided, worse


def test_everything_that_was_found_is_in_it(tmp_path: Path) -> None:
    plain = plain_comparison(worse(tmp_path), tmp_path)
    figures = {each["figure"]: each for each in plain["figures"]}
    p50, lost = figures[DEFAULT_GATES[0]], figures[DEFAULT_GATES[3]]

    assert json.loads(json.dumps(plain)) == plain
    assert (plain["schema"], plain["outcome"], plain["method"]) == (SCHEMA, "worse", "paired t")
    assert plain["base"]["runs"] == [f"base/run-{number}" for number in range(1, 6)]
    assert p50["verdict"] == "worse"
    assert p50["interval"][0] < p50["change"] < p50["interval"][1]
    assert p50["base_replicates"] == [4.0, 4.04, 3.97, 4.02, 3.99]
    assert lost["unit"] == "share"
    assert 0.0009 < lost["change_points"] < 0.0011
    assert plain["power"][DEFAULT_GATES[0]]["replicates_needed"] is None


def test_what_cannot_be_said_is_null(tmp_path: Path) -> None:
    plain = plain_comparison(undecided(tmp_path))

    assert plain["figures"][0]["interval"] is None
    assert plain["figures"][0]["p"] is None
    assert plain["wanted_change"] is None
    assert len(plain["warnings"]) == len(plain["left_out"]) == 1
