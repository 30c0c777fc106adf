"""Faults on demand: what is planned, what is injected now, and the queue that events wait in."""
