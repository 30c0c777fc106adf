"""Locust without its patches: importing it must not change how the process of the tests works.

What needs the patches runs in child processes, as a run does.
"""

import os

os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

# Not for child processes.
del os.environ["LOCUST_SKIP_MONKEY_PATCH"]
