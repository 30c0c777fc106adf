"""The users of a run profile: no code, the profile decides.

    locust -f locustfiles/chat.py --profile smoke --host http://127.0.0.1:8080

Without ``--host`` the embedded server is started; without ``--users`` and the like, the profile
says how many, how fast and for how long. Every option of Locust works.
"""

from loadtest.users import ProfileUser


class ChatKittyUser(ProfileUser):
    """A chat user of the profile, with all its devices."""
