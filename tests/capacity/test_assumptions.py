"""What a size rests on: each figure with its source."""

from dataclasses import fields

from loadtest.capacity.assumptions import INPUTS, assumptions, population_of, sizing_of
from loadtest.capacity.sizing import Sizing, node_capacity
from loadtest.profile import load_profile
from tests.support.studies import study


def test_every_figure_of_a_size_is_an_input() -> None:
    assert [each.name for each in INPUTS] == [field.name for field in fields(Sizing)]


def test_what_is_given_wins_over_the_study_and_the_study_over_the_default() -> None:
    known = study()
    found = {
        each.input.name: (each.value, each.source)
        for each in assumptions(known, node_capacity({"it": known}), {"users": (5.0, "given")})
    }

    assert found["users"] == (5, "given")
    # 20 messages/s of 900 users.
    assert found["messages_per_user_hour"] == (80, "as in the study's profile")
    assert found["devices_per_node"][0] == 1_200
    assert found["headroom"] == (
        0.3,
        "a guess: room for releases, noisy neighbours and growth until the next order",
    )


def test_every_figure_has_a_source() -> None:
    known = study()

    assert all(each.source for each in assumptions(known, node_capacity({"it": known}), {}))


def test_a_profile_gives_its_population() -> None:
    """Such as one that was fitted to an export of production."""
    known, profile = study(), load_profile("baseline")
    given = population_of(profile)
    sizing = sizing_of(assumptions(known, node_capacity({"it": known}), given))

    assert sizing.users == 1_000
    assert sizing.online_ratio == 0.9
    assert sizing.devices_per_user == 1_200 / 900
    assert round(sizing.messages_per_user_hour, 6) == 80
    assert 4 < sizing.deliveries_per_message < 10
    assert given["users"][1] == "as in the profile baseline"
