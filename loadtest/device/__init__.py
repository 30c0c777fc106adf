"""One simulated device, without I/O: bytes and the time in; bytes and observations out.

A device speaks for one installed app: it opens one connection for one user, starts the user session
exactly as the published SDK does, holds any number of chat sessions on it, acts, acknowledges every
event, answers heart-beats and comes back after a loss. It reads no clock, opens no socket and has
no task: whoever drives it hands in what arrived and when, and gives it a ``Link`` to write to.
"""

from loadtest.device.chat_sessions import ChatSession
from loadtest.device.core import DeviceCore, Listener
from loadtest.device.device import Device
from loadtest.device.fleet import DeviceSettings, Fleet, Link, LinkOwner
from loadtest.device.pending import Outcome
from loadtest.device.timers import TimerLanes

__all__ = [
    "ChatSession",
    "Device",
    "DeviceCore",
    "DeviceSettings",
    "Fleet",
    "Link",
    "LinkOwner",
    "Listener",
    "Outcome",
    "TimerLanes",
]
