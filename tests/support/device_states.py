"""Devices in every state of their user session, by the way that leads there."""

from loadtest.device.state import State
from loadtest.observations import Action
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import connected, receipt

__all__ = ["commands", "failed_starts", "rig_in"]


def commands(frames: list[Frame]) -> list[str]:
    """Return commands with destinations."""
    return [" ".join(filter(None, (f.command, f.get("destination")))) for f in frames]


def failed_starts(world: DeviceWorld) -> list[tuple[Action, str]]:
    """Return name and reason of each start that failed."""
    return [
        (call[1], call[-1])
        for call in world.observer.named("action_failed")
        if call[1] in (Action.USER_SESSION_START, Action.RECONNECT)
    ]


def rig_in(state: State, world: DeviceWorld) -> Rig:
    """Return a device in ``state``, by the way that leads there."""
    rig = world.rig()
    if state is State.IDLE:
        return rig
    rig.start()
    if state is State.OPENING:
        rig.owner = world.asked[-1]
        return rig
    rig.open()
    rig.feed(rig.peer.accept())
    if state is State.CONNECTING:
        return rig
    rig.hear(connected())
    user = resources.current_user(world.dialect)
    loading = (State.LOADING_USER, State.LOADING_WRITE_GRANT, State.LOADING_READ_GRANT)
    for passed, resource in zip(loading, (user, {"grant": "w"}, {"grant": "r"}), strict=True):
        if state is passed:
            return rig
        rig.answer_relay(rig.read()[-1], resource)
    if state is State.SUBSCRIBING:
        return rig
    rig.grant_receipts(rig.read())
    if state is State.WAITING:
        rig.close_link("reset")
    elif state is not State.ACTIVE:
        rig.device.end(world.now_ns)
        if state is not State.ENDING:
            rig.hear(receipt("close-0"))
        if state is State.ENDED:
            rig.close_link()
    return rig
