import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import UsageError
from loadtest.profile import Profile, load_profile
from loadtest.workload import (
    ActionKind,
    ChannelType,
    Existing,
    ExistingChannel,
    ExistingUser,
    plan_cell,
)
from loadtest.workload.distributions import Fixed
from tests.support.profiles import profile
from tests.support.workloads import actions_of, count_of

SMOKE = load_profile("smoke")


def test_a_profile_survives_json() -> None:
    """As it travels from the master to a worker."""
    assert Profile.from_resolved(json.loads(json.dumps(SMOKE.resolved()))) == SMOKE


def test_a_resolved_profile_as_toml_is_a_profile() -> None:
    """As it is kept beside the results of a run."""
    scaled = SMOKE.scaled(devices=900)

    assert profile(text=scaled.to_toml()) == scaled


def test_every_key_is_in_the_resolved_profile() -> None:
    resolved = profile().resolved()

    assert resolved["target"]["dialect"] == 2
    assert resolved["workload"]["arrivals"] == "poisson"
    assert resolved["channels"][0]["type"] == "PRIVATE"
    assert resolved["population"]["devices_per_user"] == {"1": 1.0}


def test_the_population_is_the_one_described() -> None:
    population = SMOKE.population_plan()

    assert population.users_per_cell == 105
    assert [(g.name, g.type, g.count) for g in population.groups] == [
        ("direct", ChannelType.DIRECT, 120),
        ("small", ChannelType.PRIVATE, 30),
        ("large", ChannelType.PUBLIC, 1),
    ]


def test_the_behaviour_is_the_one_described() -> None:
    behaviour = profile(
        "chat_sessions.settle_s=2",
        "workload.read_probability=0.25",
        "run.ramp_s=10",
        "device.session_limit=4",
    ).behaviour()

    assert behaviour.message_rate_per_s == 5
    assert behaviour.stays.settle_s == 2
    assert behaviour.stays.sessions_per_device_max == 4
    assert behaviour.reading.probability == 0.25
    assert behaviour.horizon_s == 55
    assert behaviour.stays.presence is None


def test_users_go_offline_at_the_rate_asked_for() -> None:
    """Twenty users, of whom half have devices: each every ten seconds, five of them offline."""
    presence = (
        profile(
            "workload.offline_rate_per_s=1",
            "workload.offline_s=5",
            "population.devices_per_user={0=1, 1=1}",
        )
        .behaviour()
        .stays.presence
    )

    assert presence is not None
    assert presence.online_s.expectation() == 5
    assert presence.offline_s == Fixed(5)


def test_what_a_device_leaves_out_is_named() -> None:
    assert profile().deviations == ()
    assert profile(
        "device.acknowledge=false",
        "device.heart_beats=false",
        "device.reconnect=false",
        "device.handlers=['on_message_received']",
    ).deviations[:3] == (
        "no ACK for events",
        "no STOMP heart-beats",
        "no reconnect after a lost connection",
    )


@given(st.integers(2, 5_000))
def test_scaling_gives_the_devices_asked_for_or_a_few_less(devices: int) -> None:
    """Never more, and less than a cell less; the smallest population is two users."""
    scaled = SMOKE.scaled(devices=devices)

    assert devices - SMOKE.population_plan().devices_per_cell < scaled.devices_in_run <= devices
    if devices < 126:
        assert scaled.devices_in_run >= devices - 2


def test_less_than_the_smallest_population_is_refused() -> None:
    with pytest.raises(UsageError, match="to have 1 devices; the smallest part of smoke is two"):
        SMOKE.scaled(devices=1)
    with pytest.raises(UsageError, match="to have 1 users; there must be two"):
        SMOKE.scaled_to_users(1)


def test_rates_that_are_given_are_those_of_the_run_whatever_its_size() -> None:
    larger = SMOKE.scaled(devices=2_000).with_rates({"message_rate_per_s": 200.0})

    assert larger.planned_load().messages_per_s == pytest.approx(200, rel=0.01)


def test_a_rate_of_users_is_a_ramp() -> None:
    assert SMOKE.started_within(users_per_s=70).run.ramp_s == 3
    with pytest.raises(UsageError, match="need 210 s to start, and the run lasts 20 s"):
        SMOKE.started_within(users_per_s=1)


def test_a_larger_run_has_the_same_first_cells() -> None:
    larger = SMOKE.scaled(devices=2_000)

    assert larger.cells_in_run == 15
    assert plan_cell(larger.population_plan(), 2, seed=1, run="r") == plan_cell(
        SMOKE.population_plan(), 2, seed=1, run="r"
    )
    assert larger.behaviour() == SMOKE.behaviour()


def test_a_factor_scales_the_devices() -> None:
    assert SMOKE.scaled_by(1) == SMOKE.scaled(devices=252)
    assert SMOKE.scaled_by(4).devices_in_run == 4 * 252
    assert SMOKE.scaled_by(0.1).devices_in_run in (24, 25)
    assert SMOKE.scaled_by(1e-9).users_in_run == 2


def test_rates_grow_and_shrink_along() -> None:
    base = SMOKE.planned_load()
    larger, smaller = (SMOKE.scaled(devices=devices).planned_load() for devices in (2_520, 26))

    assert larger.messages_per_s == pytest.approx(10 * base.messages_per_s)
    assert larger.deliveries_per_s == pytest.approx(10 * base.deliveries_per_s, rel=0.1)
    assert smaller.messages_per_s == pytest.approx(base.messages_per_s * 22 / 210)
    assert smaller.offline_per_s == pytest.approx(base.offline_per_s * 22 / 210)


