"""Thresholds, and whether a run passed, failed or cannot be judged."""
