"""A person zooms into a slide and pans: how soon the tiles in sight are there, and whether the window stays responsive.

`python -m tests.benchmarks.zoom [--json] [--moves N]`. A slide of 12,000 x 9,000 pixels is made first; then a view of
1400 x 900 pixels looks at places all over it, at full resolution and at two coarser ones. Worker, pipe, decoding and
painting are those of the window. A timer that wants to fire every 5 ms tells how long the event loop was held up.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

SIZE = (12_000, 9_000)
VIEW = (1400, 900)
SCALES = (1.0, 0.4, 0.15)
TICK_MS = 5
PATIENCE_SECONDS = 60.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--moves", type=int, default=30)
    chosen = parser.parse_args()
    if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="slideferry-zoom-") as name:
        result = measure(Path(name), chosen.moves)
    if chosen.json:
        print(json.dumps(result, indent=2))
    else:
        print("a view is complete after {view_ms} ms, longest gap {longest_gap_ms} ms".format(**result))
    return 0


def measure(folder: Path, moves: int) -> dict[str, Any]:
    """Make the slide, open the view, move it; return the medians."""
    import qasync
    from PySide6.QtWidgets import QApplication

    from app.adapters.imaging.slide_maker import SlideSpec, make_slide

    slide = folder / "slide.svs"
    make_slide(slide, SlideSpec(width=SIZE[0], height=SIZE[1], seed=5, barcode="S24-1"))
    app = QApplication.instance() or QApplication(["zoom"])
    with qasync.QEventLoop(app) as loop:
        found: dict[str, Any] = loop.run_until_complete(look_around(slide, moves))
    return found


async def look_around(slide: Path, moves: int) -> dict[str, Any]:
    """Look at `moves` places; return how long each took to be complete, and the gaps."""
    from PySide6.QtCore import QPointF, Qt, QTimer

    from app.adapters.imaging.finder import FolderFinder
    from app.adapters.imaging.images import DecoderImages
    from app.ui.errands import Errands
    from app.ui.picture_view import PictureView
    from app.ui.tile_store import TileStore

    (scan,) = FolderFinder().find_named(slide)
    images, errands, view = DecoderImages(), Errands(), PictureView()
    pyramid = await images.pyramid(scan)
    assert pyramid is not None
    store = TileStore(pyramid, partial(images.tile, scan, pyramid), errands, view)
    view.resize(*VIEW)
    view.show_tiles(store)
    view.show()
    gaps: list[float] = []
    busy: list[float] = []
    last = [time.monotonic(), time.thread_time()]

    def tick() -> None:
        now = [time.monotonic(), time.thread_time()]
        gaps.append((now[0] - last[0]) * 1000)
        busy.append((now[1] - last[1]) * 1000)
        last[:] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(TICK_MS)
    places, times = random.Random(1), []
    for number in range(moves):
        scale = SCALES[number % len(SCALES)]
        view.zoom(scale / view.screen_scale)
        view.centerOn(QPointF(places.uniform(0, SIZE[0]), places.uniform(0, SIZE[1])))
        begun = time.monotonic()
        await complete(view)
        times.append((time.monotonic() - begun) * 1000)
    timer.stop()
    await errands.close()
    await images.close()
    view.close()
    ordered = sorted(gaps)
    return {
        "slide": list(SIZE),
        "view": list(VIEW),
        "moves": moves,
        "view_ms": round(statistics.median(times), 1),
        "slowest_view_ms": round(max(times), 1),
        "longest_gap_ms": round(ordered[-1], 1),
        "gap_p99_ms": round(ordered[int(len(ordered) * 0.99)], 1),
        "longest_busy_ms": round(max(busy), 1),
    }


async def complete(view: Any) -> None:
    """Return once every tile in sight is there."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(0.005)
        there = {address for address, _ in view.store.tiles()}
        if set(view.tiles_in_sight()) <= there:
            return
    raise SystemExit("the tiles did not come")


if __name__ == "__main__":
    raise SystemExit(main())
