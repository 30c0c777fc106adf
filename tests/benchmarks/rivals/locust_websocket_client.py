"""Row: the classic Locust way, ``websocket-client`` under gevent and a request event per message.

    locust -f tests/benchmarks/rivals/locust_websocket_client.py --headless -u N -r N
        --host ws://127.0.0.1:P --channel-size S

The library's check of UTF-8, byte by byte in Python, is switched off: with it on, the row would be
several times slower, and a user who looks at a profile would do the same.
"""

import itertools
import json
import sys
from typing import Any

import websocket
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from tests.benchmarks.rivals.stompx import StompxDevice

__all__ = ["ChatUser"]

_NS_PER_MS = 1_000_000
_numbers = itertools.count()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_arguments(parser: LocustArgumentParser) -> None:
    parser.add_argument("--channel-size", type=int, default=100)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _wait_for_go(environment: Environment, **_: Any) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _report(environment: Environment, **_: Any) -> None:
    # Locust has whole milliseconds and two digits; its count is the proof of the work done.
    entry = environment.stats.get("message", "WSR")
    report = {
        "recorded": entry.num_requests,
        "p50_ms": entry.get_response_time_percentile(0.5),
        "p99_ms": entry.get_response_time_percentile(0.99),
    }
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


class ChatUser(User):
    """One device in one chat session."""

    @task
    def live(self) -> None:
        """Start up, then take events until the end."""
        number = next(_numbers)
        channel = 1 + number // self.environment.parsed_options.channel_size
        device = StompxDevice(number, channel, self._record)
        connection = websocket.create_connection(
            f"{self.host}/rtm/websocket?api-key=benchmark",
            subprotocols=["v12.stomp"],
            skip_utf8_validation=True,
        )
        connection.send(device.opening())
        while True:
            for frame in device.receive(str(connection.recv())):
                connection.send(frame)

    def _record(self, latency_ns: int) -> None:
        self.environment.events.request.fire(
            request_type="WSR",
            name="message",
            response_time=latency_ns / _NS_PER_MS,
            response_length=0,
            exception=None,
            context={},
        )
