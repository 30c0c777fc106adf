"""The profile-driven Locust user: counted by Locust, driven by the engine."""

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.pool import Group
from locust.env import Environment

from loadtest.run.worker.active_run import set_runtime
from loadtest.simulation.user_numbers import UserNumbers
from loadtest.users.profile_user import ProfileUser


class Guest(ProfileUser):
    """Any user."""


class FakeRuntime:
    """Keeps which users were added and removed."""

    def __init__(self) -> None:
        self.user_numbers = UserNumbers()
        self.calls: list[tuple[str, int]] = []

    def add_user(self, slot: int) -> None:
        self.calls.append(("add", slot))

    def remove_user(self, slot: int) -> None:
        self.calls.append(("remove", slot))


@pytest.fixture
def environment() -> Iterator[Environment]:
    yield Environment(user_classes=[Guest])


def running(environment: Environment) -> FakeRuntime:
    runtime: Any = FakeRuntime()
    set_runtime(environment, runtime)
    found: FakeRuntime = runtime
    return found


def test_a_user_is_the_next_one_of_the_profile_and_counted(environment: Environment) -> None:
    runtime, group = running(environment), Group()
    users = [Guest(environment) for _ in range(2)]
    for user in users:
        user.start(group)

    assert runtime.calls == [("add", 0), ("add", 1)]
    assert {greenlet.args[0] for greenlet in group} == set(users)


def test_a_user_that_stops_makes_its_place_free(environment: Environment) -> None:
    runtime, group = running(environment), Group()
    user = Guest(environment)
    user.start(group)

    assert user.stop(force=True) is True
    group.join()
    Guest(environment).start(group)
    assert runtime.calls == [("add", 0), ("remove", 0), ("add", 0)]


def test_without_a_run_spawning_ends(environment: Environment) -> None:
    group = Group()
    greenlet = gevent.spawn(Guest(environment).start, group)
    greenlet.join()

    assert isinstance(greenlet.value, gevent.GreenletExit)
    assert len(group) == 0
