"""Run profiles: what a run is, read from a TOML file, typed, frozen and validated as a whole.

``load_profile`` finds and reads one, or says everything that is wrong with it at once.
"""

from loadtest.profile.describe import describe
from loadtest.profile.explain import explain
from loadtest.profile.load import (
    LoadedProfile,
    load_profile,
    load_with_origins,
    profile_from_text,
)
from loadtest.profile.model import RATES, Profile
from loadtest.profile.resources import profile_folders, profile_names
from loadtest.profile.sections import HANDLERS

__all__ = [
    "HANDLERS",
    "RATES",
    "LoadedProfile",
    "Profile",
    "describe",
    "explain",
    "load_profile",
    "load_with_origins",
    "profile_folders",
    "profile_from_text",
    "profile_names",
]
