"""The sections of a profile: every key with its type, bounds, default, and why it is the default.

This is the one place that knows the keys; messages, the reference page and the resolved profile are
made from it. Rules that concern several keys are in ``rules``.
"""

from typing import Annotated, Literal

from pydantic import Field

from loadtest.observations import HANDLERS, ChatEvent
from loadtest.profile.fields import DeviceWeights, Durations, Section, Sizes, setting
from loadtest.profile.provisioning_section import ProvisioningSection
from loadtest.profile.workload_sections import (
    ChatSessionSection,
    ConnectionCutSection,
    WorkloadSection,
)
from loadtest.workload.distributions import Fixed

__all__ = [
    "HANDLERS",
    "ChannelSection",
    "DeviceSection",
    "GeneratorSection",
    "MetricsSection",
    "PopulationSection",
    "ProfileSections",
    "PushSection",
    "RunSection",
    "TargetSection",
]

Handler = Literal[
    "on_message_received",
    "on_keystrokes_received",
    "on_typing_started",
    "on_typing_stopped",
    "on_participant_entered_chat",
    "on_participant_left_chat",
    "on_participant_presence_changed",
    "on_message_updated",
    "on_channel_updated",
    "on_message_read",
]


class RunSection(Section):
    """How long the run lasts and by when things must have happened."""

    duration_s: float = setting(
        60.0,
        unit="seconds",
        gt=0,
        description="Length of the run, from the first user that starts to the last action.",
        why="A minute supports a p99 from a few messages per second on.",
    )
    ramp_s: float = setting(
        5.0,
        unit="seconds",
        ge=0,
        description="Time over which the users are started; it is part of the run. Where a run"
        " is scaled up and nothing is said, it grows along, to half of the run at most.",
        why="Long enough to keep the start of a thousand devices out of the latencies.",
    )
    drain_s: float = setting(
        12.0,
        unit="seconds",
        gt=0,
        description="Longest wait, after the last action, for what is still on its way.",
        why="The delivery deadline and something for the way; the wait ends early if nothing is"
        " missing.",
    )
    delivery_deadline_s: float = setting(
        10.0,
        unit="seconds",
        gt=0,
        description="A delivery that is not there so long after its message was written is lost;"
        " if it still comes, it is late.",
        why="Nobody looks at a chat for ten seconds and takes it for alive.",
    )
    action_deadline_s: float = setting(
        10.0,
        unit="seconds",
        gt=0,
        description="An action that is not completed by then has failed.",
        why="As for deliveries; the SDK itself waits for ever.",
    )
    span_workers: bool = setting(
        False,
        description="Spread the members of each channel over all workers, so that most deliveries"
        " cross from one to another. One worker is not affected.",
        why="Within one worker each latency is measured on one clock, and nothing has to be told to"
        " others.",
    )
    seed: int = setting(
        1,
        ge=0,
        description="Everything random comes from it: the same seed plans the same run, on any"
        " number of workers.",
        why="A fixed one, so that two runs of a profile do the same.",
    )


class TargetSection(Section):
    """How the chat server is spoken to; its address is given on the command line."""

    dialect: Literal[1, 2] = setting(
        2,
        description="Dialect of StompX: 1 as of the SDK's 1.x, 2 as of its 2.x.",
        why="The SDK that is current.",
    )
    api_key: str = setting(
        "loadtest",
        min_length=1,
        description="API key of the application; `{env:NAME}` and `{file:PATH}` in it stand for a"
        " secret, see docs/network.md. Reports do not show it.",
        why="The embedded server takes any.",
    )
    connect_timeout_s: float = setting(
        20.0,
        unit="seconds",
        gt=0,
        description="A device that is not connected by then has failed to.",
        why="A person has given up by then.",
    )


