"""``python -m timebank`` and the program ``timebank``: the command line."""

import sys


def main() -> int:
    """Run the command line; where its libraries are missing, say how to get them."""
    try:
        from timebank.cli.main import main as run
    except ModuleNotFoundError as missing:
        if missing.name not in ("typer", "rich"):
            raise
        sys.stderr.write("timebank: the command line needs: pip install 'timebank[cli]'\n")
        return 3
    return run()


if __name__ == "__main__":
    sys.exit(main())
