"""The tiles of one slide that a view needs: fetched nearest first, given up once out of sight, kept while they fit."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from app.domain.pyramid import TILE_PX, Pyramid, TileAddress
from app.ui.decoding import decoded
from app.ui.errands import Errands

KEPT_BYTES = 160 << 20
_TILE_BYTES = TILE_PX * TILE_PX * 4
_AT_ONCE = 4
"""So many tiles are asked for at once: two are drawn while two wait, so that what is wanted now is never far behind."""

FetchTile = Callable[[TileAddress], Awaitable[bytes | None]]


class TileStore(QObject):
    """`arrived` carries the TileAddress of a tile that can be painted now."""

    arrived = Signal(object)

    def __init__(
        self,
        pyramid: Pyramid,
        fetch: FetchTile,
        errands: Errands,
        parent: QObject | None = None,
        *,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        super().__init__(parent)
        self.pyramid = pyramid
        self._fetch = fetch
        self._errands = errands
        self._most = max(1, kept_bytes // _TILE_BYTES)
        self._kept: OrderedDict[TileAddress, QPixmap | None] = OrderedDict()
        self._wanted: list[TileAddress] = []
        self._asked: dict[TileAddress, asyncio.Task[None]] = {}

    def want(self, wanted: Sequence[TileAddress]) -> None:
        """Fetch these, the first first, and nothing else any more."""
        self._wanted = list(wanted[: self._most])
        visible = set(self._wanted)
        for address in self._wanted:
            if address in self._kept:
                self._kept.move_to_end(address)
        for address in [each for each in self._asked if each not in visible]:
            self._asked.pop(address).cancel()
        self._ask()

    def tiles(self) -> Iterator[tuple[TileAddress, QPixmap | None]]:
        """Yield what can be painted, coarse levels first; None stands for a tile that is damaged."""
        yield from sorted(self._kept.items(), key=lambda item: -item[0].level)

    @property
    def asked(self) -> tuple[TileAddress, ...]:
        """The tiles that are being fetched."""
        return tuple(self._asked)

    def _ask(self) -> None:
        for address in self._wanted:
            if len(self._asked) >= _AT_ONCE:
                return
            if address not in self._kept and address not in self._asked:
                task = self._errands.start(self._bring(address))
                if task is None:
                    return
                self._asked[address] = task

    async def _bring(self, address: TileAddress) -> None:
        try:
            tile = decoded(await self._fetch(address))
            self._keep(address, None if tile.isNull() else tile)
        finally:
            if self._asked.get(address) is asyncio.current_task():
                del self._asked[address]
        self.arrived.emit(address)
        self._ask()

    def _keep(self, address: TileAddress, tile: QPixmap | None) -> None:
        self._kept[address] = tile
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
