"""Calls cross in order, with one wake-up for many of them."""

import gevent
import gevent.event
import pytest
from gevent import monkey

from loadtest.engine.bridge import Inbox, Mailbox


def test_calls_are_made_in_their_order_with_their_arguments() -> None:
    seen: list[tuple[int, ...]] = []
    inbox = Inbox(lambda: None)
    for number in range(100):
        inbox.put(lambda *arguments: seen.append(arguments), number, -number)
    assert seen == []
    inbox.run()
    assert seen == [(number, -number) for number in range(100)]


def test_many_calls_wake_the_other_side_once() -> None:
    wakes: list[int] = []
    inbox = Inbox(lambda: wakes.append(1))
    for _ in range(3):
        for _ in range(50):
            inbox.put(lambda: None)
        inbox.run()
    assert len(wakes) == 3


def test_a_call_that_is_put_in_by_a_call_is_made_in_the_same_run() -> None:
    seen: list[str] = []
    inbox = Inbox(lambda: None)
    inbox.put(lambda: inbox.put(seen.append, "second"))
    inbox.put(seen.append, "first")
    inbox.run()
    assert seen == ["first", "second"]


def test_a_call_that_fails_does_not_hold_up_those_behind_it() -> None:
    wakes: list[int] = []
    seen: list[str] = []
    inbox = Inbox(lambda: wakes.append(1))
    inbox.put(divmod, 1, 0)
    inbox.put(seen.append, "after it")
    with pytest.raises(ZeroDivisionError):
        inbox.run()
    assert len(wakes) == 2
    inbox.run()
    assert seen == ["after it"]


def test_a_run_without_calls_does_nothing() -> None:
    Inbox(lambda: pytest.fail("woken for nothing")).run()


def test_a_mailbox_makes_calls_of_another_thread_in_the_hub() -> None:
    mailbox = Mailbox()
    done = gevent.event.Event()
    seen: list[tuple[int, bool]] = []
    hub_thread = monkey.get_original("_thread", "get_ident")()

    def see(number: int) -> None:
        is_here = monkey.get_original("_thread", "get_ident")() == hub_thread
        seen.append((number, is_here))

    def send() -> None:
        for number in range(1_000):
            mailbox.put(see, number)
        mailbox.put(done.set)

    monkey.get_original("_thread", "start_new_thread")(send, ())
    assert done.wait(20)
    mailbox.close()
    assert seen == [(number, True) for number in range(1_000)]


def test_closing_a_mailbox_makes_the_calls_that_are_left() -> None:
    mailbox = Mailbox()
    seen: list[str] = []
    mailbox.put(seen.append, "last")
    mailbox.close()
    assert seen == ["last"]


def test_a_mailbox_may_wake_whoever_waits_in_the_hub() -> None:
    mailbox = Mailbox()
    result: gevent.event.AsyncResult[str] = gevent.event.AsyncResult()
    waiter = gevent.spawn(result.get)
    mailbox.put(result.set, "woken")
    assert waiter.get(timeout=20) == "woken"
    mailbox.close()
