import pytest

from loadtest.errors import UsageError
from loadtest.profile import Profile, profile_from_text
from loadtest.profile.events_file import EventKind, UserEvent
from loadtest.profile.fit import FittedProfile, fit_profile
from loadtest.profile.observed import observe
from loadtest.profile.sample_events import sample_events
from loadtest.workload.distributions import Exponential, Fixed, LogNormal, WeightedTable
from tests.support.profiles import profile

TRUTH = """\
description = "the truth behind a sample"
[run]
duration_s = 2000
[population]
users = 120
devices_per_user = { 0 = 0.1, 1 = 0.6, 2 = 0.3 }
background_ratio = 0.1
[[channels]]
group = "direct"
type = "DIRECT"
count = 60
size = 2
[[channels]]
group = "room"
type = "PUBLIC"
count = 40
size = { kind = "table", values = [3, 30], weights = [9, 1] }
message_weight = 3
[workload]
message_rate_per_s = 4
offline_rate_per_s = 0.2
offline_s = { kind = "lognormal", median = 12, sigma = 0.5 }
[chat_sessions]
stay_s = { kind = "exponential", mean = 40 }
away_s = { kind = "lognormal", median = 50, sigma = 0.6 }
active_share_at_start = 0.5
"""


def fitted(truth: Profile) -> FittedProfile:
    return fit_profile(observe(sample_events(truth)), "sample.csv")


def loaded(found: FittedProfile) -> Profile:
    return profile_from_text(found.toml, source="fitted.toml", name="fitted")


@pytest.fixture(scope="module")
def found() -> FittedProfile:
    return fitted(profile(text=TRUTH))


def test_a_fit_finds_who_there_is(found: FittedProfile) -> None:
    """Who is never connected and in no channel leaves no trace."""
    truth, population = profile(text=TRUTH), loaded(found).population

    assert truth.population.users - 4 <= population.users <= truth.population.users
    assert dict(population.devices_per_user)[1] == 72
    assert dict(population.devices_per_user)[2] == 36
    assert population.background_ratio == pytest.approx(0.1, abs=0.02)


def test_a_fit_finds_the_channels(found: FittedProfile) -> None:
    direct, public = loaded(found).channels

    assert (direct.type, direct.count, direct.size) == ("DIRECT", 60, Fixed(2))
    assert (public.type, public.count) == ("PUBLIC", 40)
    assert isinstance(public.size, WeightedTable), "no fit follows two sizes that far apart"
    assert public.size.highest == 30
    assert public.message_weight / direct.message_weight == pytest.approx(3, rel=0.15)


def test_a_fit_finds_the_rates(found: FittedProfile) -> None:
    work = loaded(found).workload

    assert work.message_rate_per_s == pytest.approx(4, rel=0.05)
    assert work.offline_rate_per_s == pytest.approx(0.2, rel=0.15)


def test_a_fit_finds_how_long_things_last(found: FittedProfile) -> None:
    """Stays that going offline cuts short are not used, and so the fit is a little below."""
    sessions, work = loaded(found).chat_sessions, loaded(found).workload

    assert isinstance(sessions.stay_s, Exponential)
    assert sessions.stay_s.mean == pytest.approx(40, rel=0.1)
    assert isinstance(sessions.away_s, LogNormal)
    assert sessions.away_s.median == pytest.approx(50, rel=0.1)
    assert isinstance(work.offline_s, LogNormal)
    assert work.offline_s.median == pytest.approx(12, rel=0.1)


def test_a_fitted_profile_plans_the_load_that_was_there(found: FittedProfile) -> None:
    fit, truth = loaded(found).planned_load(), profile(text=TRUTH).planned_load()

    assert fit.devices == truth.devices
    assert fit.messages_per_s == pytest.approx(truth.messages_per_s, rel=0.05)
    assert fit.chat_sessions == pytest.approx(truth.chat_sessions, rel=0.15)
    assert fit.deliveries_per_s == pytest.approx(truth.deliveries_per_s, rel=0.2)


def test_each_fit_is_shown_against_its_data(found: FittedProfile) -> None:
    report = list(found.report)
    at = next(n for n, line in enumerate(report) if line.startswith("chat_sessions.stay_s: "))

    assert "KS distance 0.0" in report[at + 1]
    assert report[at + 2].split() == ["quantile", "p10", "p50", "p90", "p99"]
    assert report[at + 3].split()[0] == "data"
    assert report[at + 4].split()[0] == "fit"
    assert "more have no end in the export: not used" in report[at + 5]


def test_every_key_says_where_it_comes_from(found: FittedProfile) -> None:
    assert "# of 60 channels; KS distance 0.000" in found.toml
    assert "# as they are, of 40 channels" in found.toml
    assert found.toml.startswith("# Fitted to sample.csv")


def test_what_the_export_cannot_support_is_left_at_its_default() -> None:
    """Thirty seconds of it: stays mostly do not end, nobody goes offline thirty times."""
    found = fitted(profile("run.duration_s=30", text=TRUTH))
    report = "\n".join(found.report)

    assert "chat_sessions.stay_s: left at its default: " in report
    assert "those that have are the short ones; export a longer time" in report
    assert "workload.offline_s: left at its default: fewer than 30 times offline" in report
    assert "reads, reactions, edits, channel updates: left at their defaults" in report
    assert loaded(found).chat_sessions.stay_s == profile().chat_sessions.stay_s


def test_an_export_that_supports_no_profile_is_refused() -> None:
    lonely = [UserEvent(1, EventKind.ONLINE, "jane", "phone")]

    with pytest.raises(UsageError) as caught:
        fit_profile(observe(lonely), "e.csv")

    assert caught.value.problems == (
        "e.csv: its events are all at one instant; a rate needs time",
        "e.csv: 1 of its users have a device; there must be 2",
        "e.csv: no channel has two members; add the member events",
    )
