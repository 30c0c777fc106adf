"""Commands over the bridge between greenlets and the engine's thread."""

import gevent

from loadtest.engine import Engine, EngineSettings, Mailbox
from loadtest.engine.target import target_from_url
from tests.benchmarks.errors import BenchmarkError

__all__ = ["round_trips", "submissions"]

_NOWHERE = EngineSettings(target_from_url("http://127.0.0.1:9"))


def submissions(count: int) -> None:
    """Have ``count`` functions called in the engine's thread.

    Raises:
        BenchmarkError: Not all of them were called.
    """
    called: list[None] = []
    engine = _running_engine()
    for _ in range(count):
        engine.submit(called.append, None)
    _stop(engine, engine.call(len, called), count)


def round_trips(count: int, greenlets: int) -> None:
    """Have ``greenlets`` greenlets call ``count`` functions there and wait for each answer.

    Raises:
        BenchmarkError: Not all of them were answered.
    """
    engine = _running_engine()

    def caller() -> int:
        return sum(engine.call(abs, -1) for _ in range(count // greenlets))

    callers = [gevent.spawn(caller) for _ in range(greenlets)]
    gevent.joinall(callers, raise_error=True)
    _stop(engine, sum(each.value for each in callers), count)


def _running_engine() -> Engine:
    mailbox = Mailbox()
    engine = Engine(_NOWHERE, mailbox, on_error=_fail)
    engine.start()
    return engine


def _fail(text: str) -> None:
    raise BenchmarkError(text)


def _stop(engine: Engine, done: int, count: int) -> None:
    engine.stop()
    engine.mailbox.close()
    if done != count:
        raise BenchmarkError(f"the engine did {done} of {count} commands")
