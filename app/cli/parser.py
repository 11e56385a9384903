"""The words of the command line; docs/interface.md describes them for people and scripts."""

import argparse
import logging
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, NoReturn

from app import __version__
from app.cli import audit, lab, outside, people, pictures, rescans, runs, secret, share, sheet, tuning
from app.domain.errors import UseError
from app.domain.step import StepState
from app.pipeline.journey import JOURNEY

Commands = Any  # argparse keeps the type of its sub-parsers private


class Parser(argparse.ArgumentParser):
    """Tells wrong words as every other wrong use is told."""

    keeps_secrets = False
    """Whether words that are not understood may be a secret, which must not be repeated."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; raise UseError for what is left over, where that may be a secret."""
        found, left = super().parse_known_args(args, namespace)
        if left and self.keeps_secrets:
            raise UseError(
                "The command is not understood",
                "There are words too many. A secret is never taken from the command line: others can read it there",
                "If one of them was a secret, change it: it stands in the shell's history now",
            )
        return found, left

    def error(self, message: str) -> NoReturn:
        """Print the usage to stderr and raise UseError."""
        self.print_usage(sys.stderr)
        if self.keeps_secrets:
            message = "What was typed is not repeated, one of the words may be a secret"
        raise UseError("The command is not understood", message, f"`{self.prog} --help` tells what it takes")


def make_parser() -> Parser:
    """Return the parser of all commands; each sets `act` and `in_window`. Its sub-parsers are of the same class."""
    parser = Parser(prog="slideferry", description="Carries whole-slide scans from the scanner to the share, verified.")
    parser.add_argument("--version", action="version", version=f"Slideferry {__version__}")
    parser.add_argument("--config", metavar="FILE", help="the settings file")
    parser.add_argument("--data-dir", metavar="DIR", help="the folder of the journal")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.set_defaults(act=lab.gui, in_window=True)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_lab(commands)
    _add_runs(commands)
    _add_people(commands)
    _add_pictures(commands)
    _add_outside(commands)
    return parser


def _command(commands: Commands, name: str, words: str, act: Callable[..., Any], *, in_window: bool = False) -> Parser:
    parser: Parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(act=act, in_window=in_window)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _add_lab(commands: Commands) -> None:
    gui = _command(commands, "gui", "the window", lab.gui, in_window=True)
    gui.add_argument("--theme", choices=("light", "dark", "system"), default="system")
    demo = _command(commands, "demo", "a made-up lab with a virtual scanner", lab.demo, in_window=True)
    demo.add_argument("--headless", action="store_true", help="without a window, to the end")
    demo.add_argument("--slides", type=_at_least_one, default=12, metavar="N", help="how many scans (12)")
    demo.add_argument("--dir", metavar="DIR", help="where the lab is laid out (demo-lab)")
    demo.add_argument("--google", action="store_true", help="with a Google sheet, on a service of its own")
    demo.add_argument("--theme", choices=("light", "dark", "system"), default="system")
    self_test = _command(commands, "self-test", "opens every bundled part, runs the demo headless", lab.self_test)
    # Its demo has slides that fail by design: their warnings would look like trouble.
    self_test.set_defaults(log_level=logging.ERROR)


def _add_runs(commands: Commands) -> None:
    run = _command(commands, "run", "the journey without a window; or `run start`, `run end`", runs.run)
    run.add_argument("which", nargs="?", choices=("start", "end"), help="begin or end a run")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="what lies in the watch folder now, then end")
    how.add_argument("--watch", action="store_true", help="go on until interrupted")
    run.add_argument("--operator", metavar="NAME")
    run.add_argument("--expect", nargs="+", action="extend", default=[], metavar="BARCODE")
    run.add_argument("--include-existing", action="store_true", help="with --watch: also what lay there before")
    run.add_argument("--report", metavar="FILE", help="write the PDF at the end")
    run.add_argument("--reason", nargs="+", action="extend", default=[], metavar="SLIDE=TEXT", help="with `run end`")
    status = _command(commands, "status", "runs, scans, steps and their states", runs.status)
    status.add_argument("run", nargs="?", metavar="RUN")
    report = _command(commands, "report", "the report of a run", runs.report)
    report.add_argument("run", nargs="?", metavar="RUN")
    report.add_argument("--out", metavar="FILE")
    report.add_argument("--format", choices=("pdf", "csv", "json"), default="pdf")
    sync = _command(commands, "sync", "push the outbox to the sheet now", runs.sync)
    sync.add_argument("--rebuild", action="store_true", help="write every slide's cells anew from the journal")


def _add_people(commands: Commands) -> None:
    restart = _person(commands, "restart", "restart from the failed step")
    restart.add_argument("--from", dest="step", choices=[step.id for step in JOURNEY], metavar="STEP")
    mark = _person(commands, "mark", "mark a step as succeeded, skipped or failed")
    mark.add_argument("step", choices=[step.id for step in JOURNEY], metavar="STEP")
    mark.add_argument("state", choices=[s.value for s in (StepState.SUCCEEDED, StepState.SKIPPED, StepState.FAILED)])
    mark.add_argument("--reason", required=True, metavar="TEXT")
    assign = _person(commands, "assign", "say which slide a scan is")
    assign.add_argument("barcode", metavar="BARCODE")
    assign.add_argument("--reason", required=True, metavar="TEXT")
    for name, words in (
        ("pause", "stop at the next safe moment"),
        ("resume", "go on after a pause"),
        ("cancel", "give a scan up"),
        ("first", "put a scan before all others"),
    ):
        _person(commands, name, words)
    keep = _person(commands, "keep", "say which scan of a slide is kept")
    keep.add_argument("which", choices=("old", "new", "both"))
    keep.add_argument("--reason", metavar="TEXT")
    missing = _person(commands, "missing", "say what becomes of an older image that is not there")
    missing.add_argument("how", choices=("find", "without", "hold"))
    missing.add_argument("--reason", metavar="TEXT")
    chain = _command(commands, "rescans", "all scans of a slide, and which one is kept", rescans.rescans)
    chain.add_argument("slide", metavar="BARCODE|SCAN")
    verdict = _person(commands, "verdict", "accept or confirm a quality verdict")
    verdict.add_argument("verdict", choices=("pass", "rescan"))
    verdict.add_argument("--reason", required=True, metavar="TEXT")


