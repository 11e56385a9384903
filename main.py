"""Starts Slideferry: the window, or the command named."""

import multiprocessing
import sys


def run() -> int:
    """Run; a worker process of the frozen program never gets past the first line."""
    multiprocessing.freeze_support()
    from app.cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
