"""What the StompX protocol says on top of STOMP: dialects, destinations, resources, correlation.

``dialect`` knows the few destinations that a client may build itself, ``resources`` reads what a
device needs from a JSON body, ``correlation`` marks our own messages so that they are recognised
when they come back. Nothing here sends, waits or keeps state of a connection.
"""
