"""Makes the users and channels of a run through the Platform API.

It may be done again. What is there already is found and used; whose it is, says the run
id in its properties. A direct channel has none: it is the run's if one of its members is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from loadtest.errors import TargetError
from loadtest.provisioning.manifest import ManifestStage, ManifestWriter, Thing
from loadtest.provisioning.platform_client import Found, PlatformClient
from loadtest.provisioning.progress import ProgressLines
from loadtest.provisioning.thread_pool import work_through

__all__ = [
    "MARK",
    "Made",
    "WantedChannel",
    "WantedPopulation",
    "make_population",
    "note_asked",
]

MARK = "loadtest_run"
"""The property that says which run made something."""

_DIRECT = "DIRECT"


@dataclass(frozen=True, slots=True)
class WantedChannel:
    """A channel that is to be there."""

    name: str
    """Of a direct channel, which has none on the server, what the run calls it."""
    type: str
    members: tuple[str, ...]
    """Names of users."""

    def asked(self) -> Thing:
        """Return the line that is written before it is made."""
        members = self.members if self.type == _DIRECT else ()
        return Thing(ManifestStage.ASKED, "channel", self.name, type=self.type, members=members)

    def body(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the Platform API is told."""
        if self.type == _DIRECT:
            return {"type": self.type, "members": self.members}
        return {
            "type": self.type,
            "name": self.name,
            "members": self.members,
            "properties": properties,
        }


@dataclass(frozen=True, slots=True)
class WantedPopulation:
    """Everything that is to be there."""

    users: Sequence[str]
    channels: Sequence[WantedChannel]


@dataclass(frozen=True, slots=True)
class Made:
    """The server's ids of everything, by name."""

    users: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)


def make_population(
    client: PlatformClient,
    wanted: WantedPopulation,
    *,
    run_id: str,
    manifest: ManifestWriter,
    progress: ProgressLines,
) -> Made:
    """Make what is not there yet, users first, and return the ids of all of it.

    Raises:
        TargetError: The server refuses something, or ``client.stop`` was set; what was made by then
            is in the manifest.
    """
    maker = _Maker(client, run_id, manifest, progress)
    workers, stop = client.access.requests_at_once, client.stop
    progress.begin("users", len(wanted.users))
    work_through(wanted.users, maker.make_user, workers=workers, stop=stop)
    progress.begin("channels", len(wanted.channels))
    work_through(wanted.channels, maker.make_channel, workers=workers, stop=stop)
    if stop.is_set():
        raise TargetError(client.access.api_url, "provisioning was stopped before its end")
    return maker.made


def note_asked(manifest: ManifestWriter, wanted: WantedPopulation) -> None:
    """Write down what others are going to make, such as devices, and may never have made.

    Raises:
        UsageError: The manifest cannot be written.
    """
    for name in wanted.users:
        manifest.note(Thing(ManifestStage.ASKED, "user", name))
    for channel in wanted.channels:
        manifest.note(channel.asked())


class _Maker:
    def __init__(
        self,
        client: PlatformClient,
        run_id: str,
        manifest: ManifestWriter,
        progress: ProgressLines,
    ) -> None:
        self.made = Made()
        self._client = client
        self._mark = {MARK: run_id}
        self._manifest = manifest
        self._progress = progress
        self._own_users: set[str] = set()

    def make_user(self, name: str) -> None:
        self._manifest.note(Thing(ManifestStage.ASKED, "user", name))
        user = self._client.create_user(name, self._mark)
        if user is None:
            # Ours as well, if the answer to an earlier attempt was lost on its way.
            user = self._client.find_user(name)
        if user is None:
            raise TargetError(
                self._client.access.api_url,
                f"the user {name!r} can neither be created nor found; it may have been deleted"
                " just now",
            )
        stage = self._stage(is_own=self._is_marked(user))
        if stage is ManifestStage.MADE:
            self._own_users.add(name)
        self.made.users[name] = user.id
        self._manifest.note(Thing(stage, "user", name, user.id))
        self._progress.count(stage.value)

    def make_channel(self, channel: WantedChannel) -> None:
        asked = channel.asked()
        self._manifest.note(asked)
        found = self._client.create_channel(channel.body(self._mark))
        if channel.type == _DIRECT:
            stage = self._stage(is_own=not self._own_users.isdisjoint(channel.members))
        else:
            stage = self._stage(is_own=self._is_marked(found))
        self.made.channels[channel.name] = found.id
        self._manifest.note(msgspec.structs.replace(asked, stage=stage, id=found.id))
        self._progress.count(stage.value)

    def _is_marked(self, found: Found) -> bool:
        return found.properties.get(MARK) == self._mark[MARK]

    def _stage(self, *, is_own: bool) -> ManifestStage:
        return ManifestStage.MADE if is_own else ManifestStage.FOUND
