"""The options of a run, on the command line and in the web form."""

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
from locust.argument_parser import (
    LocustArgumentParser,
    get_empty_argument_parser,
    setup_parser_arguments,
)

from loadtest.engine.network import NetworkSettings
from loadtest.errors import UsageError
from loadtest.run.options import (
    ANY_PORT,
    RunOptions,
    add_arguments,
    run_options,
)
from loadtest.workload import ExistingUser


def parsed(*arguments: str) -> Namespace:
    parser = get_empty_argument_parser(default_config_files=[])
    setup_parser_arguments(parser)  # type: ignore[no-untyped-call]
    add_arguments(parser)
    options: Namespace = parser.parse_args(arguments)
    return options


def options(*arguments: str) -> RunOptions:
    return run_options(parsed(*arguments))


def test_nothing_but_defaults_is_the_smoke_profile_against_the_embedded_server() -> None:
    found = options()

    assert found.profile.name == "smoke"
    assert (found.host, found.results, found.record) == (None, "results", "")
    assert found.network == NetworkSettings(api_key="loadtest")


def test_each_option_changes_what_it_names() -> None:
    found = options(
        *("--host", "http://chat:1", "--dialect", "1", "--seed", "0", "--results", "out"),
        *("--set", "run.duration_s=9", "--set", "run.ramp_s=2"),
        *("--source-address", "127.0.0.2", "--source-address", "127.0.0.3", "--record", "r"),
        *("--i-am-allowed-to-load", "chat"),
    )

    assert (found.profile.target.dialect, found.profile.run.seed) == (1, 0)
    assert (found.profile.run.duration_s, found.profile.run.ramp_s) == (9, 2)
    assert (found.host, found.results) == ("http://chat:1", "out")
    assert found.network.source_addresses == ("127.0.0.2", "127.0.0.3")
    assert (found.allowed_host, found.record) == ("chat", "r")


def test_a_push_sink_is_a_key_of_the_profile() -> None:
    assert options().profile.push.sink == ""
    assert options("--push-sink").profile.push.sink == ANY_PORT
    assert options("--push-sink", "[::1]:8085").profile.push.sink == "[::1]:8085"


