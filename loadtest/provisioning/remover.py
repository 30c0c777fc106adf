"""Removes what a run made, as its manifest says, channels first.

It looks before it removes. An id may mean something else by now (a test server that was
started anew counts from 1 again), so what has another name is left alone. It may be done again:
what is gone is gone.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadtest.provisioning.maker import MARK
from loadtest.provisioning.manifest import Manifest, ManifestStage, ManifestWriter, Thing
from loadtest.provisioning.platform_client import Found, PlatformClient
from loadtest.provisioning.progress import ProgressLines
from loadtest.provisioning.thread_pool import work_through

__all__ = ["Removal", "remove_population"]

_DIRECT = "DIRECT"
_REMOVED = "removed"
_GONE = "already gone"
_NEVER_MADE = "never made"
_FOREIGN = "not this run's, left"


@dataclass(slots=True)
class Removal:
    """What became of the things of a run."""

    removed: int = 0
    gone: int = 0
    """Were made, and are not there any more."""
    never_made: int = 0
    """Were asked for, and are not there."""
    foreign: int = 0
    """Have another name than what the run made, and were left."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, outcome: str) -> None:
        """Count one thing."""
        with self._lock:
            self.removed += outcome == _REMOVED
            self.gone += outcome == _GONE
            self.never_made += outcome == _NEVER_MADE
            self.foreign += outcome == _FOREIGN


def remove_population(
    client: PlatformClient, manifest: Manifest, progress: ProgressLines, removal: Removal
) -> None:
    """Remove what the run of a manifest made and what is still there, until ``client.stop`` is set.

    What becomes of each thing is counted in ``removal``.

    Raises:
        TargetError: The server refuses something; what was removed by then is noted.
    """
    channels, users = manifest.to_remove("channel"), manifest.to_remove("user")
    with ManifestWriter(manifest.path) as notes:
        remover = _Remover(client, manifest, notes, (removal, progress))
        remover.look_for([each for each in channels if not each.id])
        for kind, things in (("channels", channels), ("users", users)):
            progress.begin(kind, len(things))
            work_through(
                things,
                remover.remove,
                workers=client.access.requests_at_once,
                stop=client.stop,
            )


class _Remover:
    def __init__(
        self,
        client: PlatformClient,
        manifest: Manifest,
        notes: ManifestWriter,
        told: tuple[Removal, ProgressLines],
    ) -> None:
        self._client = client
        self._header = manifest.header
        self._notes = notes
        self._removal, self._progress = told
        self._channels: dict[str, Found] = {}
        """Channels whose ids the manifest does not know, by the names it has for them."""

    def look_for(self, channels: Iterable[Thing]) -> None:
        """Find channels that were asked for, of which nobody knows whether they were made."""
        wanted = {_key_of(each.type, each.name, each.members): each.name for each in channels}
        if not wanted:
            return
        for found in self._client.channels():
            name = wanted.get(_key_of(found.type, found.name, found.members))
            if name is not None:
                self._channels[name] = found

    def remove(self, thing: Thing) -> None:
        found = self._found(thing)
        if found is None:
            outcome = _GONE if thing.id else _NEVER_MADE
        elif not self._is_own(thing, found):
            outcome = _FOREIGN
        else:
            outcome = _REMOVED if self._delete(thing.kind, found.id) else _GONE
        if outcome != _FOREIGN:
            self._notes.note(Thing(ManifestStage.REMOVED, thing.kind, thing.name, thing.id))
        self._removal.add(outcome)
        self._progress.count(outcome)

    def _delete(self, kind: str, identifier: int) -> bool:
        if kind == "channel":
            return self._client.delete_channel(identifier)
        return self._client.delete_user(identifier)

    def _found(self, thing: Thing) -> Found | None:
        if thing.kind == "channel":
            return self._client.channel(thing.id) if thing.id else self._channels.get(thing.name)
        return self._client.user(thing.id) if thing.id else self._client.find_user(thing.name)

    def _is_own(self, thing: Thing, found: Found) -> bool:
        if thing.kind == "channel" and thing.type == _DIRECT:
            return found.type == _DIRECT and found.members == frozenset(thing.members)
        if found.name != thing.name:
            return False
        # What was made is known to be ours; what was only asked for must say so itself.
        is_known = thing.stage is ManifestStage.MADE or not self._header.is_marked
        return is_known or found.properties.get(MARK) == self._header.run_id


def _key_of(kind: str, name: str, members: Iterable[str]) -> object:
    return frozenset(members) if kind == _DIRECT else name
