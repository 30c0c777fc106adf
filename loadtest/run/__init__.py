"""The life of a run in a Locust process.

``locust_hooks`` registers with Locust's events and gives each process its role: ``leader`` for the
process that begins a run and writes its results, ``worker`` for a process that carries users.
Here are the parts that both need: options, the plan of a run, the messages between them.
"""
