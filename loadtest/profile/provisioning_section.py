"""The section of a profile that says where its users and channels come from.

Secrets are not here: the credentials of the Platform API stand in the environment, and auth params
of users in the file that names them.
"""

from typing import Literal

from loadtest.profile.fields import Section, setting

__all__ = ["ProvisioningSection"]


class ProvisioningSection(Section):
    """Where users and channels come from; `docs/provisioning.md` tells more."""

    mode: Literal["guest", "platform", "file"] = setting(
        "guest",
        description="`guest`: devices create them, as people do who open an app. `platform`: the"
        " Platform API makes them before the run. `file`: they exist, and a file names them.",
        why="It needs no account, and nothing prepared.",
    )
    file: str = setting(
        "",
        description="In mode `file`: the JSON, TOML or CSV file with the users and channels. They"
        " take the place of `population.users` and `[[channels]]`.",
        why="None.",
    )
    name: str = setting(
        "",
        pattern="^([a-z0-9][a-z0-9-]{0,30})?$",
        form="up to 31 small letters, digits and -, with a letter or digit first",
        description="In mode `platform`: stands in the names of users and channels instead of the"
        " run's own id, so that a later run with the same population finds them.",
        why="Empty: each run has its own, and runs never meet.",
    )
    api_url: str = setting(
        "",
        pattern="^(https?://[^/?#@]+(/.*)?)?$",
        form="an http or https address without a query, such as https://chat.example.test",
        description="Address of the Platform API, if it is not that of `--host`.",
        why="Empty: both are one host, as with the vendor.",
    )
    token_url: str = setting(
        "",
        pattern="^(https?://[^/?#@]+(/.*)?)?$",
        form="an http or https address without a query, such as https://chat.example.test",
        description="Where OAuth tokens are given.",
        why="Empty: `/oauth/token` of the Platform API's host; the vendor's authorization host for"
        " the vendor's API.",
    )
    path_style: Literal["plain", "v1"] | None = setting(
        None,
        description="How the Platform API is spoken to: `plain` (`/users`, names in snake case) or"
        " `v1` (`/v1/users`, names in camel case).",
        why="`v1` with dialect 1, else `plain`: each as old as its SDK.",
    )
    requests_at_once: int = setting(
        8,
        unit="requests",
        ge=1,
        le=100,
        description="How many calls of the Platform API are on their way at once.",
        why="Quick enough for thousands of users, and gentle to a server that others use.",
    )
    attempts: int = setting(
        6,
        unit="attempts",
        ge=1,
        le=20,
        description="How often a call is tried that is answered with 429 or 5xx, or not at all; the"
        " pauses between double, from a quarter of a second to half a minute.",
        why="Some 8 seconds in all, over which a server restarts.",
    )
