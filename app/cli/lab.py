"""The window, the demo lab, and the frozen program's test of itself."""

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from app import bootstrap
from app.cli.runs import exit_code
from app.cli.show import Output, absolute
from app.domain.errors import SlideferryError, SurroundingsError
from app.domain.settings import Settings
from app.services.demo import summary
from app.services.demo_plan import DemoSlide, demo_slides
from app.services.status_json import run_document

_HEADLESS_BYTES_PER_SECOND = 20e6
_WINDOW_BYTES_PER_SECOND = 0.5e6


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def gui(options: argparse.Namespace, output: Output) -> int:
    """Show the window over this station."""
    _require_display()
    place = bootstrap.find_place(options.config, options.data_dir)
    try:
        settings = bootstrap.load_settings(place)
        held = bootstrap.hold(place)
    except SlideferryError as error:
        bootstrap.show_error(error)
        raise
    try:
        return bootstrap.show_window(place, settings, getattr(options, "theme", "system"))
    finally:
        held.release()


def _require_display() -> None:
    if not has_display():
        raise SurroundingsError(
            "There is no display", "Neither DISPLAY nor WAYLAND_DISPLAY is set", "`run --watch` needs no window"
        )


def demo(options: argparse.Namespace, output: Output) -> int:
    """Run the demo lab: with a window where there is a display, else headless to its end."""
    folder = absolute("demo-lab" if options.dir is None else options.dir)
    headless = options.headless
    if not headless and not has_display():
        output.say("There is no display here: the demo runs without a window.")
        headless = True
    slides = demo_slides(options.slides)
    with bootstrap.demo_laid_out(folder, slides, google=options.google) as (place, settings):
        lock = bootstrap.hold(place)
        try:
            if headless:
                return asyncio.run(_headless(folder, place, settings, slides, output))
            output.say(f"The demo lab is in {folder}")
            return bootstrap.show_demo_window(place, settings, slides, options.theme, _WINDOW_BYTES_PER_SECOND)
        finally:
            lock.release()


async def _headless(
    folder: Path,
    place: bootstrap.Place,
    settings: Settings,
    slides: tuple[DemoSlide, ...],
    output: Output,
) -> int:
    async with AsyncExitStack() as stack:
        opened = bootstrap.open_demo(place, settings, slides, bytes_per_second=_HEADLESS_BYTES_PER_SECOND)
        station, play = await stack.enter_async_context(opened)
        await play.play(alone=True)
        report = await station.report(folder / "report.pdf")
        status = await station.status(report)
        dossiers = tuple(status.dossiers)
        output.document(run_document(status, station.kit.destination.absolute), summary(dossiers, report))
        return exit_code(dossiers)


async def self_test(options: argparse.Namespace, output: Output) -> int:
    """Open every bundled part and run the demo headless, in an empty folder that is removed again."""
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    parts = await asyncio.to_thread(bootstrap.open_every_part)
    slides = demo_slides(6)
    with tempfile.TemporaryDirectory(prefix="slideferry-self-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        place, settings = bootstrap.lay_out_demo(folder, slides)
        async with bootstrap.open_demo(place, settings, slides, bytes_per_second=1e9) as (station, play):
            await play.play(alone=True)
            report = await station.report(folder / "report.pdf")
            safe = sum(dossier.published for dossier in station.dossiers())
        if safe < len(slides) - 2 or report.stat().st_size == 0:
            raise SurroundingsError(
                "The self-test failed", f"{safe} of {len(slides)} slides were verified", "See the log"
            )
    output.document({"parts": parts, "verified": safe, "result": "ok"}, "self-test: ok")
    return 0
