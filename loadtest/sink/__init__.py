"""The push sink: takes the webhook that a deployment calls for users who are not connected.

``http`` reads requests and ``pushes`` what they say, both without I/O; ``receiver`` listens. What a
push means for a message is not judged here: every one is handed on with the instant it arrived.
"""

from loadtest.sink.receiver import PushSink, sink_forever

__all__ = ["PushSink", "sink_forever"]
