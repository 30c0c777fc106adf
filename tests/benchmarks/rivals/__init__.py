"""What a person would use instead: each a small program, written as its users write it.

Every client obeys the same lines, so that the benchmark can tell its phases apart: it prints
``ready`` before it makes its first device, reads ``go``, and at SIGTERM prints one JSON object with
what it recorded. Those that cannot (Artillery, Tsung) are watched from outside.
"""
