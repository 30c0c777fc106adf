"""The rows of the benchmark: who is measured, and what each row does not do.

A row that cannot be measured here raises ``UnavailableError`` with its reason when its command is
asked for; nothing is left out in silence.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import ours
from tests.benchmarks.client import Command
from tests.benchmarks.install import node_modules, require_module, require_program
from tests.benchmarks.plan import Plan
from tests.benchmarks.rivals import tsung

__all__ = ["CLASSIC", "LIMIT", "OURS", "Row", "rows_of"]

LIMIT = "limit"
CLASSIC = "locust"
OURS = "loadtest"

_RIVALS = Path(__file__).parent / "rivals"
_ARTILLERY_ARRIVALS_PER_S = 200
_RUN_S = 600


@dataclass(frozen=True, slots=True)
class Row:
    """One way to be a client."""

    key: str
    title: str
    command: Callable[[Plan], Command]
    remark: str = ""
    """What it does not do, or what was done for it."""
    acknowledges: bool = True
    """Else it is fed at a rate: there is no window."""
    sends_itself: bool = False
    """Its own devices send the messages that come back."""
    devices_max: int = 10_000
    """Larger runs are left out unless asked for: they would take minutes."""


def rows_of(ours_template: str | None) -> list[Row]:
    """Return all rows, in the order in which they are run and shown."""
    return [
        Row(
            LIMIT,
            "C, reads and writes only",
            _limit,
            "parses nothing, records nothing",
            devices_max=100_000,
        ),
        Row(
            OURS,
            "loadtest, full measurement",
            lambda plan: ours.command(plan, ours_template),
            "sends the messages itself",
            sends_itself=True,
            devices_max=100_000,
        ),
        Row(
            "loadtest-python",
            "loadtest, reader in Python",
            lambda plan: ours.command(plan, ours_template, "python"),
            "sends the messages itself",
            sends_itself=True,
            devices_max=100_000,
        ),
        Row(CLASSIC, "Locust, websocket-client", _locust, "UTF-8 check off; orjson"),
        Row("websockets", "websockets on uvloop", _websockets, "orjson"),
        Row("node", "Node, ws", _node),
        Row("artillery", "Artillery, ws engine", _artillery, devices_max=1_000),
        Row(
            "tsung",
            "Tsung",
            _tsung,
            "parses nothing, records nothing, sends no ACK",
            acknowledges=False,
            devices_max=1_000,
        ),
    ]


def _options(plan: Plan) -> list[str]:
    options = ["--port", str(plan.port), "--devices", str(plan.devices)]
    return [*options, "--channel-size", str(plan.channel_size)]


def _limit(plan: Plan) -> Command:
    return Command([str(plan.limit_program), *_options(plan)])


def _websockets(plan: Plan) -> Command:
    require_module("websockets", "install the project's dependencies")
    module = "tests.benchmarks.rivals.websockets_asyncio"
    return Command([sys.executable, "-m", module, *_options(plan)])


def _locust(plan: Plan) -> Command:
    require_module("locust", "install the project's dependencies")
    require_module("websocket", "pip install websocket-client")
    words = [sys.executable, "-m", "locust", "-f", str(_RIVALS / "locust_websocket_client.py")]
    words += ["--headless", "--users", str(plan.devices), "--spawn-rate", str(plan.devices)]
    words += ["--host", f"ws://127.0.0.1:{plan.port}", "--channel-size", str(plan.channel_size)]
    words += ["--loglevel", "ERROR", "--stop-timeout", "0"]
    return Command(words)


def _node(plan: Plan) -> Command:
    modules = node_modules(plan.scratch, "ws@8")
    words = ["node", str(_RIVALS / "ws_client.js")]
    words += [str(plan.port), str(plan.devices), str(plan.channel_size)]
    return Command(words, {"NODE_PATH": str(modules)})


def _artillery(plan: Plan) -> Command:
    modules = node_modules(plan.scratch, "artillery@2")
    script = plan.folder / "artillery.json"
    script.write_text(json.dumps(_artillery_script(plan)))
    environment = {
        "ARTILLERY_DISABLE_TELEMETRY": "true",
        "BENCH_CHANNELS": str(-(-plan.devices // plan.channel_size)),
    }
    program = str(modules / ".bin" / "artillery")
    return Command([program, "run", str(script)], environment, is_obedient=False)


def _artillery_script(plan: Plan) -> dict[str, object]:
    arriving_s = -(-plan.devices // _ARTILLERY_ARRIVALS_PER_S)
    return {
        "config": {
            "target": f"ws://127.0.0.1:{plan.port}/rtm/websocket?api-key=benchmark",
            "phases": [{"duration": arriving_s, "arrivalCount": plan.devices}],
            "ws": {"subprotocols": ["v12.stomp"]},
            "processor": str(_RIVALS / "artillery_processor.js"),
        },
        "scenarios": [{"engine": "ws", "flow": [{"function": "live"}, {"think": _RUN_S}]}],
    }


def _tsung(plan: Plan) -> Command:
    program = require_program("tsung", "on Debian: apt-get install tsung")
    require_program("epmd", "on Debian: apt-get install erlang-base")
    configuration = plan.folder / "tsung.xml"
    configuration.write_text(
        tsung.configuration(port=plan.port, devices=plan.devices, channel_size=plan.channel_size)
    )
    # Erlang's name server outlives its users: one on a port of our own is ended after the run.
    environment = {
        "ERL_EPMD_PORT": str(plan.port + 1),
        # Else it refuses to end as long as it has not noticed that its users are gone.
        "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
        "HOME": str(plan.folder),
    }
    words = [program, "-f", str(configuration), "-l", str(plan.folder), "start"]
    return Command(words, environment, is_obedient=False, on_stopped=["epmd", "-kill"])