def test_a_room_for_everybody_shrinks_with_its_cell() -> None:
    busy = profile("population.users=2000", "channels.room.size=1800", "channels.room.count=1")
    small = busy.scaled(devices=20)

    assert small.channels[0].size == Fixed(20)
    assert small.planned_load().largest_channel == 20


def test_direct_channels_shrink_to_the_sets_that_exist() -> None:
    direct = profile(
        "population.users=100",
        "channels.room.type=DIRECT",
        "channels.room.size=2",
        "channels.room.count=400",
    )
    pair = direct.scaled(devices=2)

    assert (pair.users_in_run, pair.channels[0].count) == (2, 1)
    assert pair.planned_load().channels == 1


def test_users_start_over_the_ramp() -> None:
    assert profile("run.ramp_s=4").users_per_s == 5
    assert profile("run.ramp_s=0").users_per_s == 20
    assert profile("run.ramp_s=4").scaled(devices=200).users_per_s == 50


def test_smoke_is_what_it_says() -> None:
    """Two hundred devices, a large channel, and light enough for two shared cores."""
    load = SMOKE.planned_load()

    assert SMOKE.run.duration_s == 20
    assert load.devices == SMOKE.devices_in_run >= 200
    assert load.devices > load.users
    assert load.largest_channel >= 60
    assert load.notifications_per_s > 10
    assert load.events_per_s < 3_000


def test_smoke_makes_all_that_causes_the_ten_events() -> None:
    population, behaviour = SMOKE.population_plan(), SMOKE.behaviour()
    cells = [plan_cell(population, index, seed=1, run="r") for index in range(SMOKE.cells_in_run)]
    plans = [actions_of(cell, behaviour, seconds=15) for cell in cells]

    assert behaviour.reading.probability > 0
    for kind in set(ActionKind) - {ActionKind.PAUSE}:
        assert sum(count_of(actions, kind) for actions in plans) >= 1, kind


@pytest.mark.parametrize("users", [2, 7, 42, 104])
def test_a_profile_below_one_cell_is_scaled_to_exactly_so_many_users(users: int) -> None:
    whole = profile("population.users=210", "population.cells=2")

    assert whole.scaled_to_users(users).users_in_run == users


def test_a_profile_is_scaled_to_so_many_users_in_whole_cells() -> None:
    whole = profile("population.users=210", "population.cells=2")

    assert whole.scaled_to_users(300).users_in_run == 210
    assert whole.scaled_to_users(315).users_in_run == 315


def test_reports_do_not_hold_the_api_key() -> None:
    profile = load_profile("smoke", ["target.api_key=s3cret"])

    assert "s3cret" in profile.to_toml()
    assert "s3cret" not in profile.without_secrets().to_toml()
    assert "s3cret" not in str(profile.without_secrets().resolved())


# --- users that exist -------------------------------------------------------------------------


def community(*sizes: int, users: int = 9) -> Existing:
    names = [f"u{n}" for n in range(users)]
    channels = (
        ExistingChannel(f"c{n}", ChannelType.PRIVATE, tuple(names[:size]), group="room")
        for n, size in enumerate(sizes)
    )
    return Existing(tuple(map(ExistingUser, names)), tuple(channels), is_population=True)


def test_who_exists_takes_the_place_of_the_population() -> None:
    base = profile("channels.room.message_weight=3", "workload.message_rate_per_s=7")
    existing = community(2, 9, 2)
    described = base.describing(existing)
    load = described.planned_load(existing=existing)

    assert described.users_in_run == 9
    [group] = described.channels
    assert (group.count, group.size.highest, group.message_weight) == (3, 9, 3)
    assert described.workload.message_rate_per_s == 7
    assert (load.users, load.channels, load.largest_channel) == (9, 3, 9)


def test_a_community_that_cannot_be_divided_is_one_cell() -> None:
    described = profile("population.cells=2").describing(community(2))

    assert (described.population.cells, described.cells_in_run) == (1, 1)


def test_what_cannot_be_done_among_them_is_told() -> None:
    with pytest.raises(UsageError, match=r"among the users that exist: workload\.channel_update"):
        profile("workload.channel_update_rate_per_s=1").describing(community())


def test_rates_can_be_slowed() -> None:
    slowed = profile("workload.message_rate_per_s=8").slowed(0.25)

    assert slowed.workload.message_rate_per_s == 2


def test_a_name_of_the_profile_stands_for_one_population() -> None:
    overrides = ('provisioning.mode="platform"', 'provisioning.name="nightly"')
    names = profile(*overrides).names_of_run("00c0ffee")

    assert re.fullmatch(r"nightly-[0-9a-f]{6}", names)
    assert profile(*overrides).names_of_run("another") == names
    assert profile(*overrides, "workload.message_rate_per_s=1").names_of_run("x") == names
    assert profile(*overrides, "channels.room.size=4").names_of_run("x") != names
    assert profile(*overrides, "run.seed=9").names_of_run("x") != names
    assert profile().names_of_run("00c0ffee") == "00c0ffee"


def test_a_plan_of_many_cells_is_a_multiple_of_that_of_some() -> None:
    base, many = SMOKE.planned_load(), SMOKE.scaled(devices=126_000).planned_load()

    assert (many.cells, many.devices) == (1_000, 126_000)
    assert many.users == 1_000 * SMOKE.population_plan().users_per_cell
    assert many.messages_per_s == pytest.approx(500 * base.messages_per_s, rel=0.01)
    assert many.deliveries_per_s == pytest.approx(500 * base.deliveries_per_s, rel=0.1)
    assert many.largest_channel == base.largest_channel
