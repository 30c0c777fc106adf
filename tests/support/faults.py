"""Plans of faults as a person writes them, and chats with a room in which they happen."""

from typing import Any

from loadtest.server.faults.plan import FaultPlan
from loadtest.server.settings import ServerSettings
from tests.support.chat_devices import ChatWorld, FakeDevice

__all__ = ["FaultyRoom", "plan"]


def plan(*settings: str) -> FaultPlan:
    """Return a plan from texts such as ``drop=0.1``."""
    pairs = [(key, text) for key, _, text in (each.partition("=") for each in settings)]
    return FaultPlan().changed(pairs)


class FaultyRoom:
    """A channel of users with a chat session each; faults begin once all of them are in it."""

    def __init__(self, *settings: str, names: tuple[str, ...] = ("alice", "bob"), seed: int = 1):
        self.world = ChatWorld(ServerSettings(fault_seed=seed))
        self.devices: dict[str, FakeDevice] = {name: self.world.device(name) for name in names}
        creator, *_ = self.devices.values()
        self.channel = self.world.lobby(creator, *names)
        self.subscriptions = {
            name: device.enter(self.channel) for name, device in self.devices.items()
        }
        self.world.hush()
        self.apply(*settings)

    def apply(self, *settings: str) -> None:
        """Inject these faults and no others from now on."""
        self.world.chat.faults.apply(plan(*settings))

    def say(self, name: str, text: str) -> str:
        """Have a user send a message; returns the receipt id of the action."""
        message = {"type": "TEXT", "body": text}
        return self.devices[name].act(self.channel["_actions"]["message"], message)

    def press(self, name: str, keys: str) -> None:
        """Have a user press keys."""
        self.devices[name].act(self.channel["_actions"]["keystrokes"], {"keys": keys})

    def leave(self, name: str) -> None:
        """End the chat session of a user."""
        self.devices[name].unsubscribe(*self.subscriptions[name])

    def heard(self, name: str) -> list[str]:
        """Return and forget the texts that came to the chat session of a user."""
        events = self.devices[name].take_events("channel.message.created")
        return [resource["body"] for _, resource in events]

    def faults(self, kind: str) -> Any:
        """Return what the server has counted of one kind."""
        return self.world.chat.counters.as_json(0, 0)["faults"][kind]
