"""Bytes on the wire, without I/O: STOMP 1.2 frames and the client side of WebSocket.

``stomp`` encodes and parses STOMP frames, ``scan`` reads the two most frequent ones without taking
them apart, ``websocket`` frames them for a client's socket. All take and return bytes; none opens a
connection, reads a clock or knows what a chat is.
"""
