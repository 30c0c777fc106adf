"""Locust users that are chat users, and how a run lives in a Locust process.

A locustfile imports ``ProfileUser`` (the open schedule of a profile decides what happens) or
``ChatUser`` (tasks written by a person) from here; that also registers everything with Locust's
events. Nothing else of this package imports Locust, which patches the process it is imported into.
"""

from loadtest.run.locust_hooks import install
from loadtest.users.profile_user import ProfileUser
from loadtest.users.scripted.device import ChatDevice, ScriptedActionError, ScriptedChatSession
from loadtest.users.scripted.resources import Channel, Message, Notification, Resource
from loadtest.users.scripted.user import ChatUser

__all__ = [
    "Channel",
    "ChatDevice",
    "ChatUser",
    "Message",
    "Notification",
    "ProfileUser",
    "Resource",
    "ScriptedActionError",
    "ScriptedChatSession",
]

install()