def _person(commands: Commands, name: str, words: str) -> argparse.ArgumentParser:
    parser = _command(commands, name, words, people.act_on_scan)
    parser.set_defaults(action=name)
    parser.add_argument("scan", metavar="SCAN", help="its id, or an unambiguous barcode")
    return parser


def _add_pictures(commands: Commands) -> None:
    inspect = _command(commands, "inspect", "what is known of slides, without moving them", pictures.inspect)
    inspect.add_argument("paths", nargs="+", metavar="PATH")
    thumbnail = _command(commands, "thumbnail", "a slide's picture", pictures.thumbnail)
    thumbnail.add_argument("path", metavar="PATH")
    thumbnail.add_argument("out", metavar="OUT.png")
    thumbnail.add_argument("--kind", choices=("thumbnail", "label", "macro"), default="thumbnail")
    thumbnail.add_argument("--size", type=_at_least_one, default=512, metavar="N", help="the long side in pixels")
    quality = _command(commands, "quality", "verdict and numbers", pictures.quality)
    quality.add_argument("paths", nargs="+", metavar="PATH")
    quality.add_argument("--map", metavar="OUT.png", help="a picture of where the blur is")
    tune = _command(commands, "quality-tune", "quality thresholds tried on past verdicts", tuning.quality_tune)
    tune.add_argument("--blur", type=_share, metavar="PERCENT", help="more blurred tissue than this: rescan")
    tune.add_argument("--focus", type=_ratio, metavar="RATIO", help="a focus ratio above this: review")
    tune.add_argument("--tissue", type=_share, metavar="PERCENT", help="less tissue than this: review")
    tune.add_argument("--scanner", metavar="NAME", help="of this scanner's scans alone")
    tune.add_argument("--since", type=_day, metavar="DATE", help="of scans since this day, such as 2026-03-01")


def _add_outside(commands: Commands) -> None:
    transfer = _command(commands, "transfer", "verified copy alone", outside.transfer)
    transfer.add_argument("sources", nargs="+", metavar="SOURCE")
    transfer.add_argument("destination", metavar="DESTINATION")
    transfer.add_argument(
        "--bandwidth", type=_megabytes, default=0.0, metavar="MB", help="at most so many MB/s; 0: no limit"
    )
    verify = _command(commands, "verify", "re-read a destination and check it against its manifests", share.verify)
    verify.add_argument("destination", metavar="DESTINATION")
    verify.add_argument("--share", type=_percent, metavar="PERCENT", help="only so much of it, oldest check first")
    left = _command(commands, "leftovers", "what ended programs left at a destination", share.leftovers)
    left.add_argument("destination", metavar="DESTINATION")
    left.add_argument("--remove", nargs="+", action="extend", default=[], metavar="PATH", help="as they are listed")
    left.add_argument("--reason", metavar="TEXT", help="with --remove")
    left.add_argument("--force", action="store_true", help="also what another station wrote within the last day")
    destination = _command(commands, "destination", "the marker of a destination", outside.destination)
    destination.add_argument("what", choices=("init", "adopt"))
    destination.add_argument("url", metavar="URL")
    slides = _command(commands, "sheet", "make the slide sheet of a lab that has none", sheet.sheet)
    slides.add_argument("what", choices=("new",))
    slides.add_argument(
        "--scanner", nargs="+", action="extend", default=[], metavar="NAME", help="another scanner to choose from"
    )
    log = _command(commands, "audit", "is the audit log whole; or all of it as a file", audit.audit)
    log.add_argument("what", choices=("verify", "export"))
    log.add_argument("run", nargs="?", metavar="RUN", help="with `export`: this run's entries alone")
    log.add_argument("--out", metavar="FILE", help="with `export`")
    log.add_argument("--format", choices=("csv", "json"), help="with `export` (csv)")
    # Outside the loop, as a window: it waits for a person.
    keyring = _command(
        commands, "secret", "what must stay secret, in the keyring of this account", secret.secret, in_window=True
    )
    keyring.keeps_secrets = True
    keyring.add_argument("what", choices=("set", "clear", "list"))
    keyring.add_argument("name", nargs="?", metavar="NAME", help="`secret list` shows those that the program knows")
    keyring.add_argument("--file", metavar="PATH", help="with `set`: what it holds; else it is asked for, or piped in")
    _command(commands, "doctor", "every outside thing, one line each", outside.doctor)


def _percent(text: str) -> float:
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = 0.0
    if not 0 < number <= 100:
        raise argparse.ArgumentTypeError(f"it was {text}, it may be more than 0, up to 100")
    return number


def _share(text: str) -> float:
    return _number(text.removesuffix("%"), 100.0, "a number of percent from 0 to 100")


def _ratio(text: str) -> float:
    return _number(text, 1.0, "a ratio from 0 to 1, such as 0.24")


def _number(text: str, most: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= most:
        raise argparse.ArgumentTypeError(f"it was {text}, it may be {what}")
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it was {text}, it may be a day such as 2026-03-01") from None


def _at_least_one(text: str) -> int:
    number = int(text) if text.strip().isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"it was {text}, it may be 1 or more")
    return number


def _megabytes(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"it was {text}, it may be a number of MB/s, or 0 for no limit")
    return number
