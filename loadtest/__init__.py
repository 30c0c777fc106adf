"""Load testing and benchmarking for real-time chat.

Importing this package starts nothing and patches nothing; each part says in its
own docstring what it is and what it may import.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
