"""Locust users that are chat users, and how a run lives in a Locust process.

A locustfile imports ``ProfileUser`` (the open schedule of a profile decides what happens) or
``ChatUser`` (tasks written by a person) from here; that also registers everything with Locust's
events. Nothing else of this package imports Locust, which patches the process it is imported into.
"""

from loadtest.users.control import install
from loadtest.users.profile_user import ProfileUser
from loadtest.users.scripted import ChatUser
from loadtest.users.scripted_device import ChatDevice, ScriptedActionError, ScriptedChatSession
from loadtest.users.scripted_resources import Channel, Message, Notification, Resource

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
