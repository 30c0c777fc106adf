"""What CONNECT cannot carry is refused when a device is made."""

import pytest

from loadtest.errors import UsageError
from tests.support.device_world import DeviceWorld


@pytest.mark.parametrize(
    "username",
    ["", "a\nb", "a\rb", "a\0b", "a\ud800b"],
    ids=["empty", "line feed", "carriage return", "NUL", "lone surrogate"],
)
def test_a_name_that_connect_cannot_carry_is_refused(username: str) -> None:
    with pytest.raises(UsageError, match="the user name is"):
        DeviceWorld().rig(username=username)


def test_auth_params_beyond_latin_1_are_refused_without_being_shown() -> None:
    with pytest.raises(UsageError, match=r"hold U\+20AC") as caught:
        DeviceWorld().rig(auth_params='{"password":"secret €"}')
    assert "secret" not in str(caught.value)
