"""The engine's thread: work at its instant, calls across, errors that surface, an orderly stop."""

import contextlib
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from unittest.mock import Mock

import gevent.event
import pytest

from loadtest.clock import monotonic_ns
from loadtest.engine import Engine, EngineSettings, EngineStoppedError, Mailbox, Periodic
from loadtest.engine.target import target_from_url

NOWHERE = EngineSettings(target_from_url("http://127.0.0.1:9"))


class Running:
    """An engine, and the errors that it told."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.has_failed = gevent.event.Event()
        self.mailbox = Mailbox()
        self.engine = Engine(NOWHERE, self.mailbox, on_error=self._fail)

    def _fail(self, text: str) -> None:
        self.errors.append(text)
        self.has_failed.set()


@pytest.fixture(name="running")
def _running() -> Iterator[Running]:
    running = Running()
    running.engine.start()
    yield running
    assert running.engine.stop(20)
    running.mailbox.close()


def fail() -> None:
    raise ZeroDivisionError("made to fail")


# --- periodic work ----------------------------------------------------------------------------


def test_periodic_work_is_done_once_per_period() -> None:
    calls: list[int] = []
    work = Periodic(10, calls.append, due_ns=100)
    for now_ns in (99, 100, 101, 109, 110, 125):
        work.run(now_ns)
    assert calls == [100, 110, 125]
    assert work.next_due_ns() == 130


def test_periods_that_were_missed_are_not_made_up() -> None:
    calls: list[int] = []
    work = Periodic(10, calls.append, due_ns=100)
    work.run(1_234)
    work.run(1_235)
    assert calls == [1_234]
    assert work.next_due_ns() == 1_244


# --- the thread -------------------------------------------------------------------------------


def test_a_call_returns_what_its_function_returns(running: Running) -> None:
    assert running.engine.call(divmod, 17, 5) == (3, 2)


def test_a_call_raises_what_its_function_raises(running: Running) -> None:
    with pytest.raises(ZeroDivisionError, match="made to fail"):
        running.engine.call(fail)
    assert running.errors == []


def test_calls_are_made_in_the_order_in_which_they_were_handed_in(running: Running) -> None:
    seen: list[int] = []
    for number in range(1_000):
        running.engine.submit(seen.append, number)
    assert running.engine.call(len, seen) == 1_000
    assert seen == list(range(1_000))


def test_scheduled_work_is_done_in_the_engine_s_thread(running: Running) -> None:
    done = gevent.event.Event()
    instants: list[int] = []

    def work(now_ns: int) -> None:
        instants.append(now_ns)
        if len(instants) == 3:
            running.mailbox.put(done.set)

    start_ns = monotonic_ns()
    running.engine.call(running.engine.schedule, Periodic(1_000_000, work, start_ns))
    assert done.wait(20)
    assert start_ns <= instants[0] < instants[1] < instants[2]


def test_work_that_is_due_is_caught_up_with_between_reads(running: Running) -> None:
    engine = running.engine
    calls: list[int] = []

    def caught_up() -> list[int]:
        engine.schedule(Periodic(10**12, calls.append))
        engine._opener.crowd.catch_up()
        engine._opener.crowd.catch_up()
        return calls

    assert len(engine.call(caught_up)) == 1
    assert running.errors == []


def test_an_error_of_work_between_reads_surfaces(running: Running) -> None:
    engine = running.engine

    def caught_up() -> None:
        engine.schedule(Periodic(10**12, lambda _: fail()))
        engine._opener.crowd.catch_up()

    engine.call(caught_up)
    assert running.has_failed.wait(20)
    assert "made to fail" in running.errors[0]


def test_the_lateness_of_the_loop_is_taken_once(running: Running) -> None:
    running.engine.lateness_ns = 7
    assert running.engine.call(running.engine.take_lateness_ns) >= 7
    assert running.engine.open_count == 0
    assert running.engine.call(lambda: running.engine.unsent_bytes) == 0


# --- errors -----------------------------------------------------------------------------------


def submitted(engine: Engine) -> None:
    engine.submit(fail)


def scheduled(engine: Engine) -> None:
    failed: list[int] = []

    def fail_once(now_ns: int) -> None:
        if not failed:
            failed.append(now_ns)
            fail()

    engine.call(engine.schedule, Periodic(1_000_000, fail_once))


@pytest.mark.parametrize("cause", [submitted, scheduled])
def test_an_error_in_the_thread_is_told_and_the_thread_goes_on(
    running: Running, cause: Callable[[Engine], None]
) -> None:
    cause(running.engine)
    assert running.has_failed.wait(20)
    assert "ZeroDivisionError: made to fail" in running.errors[0]
    assert "Traceback" in running.errors[0] or 'File "' in running.errors[0]
    assert running.engine.call(divmod, 9, 2) == (4, 1)


def test_a_call_after_the_stop_says_so() -> None:
    running = Running()
    running.engine.start()
    assert running.engine.stop(20)
    with pytest.raises(EngineStoppedError, match="the engine has stopped"):
        running.engine.call(divmod, 1, 1)
    running.engine.submit(fail)  # nobody is there to call it
    assert running.engine.stop(20)
    running.mailbox.close()
    assert running.errors == []


def test_nobody_waits_for_a_thread_that_has_ended() -> None:
    """The call is made before the end or refused; it never hangs."""
    running = Running()
    running.engine.start()

    def end() -> None:
        raise SystemExit(3)

    running.engine.submit(end)
    with contextlib.suppress(EngineStoppedError):
        assert running.engine.call(divmod, 7, 2) == (3, 1)
    assert running.engine.stop(20)
    running.mailbox.close()
    assert "SystemExit: 3" in "".join(running.errors)


def test_the_engine_lives_beside_everything_that_locust_patches() -> None:
    script = textwrap.dedent(
        """
        import locust
        import gevent
        from loadtest.engine import Engine, EngineSettings, Mailbox
        from loadtest.engine.target import target_from_url

        class Owner:
            stage = ""
            is_wanted = True

            def link_opened(self, link, now_ns):
                mailbox.put(told.set, "opened")

            def receive(self, data, now_ns):
                pass

            def link_closed(self, reason, now_ns):
                mailbox.put(told.set, reason)

        mailbox = Mailbox()
        told = gevent.event.AsyncResult()
        settings = EngineSettings(target_from_url("http://127.0.0.1:9"))
        engine = Engine(settings, mailbox, on_error=print)
        engine.start()
        ticks = []
        ticker = gevent.spawn(lambda: [gevent.sleep(0) or ticks.append(1) for _ in range(100)])
        engine.submit(engine.open_link, Owner())
        assert told.get(timeout=30) == "connection refused", told.get()
        assert engine.call(divmod, 7, 2) == (3, 1)
        ticker.join(30)
        assert len(ticks) == 100
        assert engine.stop(30)
        mailbox.close()
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=100)


def test_an_engine_with_open_sockets_stops_cleanly() -> None:
    """A closed loop would go on reading from them, and never end."""
    opened = gevent.event.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        errors: list[str] = []
        mailbox = Mailbox()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings = EngineSettings(target_from_url(address))
        engine = Engine(settings, mailbox, on_error=errors.append)
        owner = Mock()
        owner.link_opened.side_effect = lambda *_: mailbox.put(opened.set)
        engine.start()
        engine.call(engine.open_link, owner)
        assert opened.wait(20)
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(b"something to read")
            assert engine.stop(20)
            mailbox.close()

    assert errors == []
    assert engine.open_count == 0
    owner.link_closed.assert_not_called()
