"""What a run does about users and channels before its devices start; afterwards they exist.

Everything that a run makes on a server that outlives it is written into the manifest of
its results, in every mode, so that ``loadtest cleanup`` finds it. Secrets are read from the
environment when they are needed, and kept nowhere.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtest.clock import unseeded_random
from loadtest.engine.network import NetworkSettings
from loadtest.errors import UsageError
from loadtest.provisioning import (
    MANIFEST,
    ApiAccess,
    Credentials,
    ManifestHeader,
    ManifestWriter,
    PathStyle,
    PlatformClient,
    ProgressLines,
    WantedChannel,
    WantedPopulation,
    api_url_of,
    credentials_from,
    make_population,
    note_asked,
    token_url_of,
)
from loadtest.run.leader.target_consent import check_target
from loadtest.run.leader.target_probe import check_server
from loadtest.run.options import RunOptions
from loadtest.run.presentation import presentation
from loadtest.workload import (
    CellPlan,
    CellPlanner,
    ChannelType,
    Existing,
    ExistingChannel,
    ExistingUser,
)

__all__ = [
    "Provisioner",
    "api_access",
    "check_answer",
    "check_provisioning",
    "provisioning_lines",
    "wanted_population",
    "way_to_api",
]

# The embedded server takes any.
_EMBEDDED_CREDENTIALS = Credentials("loadtest", "loadtest")


def api_access(options: RunOptions, host: str) -> ApiAccess:
    """Return how the Platform API of a run is reached, whose chat server is ``host``.

    Raises:
        UsageError: ``host`` is no address.
    """
    section = options.profile.provisioning
    api_url = section.api_url.rstrip("/") or api_url_of(host)
    default = PathStyle.V1 if options.profile.target.dialect == 1 else PathStyle.PLAIN
    return ApiAccess(
        api_url=api_url,
        token_url=section.token_url or token_url_of(api_url),
        style=PathStyle(section.path_style) if section.path_style else default,
        **way_to_api(options.network),
        requests_at_once=section.requests_at_once,
        attempts=section.attempts,
    )


def way_to_api(network: NetworkSettings) -> dict[str, Any]:
    """Return how the Platform API is reached, as arguments of ``ApiAccess``: as devices do."""
    tls = network.tls
    return {
        "ca_file": tls.ca_file,
        "client_certificate": tls.client_certificate,
        "client_key": tls.client_key,
        "is_verified": tls.is_verified,
        "proxy": network.proxy.url if network.proxy is not None else "",
    }


def check_provisioning(
    options: RunOptions, host: str | None, environment: Mapping[str, str] = os.environ
) -> None:
    """Check all that can be known before anything is sent; ``host`` is None for the embedded one.

    Raises:
        UsageError: Credentials are missing, or the Platform API may not be loaded.
    """
    if options.profile.provisioning.mode != "platform" or host is None:
        return
    credentials_from(environment)
    access = api_access(options, host)
    check_target(access.api_url, allowed_host=options.allowed_host, named="provisioning.api_url")


def provisioning_lines(options: RunOptions) -> list[str]:
    """Return where users and channels come from, for a person; nothing if devices make them."""
    section = options.profile.provisioning
    if section.mode == "file" and options.existing is not None:
        channels = len(options.existing.channels)
        return [
            f"users and channels of {section.file}: {len(options.existing.users):,} users,"
            f" {channels:,} channels, in {_cells(options.profile.cells_in_run)}"
        ]
    if section.mode == "platform":
        where = api_access(options, options.host).api_url if options.host else "embedded server"
        return [f"users and channels are made by the Platform API: {where}"]
    return []


def check_answer(options: RunOptions, host: str) -> None:
    """Check that a named server answers: with a user session, or with a token if users are made.

    Raises:
        TargetError: It does not.
        UsageError: Credentials are missing, or a file of certificates cannot be read.
    """
    if options.profile.provisioning.mode == "platform":
        with _client(options, host, credentials_from(os.environ)) as client:
            client.sign_in()
        return
    _check_server(options, host, options.existing.users[0] if options.existing else None)


def wanted_population(plans: Iterable[CellPlan]) -> WantedPopulation:
    """Return the users and channels of these cells."""
    users: list[str] = []
    channels: list[WantedChannel] = []
    for plan in plans:
        users += [user.name for user in plan.users]
        channels += [
            WantedChannel(
                channel.name,
                channel.type.value,
                tuple(plan.users[member].name for member in channel.members),
            )
            for channel in plan.channels
        ]
    return WantedPopulation(users, channels)


@dataclass(frozen=True, slots=True)
class Provisioner:
    """Provides the users and channels of one run.

    Args:
        options: What the run is to be.
        host: Address of the chat server.
        is_embedded: Whether that server ends with the run.
        folder: Of the run's results; its name is the run id.
        names: Stands in the names of what the run makes.
        say: Takes lines about the progress.
        environment: Holds the credentials.
    """

    options: RunOptions
    host: str
    is_embedded: bool
    folder: Path
    names: str
    say: Callable[[str], None]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    stop: threading.Event = field(default_factory=threading.Event)
    """Once it is set, nothing more is made."""

    def provide(self) -> Existing | None:
        """Return what exists once this is done; None if the devices are to create it.

        Raises:
            TargetError: The Platform API refuses something, or ``stop`` was set.
            UsageError: Credentials are missing, or the manifest cannot be written.
        """
        mode = self.options.profile.provisioning.mode
        if mode == "file":
            return self.options.existing
        wanted = wanted_population(self._planner().plans(self.options.profile.cells_in_run))
        if mode == "platform":
            return self._make(wanted)
        if not self.is_embedded:
            with self._manifest(is_marked=False) as manifest:
                note_asked(manifest, wanted)
        return None

    def explain_remains(self) -> None:
        """Say how to remove what was made before something went wrong."""
        is_platform = self.options.profile.provisioning.mode == "platform"
        if is_platform and not self.is_embedded and (self.folder / MANIFEST).is_file():
            self.say(
                "what was made until then can be removed: loadtest cleanup"
                f" {self.folder} --host {self.host}"
            )

    def _planner(self) -> CellPlanner:
        profile = self.options.profile
        return CellPlanner(profile.population_plan(), seed=profile.run.seed, run=self.names)

    def _make(self, wanted: WantedPopulation) -> Existing:
        with (
            self._manifest(is_marked=True) as manifest,
            _client(self.options, self.host, self._credentials(), self.stop) as client,
        ):
            self.say(f"making users and channels through the Platform API {client.access.api_url}")
            client.sign_in()
            made = make_population(
                client,
                wanted,
                run_id=self.folder.name,
                manifest=manifest,
                progress=ProgressLines(self.say),
            )
        existing = Existing(
            tuple(ExistingUser(name, made.users[name]) for name in wanted.users),
            tuple(
                ExistingChannel(
                    each.name, ChannelType(each.type), each.members, made.channels[each.name]
                )
                for each in wanted.channels
            ),
        )
        if not self.is_embedded:
            # Not before: where guests are refused, nobody could have connected.
            _check_server(self.options, self.host, existing.users[0])
        return existing

    def _manifest(self, *, is_marked: bool) -> ManifestWriter:
        access = api_access(self.options, self.host)
        header = ManifestHeader(
            run_id=self.folder.name,
            host=self.host,
            is_embedded=self.is_embedded,
            api_url=access.api_url,
            token_url=access.token_url,
            style=access.style.value,
            is_marked=is_marked,
        )
        return ManifestWriter.of_run(self.folder, header)

    def _credentials(self) -> Credentials:
        try:
            return credentials_from(self.environment)
        except UsageError:
            if self.is_embedded:
                return _EMBEDDED_CREDENTIALS
            raise


def _client(
    options: RunOptions,
    host: str,
    credentials: Credentials,
    stop: threading.Event | None = None,
) -> PlatformClient:
    return PlatformClient(
        api_access(options, host), credentials, random=unseeded_random(), stop=stop
    )


def _check_server(options: RunOptions, host: str, user: ExistingUser | None) -> None:
    check_server(host, options.profile, options.network, user, say=presentation.complain)


def _cells(count: int) -> str:
    return f"{count:,} cells" if count > 1 else "1 cell, which lives on one worker"
