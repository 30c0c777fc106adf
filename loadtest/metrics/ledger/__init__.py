"""What should have arrived, from the observations of devices, and what did.

``ledger`` takes the observations and hands each to a book: messages, events, notifications, pushes.
``roster`` knows who is where, ``tally`` takes what is counted.
"""
