"""Deep zoom in the Slide panel and in a window of its own, and thumbnails by the hundred."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.domain.pyramid import TILE_PX, Box, Pyramid, TileAddress
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.services.views import ScanView, ZoomView
from app.ui.errands import Errands
from app.ui.large_picture import LargePicture
from app.ui.main_window import MainWindow
from app.ui.picture_view import PictureView
from app.ui.scale_bar import ScaleBar, length_text, nice_length, power_text
from app.ui.tile_store import TileStore
from tests.fakes.desk import FakeDesk
from tests.fakes.scans import picture_of, thousands
from tests.fakes.tiles import SIDE, a_pyramid, colour_at, tile_of
from tests.ui.conftest import from_a_slot, until

THUMBNAIL_PX = 256


@pytest.fixture
def safe(desk: FakeDesk) -> ScanView:
    view = next(each for each in desk.scans() if each.badge == "Safe")
    desk.pyramids[view.id] = a_pyramid()
    return view


class Scene:
    """A view with the tiles of a slide, of which a test can hold back the fetching."""

    def __init__(self, pyramid: Pyramid, kept_bytes: int = 160 << 20) -> None:
        self.pyramid = pyramid
        self.asked: list[TileAddress] = []
        self.cancelled: list[TileAddress] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.errands = Errands()
        self.view = PictureView()
        self.view.resize(800, 600)
        thumbnail = QPixmap(THUMBNAIL_PX, round(THUMBNAIL_PX * pyramid.size[1] / pyramid.size[0]))
        thumbnail.fill(QColor("white"))
        self.view.show_picture(thumbnail)
        self.store = TileStore(pyramid, self.fetch, self.errands, self.view, kept_bytes=kept_bytes)
        self.view.show_tiles(self.store)
        self.view.show()

    async def fetch(self, address: TileAddress) -> bytes:
        self.asked.append(address)
        try:
            await self.hold.wait()
        except asyncio.CancelledError:
            self.cancelled.append(address)
            raise
        return tile_of(self.pyramid, address)

    def look_at(self, x: float, y: float, scale: float) -> None:
        """Have a place of the slide in the middle, at so many screen pixels a pixel of the slide."""
        self.view.zoom(scale / self.view.screen_scale)
        self.view.centerOn(QPointF(x, y))

    async def settled(self) -> None:
        await asyncio.sleep(0.05)
        await until(lambda: not self.view._asking.isActive() and self.errands.under_way == 0)

    def grabbed(self) -> QImage:
        return self.view.viewport().grab().toImage()


@pytest.fixture
async def scene(qapp: QApplication) -> AsyncIterator[Scene]:
    made = Scene(a_pyramid())
    yield made
    await made.errands.close()
    made.view.deleteLater()
    QApplication.sendPostedEvents(None, 52)


async def test_tiles_come_where_the_thumbnail_is_not_sharp_enough(scene: Scene) -> None:
    await scene.settled()
    assert scene.asked, "the whole slide is larger on the screen than its thumbnail"
    scene.asked.clear()
    scene.look_at(3000, 5000, 1.0)
    await scene.settled()
    assert {each.level for each in scene.asked} == {0}
    seen = Box(3000 - 400, 5000 - 300, 800, 600)
    assert set(scene.asked) == set(scene.pyramid.tiles(0, seen))
    assert scene.asked[0] == TileAddress(0, 3000 // TILE_PX, 5000 // TILE_PX), "the middle first"


@pytest.mark.parametrize("scale", [0.07, 0.3, 1.0, 2.5])
async def test_every_pixel_is_painted_in_its_place(scene: Scene, scale: float) -> None:
    scene.look_at(4100, 4300, scale)
    await scene.settled()
    image = scene.grabbed()
    level = scene.pyramid.level_for(scene.view.screen_scale)
    for point in (QPoint(3, 3), QPoint(400, 300), QPoint(790, 20), QPoint(120, 480), QPoint(799, 300)):
        place = scene.view.mapToScene(point)
        if not scene.view.sceneRect().contains(place):
            continue
        red, green = colour_at(scene.pyramid, place.x(), place.y())
        found = image.pixelColor(point)
        assert (found.red(), found.green()) == pytest.approx((red, green), abs=2), (point, place)
        assert found.blue() == 20 * level


class DenseViewport(QWidget):
    def devicePixelRatio(self) -> float:
        return 2.0


async def test_on_a_screen_of_double_density_twice_the_detail_is_asked_for(scene: Scene) -> None:
    scene.view.setViewport(DenseViewport())
    scene.view.fit()
    scene.view.zoom(0.5 / scene.view.transform().m11())
    scene.asked.clear()
    await scene.settled()
    assert {each.level for each in scene.asked} == {0}, "of the single density it would be level 1"


async def test_what_left_the_view_is_not_fetched_any_more(scene: Scene) -> None:
    await scene.settled()
    scene.asked.clear()
    scene.hold.clear()
    scene.look_at(1000, 1000, 1.0)
    await until(lambda: len(scene.asked) == 4)
    first = set(scene.asked)
    scene.look_at(7000, 7000, 1.0)
    await until(lambda: len(scene.asked) == 8)
    assert set(scene.cancelled) == first
    scene.hold.set()
    await scene.settled()
    assert not {each for each, _ in scene.store.tiles()} & first


async def test_a_hidden_view_asks_for_nothing(scene: Scene) -> None:
    await scene.settled()
    scene.hold.clear()
    scene.look_at(1000, 1000, 1.0)
    await until(lambda: bool(scene.store.asked))
    scene.view.hide()
    assert scene.store.asked == ()
    await until(lambda: scene.errands.under_way == 0)


async def test_memory_is_bounded(qapp: QApplication) -> None:
    scene = Scene(a_pyramid(), kept_bytes=12 << 20)
    try:
        for x in range(500, SIDE, 1500):
            scene.look_at(x, 4000, 1.0)
            await scene.settled()
        assert len(list(scene.store.tiles())) <= 12
        count = len(scene.asked)
        await asyncio.sleep(0.1)
        assert len(scene.asked) == count, "nothing is fetched again and again"
    finally:
        await scene.errands.close()
        scene.view.deleteLater()


async def test_a_damaged_tile_is_grey_and_the_others_are_there(scene: Scene, monkeypatch) -> None:
    await scene.settled()
    hit = TileAddress(0, 7, 7)

    async def fetch(address: TileAddress) -> bytes | None:
        return None if address == hit else tile_of(scene.pyramid, address)

    monkeypatch.setattr(scene.store, "_fetch", fetch)
    scene.look_at(7 * TILE_PX + 256, 7 * TILE_PX + 256, 1.0)
    await scene.settled()
    image = scene.grabbed()
    grey = image.pixelColor(400, 300)
    assert (grey.red(), grey.green(), grey.blue()) == (150, 150, 150)
    assert image.pixelColor(20, 20).red() != 150


async def test_the_map_stays_over_its_slide(scene: Scene) -> None:
    overlay = QPixmap(512, 512)
    overlay.fill(QColor(0, 0, 0, 0))
    painter = QPainter(overlay)
    painter.fillRect(256, 256, 256, 256, QColor(0, 0, 255))
    painter.end()
    scene.view.lay_over(overlay)
    scene.look_at(SIDE / 2, SIDE / 2, 0.5)
    await scene.settled()
    image = scene.grabbed()
    assert image.pixelColor(410, 310).blue() > 120
    assert image.pixelColor(390, 290).blue() < 60
    assert image.pixelColor(410, 290).blue() < 60


async def test_a_map_of_the_whole_slide_lies_around_the_scanned_area(qapp: QApplication) -> None:
    whole = Box(-2048, -1024, 8192, 8192)
    scene = Scene(Pyramid((4096, 4096), 4, whole, "a stamp", 0.5, 20.0))
    try:
        overlay = QPixmap(512, 512)
        overlay.fill(QColor(0, 0, 255))
        scene.view.lay_over(overlay)
        rect = scene.view._overlay.sceneBoundingRect()
        assert (rect.left(), rect.top(), rect.width()) == pytest.approx((-2048, -1024, 8192))
    finally:
        await scene.errands.close()
        scene.view.deleteLater()


async def test_zooming_in_keeps_the_place_when_tiles_come(qapp: QApplication) -> None:
    view = PictureView()
    view.resize(400, 400)
    thumbnail = QPixmap(THUMBNAIL_PX, THUMBNAIL_PX)
    thumbnail.fill(QColor("white"))
    view.show_picture(thumbnail)
    view.show()
    view.zoom(4)
    view.centerOn(QPointF(64, 192))
    errands = Errands()

    async def fetch(address: TileAddress) -> bytes | None:
        return None

    before = view.mapToScene(view.viewport().rect().center()) / THUMBNAIL_PX
    size = view.transform().m11() * THUMBNAIL_PX
    view.show_tiles(TileStore(a_pyramid(), fetch, errands, view))
    after = view.mapToScene(view.viewport().rect().center()) / SIDE
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=0.01)
    assert view.transform().m11() * SIDE == pytest.approx(size)
    await errands.close()
    view.deleteLater()


async def test_keys_wheel_and_the_scale_that_is_told(scene: Scene) -> None:
    await scene.settled()
    bar = scene.view.findChild(ScaleBar)
    assert bar is not None
    await from_a_slot(lambda: QTest.keyClick(scene.view, Qt.Key.Key_1))
    assert scene.view.screen_scale == pytest.approx(1.0)
    assert bar.accessibleName() == "Scale bar 50 µm, 20×"
    fitted = scene.view.transform().m11()
    await from_a_slot(lambda: QTest.keyClick(scene.view, Qt.Key.Key_Plus))
    assert scene.view.transform().m11() == pytest.approx(fitted * 1.25)
    await from_a_slot(lambda: QTest.keyClick(scene.view, Qt.Key.Key_0))
    assert scene.view.screen_scale == pytest.approx(600 / SIDE, rel=0.02)
    wheel = QWheelEvent(
        QPointF(400, 300), QPointF(400, 300), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    before = scene.view.screen_scale
    await from_a_slot(lambda: QApplication.sendEvent(scene.view.viewport(), wheel))
    assert scene.view.screen_scale == pytest.approx(before * 1.25**2)
    for _ in range(40):
        scene.view.zoom(2)
    assert scene.view.screen_scale == pytest.approx(4.0)
    await scene.settled()


def test_lengths_and_powers_as_people_say_them() -> None:
    assert [nice_length(each) for each in (0.7, 1.0, 4.9, 70, 999, 12_000)] == [0.5, 1, 2, 50, 500, 10_000]
    assert [length_text(each) for each in (0.5, 50, 1000, 20_000)] == ["0.5 µm", "50 µm", "1 mm", "20 mm"]
    assert [power_text(each) for each in (0.31, 1.25, 20, 80.4)] == ["0.31×", "1.2×", "20×", "80×"]


async def test_the_panel_zooms_and_opens_larger(window: MainWindow, desk: FakeDesk, safe: ScanView) -> None:
    window.open_scan(safe.id)
    await until(lambda: window.panel._pictures.view.store is not None)
    await until(lambda: bool(desk.tiles_asked) and window.errands.under_way == 0)
    button = next(each for each in window.panel.findChildren(QPushButton) if each.text() == "Open larger")
    await from_a_slot(button.click)
    large = window.findChild(LargePicture)
    assert large is not None
    assert large.isVisible()
    assert safe.barcode in large.windowTitle()
    await until(lambda: large.card.view.store is not None)
    desk.tiles_asked.clear()
    large.card.view.show_pixels()
    await until(lambda: any(each.level == 0 for each in desk.tiles_asked))
    await from_a_slot(lambda: QTest.keyClick(large, Qt.Key.Key_Escape))
    await until(lambda: window.findChild(LargePicture) is None)
    assert window.panel.isVisible(), "only the large picture was closed"


async def test_the_large_picture_goes_with_its_scan(window: MainWindow, desk: FakeDesk, safe: ScanView) -> None:
    window.open_scan(safe.id)
    await until(lambda: window.panel._pictures.view.store is not None)
    window.panel.open_larger()
    desk.hold_tiles.clear()
    window.findChild(LargePicture).card.view.show_pixels()
    await until(lambda: bool(desk.tiles_asked))
    window.panel.close_panel()
    await until(lambda: window.findChild(LargePicture) is None and window.errands.under_way == 0)


async def test_tabs_and_map_keep_the_place(window: MainWindow, desk: FakeDesk, safe: ScanView) -> None:
    window.open_scan(safe.id)
    card = window.panel._pictures
    await until(lambda: card.view.store is not None and window.errands.under_way == 0)
    card.view.show_pixels()
    scale = card.view.screen_scale
    card._map.setChecked(True)
    assert card.view.screen_scale == scale
    window.open_scan(safe.id, PictureKind.LABEL)
    assert card.view.store is None, "a label has no tiles"
    window.open_scan(safe.id, PictureKind.THUMBNAIL)
    assert card.view.store is not None
    await until(lambda: window.errands.under_way == 0)


async def test_pictures_that_come_while_others_are_fetched_are_seen(window: MainWindow, desk: FakeDesk) -> None:
    view = next(each for each in desk.scans() if each.badge == "Safe")
    there, zooming = asyncio.Event(), asyncio.Event()
    picture, zoom = desk.picture, desk.zoom

    async def not_yet(scan: ScanId, kind: PictureKind, size_px: int) -> bytes | None:
        return await picture(scan, kind, size_px) if there.is_set() else None

    async def slow(scan: ScanId) -> ZoomView:
        await zooming.wait()
        return await zoom(scan)

    desk.picture, desk.zoom = not_yet, slow
    window.open_scan(view.id)
    card = window.panel._pictures
    await until(lambda: "no such picture" in card._none.text())
    there.set()
    desk.put(replace(view, steps=view.steps[:5]))
    await until(lambda: card.view.isVisible())
    zooming.set()
    await until(lambda: window.errands.under_way == 0)


async def test_why_there_is_nothing_to_zoom_is_said(window: MainWindow, desk: FakeDesk) -> None:
    desk.zoom_note = "The scan is no longer on this PC"
    view = next(each for each in desk.scans() if each.badge == "Safe")
    window.open_scan(view.id)
    note = window.panel._pictures._note
    await until(lambda: note.text() == "The scan is no longer on this PC")
    assert note.isVisible()


async def test_thumbnails_in_sight_come_before_the_others(window: MainWindow, desk: FakeDesk) -> None:
    asked: list[ScanId] = []
    plain = desk.picture

    async def picture(scan: ScanId, kind: PictureKind, size_px: int) -> bytes | None:
        asked.append(scan)
        return await plain(scan, kind, size_px)

    desk.picture = picture
    known = [view.id for view in desk.scans()]
    window.show_page(1)
    for view in thousands(400, desk.now):
        desk._scans[view.id] = view
    window.reload()
    table, model = window.queue_page.table, window.queue_page.model
    window.pictures.look_at(view.id for view in model.views())
    await until(lambda: len(asked) > 20)
    table.scrollToBottom()
    table.viewport().repaint()
    before = len(asked)
    first = table.rowAt(5)
    in_sight = {model.view_at(row).id for row in range(first, model.rowCount())} - set(asked) - set(known)
    assert in_sight
    await until(lambda: len(asked) >= before + len(in_sight))
    assert in_sight <= set(asked[before : before + len(in_sight) + 4])
    pictured = [view for view in desk.scans() if picture_of(view, PictureKind.THUMBNAIL)]
    assert len(pictured) > 300
    await until(lambda: window.pictures.here() == len(pictured))
