"""Counts and histograms of a stretch of time, which add up over seconds, workers and runs."""
