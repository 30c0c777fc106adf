"""Benchmarks: our engine beside the limit of the machine and beside what people use instead.

``python -m tests.benchmarks.run`` measures and prints. Every row gets the same bytes from the same
feeding server and does the same work for each event. The ordinary test run collects nothing here.
"""
