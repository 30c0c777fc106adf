"""Locustfiles of the self-test."""
