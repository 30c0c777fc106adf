"""Row: the ``websockets`` library plainly used, one task per device, on uvloop.

    python -m tests.benchmarks.rivals.websockets_asyncio --port P --devices N --channel-size S

Compression is off, as no server here offers it; all else is the library's default.
"""

import argparse
import asyncio
import json
import signal
import sys

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.benchmarks.rivals.latencies import Latencies
from tests.benchmarks.rivals.stompx import StompxDevice

__all__ = ["main"]

_STARTING_MAX = 64


async def _start(uri: str, device: StompxDevice) -> ClientConnection:
    connection = await connect(uri, subprotocols=[Subprotocol("v12.stomp")], compression=None)
    await connection.send(device.opening())
    while not device.is_active:
        for frame in device.receive(str(await connection.recv())):
            await connection.send(frame)
    return connection


async def _live(uri: str, device: StompxDevice, starting: asyncio.Semaphore) -> None:
    async with starting:
        connection = await _start(uri, device)
    try:
        async for text in connection:
            for frame in device.receive(str(text)):
                await connection.send(frame)
    except ConnectionClosed:
        return  # the benchmark ends the server first


async def _run(arguments: argparse.Namespace, latencies: Latencies) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    uri = f"ws://127.0.0.1:{arguments.port}/rtm/websocket?api-key=benchmark"
    starting = asyncio.Semaphore(_STARTING_MAX)
    devices = [
        asyncio.create_task(
            _live(
                uri,
                StompxDevice(number, 1 + number // arguments.channel_size, latencies.record),
                starting,
            )
        )
        for number in range(arguments.devices)
    ]
    await stopping.wait()
    for device in devices:
        device.cancel()


def main() -> None:
    """Run the devices until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--port", "--devices", "--channel-size"):
        parser.add_argument(name, type=int, required=True)
    arguments = parser.parse_args()
    latencies = Latencies()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    uvloop.run(_run(arguments, latencies))
    sys.stdout.write(json.dumps(latencies.report()) + "\n")


if __name__ == "__main__":
    main()