class PopulationSection(Section):
    """Who exists, divided into cells.

    A cell is a community that shares no channel with another; it has `users / cells` users and
    lives on one worker, unless `run.span_workers` spreads it.
    """

    users: int = setting(
        unit="users", ge=2, description="Users of the base population, a multiple of `cells`."
    )
    cells: int = setting(
        1,
        unit="cells",
        ge=1,
        description="Cells of the base population. Smaller cells divide better over workers and"
        " scale in smaller steps.",
        why="All users may meet, as long as the profile does not say otherwise.",
    )
    cells_in_run: int | None = setting(
        None,
        unit="cells",
        ge=1,
        description="Cells that this run has; `--devices` sets it. Rates grow and shrink along.",
        why="Those of the base population.",
    )
    devices_per_user: DeviceWeights = setting(
        ((1, 1.0),),
        unit="weights by number of devices",
        description="How many users have how many devices: a number, or a table of weights such as"
        " `{ 1 = 0.7, 2 = 0.3 }`. Users with 0 devices are members that are never connected.",
        why="One device each: several are a case of their own.",
    )
    activity: Durations = setting(
        Fixed(1),
        unit="relative",
        description="How much a user writes, relative to the other members of a channel.",
        why='All alike; `{ kind = "lognormal", median = 1, sigma = 1 }` has a few that write most.',
    )
    background_ratio: float = setting(
        0.0,
        unit="share of users",
        ge=0,
        lt=1,
        description="Users that are connected but belong to no channel.",
        why="Everybody is there to chat.",
    )
    channels_per_user_max: int = setting(
        10,
        unit="channels",
        ge=1,
        description="Most channels that a user belongs to.",
        why="As many as a device may hold chat sessions; above that, some are never entered.",
    )

    @property
    def connected_users(self) -> float:
        """Users of the base population that have a device."""
        connected = sum(weight for devices, weight in self.devices_per_user if devices)
        return self.users * connected / sum(weight for _, weight in self.devices_per_user)


class ChannelSection(Section):
    """A group of channels that are alike."""

    group: str = setting(
        pattern="^[a-z][a-z0-9_-]*$",
        form="a word of small letters, digits, _ and -, with a letter first",
        description="Name of the group, also in the names of its channels.",
    )
    type: Literal["DIRECT", "PUBLIC", "PRIVATE"] = setting(
        "PRIVATE",
        description="`DIRECT` channels have 2 to 10 members, and one channel per set of them.",
        why="Group chats among people who know each other.",
    )
    count: int = setting(
        unit="channels", ge=1, description="Channels of this group in the base population."
    )
    size: Sizes = setting(unit="members", description="Members of a channel.")
    message_weight: float = setting(
        1.0,
        unit="relative",
        ge=0,
        description="Share of all messages that go to this group, relative to the other groups.",
        why="All groups alike, however many channels they have.",
    )


class DeviceSection(Section):
    """How a device behaves on the wire.

    The defaults are the published SDK's; whatever is switched off is named in the report.
    """

    handlers: Annotated[tuple[Handler, ...], Field(strict=False)] = setting(
        tuple(HANDLERS),
        description="Handlers that a device registers for each chat session.",
        why="The ten of the vendor's page on chat sessions. Two change what is on the wire:"
        " `on_message_read` costs a relay per read receipt, `on_message_received` one of the"
        " parent per reply.",
    )
    acknowledge: bool = setting(
        True, description="Send an ACK for every event.", why="The SDK does."
    )
    heart_beats: bool = setting(
        True, description="Send and expect STOMP heart-beats.", why="The SDK does."
    )
    reconnect: bool = setting(
        True,
        description="Connect again, 5 s after a connection was lost.",
        why="The SDK does, after exactly that time.",
    )
    api_connection: bool = setting(
        False,
        description="Connect as the SDK's `connectApi` of dialect 2 does: the counts of unread"
        " channels and messages are relayed at the start, and again after each notification of a"
        " message and each read receipt of the user.",
        why="The vendor's pages describe user sessions alone; this is a second way in, with relays"
        " of its own.",
    )
    session_limit: int = setting(
        10,
        unit="chat sessions",
        ge=1,
        description="Chat sessions at once on one device. A user in more channels enters only so"
        " many of them.",
        why="The vendor's documented limit.",
    )
    slow_share: float = setting(
        0.0,
        unit="share of devices",
        ge=0,
        le=1,
        description="Devices that read slowly, once their user session is active. Their deliveries"
        " are also counted as a class of their own in the summary (`by_device_class`).",
        why="None: everybody has a good network.",
    )
    slow_read_bytes_per_s: float = setting(
        4000.0,
        unit="bytes per second",
        gt=0,
        description="How fast these devices read.",
        why="A phone at the edge of its network: two messages of 2 kB per second.",
    )

    @property
    def handled_events(self) -> frozenset[ChatEvent]:
        """The events for which a handler is registered."""
        return frozenset(HANDLERS[name] for name in self.handlers)


