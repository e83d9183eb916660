"""``python -m timebank``: the command line."""

import sys

from timebank.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
