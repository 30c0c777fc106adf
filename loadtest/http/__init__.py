"""The small HTTP servers of this package, on ``h11``: the Platform API and the push sink.

``conversation`` reads requests and writes answers without I/O; ``caller`` puts that on a socket.
"""

from loadtest.http.caller import HttpCaller
from loadtest.http.conversation import Answer, Request

__all__ = ["Answer", "HttpCaller", "Request"]
