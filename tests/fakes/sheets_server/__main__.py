"""Serves spreadsheets for trying things by hand: `python -m tests.fakes.sheets_server --port N --demo`."""

import argparse
import json
import sys
import threading
from pathlib import Path

from tests.fakes.sheets_server.server import STATION, SheetsServer

DEMO = (
    ("Include in Name?, REQUIRED", "REQUIRED, Include in Name?", "REQUIRED", "Include in Name?", "REQUIRED", ""),
    ("Barcode", "Study", "Experiment", "Panel", "Scanner", "Notes"),
    ("620995", "Prec01", "Run 2", "P1", "Cardinal", ""),
    ("620996", "Prec01", "Run 2", "P2", "Cardinal", "edge folded"),
    ("000123", "Prec02", "Run 1", "P1", "Raven", ""),
)


def main(words: list[str]) -> int:
    """Serve until interrupted; print where, and the demo's id."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.sheets_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1; any free one without it")
    parser.add_argument("--demo", action="store_true", help="keep a lab's spreadsheet, shared with the service account")
    parser.add_argument("--key", type=Path, help="write the service account's JSON here")
    chosen = parser.parse_args(words)
    with SheetsServer(port=chosen.port) as server:
        account = server.service_account()
        if chosen.key:
            chosen.key.write_text(json.dumps(account, indent=2), encoding="utf-8", newline="\n")
        lines = [f"listening: {server.url}", f"token: {server.accounts.issue(STATION)}"]
        if chosen.demo:
            book = server.add_book("Summary of Slides", DEMO)
            lines.append(f"spreadsheet: {server.url}/v4/spreadsheets/{book.id}")
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
