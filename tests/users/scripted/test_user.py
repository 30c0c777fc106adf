"""The scripted Locust user: its device, its names, its handlers, and what becomes of failures."""

from dataclasses import replace
from types import TracebackType
from typing import Any

import gevent
import pytest
from gevent.pool import Group
from locust import task
from locust.env import Environment

from loadtest.errors import UsageError
from loadtest.run.worker.active_run import set_runtime
from loadtest.server.settings import ServerSettings
from loadtest.users.scripted.resources import Message
from loadtest.users.scripted.user import ChatUser
from tests.support.scripted_world import ScriptedWorld


class Guest(ChatUser):
    """Keeps what is said."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.heard: list[str] = []

    @task
    def stay(self) -> None:
        """Do nothing for a while."""
        gevent.sleep(60)

    def on_message_received(self, message: Message) -> None:
        """Hear a message."""
        if message.body == "break":
            raise ZeroDivisionError(message.body)
        self.heard.append(message.body)


def started(world: ScriptedWorld, user_class: type[ChatUser] = Guest) -> Any:
    environment = Environment(user_classes=[user_class])
    runtime: Any = world
    set_runtime(environment, runtime)
    user = user_class(environment)
    user.on_start()
    return user


def test_a_user_has_a_device_with_a_user_session() -> None:
    world = ScriptedWorld()
    user = started(world)
    assert user.device.is_active
    user.on_stop()

    assert world.statistics.user_sessions_ended == 1


def test_each_user_has_a_name_of_its_own_in_this_run() -> None:
    world = ScriptedWorld()

    assert [started(world).device.username for _ in range(2)] == [
        "lt-00c0ffee-guest1",
        "lt-00c0ffee-guest2",
    ]


def test_a_user_may_have_several_devices_which_end_with_it() -> None:
    world = ScriptedWorld()
    user = started(world)
    rung: list[str] = []
    phone = user.new_device(user.device.username, on_notification_received=rung.append)
    phone.start_session()
    other = started(world)
    room = user.device.create_channel("PUBLIC", "lobby")
    other.device.send_message(other.device.create_channel("PUBLIC", "lobby"), "hello")
    world.let_handlers_run()
    assert len(rung) == 1
    user.on_stop()

    assert not phone.is_active
    assert world.statistics.user_sessions_ended == 2
    assert room.id


def test_a_device_with_a_handler_that_the_sdk_does_not_know_is_a_usage_error() -> None:
    user = started(ScriptedWorld())

    with pytest.raises(UsageError, match="new_device: on_ring is no handler; known are on_"):
        user.new_device("bob", on_ring=print)


def test_a_unique_name_names_run_and_worker() -> None:
    world = ScriptedWorld()
    user = started(world)
    world.plan.worker = 1

    assert user.unique_name("lobby") == "lt-00c0ffee-lobby-1"


def test_methods_named_as_handlers_are_handlers() -> None:
    world = ScriptedWorld()
    user, other = started(world), started(world)
    room = user.device.create_channel("PUBLIC", "lobby")
    user.device.start_chat_session(room)
    other.device.send_message(other.device.create_channel("PUBLIC", "lobby"), "hello")
    world.let_handlers_run()

    assert user.heard == ["hello"]


def test_what_a_handler_raises_stands_among_locust_s_exceptions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = ScriptedWorld()
    user = started(world)
    errors: list[tuple[object, str]] = []

    def on_user_error(
        user_instance: ChatUser, exception: Exception, tb: TracebackType, **_: object
    ) -> None:
        errors.append((user_instance, str(exception)))

    user.environment.events.user_error.add_listener(on_user_error)
    room = user.device.create_channel("PUBLIC", "lobby")
    user.device.start_chat_session(room)
    for text in ("break", "hello"):
        user.device.send_message(room, text)
    world.let_handlers_run()

    assert errors == [(user, "break")]
    assert "ZeroDivisionError" in caplog.text
    assert user.heard == ["hello"], "the device lives on"


def test_a_user_goes_on_trying_to_connect_and_each_failure_counts() -> None:
    world = ScriptedWorld(server=ServerSettings(api_key="another"))
    world.fleet.settings = replace(world.fleet.settings, reconnect_delay_ns=1)
    environment = Environment(user_classes=[Guest])
    runtime: Any = world
    set_runtime(environment, runtime)
    user = Guest(environment)
    starting = gevent.spawn(user.on_start)
    while sum(world.failures("user_session_start").values()) < 3:
        gevent.sleep(0)
    starting.kill()

    assert not user.device.is_active


def test_without_a_run_no_user_starts(caplog: pytest.LogCaptureFixture) -> None:
    group = Group()
    starting = gevent.spawn(Guest(Environment(user_classes=[Guest])).start, group)
    starting.join()

    assert isinstance(starting.value, gevent.GreenletExit)
    assert len(group) == 0
    assert "no run goes on" in caplog.text


def test_locust_runs_tasks_and_ends_the_user_session_with_the_user() -> None:
    world = ScriptedWorld()
    environment = Environment(user_classes=[Guest])
    runtime: Any = world
    set_runtime(environment, runtime)
    group = Group()
    user = Guest(environment)
    user.start(group)
    while not world.statistics.user_sessions_started:
        gevent.sleep(0)
    user.stop(force=True)
    group.join()

    assert world.statistics.user_sessions_ended == 1
