"""The locustfile of our own command line."""

from loadtest.users import ProfileUser
from loadtest.users.locustfile import ChatKittyUser


def test_it_has_profile_driven_users_that_locust_may_spawn() -> None:
    assert issubclass(ChatKittyUser, ProfileUser)
    assert not ChatKittyUser.abstract
