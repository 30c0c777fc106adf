"""What the server remembers: users, channels and messages, statistics, and timed calls."""
