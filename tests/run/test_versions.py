"""The versions that a figure depends on."""

import loadtest
from loadtest.run.versions import versions


def test_ours_and_those_of_what_we_stand_on_are_named() -> None:
    found = versions()

    assert found["loadtest"] == loadtest.__version__
    assert {"python", "locust", "uvloop", "websockets"} <= found.keys()
