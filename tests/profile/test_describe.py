from loadtest.profile import describe, load_profile
from loadtest.profile.describe import load_lines
from loadtest.workload import LoadPlan
from tests.support.profiles import profile


def test_a_profile_says_what_it_is_for_and_what_it_does() -> None:
    text = describe(load_profile("smoke"))

    assert text.startswith("smoke: everything once, in 20 seconds\n  252 devices of 210 users, ")
    assert "channels (up to 64 members)" in text
    assert "10.0 messages/s" in text
    assert text.endswith("20 s, dialect 2")


def test_deviations_from_the_sdk_are_part_of_it() -> None:
    text = describe(profile("device.acknowledge=false"))

    assert text.endswith("deviates from the SDK: no ACK for events")


def test_estimates_have_as_many_digits_as_they_deserve() -> None:
    plan = LoadPlan(messages_per_s=12_345.6, deliveries_per_s=1.234, notifications_per_s=0.01234)

    assert "12,346 messages/s, 1.2 deliveries/s, 0.012 notifications/s" in load_lines(plan)[1]


def test_a_peak_is_named() -> None:
    assert load_lines(LoadPlan(peak_factor=3.0))[2].endswith("3.0 times as much at the peak")
    assert "peak" not in load_lines(LoadPlan())[2]
