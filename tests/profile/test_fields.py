import pytest

from loadtest.workload.arrivals import Bursts
from loadtest.workload.distributions import Exponential, Fixed
from tests.support.profiles import problems_in, profile


def test_a_duration_is_a_number_or_a_distribution() -> None:
    assert profile("chat_sessions.stay_s=5").chat_sessions.stay_s == Fixed(5)
    assert profile(
        "chat_sessions.stay_s={kind='exponential', mean=5}"
    ).chat_sessions.stay_s == Exponential(5)


def test_arrivals_are_a_kind_or_a_table() -> None:
    arrivals = profile("workload.arrivals={kind='bursts', size=3}").workload.arrivals

    assert arrivals == Bursts(3, 3.0)


@pytest.mark.parametrize(
    ("setting", "weights"),
    [
        pytest.param("2", ((2, 1.0),), id="everybody alike"),
        pytest.param("{2=0.3, 1=0.7}", ((1, 0.7), (2, 0.3)), id="weights"),
        pytest.param("{0=1, 1=9}", ((0, 1.0), (1, 9.0)), id="some never connected"),
    ],
)
def test_devices_per_user(setting: str, weights: tuple[tuple[int, float], ...]) -> None:
    read = profile(f"population.devices_per_user={setting}").population.devices_per_user

    assert read == weights


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        pytest.param(
            "chat_sessions.away_s=-1",
            "chat_sessions.away_s is -1; it must be at least 0",
            id="negative duration",
        ),
        pytest.param(
            "channels.room.size={kind='uniform',low=1,high=4}",
            "channels.room.size is down to 1; it must be at least 2",
            id="channel for one",
        ),
        pytest.param(
            "population.devices_per_user={x=1}",
            "population.devices_per_user.x is not a number of devices; it must be from 0 to 100",
            id="key",
        ),
        pytest.param(
            "population.devices_per_user={1=-1}",
            "population.devices_per_user.1 is -1; a weight must be at least 0",
            id="weight",
        ),
        pytest.param(
            "population.devices_per_user=0",
            "population.devices_per_user has no devices; one weight of 1 or more devices must be"
            " above 0",
            id="no devices at all",
        ),
        pytest.param(
            "population.devices_per_user='two'",
            "population.devices_per_user is 'two'; it must be a table of devices and weights",
            id="text",
        ),
        pytest.param(
            "workload.arrivals={kind='curve', points=[[0, 0]]}",
            "workload.arrivals.points has no rate above 0; nothing would ever arrive",
            id="curve",
        ),
    ],
)
def test_impossible_settings_are_named_with_their_rule(override: str, problem: str) -> None:
    assert problems_in(override) == (f"--set {override}: {problem}",)