@pytest.mark.parametrize("address", ["smoke", "8085", ":8085", "host:", "host:http"])
def test_a_push_sink_needs_host_and_port(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--push-sink", address)
    assert f"it is '{address}'; it must be HOST:PORT" in capsys.readouterr().err


def test_thresholds_are_added_to_those_of_the_profile() -> None:
    base = options().profile.thresholds
    found = options("--threshold", "fanout.p99 < 200ms", "--threshold", "notifications.p99 < 1s")

    assert found.profile.thresholds == (*base, "fanout.p99 < 200ms", "notifications.p99 < 1s")


def test_all_that_is_wrong_with_thresholds_is_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        options(
            *("--threshold", "fanout.p97 < 1s", "--threshold", "speed > 1"),
            *("--set", "thresholds=['notifications.mised == 0']"),
        )

    text = str(raised.value)
    assert "did you mean notifications.missed" in text
    assert "--threshold: threshold 'fanout.p97 < 1s' names 'fanout.p97'" in text
    assert "'speed'" in text


def test_devices_scale_the_profile() -> None:
    found = options("--devices", "130")

    assert found.profile.devices_in_run == 126
    assert found.notes == (
        "130 devices were asked for; 126 is as close as whole cells and users come",
    )
    assert options("--devices", "30").notes == ()


def test_locusts_own_options_are_part_of_the_plan() -> None:
    profile = options("--users", "30", "--run-time", "1m30s", "--spawn-rate", "10").profile

    assert (profile.users_in_run, profile.run.duration_s, profile.run.ramp_s) == (30, 90, 3)
    [note] = options("--users", "250").notes
    assert note.startswith("250 users were asked for; 210 is as close")


def test_of_users_written_by_hand_locusts_options_are_no_part_of_the_profile() -> None:
    asked = parsed("--users", "30", "--run-time", "90")

    assert run_options(asked, is_profile_driven=False).profile == options().profile


def test_a_run_has_one_length() -> None:
    with pytest.raises(UsageError, match="the run has one length; give one"):
        options("--run-time", "30", "--set", "run.duration_s=20")
    assert options("--run-time", "20", "--set", "run.duration_s=20").profile.run.duration_s == 20


def test_a_rate_that_is_given_is_not_scaled() -> None:
    override = ("--set", "workload.message_rate_per_s=200")

    for size in (("--devices", "2000"), ("--scale", "0.3"), ()):
        assert options(*override, *size).planned_load().messages_per_s == pytest.approx(
            200, rel=0.01
        )


def test_secrets_are_known_by_name(tmp_path: Path) -> None:
    assert options().secrets == ()
    assert options("--set", "target.api_key=hush").secrets == ("target.api_key",)
    found = people(tmp_path)
    assert found.secrets == ()
    assert found.existing is not None
    jane = ExistingUser("jane", auth_params='{"password":"hush"}')
    with_secret = replace(found, existing=replace(found.existing, users=(jane,)))
    assert with_secret.secrets == (f"auth params in {tmp_path / 'people.json'}",)


def test_a_run_that_is_scaled_up_starts_its_users_no_faster() -> None:
    smoke = options().profile
    larger = options("--devices", "500").profile
    huge = options("--scale", "50", "--set", "run.duration_s=30").profile

    assert larger.users_per_s == pytest.approx(smoke.users_per_s)
    assert huge.run.ramp_s == 15, "half of the run"
    assert options("--devices", "30").profile.run.ramp_s == smoke.run.ramp_s
    said = options("--devices", "500", "--set", "run.ramp_s=1").profile
    assert said.run.ramp_s == 1


@pytest.mark.parametrize("devices", ["0", "-3", "many", "1.5"])
def test_a_number_of_devices_below_1_is_no_number_of_devices(
    devices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(f"--devices={devices}")
    assert f"it is '{devices}'; it must be a number of 1 or more" in capsys.readouterr().err


def test_the_web_form_may_say_0_devices_but_not_less() -> None:
    form = parsed()
    form.devices = 0
    assert run_options(form).profile.name == "smoke"
    form.devices = -1
    with pytest.raises(UsageError, match="devices is -1"):
        run_options(form)


def test_an_unknown_profile_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="there is no profile 'nosuch'"):
        options("--profile", "nosuch")


def test_the_web_form_shows_what_a_person_may_change_and_no_files_or_secrets() -> None:
    parser = LocustArgumentParser()
    add_arguments(parser)

    assert parser.args_included_in_web_ui.keys() - {"help"} == {"devices"}
    assert parser.secret_args_included_in_web_ui == {}


# --- users of a file --------------------------------------------------------------------------


def people(tmp_path: Path, *arguments: str, users: int = 40) -> RunOptions:
    """Return the options of a run of the users of a file: groups of ten, each with a channel."""
    names = [f"u{n}" for n in range(users)]
    channels = [
        {"name": f"c{n}", "type": "PUBLIC", "members": names[n : n + 10]}
        for n in range(0, users, 10)
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"users": names, "channels": channels}))
    file = f"provisioning.file={path}"
    return options("--set", "provisioning.mode=file", "--set", file, *arguments)


def test_the_users_of_a_file_are_the_population(tmp_path: Path) -> None:
    found = people(tmp_path)
    load = found.planned_load()

    assert found.existing is not None
    assert (found.profile.users_in_run, found.profile.cells_in_run) == (40, 2)
    assert (load.users, load.channels, load.largest_channel) == (40, 4, 10)


@pytest.mark.parametrize(
    ("arguments", "users", "channels"),
    [
        pytest.param(("--scale", "0.5"), 20, 2, id="the first cell"),
        pytest.param(("--scale", "0.25"), 10, 1, id="a part of a cell"),
        pytest.param(("--devices", "12"), 10, 1, id="devices"),
    ],
)
def test_a_part_of_them_is_taken_with_its_channels_and_rates(
    tmp_path: Path, arguments: tuple[str, ...], users: int, channels: int
) -> None:
    whole, part = people(tmp_path), people(tmp_path, *arguments)
    load = part.planned_load()

    assert part.profile.users_in_run == users
    assert (load.users, load.channels) == (users, channels)
    ratio = load.messages_per_s / whole.planned_load().messages_per_s
    assert ratio == pytest.approx(users / 40, rel=0.2)


def test_there_are_no_more_users_than_the_file_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"to have 80 users; .*people\.json has 40"):
        people(tmp_path, "--scale", "2")
    assert people(tmp_path).scaled_to_users(40).profile.users_in_run == 40


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        options("--set", "provisioning.mode=file", "--set", "provisioning.file=nowhere.json")
