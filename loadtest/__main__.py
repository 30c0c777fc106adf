"""``python -m loadtest``: the same as the command ``loadtest``."""

import sys

from loadtest.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
