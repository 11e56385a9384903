"""The same services for a terminal: words, exit codes and JSON that scripts depend on."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from app import bootstrap
from app.cli.parser import make_parser
from app.cli.runs import INTERRUPTED
from app.cli.show import Output
from app.domain.errors import ErrorKind, SlideferryError

ALL_WELL, NEEDS_PEOPLE, WRONG_USE, SURROUNDINGS = 0, 1, 2, 3
_CODES = {ErrorKind.USE: WRONG_USE, ErrorKind.SURROUNDINGS: SURROUNDINGS, ErrorKind.DESTINATION: SURROUNDINGS}


def log_to_stderr(options: argparse.Namespace) -> None:
    """Show warnings; with --verbose also what the program itself does, but not its libraries."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.INFO if options.verbose else getattr(options, "log_level", logging.WARNING))
    handler.setFormatter(logging.Formatter(bootstrap.LOG_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("app").setLevel(logging.INFO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no command ever prints a traceback for a person's fault."""
    words = sys.argv[1:] if arguments is None else arguments
    # Asked of the words themselves: those that are not understood are told as a document too.
    output = Output(as_json="--json" in words)
    try:
        options = make_parser().parse_args(words)
        output = Output(as_json=bool(getattr(options, "json", False)))
        log_to_stderr(options)
        if options.in_window:
            return int(options.act(options, output))
        return int(asyncio.run(options.act(options, output)))
    except SlideferryError as error:
        output.error(error)
        return _CODES.get(error.kind, NEEDS_PEOPLE if error.kind is ErrorKind.THIS_SLIDE else SURROUNDINGS)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does.
        sys.stderr.close()
        return ALL_WELL
