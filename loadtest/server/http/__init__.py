"""The HTTP side: the Platform API, control of faults, calls of webhooks."""
