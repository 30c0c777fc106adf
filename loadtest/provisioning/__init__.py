"""Users and channels that exist before a run: made through the Platform API, or named by a file.

What a run makes is in the manifest of its results folder as soon as it is made, so that whatever
ended the run, ``loadtest cleanup`` can remove it. Nothing here knows devices, Locust or profiles;
it works in plain threads, which in a Locust process are greenlets.
"""

from loadtest.provisioning.access import (
    ApiAccess,
    Credentials,
    PathStyle,
    api_url_of,
    credentials_from,
    token_url_of,
)
from loadtest.provisioning.existing_file import read_existing
from loadtest.provisioning.maker import (
    WantedChannel,
    WantedPopulation,
    make_population,
    note_asked,
)
from loadtest.provisioning.manifest import MANIFEST, Manifest, ManifestHeader, ManifestWriter
from loadtest.provisioning.platform_client import PlatformClient
from loadtest.provisioning.progress import ProgressLines
from loadtest.provisioning.remover import Removal, remove_population

__all__ = [
    "MANIFEST",
    "ApiAccess",
    "Credentials",
    "Manifest",
    "ManifestHeader",
    "ManifestWriter",
    "PathStyle",
    "PlatformClient",
    "ProgressLines",
    "Removal",
    "WantedChannel",
    "WantedPopulation",
    "api_url_of",
    "credentials_from",
    "make_population",
    "note_asked",
    "read_existing",
    "remove_population",
    "token_url_of",
]