class MetricsSection(Section):
    """Where the order of two connections cannot be known, and outcomes are counted as boundary."""

    handoff_window_s: float = setting(
        5.0,
        unit="seconds",
        gt=0,
        description="For so long after a user's last chat session in a channel, a message that"
        " comes as neither is called a hand-off gap, and later a missed notification.",
        why="Longer than any server should take to notice an end.",
    )
    race_window_s: float = setting(
        1.0,
        unit="seconds",
        gt=0,
        description="Two frames of different devices within this time may reach the server in"
        " either order; what was written so shortly before a chat session ended, or a connection"
        " broke, may have been too late for it. A chat session counts as ending for so long at"
        " most.",
        why="Far above a round trip.",
    )
    server_keeps_order: bool = setting(
        True,
        description="Whether the server takes the frames of one connection in their order. Then a"
        " chat session has ended as soon as the server answers a later frame of its device, and not"
        " only after the race window.",
        why="STOMP over one WebSocket is one stream; a server with a thread pool may differ.",
    )
    typing_timeout_s: float = setting(
        3.0,
        unit="seconds",
        gt=0,
        description="After this pause the server says that a user has stopped typing.",
        why="The embedded server's.",
    )


class PushSection(Section):
    """What happens for users who are not connected at all."""

    sink: str = setting(
        "",
        pattern=r"^(([^:\s]+|\[[0-9A-Fa-f:.]+\]):\d{1,5})?$",
        form="HOST:PORT, such as 127.0.0.1:0, or empty",
        description="Address HOST:PORT at which the leading process takes the deployment's push"
        " webhook; port 0 picks one. `--push-sink` sets it. The embedded server then calls it; a"
        " deployment must be told to. Empty: nothing listens, and pushes are not judged.",
        why="Most deployments call nobody, and what never comes would be missed.",
    )


class GeneratorSection(Section):
    """When a run cannot support a verdict, because the generator itself was in the way."""

    lag_p99_limit_ms: float = setting(
        20.0,
        unit="milliseconds",
        gt=0,
        description="99 % of all actions must be written within this time after they were due.",
        why="Small against what people notice in a chat, large against what a healthy generator"
        " shows.",
    )
    loop_lag_p99_limit_ms: float = setting(
        200.0,
        unit="milliseconds",
        gt=0,
        description="In 99 % of all seconds the engine's loop must have been at most this late:"
        " what arrives in that time is read late. In less than 100 s that is every second.",
        why="A healthy engine shows a few; one pause like this spoils the maximum of its second.",
    )
    dropped_ratio_limit: float = setting(
        0.01,
        unit="share of planned actions",
        ge=0,
        le=1,
        description="Planned actions that may go without being offered, because the device was not"
        " connected or not in the chat yet. With more, the run does not pass: the server was not"
        " asked for the load that was planned.",
        why="A few come from who is just arriving; a hundredth of the load is part of the result.",
    )


class ProfileSections(Section):
    """All keys of a profile."""

    name: str = setting(
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$",
        form="a word of letters, digits, ., _ and -, with a letter or digit first",
        description="Name of the profile.",
    )
    description: str = setting(min_length=1, description="What the profile is for, in one line.")
    run: RunSection = RunSection()
    target: TargetSection = TargetSection()
    provisioning: ProvisioningSection = ProvisioningSection()
    population: PopulationSection
    channels: Annotated[tuple[ChannelSection, ...], Field(strict=False)] = ()
    workload: WorkloadSection
    chat_sessions: ChatSessionSection = ChatSessionSection()
    connection_cuts: ConnectionCutSection = ConnectionCutSection()
    device: DeviceSection = DeviceSection()
    metrics: MetricsSection = MetricsSection()
    push: PushSection = PushSection()
    generator: GeneratorSection = GeneratorSection()
    thresholds: Annotated[tuple[str, ...], Field(strict=False)] = setting(
        (),
        description="What must hold, such as"
        ' `"latency.channel.message.created.p99_ms < 250"`; one that does not fails the run.',
        why="None: a profile is a load, a promise is the reader's.",
    )
