import pytest

from tests.support.profiles import MINIMAL, problems_in


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        pytest.param(
            ["population.cells=3", "channels.room.size=4"],
            "population.users is 20; it must be a multiple of population.cells (3)",
            id="cells divide users",
        ),
        pytest.param(
            ["population.cells=20", "channels=[]", "workload.message_rate_per_s=0"],
            "population.cells is 20; a cell must have 2 users at least, of 20 in all",
            id="nobody is alone in a cell",
        ),
        pytest.param(
            [
                "run.span_workers=true",
                "workload.read_probability=0.5",
                'device.handlers=["on_message_received"]',
            ],
            "device.handlers has no on_message_read; with run.span_workers it must, or without"
            " workload.read_probability: a read receipt names its message by a link, which on"
            " another worker only the answer to its relay explains",
            id="read receipts can be identified on another worker",
        ),
        pytest.param(
            ["run.span_workers=true", "provisioning.mode=platform"],
            'provisioning.mode is "platform"; with run.span_workers it must be "guest": only then'
            " the workers make their channels together",
            id="channels over workers are made by the workers",
        ),
        pytest.param(
            ["channels.room.message_weight=0"],
            "channels have no message_weight above 0; one of them must",
            id="messages go somewhere",
        ),
        pytest.param(
            ["channels.room.size=21"],
            "channels.room.size is 21 at least; a cell has only 20 users that may be in a channel"
            " (population.users / population.cells)",
            id="a channel fits into its cell",
        ),
        pytest.param(
            ["population.background_ratio=0.7"],
            "channels.room.size is 8 at least; a cell has only 6 users that may be in a channel"
            " (population.users / population.cells)",
            id="background users do not count",
        ),
        pytest.param(
            ["channels.room.type=DIRECT", "channels.room.size=11"],
            "channels.room.size is up to 11; a direct channel has at most 10 members",
            id="direct channels are small",
        ),
        pytest.param(
            ["channels.room.count=26"],
            "population.channels_per_user_max is 10; the channels of a cell have 208 members"
            " together, but its 20 users have room for 200",
            id="everybody has room",
        ),
        pytest.param(
            [
                "channels.room.type=DIRECT",
                "channels.room.size=2",
                "channels.room.count=191",
                "population.channels_per_user_max=100",
            ],
            "channels.room.count is 191, 191 in one cell; there is one direct channel per set of"
            " users, and only 190 sets in a cell",
            id="one direct channel per set of users",
        ),
        pytest.param(
            ["device.api_connection=true", "target.dialect=1"],
            "device.api_connection is true; target.dialect 1 knows none: it must be 2",
            id="only dialect 2 has an API connection",
        ),
        pytest.param(
            ["run.ramp_s=60"],
            "run.ramp_s is 60; it must be below run.duration_s (60 seconds), of which it is a part",
            id="the ramp is a part of the run",
        ),
        pytest.param(
            ["run.drain_s=9"],
            "run.drain_s is 9; it must be at least run.delivery_deadline_s (10 seconds), or the"
            " last messages cannot be judged",
            id="the drain is long enough",
        ),
        pytest.param(
            ["channels=[]"],
            "workload.message_rate_per_s is 5; without a channel it must be 0",
            id="messages need channels",
        ),
        pytest.param(
            ["channels.room.type=DIRECT", "workload.channel_update_rate_per_s=1"],
            "workload.channel_update_rate_per_s is 1; without a channel that is not direct it must"
            " be 0",
            id="updates need channels that can be updated",
        ),
        pytest.param(
            ["workload.offline_rate_per_s=2", "workload.offline_s=10"],
            "workload.offline_rate_per_s is 2; it must be below 2 per second, as 20 users stay"
            " offline for 10 seconds each",
            id="users must come back first",
        ),
        pytest.param(
            ["chat_sessions.stay_s=2"],
            "chat_sessions.stay_s is 2 at most; it must be above twice chat_sessions.settle_s"
            " (1 seconds), or nobody can write",
            id="stays leave time to write",
        ),
        pytest.param(
            ["provisioning.mode='file'"],
            'provisioning.file is ""; in mode file it must name the file of users and channels',
            id="mode file needs a file",
        ),
        pytest.param(
            ["provisioning.file='users.json'"],
            'provisioning.mode is "guest"; provisioning.file (users.json) is only read in mode'
            ' "file"',
            id="a file needs mode file",
        ),
        pytest.param(
            ["provisioning.name=nightly"],
            'provisioning.mode is "guest"; provisioning.name (nightly) is only used in mode'
            ' "platform"',
            id="a name needs mode platform",
        ),
    ],
)
def test_keys_must_fit_together(overrides: list[str], problem: str) -> None:
    (found,) = problems_in(*overrides)

    assert found.partition(": ")[2] == problem


def test_groups_have_names_of_their_own() -> None:
    twice = MINIMAL + '[[channels]]\ngroup = "room"\ncount = 1\nsize = 3\n'

    assert problems_in(text=twice) == (
        "test.toml: channels.room is there 2 times; each group needs its own name",
    )


def test_thresholds_are_read_before_the_run() -> None:
    assert not problems_in("thresholds=['notifications.missed == 0']")
    (problem,) = problems_in("thresholds=['notifications.mised == 0']")

    assert "thresholds: " in problem
    assert "notifications.missed" in problem


def test_all_broken_rules_are_said_at_once() -> None:
    assert len(problems_in("run.drain_s=1", "run.ramp_s=100", "channels.room.size=99")) == 3
