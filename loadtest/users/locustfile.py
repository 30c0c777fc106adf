"""The locustfile of ``loadtest run`` and ``loadtest ui``: profile-driven users, nothing else."""

from loadtest.users import ProfileUser

__all__ = ["ChatKittyUser"]


class ChatKittyUser(ProfileUser):
    """A chat user of the profile, with all its devices."""
